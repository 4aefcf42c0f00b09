"""Proposals for what is asked date by date: bookings, cancellations, absences."""

from collections.abc import Callable, Iterator, Sequence
from datetime import time

from guichet.models.bookings import Attendance
from guichet.rules import proposals as rules
from guichet.rules.capacity import LiveBooking, find_doubles
from guichet.rules.proposals import Engagement, Proposal, Reason, Verdict
from guichet.services.catalogue import Catalogue, SlotInfo
from guichet.services.facts import Asked, BookingFact, Facts
from guichet.services.request_items import ItemDraft

_MIDNIGHT = time(0, 0)


def bookings(
    facts: Facts,
    asked: Asked,
    drafts: Sequence[ItemDraft],
    account: Callable[[int], rules.AccountFacts],
) -> Iterator[Proposal]:
    """Each date and slot asked for; two dates of one request that exclude each other are doubles too."""
    offer = facts.catalogue
    child_id, family_id = asked.child_id or 0, asked.family_id or 0
    mine: dict[int, BookingFact] = {
        one.item_id: one for one in facts.bookings.get(child_id, ()) if one.item_id
    }
    held = [one.live for one in facts.bookings.get(child_id, ())]
    spent = 0
    for one in drafts:
        # An item that already waits is not its own double, and keeps its turn.
        queued = mine.get(one.item_id) if one.item_id is not None else None
        others = [live for live in held if queued is None or live.booking_id != queued.id]
        slot = offer.slots[one.slot_id or 0]
        activity = offer.activities[slot.activity_id]
        day = one.day or asked.submitted_at.date()
        start = one.start or _MIDNIGHT
        enrolment = facts.enrolment(child_id, family_id, activity.id, day)
        group = facts.group(child_id, activity, day, enrolment.group_id if enrolment else None)
        pools = offer.pools_for(slot.id, group.group.id if group.group else None)
        doubles = find_doubles(slot.id, day, start, others, offer.exclusive)
        book, cancel, _ = offer.limits(slot, day, one.start)
        price = facts.price(slot, day, group.group.id if group.group else None, enrolment, family_id)
        proposal = rules.propose_booking(
            rules.BookingFacts(
                submitted_at=asked.submitted_at,
                day=day,
                limit=book,
                cancel_limit=cancel,
                group=group,
                places=facts.counts.left(
                    pools, day, since=(asked.submitted_at, queued.id) if queued is not None else None
                ),
                closed=facts.closed(slot, activity, day, group.group.id if group.group else None),
                enrolled=enrolment is not None,
                doubles=[
                    rules.DoubleFact(
                        double.booking.family_id != family_id,
                        double.same_slot,
                        offer.slots[double.booking.slot_id].name,
                        double.booking.waiting,
                    )
                    for double in doubles
                ],
                dossier=facts.dossier(child_id, family_id, day) if activity.needs_dossier else None,
                account=account(activity.id),
                cost=spent + price if isinstance(price, int) else spent,
                waiting_list=activity.waiting_list,
                resident=facts.residents.get(family_id),
                residents_only=activity.residents_only,
                payment_expected=activity.paid_at_once,
                payment_reference=asked.payment_reference,
                engagement=engagement(asked),
                remarks=(
                    *_overlaps(offer, slot, [live for live in others if live.day == day]),
                    *([Reason("unpriced", price, Verdict.EXAMINE)] if isinstance(price, str) else []),
                ),
            )
        )
        if proposal.verdict is Verdict.ACCEPT and isinstance(price, int):
            spent += price
        if proposal.verdict in (Verdict.ACCEPT, Verdict.WAIT):
            held.append(LiveBooking(0, family_id, slot.id, day, start))
        yield proposal


def _overlaps(offer: Catalogue, slot: SlotInfo, others: Sequence[LiveBooking]) -> tuple[Reason, ...]:
    """What another activity has of the child at the same hours: worth a look, and no bar (model.md « Enrolments »)."""
    found = []
    for live in others:
        other = offer.slots[live.slot_id]
        if other.activity_id != slot.activity_id and _share_hours(slot, other):
            name = offer.activities[other.activity_id].name
            found.append(
                Reason("overlap", f"Aux mêmes heures, l’enfant est déjà attendu à « {name} » ({other.name}).")
            )
    return tuple(found)


