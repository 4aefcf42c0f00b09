"""A month's invoices before they are issued: drafted at will, nothing numbered (domain.md §7)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row
from sqlalchemy.orm import Session

from guichet.rules.permissions import Permission
from guichet.services import pricing
from guichet.services.billable import Held, to_bill
from guichet.services.pricing import Anomaly, PricePeriod, Step, say_nothing
from guichet.services.transaction import Context, needs


@dataclass(frozen=True)
class DraftInvoices:
    """Days to bill, both included, for some régies (none named: all), but for the families held out."""

    start: date
    end: date
    regie_ids: tuple[int, ...] = ()
    held: tuple[Held, ...] = ()


@dataclass(frozen=True)
class Draft:
    """What issuing would do now. `fingerprint` names exactly this content: give it back when issuing."""

    invoices: int
    lines: int
    total_cents: int
    anomalies: tuple[Anomaly, ...]
    fingerprint: str


@needs(Permission.ISSUE_INVOICES)
def draft(session: Session, context: Context, command: DraftInvoices, *, step: Step = say_nothing) -> Draft:
    """Price the period anew and say what issuing it would bill; nothing is numbered, and twice is once.

    `step` hears how far it is.
    """
    period = PricePeriod(command.start, command.end, command.regie_ids)
    report = pricing.price_period(session, context, period, step=step)
    return _draft(session, command, report.anomalies)


@needs(Permission.READ_BILLING)
def last_draft(session: Session, context: Context, command: DraftInvoices) -> Draft:
    """The draft as the last pricing left the charges, nothing priced anew; its anomalies are in `billing_checks`."""
    return _draft(session, command, ())


def _draft(session: Session, command: DraftInvoices, anomalies: tuple[Anomaly, ...]) -> Draft:
    groups = session.execute(to_bill(command.start, command.end, command.regie_ids, command.held)).all()
    return Draft(
        invoices=len(groups),
        lines=sum(group.lines for group in groups),
        total_cents=sum(group.total_cents for group in groups),
        anomalies=anomalies,
        fingerprint=fingerprint_of(groups),
    )


def fingerprint_of(groups: Sequence[Row[Any]]) -> str:
    """What names exactly these invoices to make, the rows of `billable.to_bill`: another line or cent gives another."""
    facts = ((row.family_id, row.regie_id, row.lines, row.total_cents) for row in groups)
    return hashlib.sha256(repr(sorted(facts)).encode("ascii")).hexdigest()
