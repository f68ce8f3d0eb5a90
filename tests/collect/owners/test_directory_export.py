"""Directories as Entra, Okta and Google Workspace export them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from keymuster.collect.owners.directory import directory
from keymuster.errors import SettingsError


def _people(tmp_path: Path, data: str | bytes) -> list[dict[str, Any]]:
    file = tmp_path / "people.csv"
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(directory(str(file)).settings["people"])


ENTRA = (
    "userPrincipalName,displayName,mail,accountEnabled,objectId\n"
    "ann@acme.example,Ann A.,Ann.A@acme.example,True,00000000-0000-4000-8000-000000000071\n"
    "bob@acme.example,Bob,,False,00000000-0000-4000-8000-000000000072\n"
)
OKTA = "login,firstName,lastName,email,status\nann@acme.example,Ann,A.,ann@acme.example,ACTIVE\nbob@acme.example,Bob,B.,,DEPROVISIONED\n"
GOOGLE = "First Name [Required],Last Name [Required],Email Address [Required],Status [READ ONLY]\nAnn,A.,ann@acme.example,Active\nBob,B.,bob@acme.example,Suspended\n"
ADMIN_SDK = (
    "primaryEmail,suspended,archived\nann@acme.example,false,false\nbob@acme.example,false,true\n"
)
GRAPH = "User principal name,Display name,Block credential\nann@acme.example,Ann,False\nbob@acme.example,Bob,True\n"


@pytest.mark.parametrize("text", [ENTRA, OKTA, GOOGLE, ADMIN_SDK, GRAPH])
def test_exports_are_understood_by_their_columns(tmp_path: Path, text: str) -> None:
    ann, bob = _people(tmp_path, text)
    assert (ann["key"], ann["active"], ann["line"]) == ("ann@acme.example", True, 2)
    assert (bob["key"], bob["active"], bob["line"]) == ("bob@acme.example", False, 3)


def test_all_names_of_somebody_are_kept(tmp_path: Path) -> None:
    text = "upn,mail,GitHub login,Slack,team,active\nann@a.example,ann@a.example;a@b.example,ann-dev,U1,pay; core,yes\n"
    [ann] = _people(tmp_path, text)
    assert ann["names"] == ["ann@a.example", "a@b.example"]
    assert (ann["github"], ann["slack"], ann["teams"]) == (["ann-dev"], ["U1"], ["pay", "core"])
    whole = _people(tmp_path, OKTA)[0]
    assert whole["display"] == "Ann A."


@pytest.mark.parametrize(
    "data",
    [
        ENTRA.encode("utf-8-sig"),
        ENTRA.encode("utf-16"),
        ENTRA.replace("\n", "\r\n").encode(),
        ENTRA.replace(",", ";").encode(),
        ENTRA.replace(",", "\t").encode(),
        ("\n\n" + ENTRA).encode(),
        (ENTRA + "\n,,,,\n").encode(),
    ],
)
def test_the_forms_in_which_programs_save_are_read(tmp_path: Path, data: bytes) -> None:
    assert [one["active"] for one in _people(tmp_path, data)] == [True, False]


def test_a_cell_may_have_several_lines_and_a_status_may_be_left_open(tmp_path: Path) -> None:
    text = 'mail,displayName,status\na@x.example,"Ann\nA.",\nb@x.example,B,no\n,nobody,yes\n'
    ann, bob = _people(tmp_path, text)
    assert (ann["active"], bob["line"]) == (None, 4)


def test_the_same_line_twice_is_one_person(tmp_path: Path) -> None:
    text = "mail,active\na@x.example,yes\nA@x.example,true\n"
    assert len(_people(tmp_path, text)) == 1


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "it is empty"),
        ("\n\n", "it is empty"),
        ("mail,active\n", "there is nobody in it"),
        ("name,active\nAnn,yes\n", "no column names people; there are name, active"),
        ("mail,department\na@x.example,IT\n", "no column says who is active; there are mail, department"),
        ("mail,status\na@x.example,maybe\n", "line 2: `maybe` does not say whether somebody is active"),
        ("mail,active\na@x.example,yes\na@x.example,no\n", "lines 2 and 3 are of the same person and say different"),
        ("mail,active\na@x.example,yes,more\n", "line 2 has more cells than the first line names"),
        (b"mail,active\nM\xfcller@x.example,yes\n", "line 2 is neither UTF-8 nor UTF-16"),
        ('mail,active\n"a@x.example,yes\n', "is no CSV"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, data: str | bytes, problem: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        _people(tmp_path, data)
    assert problem in caught.value.message


def test_a_file_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        directory(str(tmp_path / "none.csv"))
