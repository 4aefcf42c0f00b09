"""Who may do what: the one table, checked in services and mirrored by the screens."""

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """A function held in the town hall; an account may hold several."""

    AGENT = "agent"
    FINANCE = "finance"
    ALSH_DIRECTOR = "alsh_director"
    ADMINISTRATOR = "administrator"
    PORTAL = "portal"


class Permission(StrEnum):
    """One kind of act or reading that a role may be granted."""

    READ_REQUESTS = "read_requests"
    DECIDE_REQUESTS = "decide_requests"
    OVERRIDE_DEADLINE = "override_deadline"
    IMPORT_REQUESTS = "import_requests"
    READ_FAMILIES = "read_families"
    EDIT_FAMILIES = "edit_families"
    READ_HEALTH = "read_health"
    READ_INCOME = "read_income"
    PLAN_PLACES = "plan_places"
    READ_BILLING = "read_billing"
    ISSUE_INVOICES = "issue_invoices"
    RECORD_PAYMENTS = "record_payments"
    ISSUE_ATTESTATIONS = "issue_attestations"
    VERIFY = "verify"
    ADMINISTER = "administer"


ROLE_LABELS: dict[Role, str] = {
    Role.AGENT: "Agent du guichet",
    Role.FINANCE: "Régie et facturation",
    Role.ALSH_DIRECTOR: "Direction de l’accueil de loisirs",
    Role.ADMINISTRATOR: "Administration",
    Role.PORTAL: "Portail (service)",
}

_GRANTS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: frozenset(
        {
            Permission.READ_REQUESTS,
            Permission.DECIDE_REQUESTS,
            Permission.OVERRIDE_DEADLINE,
            Permission.IMPORT_REQUESTS,
            Permission.READ_FAMILIES,
            Permission.EDIT_FAMILIES,
            Permission.READ_HEALTH,
            Permission.READ_INCOME,
            Permission.READ_BILLING,
        }
    ),
    Role.FINANCE: frozenset(
        {
            Permission.READ_REQUESTS,
            Permission.READ_FAMILIES,
            Permission.READ_INCOME,
            Permission.READ_BILLING,
            Permission.ISSUE_INVOICES,
            Permission.RECORD_PAYMENTS,
            Permission.ISSUE_ATTESTATIONS,
            Permission.VERIFY,
        }
    ),
    Role.ALSH_DIRECTOR: frozenset(
        {
            Permission.READ_REQUESTS,
            Permission.DECIDE_REQUESTS,
            Permission.OVERRIDE_DEADLINE,
            Permission.READ_FAMILIES,
            Permission.READ_HEALTH,
            Permission.PLAN_PLACES,
        }
    ),
    Role.ADMINISTRATOR: frozenset(Permission),
    Role.PORTAL: frozenset({Permission.READ_REQUESTS, Permission.IMPORT_REQUESTS}),
}


def granted(roles: Iterable[Role]) -> frozenset[Permission]:
    """All that an account with these roles may do."""
    return frozenset().union(*(_GRANTS[role] for role in roles))


def may(roles: Iterable[Role], permission: Permission) -> bool:
    """Whether one of the roles grants the permission."""
    return any(permission in _GRANTS[role] for role in roles)
