"""What becomes of a finding of a target, look by look."""

from __future__ import annotations

import pytest

from estate.store.looking import API, WEB, Looking, accepted, credential, day, finding, report, told
from keymuster.errors import PluginError
from keymuster.estate.base import Target
from keymuster.estate.store.rows import Standing
from keymuster.model import (
    Commit,
    Coverage,
    FileLocation,
    Report,
    Scope,
    ServiceLocation,
    Severity,
    Trouble,
)


def test_what_is_seen_first_is_new_and_open_from_the_next_look_on(looking: Looking) -> None:
    assert told(looking.look(finding("a"))) == [("new", "a")]
    assert looking.states() == {"a": "new"}
    assert told(looking.look(finding("a"))) == []
    assert looking.states() == {"a": "open"}
    one = looking.stored("a")
    assert (one.first_seen, one.last_seen, one.run) == (day(1), day(2), 1)


def test_what_is_not_there_any_more_is_resolved_on_that_day(looking: Looking) -> None:
    looking.look(finding("a"), finding("b"))
    assert told(looking.look(finding("b"))) == [("resolved", "a")]
    one = looking.stored("a")
    assert (one.state, one.last_seen, one.resolved_at) == (Standing.RESOLVED, day(1), day(2))
    looking.look(finding("b"))
    assert looking.stored("a").resolved_at == day(2)


