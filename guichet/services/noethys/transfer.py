"""A town that comes from Noethys: its file becomes our rows, in one transaction, once however often it is brought."""

from pathlib import Path

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from guichet.models.database import Database
from guichet.models.money import PaymentMode
from guichet.models.settings import Setting
from guichet.rules.permissions import Permission
from guichet.rules.text import paris_day
from guichet.services import journal, settings, transaction
from guichet.services.noethys import check, guess, load_bookings, load_money, load_offer, load_people
from guichet.services.noethys.drafts import rows_once
from guichet.services.noethys.load import Loader, Progress
from guichet.services.noethys.map_bookings import bookings, map_enrolments, survey
from guichet.services.noethys.map_charges import map_charges
from guichet.services.noethys.map_invoices import map_invoices
from guichet.services.noethys.map_offer import map_offer
from guichet.services.noethys.map_payments import map_allocations, map_deposits, map_payments
from guichet.services.noethys.map_people import map_people
from guichet.services.noethys.map_records import holidays, map_quotients
from guichet.services.noethys.map_tariffs import map_tariffs
from guichet.services.noethys.money_values import Money
from guichet.services.noethys.reader import NoethysFile, open_noethys
from guichet.services.noethys.report import NoethysReport, Tally
from guichet.services.transaction import Context, needs

_TRANSFER_LOCK = 7305073
_STEPS = 6


def _silent(step: str, done: int, total: int) -> None:
    """No one watches."""


def import_noethys(
    database: Database, context: Context, path: Path, progress: Progress = _silent
) -> NoethysReport:
    """Bring a Noethys file into the base, whole or not at all; the file is only read.

    The same file again changes nothing; a later file of the same town adds what is new and lists what changed.
    Raises UserError (field `path`) for a file that cannot be used, PermissionDenied, EnvironmentProblem.
    """
    return transaction.run(database, context, _transfer, path, progress)


@needs(Permission.ADMINISTER)
def _transfer(session: Session, context: Context, path: Path, progress: Progress) -> NoethysReport:
    _one_at_a_time(session)
    with open_noethys(path) as file:
        return _bring(session, context, file, progress)


def _one_at_a_time(session: Session) -> None:
    """A second transfer waits for the first, then finds its rows (SQLite lets one writer in at a time anyway)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _TRANSFER_LOCK})


def _bring(session: Session, context: Context, file: NoethysFile, progress: Progress) -> NoethysReport:
    tally = Tally()
    loader = Loader(session, file.source, tally, progress)
    progress("Lecture du fichier", 0, _STEPS)
    organiser = _bring_town(loader, context, file)
    this_year = paris_day(context.now).year
    calendar = holidays(file, tally, this_year)
    load_offer.load_calendar(loader, calendar)

    people, offer, usage = map_people(file, tally), map_offer(file, tally), survey(file)
    enrolments = map_enrolments(file, tally, people, offer, usage)
    quotients = map_quotients(file, tally, people)
    money = Money()
    map_charges(file, tally, people, offer, usage, quotients, money)
    map_invoices(file, tally, people, offer, money)
    map_deposits(file, tally, money)
    map_payments(file, tally, people, money)
    map_allocations(file, tally, money)

    load_offer.load_school_years(loader, calendar, money, this_year)
    progress("Familles", 1, _STEPS)
    load_people.load_people(loader, people, enrolments.membership_drafts)
    load_people.load_quotients(loader, quotients)
    load_people.load_records(loader, file, people)
    progress("Activités", 2, _STEPS)
    load_offer.load_regies(loader, offer, money.prefixes, _modes(file))
    load_offer.load_offer(loader, file, offer, organiser)
    load_offer.load_tariffs(loader, map_tariffs(file, tally, offer))
    progress("Inscriptions", 3, _STEPS)
    load_bookings.load_enrolments(loader, enrolments)
    consumed = bookings(file, tally, people, offer, enrolments)
    billed = load_bookings.load_bookings(loader, consumed, file.count("consommations"))
    overfull = load_bookings.mark_overfull(loader, [draft.key for draft in offer.pool_drafts])
    progress("Factures et règlements", 4, _STEPS)
    load_money.load_money(loader, offer, money, billed)
    loader.finish()

    progress("Vérification", 5, _STEPS)
    numbers = load_people.family_numbers(loader, people)
    kinds = tally.counts()
    written = sum(count.imported for count in kinds)
    report = NoethysReport(
        file_name=file.name,
        source=file.source,
        noethys_version=file.version,
        sha256=file.sha256,
        unchanged=not (written or tally.changed or tally.gone),
        kinds=kinds,
        left_out=tuple(tally.left_out),
        notes=tuple(tally.notes),
        changed=tuple(sorted(tally.changed)),
        gone=tuple(tally.gone),
        other_tables=file.other_tables(),
        balances=check.balances(loader, file, people, numbers),
        invoices=check.invoice_totals(loader, money, numbers),
        overfull=overfull,
    )
    if written:
        _journal(session, context, report)
    progress("Terminé", _STEPS, _STEPS)
    return report


def _bring_town(loader: Loader, context: Context, file: NoethysFile) -> tuple[str, str]:
    """The organiser becomes the town's identity, unless the town has given its own; returns its name and address."""
    organiser = ("", "")
    names = ("nom", "rue", "cp", "ville", "tel", "mail", "num_siret")
    keys = ("name", "address", "postcode", "town", "phone", "email", "siret")
    for row in rows_once(file, "organisateur", loader.tally):
        place = f"{row.text('cp')} {row.text('ville')}".strip()
        organiser = (row.text("nom"), "\n".join(line for line in (row.text("rue"), place) if line))
        present = loader.session.scalars(select(Setting.id).where(Setting.key == "town.name")).first()
        if loader.known("organisateur", row.key) and present is not None:
            loader.adopt("organisateur", row.key, present, row.digest)
        elif present is not None:
            loader.tally.leave_out("organisateur", row.key, "les coordonnées de la commune sont déjà réglées")
        elif not row.text("nom"):
            loader.tally.leave_out("organisateur", row.key, "organisateur sans nom")
        else:
            values = {f"town.{key}": row.text(name) for key, name in zip(keys, names, strict=True)}
            settings.change(loader.session, context, values)
            written = select(Setting.id).where(Setting.key == "town.name")
            loader.adopt("organisateur", row.key, loader.session.scalars(written).one(), row.digest)
    return organiser


def _modes(file: NoethysFile) -> list[str]:
    """The means of payment the town uses; all of them where the file names none."""
    used = {guess.payment_mode(row.text("label")) for row in file.rows("modes_reglements")}
    return [mode.value for mode in PaymentMode if mode in used or not used]


def _journal(session: Session, context: Context, report: NoethysReport) -> None:
    counted = {
        count.kind: {"read": count.read, "imported": count.imported} for count in report.kinds if count.read
    }
    journal.record(
        session,
        context,
        action="noethys.import",
        subject=("noethys", None),
        summary=f"Reprise de Noethys : {report.imported} lignes reprises, {len(report.left_out)} écartées",
        detail={"source": report.source, "sha256": report.sha256, "kinds": counted},
    )
