"""Text as it is searched, sorted and shown."""

import re
import unicodedata
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
_LIGATURES = str.maketrans({"œ": "oe", "Œ": "oe", "æ": "ae", "Æ": "ae", "ß": "ss", "’": "'", "‘": "'"})
_NOT_ALPHANUMERIC = re.compile(r"[^a-z0-9]+")


def fold(text: str) -> str:
    """Reduce text to what a search compares: no accents, no case, letters and digits parted by single spaces."""
    if text.isascii():  # most of what is folded, many times faster
        return _NOT_ALPHANUMERIC.sub(" ", text.lower()).strip()
    decomposed = unicodedata.normalize("NFKD", text.translate(_LIGATURES))
    bare = "".join(char for char in decomposed if not unicodedata.combining(char)).casefold()
    return " ".join("".join(char if char.isalnum() else " " for char in bare).split())


def search_key(*parts: str | None) -> str:
    """Fold several fields into one searchable key, each word once, in order."""
    words = fold(" ".join(part for part in parts if part)).split()
    return " ".join(dict.fromkeys(words))


def sort_key(*parts: str | None) -> str:
    """A key that sorts the same on SQLite and PostgreSQL (plain ASCII, fields parted by a space)."""
    folded = (fold(part or "") for part in parts)
    return " ".join(text.encode("ascii", "ignore").decode("ascii") for text in folded).strip()


def format_date(day: date) -> str:
    """A civil date as JJ/MM/AAAA."""
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"


def format_instant(instant: datetime) -> str:
    """An instant in Paris time, « 08/04/2026 à 13:05 »."""
    local = instant.astimezone(PARIS)
    return f"{format_date(local.date())} à {local.hour:02d}:{local.minute:02d}"


def format_time(moment: time) -> str:
    """A clock time as « 08:30 »."""
    return f"{moment.hour:02d}:{moment.minute:02d}"


def paris_day(instant: datetime) -> date:
    """The civil day in Paris of an aware instant."""
    return instant.astimezone(PARIS).date()
