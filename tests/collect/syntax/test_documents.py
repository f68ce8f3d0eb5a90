"""Documents of a file, in YAML or JSON."""

from __future__ import annotations

import pytest

from keymuster.collect.syntax import documents
from keymuster.collect.syntax.node import Broken
from reading import blob


def test_documents_that_nobody_wants_are_not_read_and_lines_stay() -> None:
    file = blob("a.yaml", "kind: A\n---\n: : broken : [\n---\nkind: B\n")
    found = documents.documents(file, lambda text: "kind:" in text)
    assert [(one.plain(), one.line) for one in found] == [({"kind": "A"}, 1), ({"kind": "B"}, 5)]


@pytest.mark.parametrize(
    ("text", "count"),
    [("--- a\n---\n b\n---", 3), ("a\n----\nb\n---x\nc\n ---\n", 1), ("a\n---\r\nb\n---\tc", 3), ("---", 1), ("", 1)],
)  # fmt: skip
def test_a_document_begins_where_a_line_says_so(text: str, count: int) -> None:
    asked: list[str] = []
    documents.documents(blob("a.yaml", text), asked.append)
    assert "".join(asked) == text
    assert len([one for one in asked if one]) == (count if text else 0)


def test_a_file_called_json_is_json() -> None:
    [found] = documents.documents(blob("a.json", '{"a": 1,}'))
    assert found.plain() == {"a": 1}


def test_a_mask_is_put_on_before() -> None:
    [found] = documents.documents(blob("a.yaml", "a: {{ b }}"), mask=lambda text: "a: 1")
    assert found.plain() == {"a": 1}


def test_a_piece_of_a_file_has_no_documents() -> None:
    assert documents.documents(blob("a.yaml", "a: 1", core=(0, 2))) == []


def test_a_file_that_is_too_large_is_said_to_be() -> None:
    text = "a: 1\n" * (documents.MOST_BYTES // 5 + 1)
    with pytest.raises(Broken, match="too large"):
        documents.documents(blob("a.yaml", text))
