"""The manual as the program shows it: chapters, one a user, cut into the sections that pages point at."""

import re
from dataclasses import dataclass
from functools import cache

from guichet import resources_access
from guichet.rules.text import fold

CHAPTERS = ("agent", "direction", "regie", "administration")


@dataclass(frozen=True)
class ManualSection:
    """One section: its address (`agent#demandes`), its title and its Markdown, title included."""

    address: str
    title: str
    text: str


@dataclass(frozen=True)
class ManualChapter:
    """A user's chapter: its title, what comes before its first section, and its sections in order."""

    name: str
    title: str
    sections: tuple[ManualSection, ...]


@cache
def chapters() -> tuple[ManualChapter, ...]:
    """Every chapter. Raises FileNotFoundError when the manual is not installed."""
    return tuple(_chapter(name, resources_access.manual_chapter(name)) for name in CHAPTERS)


def find_section(address: str) -> ManualSection:
    """The section at `chapter#section`. Raises KeyError where the manual has none."""
    for chapter in chapters():
        for section in chapter.sections:
            if section.address == address:
                return section
    raise KeyError(address)


def _chapter(name: str, text: str) -> ManualChapter:
    # Pictures show the very pages one looks at: they are for who reads the manual elsewhere.
    text = re.sub(r"^!\[[^]]*\]\([^)]*\)\n+", "", text, flags=re.MULTILINE)
    head, *bodies = re.split(r"^## ", text, flags=re.MULTILINE)
    title, _, introduction = head.removeprefix("# ").partition("\n")
    sections = [ManualSection(name, title.strip(), f"## {title}\n{introduction}")]
    for body in bodies:
        heading = body.partition("\n")[0].strip()
        slug = fold(heading).replace(" ", "-")
        sections.append(ManualSection(f"{name}#{slug}", heading, f"## {body}"))
    return ManualChapter(name, title.strip(), tuple(sections))
