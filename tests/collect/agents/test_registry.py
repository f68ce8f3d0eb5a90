"""The registry of agents as a file."""

from __future__ import annotations

from pathlib import Path

import pytest

from keymuster.collect.agents.registry import registrations, standing
from keymuster.collect.base import Blob
from keymuster.collect.syntax.node import Broken
from keymuster.errors import SettingsError
from keymuster.model import Resource, Storage, Trouble
from keymuster.model.registration import registration

ENTRY = """\
agents:
  - id: helper
    owner: team
    review: 2027-01-31
    servers: [{name: tickets, tools: [a]}]
  - id: other
left: [team]
"""


def _read(text: str) -> list[Resource]:
    path = ".keymuster/agents.yaml"
    return list(registrations(Blob(path=path, data=text.encode(), storage=Storage.TREE)))


def test_an_entry_stands_at_its_line() -> None:
    first, second = _read(ENTRY)
    assert (first.name, first.location.line, second.location.line) == ("helper", 2, 6)
    assert first.settings["storage"] == "tree"


def test_an_entry_comes_back_as_it_was_written() -> None:
    said = registration(_read(ENTRY)[0])
    assert (said.owner, str(said.review)) == ("team", "2027-01-31")
    assert said.servers is not None
    assert said.servers[0].tools == ("a",)
    assert said.tools is None


def test_an_owner_who_left() -> None:
    assert [one.settings["owner_left"] for one in _read(ENTRY)] == [True, False]


@pytest.mark.parametrize("text", ["", "agents: []\n", "# nothing yet\n"])
def test_an_empty_registry_holds_nobody(text: str) -> None:
    assert _read(text) == []


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        (ENTRY.replace("owner", "ownr"), 2, "unknown field `ownr`"),
        (ENTRY.replace("01-31", "13-31"), 4, "not a date"),
        (ENTRY.replace("id: other", "id: helper"), 6, "second agent is called `helper`"),
        (ENTRY.replace("id: other", "id: a b"), 6, "matching regex"),
        (ENTRY.replace("agents:", "agent:"), 1, "unknown field `agent`"),
        ("- id: helper\n", 1, "it is no registry"),
        ("agents: [\n", 1, ""),
    ],
)
def test_a_wrong_one_names_the_line(text: str, line: int, problem: str) -> None:
    with pytest.raises(Broken) as caught:
        _read(text)
    assert caught.value.line == line
    assert problem in caught.value.message


def test_one_that_was_not_among_the_files_is_read_where_it_stands(tmp_path: Path) -> None:
    folder = tmp_path / ".keymuster"
    folder.mkdir()
    folder.joinpath("agents.yaml").write_text(ENTRY)
    entries = [one for one in standing(str(tmp_path), "") if isinstance(one, Resource)]
    assert [one.settings["storage"] for one in entries] == ["other", "other"]
    assert str(entries[0].location) == ".keymuster/agents.yaml:2"


def test_one_that_settings_name_elsewhere_keeps_its_whole_path(tmp_path: Path) -> None:
    file = tmp_path / "all.yaml"
    file.write_text(ENTRY)
    root = tmp_path / "repository"
    [one, _] = standing(str(root), str(file))
    assert isinstance(one, Resource)
    assert str(one.location) == f"{file}:2"


def test_one_that_is_named_and_not_there(tmp_path: Path) -> None:
    assert list(standing(str(tmp_path), "")) == []
    with pytest.raises(SettingsError, match=r"there is no .*agents\.yaml"):
        list(standing(str(tmp_path), str(tmp_path / "agents.yaml")))


def test_a_broken_one_is_a_trouble(tmp_path: Path) -> None:
    tmp_path.joinpath("a.yaml").write_text("agents: [\n")
    [one] = standing(str(tmp_path), str(tmp_path / "a.yaml"))
    assert isinstance(one, Trouble)
    assert one.scope == "a.yaml"
