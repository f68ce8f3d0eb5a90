"""What others report, joined to what was seen here."""

from __future__ import annotations

import hashlib
from typing import Any

from msgspec.structs import replace

from keymuster.collect.base import TOLD_AS
from keymuster.collect.imports.base import Finding, Verdict
from keymuster.collect.joining import Joined, joined
from keymuster.model import (
    Commit,
    Confidence,
    Credential,
    CredentialKind,
    FileLocation,
    Location,
    ServiceLocation,
    Storage,
)


def at(path: str = "a.env", line: int = 1, commit: str = "") -> FileLocation:
    made = Commit(id=commit) if commit else None
    return FileLocation(path=path, line=line, end_line=line, commit=made)


def seen(id: str = "one", place: Location | None = None, **more: Any) -> Credential:
    said = {"format": "github-pat", "fingerprint": id, "storage": Storage.TREE, **more}
    return Credential(
        id=f"secret:{id}", kind=CredentialKind.PERSONAL_ACCESS_TOKEN, name="t",
        location=place or at(), **said,
    )  # fmt: skip


def told(place: Location | None = None, **more: Any) -> Finding:
    said = {"tool": "gitleaks", "rule": "github-pat", "source": "r.json", "title": "t", **more}
    return Finding(location=place or at(), kind=CredentialKind.PERSONAL_ACCESS_TOKEN, **said)


def together(here: list[Credential], *others: Finding) -> tuple[list[Credential], list[Joined]]:
    records, pairs = joined(here, others)
    return [one for one in records if isinstance(one, Credential)], pairs


def test_the_same_fingerprint_is_the_same_secret() -> None:
    [one], [pair] = together([seen()], told(at("b.env", 7), fingerprints=("one",)))[0][:1], together(
        [seen()], told(at("b.env", 7), fingerprints=("one",))
    )[1]  # fmt: skip
    assert (pair.by, pair.credential) == ("fingerprint", "secret:one")
    assert one.tags["found_by"] == "gitleaks github-pat"


def test_the_other_half_of_a_credential_is_joined_too() -> None:
    records, _ = together(
        [seen("id"), seen("key", at(line=2))],
        told(fingerprints=("id", "key"), verdict=Verdict.LIVE),
    )
    assert [one.tags["confirmed_by"] for one in records] == 2 * ["gitleaks: verified live"]


def test_the_same_hash_is_the_same_secret_and_is_not_kept() -> None:
    hash = f"sha1:{hashlib.sha1(b'x').hexdigest()}"
    records, [pair] = together(
        [seen(tags={TOLD_AS: hash, "account": "1"})], told(at("b.env"), digests=(hash,))
    )
    assert pair.by == "hash"
    assert all(TOLD_AS not in one.tags for one in records)
    assert hash not in str(records)


def test_another_hash_at_the_same_place_is_another_secret() -> None:
    _, [pair] = together([seen()], told(digests=("sha1:0",), format="github-pat"))
    assert pair.by == ""


def test_a_setting_has_no_hash_so_its_place_counts() -> None:
    setting = seen(format="")
    assert together([setting], told(digests=("sha1:0",), format="jwt"))[1][0].by == "place"
    both = [setting, seen("two", format="")]
    assert together(both, told(digests=("sha1:0",)))[1][0].by == ""


def test_the_same_format_at_the_same_place_is_the_same_secret() -> None:
    _, [pair] = together([seen()], told(format="github-pat"))
    assert pair.by == "place"


def test_another_format_at_the_same_place_is_another_secret() -> None:
    _, [pair] = together([seen()], told(format="slack-bot-token"))
    assert pair.by == ""


def test_two_secrets_at_one_place_are_not_told_apart() -> None:
    here = [seen("one"), seen("two")]
    assert together(here, told(format="github-pat"))[1][0].by == ""
    assert together(here, told())[1][0].by == ""


