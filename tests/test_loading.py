"""Garbage is looked for again once the modules are loaded, whatever happened meanwhile."""

import gc

import pytest

from guichet.loading import loading


def test_no_garbage_is_looked_for_while_modules_load() -> None:
    with loading():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_a_module_that_is_missing_leaves_the_search_on() -> None:
    with pytest.raises(ImportError), loading():
        raise ImportError("missing")
    assert gc.isenabled()


def test_what_was_loaded_is_not_gone_through_again() -> None:
    with loading():
        loaded = [object() for _ in range(10)]
    assert not any(each is loaded for each in gc.get_objects())
