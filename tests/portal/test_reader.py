"""A file is taken whole or refused whole, on its exact bytes, within bounded memory."""

import hashlib
import io
import json
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guichet.portal.reader import MAX_LINE_BYTES, FileRefused, lines, verify
from guichet.portal.writer import write_exchange

EXPORTED = datetime(2026, 3, 17, 22, 0, tzinfo=UTC)
HEADER = {
    "format": "guichet-exchange",
    "version": 1,
    "portal": "portail",
    "batch": "n1",
    "exported_at": "2026-03-17T22:00:00Z",
}


def whole(*raw: bytes, header: Any = HEADER, newline: bytes = b"\n", **trailer: Any) -> bytes:
    """A file with its trailer computed, members of which may be replaced."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = b"".join(line + newline for line in (head, *raw))
    end = {"count": len(raw), "sha256": hashlib.sha256(body).hexdigest()} | trailer
    return body + json.dumps(end).encode() + newline


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(FileRefused) as refused:
        verify(path)
    assert refused.value.sha256 == hashlib.sha256(content).hexdigest()
    assert refused.value.reason.endswith(".")
    return refused.value.code


def test_a_whole_file_gives_its_lines_back_byte_for_byte(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    raw = [b"un", b"", b" deux ", "trois é".encode(), b"\r", b"\xff\x00"]
    path.write_bytes(whole(*raw))

    file = verify(path)

    assert (file.portal, file.batch, file.count, file.exported_at) == ("portail", "n1", 6, EXPORTED)
    expected = [b"un", b"", b" deux ", "trois é".encode(), b"", b"\xff\x00"]
    assert [(line.number, line.raw) for line in lines(file)] == list(enumerate(expected, start=1))
    assert [line.number for line in lines(file, after=4)] == [5, 6]


@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_line_ends_and_byte_order_mark_are_not_part_of_lines_but_are_hashed(
    tmp_path: Path, newline: bytes, bom: bytes
) -> None:
    path = tmp_path / "a.jsonl"
    head = bom + json.dumps(HEADER).encode()
    path.write_bytes(whole(b"{}", b"[]", header=head, newline=newline))
    assert [line.raw for line in lines(verify(path))] == [b"{}", b"[]"]

    path.write_bytes(whole(b"{}", header=head, newline=newline).rstrip(b"\r\n"))
    assert verify(path).count == 1

    unix = whole(b"{}", header=head)
    assert refusal(path, unix.replace(b"\n", b"\r\n")) == "wrong_hash"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\n", "no_header"),
        (b"\xef\xbb\xbf", "no_header"),
        (json.dumps(HEADER).encode(), "no_trailer"),
        (json.dumps(HEADER).encode() + b"\n{}\n", "no_trailer"),
        (whole(b"{}")[:-30], "no_trailer"),
        (whole(b"{}") + b"\n", "no_trailer"),
        (whole(b"{}") + b"{}\n", "no_trailer"),
        (whole(b"{}") + b" ", "no_trailer"),
        (whole(b"{}") + whole(b"{}"), "wrong_count"),
        (whole(b"{}", count=2), "wrong_count"),
        (whole(b"{}", count=-1), "no_trailer"),
        (whole(b"{}", count=True), "no_trailer"),
        (whole(b"{}", count="1"), "no_trailer"),
        (whole(b"{}", sha256="0" * 64), "wrong_hash"),
        (whole(b"{}", sha256="xyz"), "no_trailer"),
        (whole(b"{}", more=1), "no_trailer"),
        (whole(b"{}").replace(b"{}", b"[]"), "wrong_hash"),
        (whole(b"{}").replace(b"n1", b"n2"), "wrong_hash"),
        (whole(b"{}", header=b"PK\x03\x04"), "no_header"),
        (whole(b"{}", header={"version": 1}), "no_header"),
        (whole(b"{}", header=HEADER | {"format": "autre"}), "unknown_format"),
        (whole(b"{}", header=HEADER | {"version": 2}), "unknown_version"),
        (whole(b"{}", header=HEADER | {"version": "1"}), "unknown_version"),
        (whole(b"{}", header=HEADER | {"version": True}), "unknown_version"),
        (whole(b"{}", header=HEADER | {"version": None}), "unknown_version"),
        (whole(b"{}", header=HEADER | {"portal": ""}), "bad_header"),
        (whole(b"{}", header=HEADER | {"exported_at": "2026-03-17T22:00:00"}), "bad_header"),
        (whole(b"{}", header={k: v for k, v in HEADER.items() if k != "batch"}), "bad_header"),
        (whole(b"{}", header=json.dumps(HEADER).replace('"n1"', '"n\\u0000"').encode()), "bad_header"),
        (whole(b"{}").decode().encode("utf-16"), "no_header"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_whole(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(tmp_path / "a.jsonl", content) == code


def test_an_upper_case_hash_is_the_same_hash(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    content = whole(b"{}")
    trailer = json.loads(content.splitlines()[-1])
    path.write_bytes(whole(b"{}", sha256=trailer["sha256"].upper()))
    assert verify(path).count == 1


def test_a_line_of_16_mib_passes_and_one_byte_more_refuses_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(whole(b"x" * MAX_LINE_BYTES, newline=b"\r\n"))
    assert len(next(lines(verify(path))).raw) == MAX_LINE_BYTES

    assert refusal(path, whole(b"x" * (MAX_LINE_BYTES + 1))) == "line_too_long"
    assert refusal(path, b"x" * (MAX_LINE_BYTES * 3)) == "line_too_long"


def test_memory_stays_bounded_whatever_the_length_of_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with path.open("wb") as stream:
        stream.write(json.dumps(HEADER).encode() + b"\n")
        for _ in range(96):
            stream.write(b"x" * (1024 * 1024))
    tracemalloc.start()
    try:
        with pytest.raises(FileRefused):
            verify(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * MAX_LINE_BYTES


@given(
    st.lists(st.binary(max_size=40).filter(lambda raw: b"\n" not in raw), max_size=6),
    st.integers(min_value=0),
    st.integers(min_value=0, max_value=255),
)
def test_no_byte_of_a_file_can_change_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, raw: list[bytes], where: int, value: int
) -> None:
    stream = io.BytesIO()
    write_exchange(stream, raw, portal="p", batch="b", exported_at=EXPORTED)
    content = bytearray(stream.getvalue())
    body = len(content) - 1  # a file may do without its last end of line
    before = content[where % body]
    content[where % body] = value
    path = tmp_path_factory.mktemp("file") / "a.jsonl"
    path.write_bytes(content)
    if value == before:
        assert verify(path).count == len(raw)
        return
    try:
        found = verify(path)
    except FileRefused:
        return
    # Only white space of the trailer, or the case of its hash, may differ and leave the file the same.
    assert found.count == len(raw)
    assert (
        json.loads(bytes(content).splitlines()[-1])["sha256"].lower()
        == hashlib.sha256(bytes(content[: bytes(content).rstrip(b"\n").rindex(b"\n") + 1])).hexdigest()
    )
