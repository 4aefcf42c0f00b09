"""Where a person has been: back, forward, and quick steps that count as one."""

from guichet.ui.page import Destination

LONGEST = 60
BROWSING_SECONDS = 1.5


class History:
    """The places seen, the present one among them. Steps inside one page that follow each other at once count as one."""

    def __init__(self) -> None:
        self._places: list[Destination] = []
        self._present = -1
        self._noted = float("-inf")

    @property
    def present(self) -> Destination | None:
        """Where one is."""
        return self._places[self._present] if self._places else None

    @property
    def can_go_back(self) -> bool:
        """Whether a place came before."""
        return self._present > 0

    @property
    def can_go_forward(self) -> bool:
        """Whether one went back from a place."""
        return self._present + 1 < len(self._places)

    @property
    def recent(self) -> tuple[Destination, ...]:
        """The places seen, latest first, the present one left out, each once."""
        others: list[Destination] = []
        for place in reversed(self._places):
            if place != self.present and place not in others:
                others.append(place)
        return tuple(others)

    def note(self, place: Destination, at: float) -> None:
        """Be at a place, at a moment in seconds of any running clock."""
        present = self.present
        if place == present:
            return
        browsing = present is not None and present.page == place.page and at - self._noted < BROWSING_SECONDS
        self._noted = at
        if browsing:
            self._places[self._present] = place
            return
        self._places = [*self._places[: self._present + 1], place][-LONGEST:]
        self._present = len(self._places) - 1

    def back(self, at: float) -> Destination | None:
        """Go one place back, None when there is none. What the page says while it settles there is that same place."""
        return self._step(-1, at) if self.can_go_back else None

    def forward(self, at: float) -> Destination | None:
        """Go forward again, None when one did not go back."""
        return self._step(1, at) if self.can_go_forward else None

    def _step(self, by: int, at: float) -> Destination:
        self._noted = at
        self._present += by
        return self._places[self._present]