def _share_hours(one: SlotInfo, other: SlotInfo) -> bool:
    if one.starts_at is None or one.ends_at is None or other.starts_at is None or other.ends_at is None:
        return False
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def take_places(
    facts: Facts, asked: Asked, drafts: Sequence[ItemDraft], verdicts: Sequence[Proposal]
) -> None:
    """Count in the facts what these proposals would take, so that the next request sees what they leave."""
    offer = facts.catalogue
    child_id, family_id = asked.child_id or 0, asked.family_id or 0
    for one, proposal in zip(drafts, verdicts, strict=True):
        if proposal.verdict not in (Verdict.ACCEPT, Verdict.WAIT) or one.slot_id is None or one.day is None:
            continue
        activity = offer.activities[offer.slots[one.slot_id].activity_id]
        enrolment = facts.enrolment(child_id, family_id, activity.id, one.day)
        group = facts.group(child_id, activity, one.day, enrolment.group_id if enrolment else None).group
        pools = offer.pools_for(one.slot_id, group.id if group else None)
        mine = [live for live in facts.bookings.get(child_id, ()) if live.item_id == (one.item_id or 0)]
        waits = proposal.verdict is Verdict.WAIT
        for live in mine:
            if not waits:
                facts.counts.remove_waiting(pools, one.day, (asked.submitted_at, live.id))
        if waits and not mine:
            facts.counts.add_waiting(pools, one.day, (asked.submitted_at, 0))
        elif not waits:
            facts.counts.add(pools, one.day)
        if not mine:
            facts.bookings.setdefault(child_id, []).append(
                BookingFact(
                    0,
                    enrolment.id if enrolment else 0,
                    family_id,
                    child_id,
                    one.slot_id,
                    group.id if group else None,
                    one.day,
                    one.start or _MIDNIGHT,
                    waits,
                    Attendance.UNKNOWN,
                    None,
                )
            )


def cancellations(facts: Facts, asked: Asked, drafts: Sequence[ItemDraft]) -> Iterator[Proposal]:
    """Each booking to cancel."""
    offer = facts.catalogue
    for one, booking in _with_bookings(facts, asked, drafts):
        slot = offer.slots[one.slot_id or 0]
        day = one.day or asked.submitted_at.date()
        _, cancel, _ = offer.limits(slot, day, one.start)
        yield rules.propose_cancellation(
            rules.CancellationFacts(
                submitted_at=asked.submitted_at,
                day=day,
                limit=cancel,
                found=booking is not None,
                waiting=booking is not None and booking.waiting,
                attended=booking is not None and booking.attendance is not Attendance.UNKNOWN,
                invoiced=booking is not None and booking.id in facts.invoiced,
                paid=booking is not None and booking.id in facts.paid,
                engagement=Engagement.CONFIRMED if asked.line.get("confirmed") else None,
            )
        )


def absences(facts: Facts, asked: Asked, drafts: Sequence[ItemDraft]) -> Iterator[Proposal]:
    """Each booking the child will not come to."""
    offer = facts.catalogue
    for one, booking in _with_bookings(facts, asked, drafts):
        slot = offer.slots[one.slot_id or 0]
        day = one.day or asked.submitted_at.date()
        _, _, absence = offer.limits(slot, day, one.start)
        attendance = booking.attendance if booking is not None else Attendance.UNKNOWN
        yield rules.propose_absence(
            rules.AbsenceFacts(
                submitted_at=asked.submitted_at,
                day=day,
                limit=absence,
                found=booking is not None and not booking.waiting,
                medical=asked.payload.get("reason") == "medical",
                certificate=has_certificate(asked),
                already_absent=attendance in (Attendance.ABSENT_EXCUSED, Attendance.ABSENT_BILLED),
                present=attendance is Attendance.PRESENT,
                invoiced=booking is not None and booking.id in facts.invoiced,
            )
        )


def _with_bookings(
    facts: Facts, asked: Asked, drafts: Sequence[ItemDraft]
) -> Iterator[tuple[ItemDraft, BookingFact | None]]:
    """Each item and the family's booking it speaks of; a booking named twice is found the first time only."""
    child_id, family_id = asked.child_id or 0, asked.family_id or 0
    named: set[int] = set()
    for one in drafts:
        if one.slot_id is None or one.day is None:
            continue
        booking = facts.live_at(child_id, family_id, one.slot_id, one.day, one.start or _MIDNIGHT)
        yield one, None if booking is not None and booking.id in named else booking
        if booking is not None:
            named.add(booking.id)


def has_certificate(asked: Asked) -> bool:
    """Whether the certificate that an absence announces came among its attachments."""
    announced = asked.payload.get("certificate")
    names = {attachment.get("name") for attachment in asked.line.get("attachments", ())}
    return announced is not None and announced in names


def engagement(asked: Asked) -> Engagement | None:
    """What the portal already did for the family: it took money, or confirmed."""
    if asked.payment_reference or asked.line.get("payment"):
        return Engagement.PAID
    return Engagement.CONFIRMED if asked.line.get("confirmed") else None