def test_another_text_at_the_same_place_is_another_secret() -> None:
    other = told(format="github-pat", fingerprints=("new",), preview="ghp_****")
    assert together([seen()], other)[1][0].by == ""
    assert together([seen()], replace(other, preview=""))[1][0].by == "place"


def test_a_report_without_a_format_means_the_only_secret_there() -> None:
    assert together([seen()], told())[1][0].by == "place"
    assert together([seen()], told(fingerprints=("other",)))[1][0].by == ""


def test_a_commit_that_was_not_read_may_mean_the_file_as_it_is() -> None:
    assert together([seen()], told(at(commit="c"), format="github-pat"))[1][0].by == "place"
    assert together([seen()], told(at(commit="c")))[1][0].by == ""


def test_what_several_say_is_sorted_and_said_once() -> None:
    one = told(fingerprints=("one",), verdict=Verdict.LIVE)
    other = replace(one, tool="trufflehog", rule="Github")
    tags = together([seen()], other, one, one)[0][0].tags
    assert tags["found_by"] == "gitleaks github-pat; trufflehog Github"
    assert tags["confirmed_by"] == "gitleaks: verified live; trufflehog: verified live"
    assert tags == together([seen()], one, other)[0][0].tags


def test_a_verdict_may_deny_and_an_acceptance_is_evidence() -> None:
    accepted = told(fingerprints=("one",), verdict=Verdict.NO_SECRET, accepted="a sample")
    tags = together([seen()], accepted)[0][0].tags
    assert tags["denied_by"] == "gitleaks: audited as no secret"
    assert tags["accepted_by"] == "gitleaks: a sample"
    assert "confirmed_by" not in tags


def test_what_was_seen_here_stays_what_it_is() -> None:
    before = seen(status="expired", confidence=Confidence.LOW)
    after = together([before], told(fingerprints=("one",), confidence=Confidence.HIGH))[0][0]
    assert replace(after, tags={}) == before


def test_only_new_places_become_sightings() -> None:
    def places(*others: Finding) -> list[tuple[str, str]]:
        return [
            (str(one.location), one.storage.value) for one in together([seen()], *others)[0][1:]
        ]

    same = {"fingerprints": ("one",)}
    assert places(told(at(line=9), **same)) == []  # it was there once, or the line has moved
    assert places(told(at(commit="c", line=9), **same)) == [("a.env:9", "history")]
    assert places(told(at("b.env"), **same)) == [("b.env:1", "report")]
    slack = ServiceLocation(service="slack", account="", resource="m/1")
    assert places(told(slack, **same)) == [("slack:///m/1", "report")]


def test_what_only_others_saw_is_an_observation_of_its_own() -> None:
    other = told(
        at("b.env"), fingerprints=("new",), format="github-pat", confidence=Confidence.HIGH
    )
    [_, one], _ = together([seen()], other)
    assert (one.id, one.storage, one.excluded) == ("secret:new", Storage.REPORT, "")


def test_what_only_others_saw_and_all_accepted_is_not_reported() -> None:
    one = told(at(line=5), format="github-pat", accepted="a sample")
    other = replace(one, accepted=None)
    assert together([], one)[0][0].excluded == "acceptance_elsewhere"
    assert together([], one, other)[0][0].excluded == ""


def test_two_reports_of_one_place_are_one_observation_for_each_scanner() -> None:
    one = told(at(line=5))
    records, _ = together([], one, one, replace(one, tool="kingfisher"))
    assert len({record.id for record in records}) == len(records) == 2


def test_what_is_excluded_here_stays_so() -> None:
    records, _ = together([seen(excluded="value")], told(at("b.env"), fingerprints=("one",)))
    assert {one.excluded for one in records} == {"value"}


def test_a_report_among_the_files_is_no_sighting() -> None:
    records, [pair] = joined([seen(place=at("r.json"))], [told(fingerprints=("one",))], {"r.json"})
    assert pair.by == ""
    assert [(str(one.location), one.excluded) for one in records] == [  # type: ignore[union-attr]
        ("a.env:1", ""), ("r.json:1", "imported_report"),
    ]  # fmt: skip
