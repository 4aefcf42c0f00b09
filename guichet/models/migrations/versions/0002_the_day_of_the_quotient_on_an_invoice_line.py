"""The day the quotient took effect, beside the quotient, on each invoice line."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A plain column: neither engine rebuilds the table. Lines issued before stay as they were printed, without it.
    op.add_column("invoice_line", sa.Column("quotient_since", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("invoice_line", "quotient_since")
