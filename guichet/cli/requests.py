"""The command that lists requests, or opens some with their proposals and reasons."""

from dataclasses import replace
from typing import Annotated, Any

import typer

from guichet.cli.session import Console, console_of
from guichet.models.requests import RequestState
from guichet.rules.errors import UserError
from guichet.rules.requests import STATE_LABELS
from guichet.rules.text import format_date, format_instant
from guichet.rules.typography import count
from guichet.services import request_detail, requests
from guichet.services.request_criteria import Queue, RequestQuery
from guichet.services.request_detail import RequestDetail
from guichet.services.request_rows import RequestRow

_PAGE = 500
_PROPOSALS = {
    "accept": "accepter",
    "wait": "attendre",
    "refuse": "refuser",
    "examine": "examiner",
    "mixed": "partagé",
}


def list_requests(
    context: typer.Context,
    ids: Annotated[
        list[str] | None, typer.Argument(help="Ouvrir ces demandes : numéro du portail, ou #n.")
    ] = None,
    state: Annotated[str | None, typer.Option("--state", help="Ne montrer que cet état.")] = None,
) -> None:
    """Lister les demandes, ou en ouvrir quelques-unes avec leurs propositions et leurs raisons."""
    console = console_of(context)
    if ids:
        details = [
            console.read(request_detail.request_detail, console.read(requests.find_request, name))
            for name in ids
        ]
        console.answer({"requests": details}, "\n\n".join(_detail_text(one) for one in details))
        return
    rows = _rows(console, RequestQuery(queue=Queue.ALL, states=_states(state), size=_PAGE))
    value = {"total": len(rows), "requests": [_row_value(row) for row in rows]}
    console.answer(value, "\n".join([*map(_row_text, rows), f"{count(len(rows), 'demande')}."]))


def _states(name: str | None) -> tuple[RequestState, ...]:
    if name is None:
        return ()
    known = [state.value for state in RequestState if state is not RequestState.DRAFT]
    if name not in known:
        raise UserError(f"L’état « {name} » n’existe pas. États : {', '.join(known)}.", field="state")
    return (RequestState(name),)


def _rows(console: Console, query: RequestQuery) -> list[RequestRow]:
    rows: list[RequestRow] = []
    while True:
        page = console.read(requests.list_requests, replace(query, offset=len(rows)))
        rows += page.rows
        if not page.rows or len(rows) >= page.total:
            return rows


def _row_value(row: RequestRow) -> dict[str, Any]:
    value = vars(row).copy()
    value["unpaid_cents"] = value.pop("unpaid")
    return value


def _row_text(row: RequestRow) -> str:
    proposal = _PROPOSALS.get(row.proposal, "")
    return (
        f"{row.external_id:<22} {STATE_LABELS[row.state]:<20} {format_instant(row.submitted_at)}  {row.kind_label:<24}"
        f" {row.family_number:<14} {row.child:<24} {proposal}"
    )


def _detail_text(one: RequestDetail) -> str:
    lines = [
        f"{one.external_id} (#{one.request_id}), {one.kind_label.lower()}, {STATE_LABELS[one.state]}",
        f"  Famille : {one.family or '-'}   Enfant : {one.child or '-'}   Déposée le {format_instant(one.submitted_at)}",
    ]
    if one.answer_by is not None:
        lines.append(f"  Répondre avant le {format_date(one.answer_by)}")
    if one.anomaly:
        lines.append(f"  Anomalie : {one.anomaly}")
    for item in one.items:
        outcome = item.decision_label or (f"proposé : {item.verdict_label}" if item.verdict_label else "")
        change = f" : {item.before or '(vide)'} → {item.after or '(vide)'}" if item.field else ""
        lines.append(f"  - {item.label}{change}  {outcome}")
        lines += [f"      {reason.text}" for reason in item.reasons]
    return "\n".join(lines)
