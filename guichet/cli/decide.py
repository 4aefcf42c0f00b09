"""The command of decisions: accept, refuse, put on the waiting list, or follow the proposals."""

from typing import Annotated, Any

import typer

from guichet.cli.session import EXIT_USER, Console, console_of
from guichet.rules.errors import UserError
from guichet.rules.requests import STATE_LABELS
from guichet.services import bulk_decisions, decisions, requests
from guichet.services.bulk_decisions import BulkOutcome, BulkReport
from guichet.services.deciding import DecisionResult
from guichet.services.decisions import Accept, Refuse, Wait
from guichet.services.request_criteria import RequestQuery

_OUTCOMES = {
    BulkOutcome.ACCEPTED: "acceptée",
    BulkOutcome.PARTLY: "acceptée en partie",
    BulkOutcome.WAITING: "liste d’attente",
    BulkOutcome.REFUSED: "refusée",
    BulkOutcome.LEFT: "laissée à un agent",
    BulkOutcome.FAILED: "non traitée",
}


def decide(
    context: typer.Context,
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Demandes : numéro du portail, ou #n pour l’identifiant interne."),
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Accepter.")] = False,
    refuse: Annotated[str | None, typer.Option("--refuse", help="Refuser, avec ce code de motif.")] = None,
    text: Annotated[str, typer.Option("--text", help="Texte du motif ou mot à la famille.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Mettre en liste d’attente.")] = False,
    accept_proposals: Annotated[
        bool,
        typer.Option(
            "--accept-proposals", help="Suivre les propositions « accepter » et « attendre » seulement."
        ),
    ] = False,
    override: Annotated[
        str, typer.Option("--override", help="Motif pour passer outre un délai ; il est journalisé.")
    ] = "",
) -> None:
    """Décider des demandes. Sans numéro, --accept-proposals prend toutes celles qui attendent."""
    console = console_of(context)
    if sum((accept, refuse is not None, wait, accept_proposals)) != 1:
        raise UserError(
            "Choisissez --accept, --refuse CODE, --wait ou --accept-proposals, un seul des quatre.",
            field="decision",
        )
    names = ids or []
    if accept_proposals:
        chosen = _named(console, names) if names else console.read(requests.matching_ids, RequestQuery())
        report = bulk_decisions.accept_all_that_fits(console.database, console.context, chosen)
        _answer_run(console, report)
        return
    if not names:
        raise UserError("Nommez au moins une demande.", field="id")
    _answer_each(console, names, accept, refuse, text, override)


def _named(console: Console, names: list[str]) -> tuple[int, ...]:
    return tuple(console.read(requests.find_request, name) for name in names)


def _answer_run(console: Console, report: BulkReport) -> None:
    counts = {outcome.value: report.count(outcome) for outcome in BulkOutcome}
    lines = [
        f"{one.external_id:<24} {_OUTCOMES[one.outcome]}{f' : {one.sentence}' if one.sentence else ''}"
        for one in report.outcomes
    ]
    lines.append(", ".join(f"{report.count(outcome)} {label}" for outcome, label in _OUTCOMES.items()))
    console.answer({"asked": report.asked, "counts": counts, "outcomes": report.outcomes}, "\n".join(lines))
    if report.count(BulkOutcome.FAILED):
        raise SystemExit(EXIT_USER)


def _answer_each(
    console: Console, names: list[str], accept: bool, refuse: str | None, text: str, override: str
) -> None:
    """One transaction a request: what could be decided is, what could not is said, and the code is then 1."""
    outcomes: list[dict[str, Any]] = []
    lines = []
    for name, request_id in zip(names, _named(console, names), strict=True):
        try:
            result = _decide_one(console, request_id, accept, refuse, text, override)
        except UserError as error:
            outcomes.append(
                {"id": name, "request_id": request_id, "error": error.code, "message": error.message}
            )
            lines.append(f"{name:<24} ✗ {error.message}")
        else:
            outcomes.append({"id": name, **vars(result)})
            lines.append(f"{name:<24} {STATE_LABELS[result.state]}")
    console.answer({"outcomes": outcomes}, "\n".join(lines))
    if any("error" in one for one in outcomes):
        raise SystemExit(EXIT_USER)


def _decide_one(
    console: Console, request_id: int, accept: bool, refuse: str | None, text: str, override: str
) -> DecisionResult:
    if accept:
        return console.run(decisions.accept, Accept(request_id, text=text, override_reason=override))
    if refuse is not None:
        return console.run(decisions.refuse, Refuse(request_id, refuse, text))
    return console.run(decisions.wait, Wait(request_id, text=text, override_reason=override))
