"""What agents call a request's kind and where it came from."""

from guichet.models.requests import (
    Origin,
    RequestKind,
)

KIND_LABELS = {
    RequestKind.BOOKINGS: "Réservations",
    RequestKind.CANCELLATIONS: "Annulations",
    RequestKind.ABSENCE: "Absence",
    RequestKind.ENROLMENT: "Inscription",
    RequestKind.WITHDRAWAL: "Retrait de demande",
    RequestKind.COMPLEMENT: "Complément",
    RequestKind.NEW_FAMILY: "Nouvelle famille",
    RequestKind.FAMILY_SHEET: "Fiche famille",
    RequestKind.CHILD_SHEET: "Fiche enfant",
    RequestKind.DOCUMENT: "Pièce",
    RequestKind.ATTESTATION: "Attestation fiscale",
    RequestKind.MESSAGE: "Message",
    RequestKind.EINVOICE_CONSENT: "Facture dématérialisée",
}
ORIGIN_LABELS = {
    Origin.PORTAL: "portail",
    Origin.DESK: "guichet",
    Origin.TELEPHONE: "téléphone",
    Origin.PAPER: "papier",
}
