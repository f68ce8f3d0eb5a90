"""Several rolls as one."""

from __future__ import annotations

import pytest

from keymuster.analysis import rolls
from keymuster.analysis.rolls import Rolls
from keymuster.model import GraphEdge, GraphNode, GraphSort, Roll, RolledCredential, RolledIdentity

SORT = GraphSort(id="proves", says="{start} is {to}")


def of(name: str, *, privilege: str = "") -> Roll:
    """A user, its key, and how the one leads to the other."""
    return Roll(
        identities=(
            RolledIdentity(id=name, kind="user", provider="aws", name=name, privilege=privilege),
        ),
        credentials=(RolledCredential(id=f"{name}/key", kind="api_key", name="key", identity=0),),
        nodes=(
            GraphNode(id=name, kind="user", name=name, identity=0),
            GraphNode(id=f"{name}/key", kind="api_key", name="key", credential=0),
            GraphNode(id="outside", kind="outsider", name="anyone", entry="outside"),
            GraphNode(id="aws:alike:0", kind="group", name="7 roles"),
        ),
        sorts=(SORT,),
        edges=(GraphEdge(start=1, to=0, sort=0), GraphEdge(start=2, to=1, sort=0)),
        left_out={"edges": 1},
    )


def joined(*several: Roll) -> Roll:
    made = Rolls()
    for one in several:
        made.add(one)
    return made.roll()


def test_numbers_are_those_of_the_whole() -> None:
    found = joined(of("b"), of("a"))
    assert [one.id for one in found.identities] == ["a", "b"]
    assert [(one.id, one.identity) for one in found.credentials] == [("a/key", 0), ("b/key", 1)]
    names = [one.id for one in found.nodes]
    edges = {(names[one.start], names[one.to]) for one in found.edges}
    assert edges == {("a/key", "a"), ("b/key", "b"), ("outside", "a/key"), ("outside", "b/key")}
    assert [(one.identity, one.credential) for one in found.nodes[:4]] == [
        (0, None), (1, None), (None, 0), (None, 1),
    ]  # fmt: skip
    assert found.left_out == {"edges": 2}


def test_what_several_know_is_there_once_and_those_who_are_alike_in_each_stay_apart() -> None:
    names = [one.id for one in joined(of("a"), of("b")).nodes]
    assert names.count("outside") == 1
    assert [one for one in names if "alike" in one] == ["aws:alike:0", "aws:alike:1"]


def test_whom_a_roll_only_knows_of_is_left_to_another() -> None:
    made = Rolls()
    made.add(of("a"), {"a"})
    found = made.roll()
    assert found.identities == ()
    assert [one.identity for one in found.credentials] == [None]
    assert "a" not in [one.id for one in found.nodes]


def test_the_gravest_stay_when_there_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolls, "MOST_RECORDS", 2)
    found = joined(of("a"), of("b"), of("z", privilege="admin"))
    assert [one.id for one in found.identities] == ["a", "z"]
    assert found.left_out["identities"] == 1
