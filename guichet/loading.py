"""Loading the program's modules: what they define lasts as long as the program does."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Look for no garbage while modules load, nor ever again among what they defined.

    The searches take an eighth of the start of the window, and each later one would pause the screen for longer.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
