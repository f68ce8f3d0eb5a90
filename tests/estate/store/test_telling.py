"""What a store tells: of one moment, in any characters; the trend, the whole as one report, and what is let go."""

from __future__ import annotations

import io
from datetime import date

import pytest
from msgspec import Struct
from msgspec.structs import replace

from estate.store.looking import (
    API,
    RULE,
    START,
    WEB,
    Looking,
    accepted,
    credential,
    day,
    finding,
    report,
    told,
)
from keymuster import pipeline
from keymuster.estate.base import Target
from keymuster.estate.store import whole
from keymuster.estate.store.rows import Standing
from keymuster.estate.store.store import Store
from keymuster.model import (
    Coverage,
    FileLocation,
    Nhi,
    Owner,
    Scope,
    ServiceLocation,
    Severity,
    Step,
    Trouble,
    Undecided,
)
from keymuster.report.base import Style

STRANGE = "a\x00b\udcff\x1a0000\n\N{GRINNING FACE}"


def test_what_is_read_is_of_one_moment(looking: Looking) -> None:
    many = [finding(f"{number:04}") for number in range(600)]
    looking.look(*many, troubles=(Trouble(part="x", scope="y", message="of the first look"),))
    looking.dies(WEB, message="dead")
    told_findings, troubles = looking.store.findings(), looking.store.troubles()
    assert next(told_findings).finding == many[0]
    assert next(troubles) == (WEB.id, Trouble(part="repository", scope=WEB.name, message="dead"))
    looking.look()
    assert [one.state.value for one in told_findings] == ["new"] * 599
    assert [one.message for _, one in troubles] == ["of the first look"]
    assert {one.state.value for one in looking.store.findings()} == {"resolved"}


def test_any_characters_come_back_as_they_were(looking: Looking) -> None:
    target = Target(id=f"repository:{STRANGE}", kind="repository", name=STRANGE)
    one = finding(STRANGE, path=STRANGE, message=STRANGE, evidence={STRANGE: STRANGE})
    trouble = Trouble(part="text", scope=STRANGE, message=STRANGE)
    record = credential(STRANGE, tags={"x": STRANGE})
    looking.saw(
        report(one, troubles=(trouble,)), target, observations=(record,), left={"at": STRANGE}
    )
    [stored] = looking.store.findings(target=target.id)
    assert (stored.finding, stored.target) == (one, target.id)
    assert list(looking.store.observations([target.id])) == [(target.id, record)]
    assert list(looking.store.troubles()) == [(target.id, trouble)]
    assert looking.store.targets()[0].target == target
    assert [event.finding for _, event in looking.store.events()] == [one]
    looking.dies(target, message=STRANGE)
    assert next(iter(looking.store.findings())).why == STRANGE
    assert looking.store.task_of(looking.begin(target, STRANGE)).left == {"at": STRANGE}


def test_records_are_told_of_the_targets_that_are_asked_for(looking: Looking) -> None:
    many = tuple(credential(f"{number:04}") for number in range(1100))
    looking.saw(report(), observations=many)
    looking.saw(report(), WEB, observations=(credential("w"),))
    assert [one for _, one in looking.store.observations([API.id])] == list(many)
    assert [(id, one.id) for id, one in looking.store.observations([WEB.id])] == [(WEB.id, "w")]
    assert len(list(looking.store.observations())) == 1101
    assert looking.store.targets()[0].records == 1100


def test_coverage_is_told_by_target(looking: Looking) -> None:
    covered = Coverage(policy="p", service="aws", account="1", status="clean")
    looking.look(coverage=(covered,))
    assert list(looking.store.coverage()) == [(API.id, covered)]


