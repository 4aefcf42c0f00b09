"""What portals read is what the program does: schema, documentation and wire types say the same."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from guichet import resources_access
from guichet.portal.mapping import map_exchange_line
from guichet.portal.reader import lines, verify
from guichet.portal.schema import RESOURCE, schema_text
from guichet.portal.wire import KINDS, Answer

DOCUMENT = (Path(__file__).parents[2] / "docs" / "exchange.md").read_text(encoding="utf-8")


def examples(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", DOCUMENT, flags=re.MULTILINE | re.DOTALL)


REQUESTS = [json.loads(text) for text in examples("json request")]


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(resources_access.read_text(RESOURCE))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_the_published_schema_is_the_one_the_program_applies() -> None:
    assert resources_access.read_text(RESOURCE) == schema_text(), (
        "python -m guichet.portal.schema > resources/exchange-1.schema.json"
    )


def test_every_kind_has_a_worked_example() -> None:
    assert {example["kind"] for example in REQUESTS} == set(KINDS)
    assert all(f"`{kind}`" in DOCUMENT for kind in KINDS)


@pytest.mark.parametrize("example", REQUESTS, ids=lambda example: f"{example['kind']}-{example['id']}")
def test_the_examples_pass_the_schema_and_the_program(
    example: dict[str, Any], validator: jsonschema.Draft202012Validator
) -> None:
    validator.validate(example)
    assert map_exchange_line(json.dumps(example).encode()).request.kind == example["kind"]


def test_the_example_file_is_whole(tmp_path: Path, validator: jsonschema.Draft202012Validator) -> None:
    (text,) = examples("jsonl file")
    path = tmp_path / "example.jsonl"
    path.write_bytes(text.encode("utf-8"))
    for line in text.splitlines():
        validator.validate(json.loads(line))
    assert [map_exchange_line(line.raw).request.kind for line in lines(verify(path))] == [
        "attestation",
        "withdrawal",
    ]


def test_the_example_answer_is_one_the_program_would_send() -> None:
    (text,) = examples("json answer")
    assert Answer.model_validate(json.loads(text)).status == "partly_accepted"


def mutations() -> list[tuple[str, dict[str, Any]]]:
    """Each example with one thing wrong: a member missing, unknown, or of another type."""
    wrong = []
    for example in REQUESTS:
        name = f"{example['kind']}-{example['id']}"
        wrong.append((f"{name} unknown member", example | {"surprise": 1}))
        payload = example.get("payload") or {}
        wrong.append((f"{name} unknown payload member", example | {"payload": payload | {"surprise": 1}}))
        for member in ("id", "revision", "submitted_at"):
            without = {key: value for key, value in example.items() if key != member}
            wrong.append((f"{name} without {member}", without))
        for member, value in (
            ("id", 12),
            ("revision", "1"),
            ("revision", True),
            ("payload", []),
            ("family", 9),
        ):
            wrong.append((f"{name} {member} {value!r}", example | {member: value}))
    return wrong


@pytest.mark.parametrize("line", [line for _, line in mutations()], ids=[name for name, _ in mutations()])
def test_what_the_schema_refuses_the_program_refuses(
    line: dict[str, Any], validator: jsonschema.Draft202012Validator
) -> None:
    from guichet.portal.canonical import LineRejected

    assert not validator.is_valid(line)
    with pytest.raises(LineRejected):
        map_exchange_line(json.dumps(line).encode())
