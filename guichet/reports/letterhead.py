"""Who writes and to whom: the head of every printed document and the address a window envelope shows."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Letterhead:
    """The issuer as printed. `regie` is the collecting régie's name; `logo` the bytes of a PNG or JPEG."""

    town: str
    service: str
    address: tuple[str, ...]
    phone: str = ""
    email: str = ""
    opening_hours: str = ""
    siret: str = ""
    regie: str = ""
    logo: bytes | None = None


@dataclass(frozen=True)
class PostalAddress:
    """A person as an envelope names them: « Madame Jeanne DUPONT », then the lines of the address."""

    name: str
    lines: tuple[str, ...]