def test_events_are_told_from_where_somebody_stopped(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(finding("b"))
    every = list(looking.store.events())
    assert told([one for _, one in every]) == [("new", "a"), ("new", "b"), ("resolved", "a")]
    assert [(one.run, one.at) for _, one in every] == [(1, day(1)), (2, day(2)), (2, day(2))]
    assert list(looking.store.events(every[1][0])) == every[2:]


# --- the trend ---------------------------------------------------------------------------------


def test_the_trend_counts_what_was_open_at_the_end_of_each_day(looking: Looking) -> None:
    leak, old = finding("a"), finding("b", nhi=(Nhi.LONG_LIVED_SECRETS, Nhi.SECRET_LEAKAGE))
    looking.look(leak)
    looking.look(leak, old, finding("c", suppression=accepted(None)))
    looking.look(complete=False)
    looking.look(old)
    looking.look()
    days = looking.store.trend(30, day(6))
    assert [(one.day, one.open) for one in days] == [
        (date(2026, 3, 2), 1), (date(2026, 3, 3), 2), (date(2026, 3, 4), 2), (date(2026, 3, 5), 1),
        (date(2026, 3, 6), 0), (date(2026, 3, 7), 0),
    ]  # fmt: skip
    assert [one.by_nhi for one in days[:4]] == [
        {"NHI2": 1, "NHI7": 0}, {"NHI2": 2, "NHI7": 1}, {"NHI2": 2, "NHI7": 1}, {"NHI2": 1, "NHI7": 1},
    ]  # fmt: skip
    assert looking.store.trend(2, day(4)) == days[2:4]


def test_the_trend_weighs_a_finding_as_it_was_weighed(looking: Looking) -> None:
    looking.look(finding("a", severity=Severity.LOW))
    looking.look(finding("a", severity=Severity.CRITICAL))
    looking.look()
    weights = [one.by_severity for one in looking.store.trend(9, day(3))]
    assert weights == [
        {"critical": 0, "low": 1}, {"critical": 1, "low": 0}, {"critical": 0, "low": 0}
    ]  # fmt: skip


def test_what_several_targets_have_counts_once_and_as_the_gravest(looking: Looking) -> None:
    looking.look(finding("a", severity=Severity.LOW), finding("b"))
    looking.look(finding("a"), target=WEB)
    looking.look(finding("a", severity=Severity.LOW), finding("b"))
    looking.look(target=WEB)
    looking.look()
    days = looking.store.trend(9, day(5))
    assert [one.open for one in days] == [2, 2, 2, 2, 0]
    assert [one.by_severity for one in days] == [
        {"high": 1, "low": 1}, {"high": 2, "low": 0}, {"high": 2, "low": 0}, {"high": 1, "low": 1},
        {"high": 0, "low": 0},
    ]  # fmt: skip


def test_what_the_join_stands_for_does_not_count_beside_it(looking: Looking) -> None:
    join = Target(id="join", kind="join", name="everything")
    graver = finding("reaches", severity=Severity.CRITICAL)
    looking.look(finding("a"))
    looking.look(finding("a"), finding("b"), target=WEB)
    looking.saw(
        report(graver, mode="join"), join, stands_for={"reaches": ((API.id, "a"), (WEB.id, "a"))}
    )
    shown = len([one for one in looking.store.report(looking.now).findings if not one.is_accepted])
    looking.look(mode="worktree")
    looking.saw(report(mode="join"), join)
    days = looking.store.trend(9, day(5))
    assert [one.open for one in days] == [1, 2, 2, 2, 2]
    assert days[2].open == shown
    assert [one.by_severity["critical"] for one in days] == [0, 0, 1, 1, 0]


def test_there_is_no_trend_before_the_first_finding(store: Store) -> None:
    [today] = store.trend(30, START)
    assert (today.day, today.open, today.by_nhi) == (START.date(), 0, {})


# --- the whole ---------------------------------------------------------------------------------


def test_the_whole_is_one_report_with_the_names_of_targets_before_paths(looking: Looking) -> None:
    step = Step(start="x", place=FileLocation(path="main.tf"))
    service = ServiceLocation(service="aws", account="1", resource="user/ci")
    undecided = Undecided(policy="p", subject="s", location=FileLocation(path="u.tf"), unknown="x")
    looking.look(
        finding("a", paths=((step,),)), finding("s", places=(service,)), undecided=(undecided,),
        troubles=(Trouble(part="text", scope="bad.env", message="unreadable"),), counts={"files": 2},
    )  # fmt: skip
    looking.look(finding("gone"), finding("b"), target=WEB, counts={"files": 3})
    looking.look(finding("b"), target=WEB, counts={"files": 3})
    found = looking.store.report(day(9))
    places = {one.id: str(one.location) for one in found.findings}
    assert places == {"a": "acme/api/a.env:1", "b": "acme/web/b.env:1", "s": str(service)}
    [a] = [one for one in found.findings if one.id == "a"]
    assert str(a.paths[0][0].place) == "acme/api/main.tf:1"
    assert a.evidence == {"first_seen": "2026-03-02"}
    assert [one.scope for one in found.troubles] == ["acme/api/bad.env"]
    assert str(found.undecided[0].location) == "acme/api/u.tf:1"
    assert (found.counts, found.mode, found.complete) == ({"files": 5}, "worktree", True)
    assert (found.started_at, found.ended_at) == (day(1), day(3))


def test_every_target_is_told_with_what_is_open_in_it(looking: Looking) -> None:
    looking.look(finding("a"), finding("b", suppression=accepted(None)))
    looking.look(target=WEB)
    looking.look(finding("c"), target=replace(WEB, id="join", name="join", kind="join"))
    found = looking.store.report(day(9)).places
    assert [(one.name, one.open, one.looked_at) for one in found] == [
        ("acme/api", 1, day(1)), ("acme/web", 0, day(2)),
    ]  # fmt: skip


def test_one_finding_of_several_targets_is_one_with_all_places(looking: Looking) -> None:
    looking.look(finding("a", path="x.env", severity=Severity.LOW))
    looking.look(finding("a", path="y.env"), target=WEB)
    [one] = looking.store.report(day(9)).findings
    assert one.severity is Severity.HIGH
    assert [str(place) for place in one.places] == ["acme/web/y.env:1", "acme/api/x.env:1"]
    assert one.evidence["first_seen"] == "2026-03-02"


def test_who_answers_for_a_finding_in_one_target_is_in_the_whole(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(finding("a", owner=Owner(name="@acme/web", source="codeowners")), target=WEB)
    [one] = looking.store.report(day(9)).findings
    assert one.owner is not None
    assert one.owner.name == "@acme/web"


def test_what_is_accepted_in_one_target_is_open_in_another(looking: Looking) -> None:
    looking.look(finding("a", suppression=accepted(None)))
    looking.look(finding("a"), target=WEB)
    found = looking.store.report(day(9)).findings
    assert [(str(one.location), one.is_accepted) for one in found] == [
        ("acme/web/a.env:1", False),
        ("acme/api/a.env:1", True),
    ]


def test_an_acceptance_that_is_over_is_so_in_a_report(looking: Looking) -> None:
    looking.look(finding("a", suppression=accepted(day(5).date())))
    assert [one.is_accepted for one in looking.store.report(day(5)).findings] == [True]
    assert [one.is_accepted for one in looking.store.report(day(6)).findings] == [False]


def test_what_could_not_be_looked_at_is_in_the_report(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.dies(message="killed")
    looking.dies(WEB, message="killed")
    never = Target(id="repository:acme/new", kind="repository", name="acme/new")
    looking.store.start_run([never], day(8))
    found = looking.store.report(day(9))
    assert [(one.scope, one.message) for one in found.troubles] == [
        ("acme/api", "killed (what is told of it is of 2026-03-02)"),
        ("acme/web", "killed (it was never looked at)"),
        ("acme/new", "it has not been looked at yet"),
    ]
    [a] = found.findings
    assert a.evidence == {
        "first_seen": "2026-03-02", "last_seen": "2026-03-02", "not_observed": "killed"
    }  # fmt: skip


def test_what_could_not_be_listed_is_told_until_it_can_be(looking: Looking) -> None:
    unseen = Trouble(part="lister", scope="github:acme", message="403 for a made-up reason")
    looking.look(finding("a"))
    assert looking.store.report(day(9)).troubles == ()
    looking.store.start_run([API], day(8), unlisted=(unseen,))
    assert looking.store.report(day(9)).troubles == (unseen,)
    assert list(looking.store.troubles()) == [("", unseen)]
    looking.store.start_run([API], day(9))
    assert looking.store.report(day(9)).troubles == ()


def test_what_the_join_repeats_is_told_once(looking: Looking) -> None:
    unread = Trouble(part="tree", scope="a.bin", message="too large")
    looking.look(troubles=(unread,))
    join = Target(id="join", kind="join", name="join")
    repeated = Trouble(part="tree", scope="acme/api/a.bin", message="too large")
    looking.look(target=join, mode="join", troubles=(repeated,))
    assert list(looking.store.troubles()) == [(API.id, unread)]
    assert looking.store.report(day(9)).troubles == (repeated,)


def test_a_look_that_was_cut_short_makes_the_whole_incomplete(looking: Looking) -> None:
    looking.look(complete=False)
    found = looking.store.report(day(9))
    assert not found.complete
    assert [one.message for one in found.troubles] == ["the last look at it was cut short"]


def test_findings_of_the_join_have_their_paths_already(looking: Looking) -> None:
    join = Target(id="join:all", kind="join", name="everything")
    looking.look(finding("a", path="acme/api/a.env"), target=join)
    [one] = looking.store.report(day(9)).findings
    assert str(one.location) == "acme/api/a.env:1"


def test_for_what_the_join_knows_more_of_it_alone_stands(looking: Looking) -> None:
    join = Target(id="join", kind="join", name="everything")
    looking.look(finding("a"), finding("b"))
    looking.look(finding("a"), target=WEB)
    more = finding("reaches", path="acme/api/a.env", severity=Severity.CRITICAL)
    stands_for = {"reaches": ((API.id, "a"),)}
    looking.saw(report(more, mode="join"), join, stands_for=stands_for)
    found = looking.store.report(day(9))
    assert sorted((one.id, str(one.location)) for one in found.findings) == [
        ("a", "acme/web/a.env:1"), ("b", "acme/api/b.env:1"), ("reaches", "acme/api/a.env:1")
    ]  # fmt: skip
    assert found.mode == "worktree"
    assert looking.stored("reaches", join).stands_for == ((API.id, "a"),)
    looking.saw(report(mode="join"), join)
    assert looking.store.stands_for() == {(join.id, "reaches"): ((API.id, "a"),)}
    found = looking.store.report(day(9))
    assert {str(place) for one in found.findings for place in one.places} == {
        "acme/web/a.env:1", "acme/api/a.env:1", "acme/api/b.env:1"
    }  # fmt: skip


@pytest.mark.parametrize("format", ["text", "json", "sarif", "junit"])
def test_every_reporter_can_write_the_whole(looking: Looking, format: str) -> None:
    looking.look(finding("a"), rules=(RULE,), scope=Scope(paths=("src",)))
    looking.look(complete=False)  # tells of no rule
    looking.dies(WEB)
    out = io.StringIO()
    pipeline.write(looking.store.report(day(9)), format, out, Style())
    assert "a.env" in out.getvalue()


def test_a_record_without_files_is_the_same_one_in_a_folder() -> None:
    one = finding("a", places=(ServiceLocation(service="aws", account="1", resource="x"),))
    assert whole.shown(one, "folder") is one
    assert whole.shown(finding("a"), "") == finding("a")


# --- what is let go ----------------------------------------------------------------------------


class Keep(Struct, frozen=True):
    """How long, in days."""

    resolved_days: int = 0
    events_days: int = 0
    runs_days: int = 0
    targets_days: int = 0


def test_what_is_kept_for_ever_is_kept(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look()
    gone = looking.store.purge(Keep(), day(9999))
    assert (gone.resolved, gone.events, gone.runs, gone.targets) == (0, 0, 0, ())
    assert looking.states() == {"a": "resolved"}


def test_what_is_too_old_goes_and_a_dry_run_only_says_so(looking: Looking) -> None:
    looking.look(finding("a"), finding("b"))
    looking.look(finding("b"))
    looking.look(finding("b"))
    keep = Keep(resolved_days=10, events_days=10, runs_days=10)
    assert looking.store.purge(keep, day(11), dry_run=True).resolved == 0
    dry = looking.store.purge(keep, day(12.5), dry_run=True)
    assert (dry.resolved, dry.events, dry.runs) == (1, 3, 2)
    assert looking.states() == {"a": "resolved", "b": "open"}
    assert looking.store.purge(keep, day(12.5)) == dry
    assert looking.states() == {"b": "open"}
    assert [one.id for one in looking.store.runs()] == [3]
    assert list(looking.store.events()) == []
    assert looking.store.trend(99, day(12))[0].day == day(1).date()
    assert looking.store.purge(keep, day(99)).runs == 0  # the last one stays


def test_what_came_back_keeps_the_days_on_which_it_was_open_before(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look()
    looking.look(finding("a"))
    looking.store.purge(Keep(resolved_days=10), day(60))
    assert [one.open for one in looking.store.trend(99, day(3))] == [1, 0, 1]


def test_a_target_that_no_run_names_any_more_goes_with_all_it_had(looking: Looking) -> None:
    looking.saw(report(finding("a")), observations=(credential("k"),))
    looking.look(finding("b"), target=WEB)
    keep = Keep(targets_days=30)
    assert looking.store.purge(keep, day(99)).targets == ()  # nobody looked at anything
    looking.days = 60
    looking.look(finding("b"), target=WEB)
    gone = looking.store.purge(keep, day(62))
    assert (gone.targets, gone.with_targets) == ((API.id,), 1)
    assert [one.target for one in looking.store.targets()] == [WEB]
    assert list(looking.store.observations()) == []
    assert looking.ids([*Standing]) == ["b"]
    assert [one.target for one in looking.store.work(1)] == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
def test_space_is_given_back(looking: Looking) -> None:
    many = tuple(credential(f"{number}", vendor=f"{number**9}") for number in range(5000))
    looking.saw(report(), observations=many)
    looking.days = 60
    looking.look(target=WEB)
    before = _pages(looking.store)
    looking.store.purge(Keep(targets_days=30), day(62))
    assert _pages(looking.store) < before / 2


def _pages(store: Store) -> int:
    with store._engine.connect() as connection:
        return int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
