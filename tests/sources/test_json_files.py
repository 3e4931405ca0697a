"""JSON read element by element is the JSON that was written."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segdata.images import Unreadable
from segdata.sources.json_files import is_list, keys_of, members, read_json, read_span

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def elements(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else [value]
    return [e for v in inner for e in (v if isinstance(v, list) else [v])]


@given(
    st.dictionaries(st.text(), VALUES) | st.lists(VALUES),
    st.booleans(),
    st.sampled_from([None, 1]),
    st.sampled_from(["", "\ufeff", " \n"]),
)
def test_elements_lie_where_they_are_said_to(
    value: Any, escaped: bool, indent: int | None, before: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "a.json")
        text = before + json.dumps(value, ensure_ascii=escaped, indent=indent)
        path.write_bytes(text.encode("utf-8", "surrogatepass"))
        spans = [(member.start, member.end) for member in members(path)]
        if escaped:
            assert read_span(path, spans) == elements(value)
        assert len(spans) == len(elements(value))
        assert is_list(path) == isinstance(value, list)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,", '{"a"', '{"a":}', '{"a":1,}', '{"a":[1 2]}', "7", '{"a":[1', '{"a":tru}',
     "{1:2}", '{"a":1 "b":2}', '{"a":' + "9" * 5000 + "}"],
)  # fmt: skip
def test_what_is_no_json_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(Unreadable, match=r"a\.json"):
        list(members(path))


def test_damage_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{\n"images": [\n {"id": 1},\n {"id": }\n]}')
    with pytest.raises(Unreadable, match="line 4"):
        list(members(path))
    with pytest.raises(Unreadable, match="line 4"):
        read_json(path)


@pytest.mark.parametrize("data", [b"\xff\xfe{", b'{"a": "\xff"}', b"\x00\x00"])
def test_bytes_that_are_no_text_are_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=r"a\.json"):
        read_json(path)


def test_keys_are_seen_at_both_ends_of_a_large_file(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"images": [], "hidden": "' + "x" * 500_000 + '", "categories": []}')
    assert keys_of(path) >= {"images", "categories"}
    assert keys_of(tmp_path / "none.json") == frozenset()