def test_what_comes_back_is_reopened_and_was_first_seen_when_it_was(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look()
    [event] = looking.look(finding("a"))
    assert (event.state.value, event.why) == ("reopened", "it was resolved on 2026-03-03")
    one = looking.stored("a")
    assert (one.state, one.first_seen, one.resolved_at) == (Standing.REOPENED, day(1), None)
    looking.unchanged()
    assert looking.states() == {"a": "open"}


def test_what_is_graver_now_has_changed(looking: Looking) -> None:
    looking.look(finding("a", severity=Severity.LOW))
    [event] = looking.look(finding("a"))
    assert (event.state.value, event.why) == ("changed", "severity low is now high")
    assert looking.stored("a").finding.severity is Severity.HIGH
    assert looking.states() == {"a": "changed"}


def test_words_that_change_are_kept_and_not_told(looking: Looking) -> None:
    looking.look(finding("a", message="a key of 90 days"))
    assert looking.look(finding("a", message="a key of 91 days")) == []
    assert looking.stored("a").finding.message == "a key of 91 days"


def test_an_unchanged_look_leaves_all_as_it_is_and_moves_the_days(looking: Looking) -> None:
    looking.saw(report(finding("a")), observations=(credential("k"),), left={"refs": "1"})
    assert looking.unchanged() == []
    assert looking.stored("a").last_seen == day(2)
    assert [one.id for _, one in looking.store.observations()] == ["k"]
    assert looking.store.task_of(looking.begin()).left == {"refs": "1"}
    [known] = looking.store.targets()
    assert (known.looked_at, known.changed_at, known.run) == (day(2), day(1), 2)


def test_nothing_can_be_unchanged_that_was_never_looked_at(looking: Looking) -> None:
    with pytest.raises(PluginError, match="never looked at"):
        looking.unchanged()
    with pytest.raises(PluginError, match="no report"):
        looking.saw(None)


# --- not observed ------------------------------------------------------------------------------


def test_a_look_that_was_cut_short_resolves_nothing(looking: Looking) -> None:
    looking.look(finding("a"), finding("b"))
    assert told(looking.look(finding("a"), complete=False)) == [("not observed", "b")]
    one = looking.stored("b")
    assert (one.state, one.last_seen) == (Standing.NOT_OBSERVED, day(1))
    assert "cut short" in one.why
    assert looking.look(finding("a"), complete=False) == []
    assert looking.stored("b").last_seen == day(1)


def test_what_was_not_observed_for_a_while_is_not_new_afterwards(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(complete=False)
    assert looking.look(finding("a")) == []
    assert (looking.states(), looking.stored("a").first_seen) == ({"a": "open"}, day(1))
    assert looking.stored("a").last_seen == day(3)


def test_what_was_not_observed_can_be_resolved_later(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(complete=False)
    assert told(looking.look()) == [("resolved", "a")]
    assert looking.stored("a").last_seen == day(1)


def test_a_trouble_about_its_place_hides_a_finding(looking: Looking) -> None:
    looking.look(finding("a"), finding("b", path="src/b.env"))
    trouble = Trouble(part="text", scope="src", message="unreadable")
    assert told(looking.look(troubles=(trouble,))) == [("resolved", "a"), ("not observed", "b")]
    assert looking.stored("b").why == "src/b.env could not be read"


@pytest.mark.parametrize(
    "scope",
    [Scope(paths=("src",)), Scope(paths=(".",), exclude=("*.env",)), Scope(paths=(".",), skip=("NHI2",))],
)  # fmt: skip
def test_a_smaller_scope_resolves_nothing_outside_of_it(looking: Looking, scope: Scope) -> None:
    looking.look(finding("a"))
    assert told(looking.look(scope=scope)) == [("not observed", "a")]


def test_a_look_at_the_tree_says_nothing_of_the_history(looking: Looking) -> None:
    from keymuster.model import Commit

    past = FileLocation(path="a.env", commit=Commit(id="1" * 40))
    looking.look(finding("a", places=(past,)), mode="history")
    assert told(looking.look()) == [("not observed", "a")]
    assert told(looking.look(mode="history")) == [("resolved", "a")]


def test_what_could_not_be_seen_of_a_service_is_not_resolved(looking: Looking) -> None:
    def seen(*unseen: str) -> Report:
        status = "unseen" if unseen else "clean"
        covered = Coverage(
            policy="p", service="aws", account="1", status=status, unseen=unseen  # type: ignore[arg-type]
        )  # fmt: skip
        return Report(findings=(), mode="services", coverage=(covered,))

    place = ServiceLocation(service="aws", account="1", resource="user/ci")
    found = finding("a", places=(place,), policy="p", rule="p")
    looking.saw(Report(findings=(found,), mode="services"))
    assert told(looking.saw(seen("iam: missing permission: iam:ListUsers"))) == [
        ("not observed", "a")
    ]
    assert looking.stored("a").why == "iam: missing permission: iam:ListUsers"
    assert told(looking.saw(seen())) == [("resolved", "a")]


def test_a_target_that_died_hides_its_findings_until_somebody_looks_again(looking: Looking) -> None:
    looking.look(finding("a"))
    looking.look(finding("b"), target=WEB)
    looking.dies(message="killed by a signal")
    one = looking.stored("a")
    assert (one.state, one.why, one.last_seen) == (
        Standing.NOT_OBSERVED,
        "killed by a signal",
        day(1),
    )
    assert looking.states(WEB) == {"b": "new"}
    [(_, trouble)] = looking.store.troubles()
    assert trouble.message == "killed by a signal"
    looking.unchanged()
    assert looking.states() == {"a": "open"}
    assert list(looking.store.troubles()) == []


def test_states_are_found_as_they_are_told(looking: Looking) -> None:
    looking.look(finding("a"), finding("b"), finding("c"), finding("d"), finding("e"))
    looking.look(finding("b"), finding("c", severity=Severity.LOW), finding("d"), finding("e"))
    looking.look(finding("x"), target=WEB)
    looking.dies(WEB)
    trouble = Trouble(part="text", scope="e.env", message="unreadable")
    looking.look(
        finding("a"), finding("b"), finding("c"), finding("d", suppression=accepted(None)), finding("n"),
        troubles=(trouble,),
    )  # fmt: skip
    looking.look(
        finding("b"), finding("c", severity=Severity.LOW), finding("d", suppression=accepted(None)),
        finding("a"), finding("m"), troubles=(trouble,),
    )  # fmt: skip
    for state in Standing:
        every = [one for one in looking.store.findings() if one.state is state]
        assert list(looking.store.findings([state])) == every
    assert looking.ids([Standing.OPEN, Standing.NEW]) == ["a", "b", "m"]
    assert looking.ids([Standing.NOT_OBSERVED]) == ["e", "x"]
    assert looking.ids([Standing.ACCEPTED]) == ["d"]
    assert looking.ids([Standing.CHANGED]) == ["c"]
    assert looking.ids([Standing.RESOLVED]) == ["n"]
    assert looking.ids([]) == []


# --- accepted ----------------------------------------------------------------------------------


def test_an_accepted_finding_is_open_again_when_its_time_is_over(looking: Looking) -> None:
    until = day(3).date()
    looking.look(finding("a", suppression=accepted(until)))
    assert looking.states() == {"a": "accepted"}
    assert looking.stored("a").accepted_until == until
    looking.unchanged()
    assert looking.unchanged() == []  # on its last day
    [event] = looking.unchanged()
    assert (event.state.value, event.why) == ("reopened", f"it was accepted until {until}")
    assert looking.states() == {"a": "reopened"}
    assert not looking.stored("a").finding.is_accepted
    assert looking.unchanged() == []


def test_it_is_so_even_if_nobody_looked(looking: Looking) -> None:
    looking.look(finding("a", suppression=accepted(day(1).date())))
    looking.look(target=WEB)
    assert looking.states() == {"a": "reopened"}
    assert told([one for _, one in looking.store.events()]) == [("new", "a"), ("reopened", "a")]


def test_accepting_and_taking_it_back_are_told(looking: Looking) -> None:
    looking.look(finding("a"))
    [event] = looking.look(finding("a", suppression=accepted(None)))
    assert (event.state.value, event.why) == ("changed", "it is accepted")
    [event] = looking.look(finding("a"))
    assert (event.state.value, event.why) == ("reopened", "it is not accepted any more")


def test_a_finding_in_an_open_and_an_accepted_part_stays_so(looking: Looking) -> None:
    parts = (
        finding("a", path="live.env"),
        finding("a", path="test.env", suppression=accepted(None)),
    )
    assert told(looking.look(*parts)) == [("new", "a")]
    assert looking.look(*parts) == []
    both = list(looking.store.findings())
    assert [(one.state.value, one.finding) for one in both] == [
        ("open", parts[0]),
        ("accepted", parts[1]),
    ]
    assert told(looking.look(parts[1])) == []
    assert looking.states() == {"a": "accepted"}
    assert told(looking.look(*parts)) == [("reopened", "a")]


# --- the same under another name ---------------------------------------------------------------


def test_a_file_that_was_moved_takes_its_findings_along(looking: Looking) -> None:
    looking.look(finding("a", path="old.env", fingerprint="f"))
    assert told(looking.look(finding("b", path="new.env", fingerprint="f"))) == [("changed", "b")]
    [one] = looking.store.findings()
    assert (one.finding.id, one.first_seen, one.was) == ("b", day(1), ("a",))
    looking.look(finding("c", path="newer.env", fingerprint="f"))
    assert looking.stored("c").was == ("a", "b")
    assert [event.finding.id for _, event in looking.store.history("c")] == ["a", "b", "c"]


def test_a_rule_that_says_more_takes_a_finding_over(looking: Looking) -> None:
    looking.look(finding("a", subject="secret:1", rule="less", policy="less"))
    more = finding(
        "b", subject="secret:1", rule="more", policy="more", evidence={"also_found": "less"}
    )
    assert told(looking.look(more)) == [("changed", "b")]
    assert looking.stored("b").first_seen == day(1)
    back = looking.look(finding("a", subject="secret:1", rule="less", policy="less"))
    assert told(back) == [("resolved", "b")]
    assert looking.stored("a").first_seen == day(1)


def test_a_finding_tells_which_other_targets_have_it(looking: Looking) -> None:
    looking.look(finding("a"), finding("b"))
    looking.look(finding("a"), target=WEB)
    assert looking.stored("a").also == (WEB.id,)
    assert looking.stored("a", WEB).also == (API.id,)
    assert looking.stored("b").also == ()
    looking.look(target=WEB)
    assert looking.stored("a").also == ()


def test_what_the_join_finds_can_be_resolved_wherever_it_stands(looking: Looking) -> None:
    join = Target(id="join", kind="join", name="join")
    service = ServiceLocation(service="aws", account="1", resource="user/ci")
    past = FileLocation(path="acme/api/a.env", commit=Commit(id="1" * 40))
    found = [finding("a", places=(service,)), finding("b", places=(past,)), finding("c")]
    looking.look(*found, target=join, mode="join")
    unread = Trouble(part="text", scope="c.env", message="unreadable")
    assert told(looking.look(target=join, mode="join", troubles=(unread,))) == [
        ("resolved", "a"), ("resolved", "b"), ("not observed", "c")
    ]  # fmt: skip
