"""A view of the requests as plain JSON values and back: for the history, the last place, the views that people keep."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from guichet.services.request_criteria import RequestQuery

_QUERY = TypeAdapter(RequestQuery)
_NOT_KEPT = {"offset", "size"}


def kept(query: RequestQuery) -> dict[str, Any]:
    """What the view is narrowed to and its order, without what is as at first."""
    values: dict[str, Any] = _QUERY.dump_python(query, mode="json", exclude_defaults=True)
    return {name: value for name, value in values.items() if name not in _NOT_KEPT}


def read(values: Any) -> RequestQuery:
    """The view that was kept; what a former release kept otherwise is the first view."""
    try:
        return _QUERY.validate_python(values if isinstance(values, dict) else {})
    except ValidationError:
        return RequestQuery()
