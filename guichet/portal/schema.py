"""The JSON Schema of the exchange, made from the wire types: `python -m guichet.portal.schema` prints what is published."""

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from guichet.portal.wire import FORMAT, VERSION, Header, Request, Trailer

RESOURCE = f"exchange-{VERSION}.schema.json"


def exchange_schema() -> dict[str, Any]:
    """The schema (draft 2020-12) of any one line of an exchange file."""
    schema = TypeAdapter(Header | Request | Trailer).json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:{FORMAT}:{VERSION}",
        "title": f"{FORMAT}, version {VERSION}: one line of a file",
        "description": "First line: Header. Last line: Trailer. Every line between: one request. See docs/exchange.md.",
        **schema,
    }


def schema_text() -> str:
    """The schema as the published file holds it."""
    return json.dumps(exchange_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(schema_text().encode("utf-8"))
