"""A batch's report as the portal's administrator and the town read it."""

import json
from typing import Any

from guichet.portal.connectors import Report

QUARANTINE_LISTED = 200


def report_values(report: Report) -> dict[str, Any]:
    """The report's values, JSON-ready; `quarantine` lists at most the first 200 lines."""
    return {
        "portal": report.portal,
        "batch": report.batch,
        "batch_id": report.batch_id,
        "source": report.source,
        "sha256": report.sha256,
        "refused": report.refusal is not None,
        "refusal": report.refusal,
        "already_known": report.already_known,
        **report.counts,
        "quarantine": [{"line": number, "reason": reason} for number, reason in report.quarantine],
    }


def report_json(report: Report) -> str:
    """The report as indented JSON text."""
    return json.dumps(report_values(report), ensure_ascii=False, indent=2) + "\n"


def report_text(report: Report) -> str:
    """The report in French prose."""
    lines = [
        f"Compte rendu du fichier {report.source}",
        f"Portail : {report.portal} · lot : {report.batch} (n° {report.batch_id})",
        f"Empreinte SHA-256 : {report.sha256}",
        "",
    ]
    if report.refusal is not None:
        lines += [f"FICHIER REFUSÉ EN ENTIER : {report.refusal}", "Rien n’a été importé."]
        return "\n".join(lines) + "\n"
    if report.already_known:
        lines.append("Ce fichier avait déjà été reçu : il ne change rien.")
    lines += [
        f"Reçues : {report.received}",
        f"Importées : {report.imported}",
        f"En double : {report.duplicate}",
        f"En quarantaine : {report.quarantined}",
    ]
    if report.quarantine:
        lines += ["", "Lignes en quarantaine :"]
        lines += [f"  ligne {number} : {reason}" for number, reason in report.quarantine]
        if report.quarantined > len(report.quarantine):
            lines.append(f"  … et {report.quarantined - len(report.quarantine)} autres.")
    return "\n".join(lines) + "\n"
