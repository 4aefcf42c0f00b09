"""What every change of a setting shares: one desk at a time, and a sentence for the one who read an older state."""

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from guichet.models.settings import Journal, UserAccount
from guichet.rules.errors import StaleVersion
from guichet.rules.text import format_instant
from guichet.services.journal import Subject

_SETTINGS_LOCK = 7_340_002


def hold_settings(session: Session) -> None:
    """Let one desk at a time change settings, until the end of the transaction.

    Settings are changed rarely and their rules look at several rows (no overlap, a last administrator): one lock serves
    them all. SQLite's writing transactions already exclude one another.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SETTINGS_LOCK})


def refuse_stale(session: Session, subject: Subject, what: str, *, unchanged: bool) -> None:
    """Raise StaleVersion unless what was read is still what stands; the sentence says who changed it and when.

    `what` is the French subject of the sentence, « Ce compte ».
    """
    if unchanged:
        return
    last = session.execute(
        select(Journal.login, Journal.happened_at, Journal.summary, UserAccount.display_name)
        .outerjoin(UserAccount, UserAccount.login == Journal.login)
        .where(Journal.subject_kind == subject[0], Journal.subject_id == subject[1])
        .order_by(Journal.id.desc())
        .limit(1)
    ).first()
    if last is None:
        raise StaleVersion(
            f"{what} a changé depuis que vous l’avez ouvert : relisez ce qui est affiché, puis recommencez."
        )
    who = last.display_name or last.login
    raise StaleVersion(
        f"{what} a changé depuis que vous l’avez ouvert : {who}, le {format_instant(last.happened_at)} "
        f"({last.summary}). Relisez ce qui est affiché, puis recommencez."
    )
