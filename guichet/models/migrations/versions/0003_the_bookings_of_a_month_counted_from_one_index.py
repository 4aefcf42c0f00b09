"""The index of bookings by date holds what counting a month to bill asks, so that no booking is read for it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_booking_date_state_attendance_activity_id",
        "booking",
        ["date", "state", "attendance", "activity_id"],
    )
    op.drop_index("ix_booking_date", "booking")


def downgrade() -> None:
    op.create_index("ix_booking_date", "booking", ["date"])
    op.drop_index("ix_booking_date_state_attendance_activity_id", "booking")
