"""Values with their places."""

from __future__ import annotations

from keymuster.collect.base import Blob
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import File
from keymuster.model import Storage


def test_a_value_knows_its_file() -> None:
    blob = Blob(
        path="a.zip!/b.yaml", member="b.yaml", data=b"x: 1\n", storage=Storage.TREE, object="0a"
    )
    [node] = yaml.parse("x: 1", File.of(blob))
    place = node.location()
    assert (place.path, place.member, place.object) == ("a.zip", "b.yaml", "0a")
    assert (place.line, place.column, place.end_line, place.end_column) == (1, 1, 1, 5)


def test_what_is_not_there_is_nothing() -> None:
    [node] = yaml.parse("a: {b: [1, 2]}\nc: x\nd:", File(path="a"))
    assert node.get("a", "b", "c") is None
    assert node.get("c", "x") is None
    many, one, none = node.get("a", "b"), node.get("c"), node.get("d")
    assert many
    assert one
    assert none
    assert [len(node.items()) for node in (many, one, none)] == [2, 1, 0]


def test_a_value_is_never_shown() -> None:
    [node] = yaml.parse("password: hunter22", File(path="a.yaml"))
    assert "hunter22" not in repr(node)
    assert "hunter22" not in repr(node.get("password"))


def test_plain_data_can_stand_in_a_place() -> None:
    [node] = yaml.parse("\n  a: 1", File(path="a"))
    made = node.made({"b": [1, node]})
    assert made.plain() == {"b": [1, {"a": 1}]}
    assert {one.line for one in made.walk()} == {2}
