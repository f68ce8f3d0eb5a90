"""Owners that somebody stands up for, as `.keymuster/owners.yaml` says it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_files import Read, of, reading
from keymuster.collect.base import Blob
from keymuster.collect.owners.attestations import attestations
from keymuster.collect.readers.owner_attestations import OwnerAttestations
from keymuster.collect.syntax.node import Broken
from keymuster.model import Resource, Storage
from keymuster.model.attestation import Attestation, Attestations, attestation
from keymuster.rules.schema import RuleSet
from scans import context


def written(every: list[Attestation]) -> str:
    """As somebody would write them."""
    plain = msgspec.to_builtins(Attestations(owners=tuple(every)), builtin_types=(date,))
    text: str = yaml.safe_dump({"owners": list(plain["owners"])}, allow_unicode=True)
    return text


ENTRY = "{what: ci, owner: '@acme/core', by: jane, on: 2026-01-01, expires: 2026-06-30, reason: took it over}"


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(OwnerAttestations, rules, tmp_path, ".keymuster/owners.yaml")


def test_entries_are_resources_at_their_places(read: Read) -> None:
    one, other = of(Resource, read(f"owners:\n- {ENTRY}\n- {ENTRY}\n"))
    assert (one.type, one.name, one.location.line) == ("owner_attestation", "ci", 2)
    assert other.location.line == 3
    assert one.id != other.id
    assert attestation(one).expires == date(2026, 6, 30)
    assert one.settings["problem"] == ""


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "owners: []\n", "---\n"])
def test_a_file_may_say_nothing(read: Read, text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("2026-06-30", "2025-06-30", "it ends before it begins"),
        ("took it over", "x", "it gives no reason"),
        ("what: ci", "what: '*'", "it would mean everything"),
        ("by: jane", "by: ' '", "it needs an owner and who says so"),
    ],
)
def test_an_entry_that_counts_for_nothing_says_why(
    read: Read, old: str, new: str, problem: str
) -> None:
    [one] = of(Resource, read(f"owners:\n- {ENTRY.replace(old, new)}\n"))
    assert one.settings["problem"].startswith(problem)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a list\n", "line 1: it names no owners"),
        ("owner: []\n", "line 1: there is an unknown field `owner`"),
        (f"owners:\n- {ENTRY}\n- {ENTRY.replace(', expires: 2026-06-30', '')}\n", "line 3: there is no required field `expires`"),
        (f"owners:\n- {ENTRY.replace('2026-06-30', 'soon')}\n", "not a date as in 2027-01-31 (owners[0].expires)"),
        ("owners: [\n", "line"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_told_with_its_line(read: Read, text: str, problem: str) -> None:
    with pytest.raises(Broken) as caught:
        read(text)
    assert problem in caught.value.message


@pytest.mark.parametrize("path", ["owners.yaml", "a/.keymuster/owners.yaml", ".keymuster/x.yaml"])
def test_other_files_are_left_alone(rules: RuleSet, tmp_path: Path, path: str) -> None:
    assert not OwnerAttestations(context(rules, tmp_path)).reads(path)


_WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1)
_DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))


@given(
    st.lists(
        st.builds(
            Attestation,
            what=_WORDS,
            owner=_WORDS,
            by=_WORDS,
            on=_DAYS,
            expires=_DAYS,
            reason=_WORDS,
        ),
        max_size=3,
    )
)
def test_what_is_written_is_read_again(said: list[Attestation]) -> None:
    blob = Blob(path="o.yaml", data=written(said).encode(), storage=Storage.OTHER)
    assert [attestation(one) for one in attestations(blob)] == said
