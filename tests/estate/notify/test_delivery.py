"""Channels that are told by `notify`: real ones over loopback, and one of the tests' own, which can be made to fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator
from queue import Queue
from threading import Event as Flag
from typing import Any, ClassVar

import msgspec
import pytest

from http_server import Reply, serving
from keymuster import registry
from keymuster.estate.base import Event
from keymuster.estate.channels.base import Became, Message, Options, Undelivered
from keymuster.estate.notify import delivery
from keymuster.estate.notify.delivery import notify
from keymuster.estate.notify.settings import Notify, settings
from keymuster.evaluate.states import State
from keymuster.model import Severity
from telling_made import NOW, MemoryLog, event, finding


class MadeOptions(Options, frozen=True, kw_only=True):
    """A name, under which the test finds what was sent."""

    to: tuple[str, ...] = ("",)
    domains: tuple[str, ...] = ("acme.test",)
    box: str = ""


class Made:
    """A channel whose messages a test reads, and which fails as it says."""

    name: ClassVar[str] = "made"
    options: ClassVar[type[Options]] = MadeOptions
    takes_recipients: ClassVar[bool] = False
    one_by_one: ClassVar[bool] = False
    sent: ClassVar[dict[str, list[Message]]] = {}
    problems: ClassVar[dict[str, Callable[[Message], None]]] = {}

    def __init__(self, options: MadeOptions, stop: Flag) -> None:
        self._box, self._stop = options.box, stop

    def send(self, message: Message) -> None:
        if self._box in self.problems:
            self.problems[self._box](message)
        self.sent.setdefault(self._box, []).append(message)


class ByMail(Made):
    takes_recipients: ClassVar[bool] = True


class OneByOne(Made):
    one_by_one: ClassVar[bool] = True


PARTS = {"made": Made, "by-mail": ByMail, "one-by-one": OneByOne}


@pytest.fixture(autouse=True)
def _parts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    real = registry.part
    monkeypatch.setattr(registry, "names", lambda point: [*PARTS, "slack", "webhook"])
    monkeypatch.setattr(registry, "part", lambda point, name: PARTS.get(name) or real(point, name))
    monkeypatch.setattr("keymuster.estate.channels._http.pause_before", lambda attempt: 0.0)
    yield
    Made.sent.clear()
    Made.problems.clear()


def said(kind: str = "made", **options: Any) -> Notify:
    channel = {"kind": kind, "box": "a", **options}
    return msgspec.convert({"channels": {"a": channel}, "always": "a"}, Notify)


def fails(message: Message) -> None:
    raise Undelivered("it is broken")


def sent(box: str = "a") -> list[Message]:
    return Made.sent.get(box, [])


# --- the join --------------------------------------------------------------------------------


API, WEB = "repository:acme/api", "repository:acme/web"


def joined(*events: Event, over: Collection[str] = ()) -> MemoryLog:
    """A log in which `reaches` of the join stands for `f1` of two targets."""
    log = MemoryLog(*events)
    log.joined = {("join", "reaches"): ((API, "f1"), (WEB, "f1"))}
    log.over = {*over}
    return log


def told() -> list[tuple[str, str, str]]:
    return [
        (one.target, one.finding.id, one.became) for message in sent() for one in message.changes
    ]


GRAVER = finding("reaches", Severity.CRITICAL)


def test_what_the_join_knows_more_of_is_told_once() -> None:
    log = joined(
        event(finding("f1")), event(finding("f1"), target=WEB), event(finding("f2")),
        event(GRAVER, target="join"),
    )  # fmt: skip
    notify(log, said(), NOW)
    assert told() == [("join", "reaches", "new"), (API, "f2", "new")]
    assert sent()[0].total == 2


def test_it_is_over_once_too() -> None:
    log = joined(
        event(finding("f1"), State.RESOLVED), event(finding("f1"), State.RESOLVED, target=WEB),
        event(GRAVER, State.RESOLVED, target="join"), over=["f1"],
    )  # fmt: skip
    notify(log, said(), NOW)
    assert told() == [("join", "reaches", "resolved")]
    assert sent()[0].changes[0].why == ""


def test_what_is_less_grave_now_is_not_told_as_over() -> None:
    notify(joined(event(GRAVER, State.RESOLVED, target="join")), said(), NOW)
    assert sent()[0].changes[0].why == f"less grave, it is still open in {API}, {WEB}"


def test_what_begins_does_not_stand_for_what_is_over() -> None:
    log = joined(
        event(finding("f1"), State.RESOLVED), event(GRAVER, State.CHANGED, target="join")
    )  # fmt: skip
    notify(log, said(), NOW)
    assert told() == [("join", "reaches", "changed"), (API, "f1", "resolved")]


def test_who_is_not_told_of_the_join_is_told_of_the_target() -> None:
    log = joined(event(finding("f1")), event(GRAVER, target="join"))
    channels = {name: {"kind": "made", "box": name} for name in ("a", "b")}
    routes = [{"target": API, "to": "a"}]
    notify(log, msgspec.convert({"channels": channels, "routes": routes, "otherwise": "b"}, Notify), NOW)  # fmt: skip
    assert [one.target for one in sent("a")[0].changes] == [API]
    assert [one.target for one in sent("b")[0].changes] == ["join"]


def test_what_was_tried_before_the_join_told_is_sent_as_it_was() -> None:
    log = joined(event(finding("f1")))
    Made.problems["a"] = fails
    notify(log, said(), NOW)
    Made.problems.clear()
    log.all.append(event(GRAVER, target="join"))
    notify(log, said(), NOW)
    assert told() == [(API, "f1", "new"), ("join", "reaches", "new")]


# --- once, and again -------------------------------------------------------------------------


def test_each_change_is_told_once() -> None:
    log = MemoryLog(event(finding("f1")), event(finding("f2")))
    assert notify(log, said(), NOW) == []
    assert notify(log, said(), NOW) == []
    log.all.append(event(finding("f3")))
    assert notify(log, said(), NOW) == []
    assert [[one.finding.id for one in message.changes] for message in sent()] == [
        ["f1", "f2"],
        ["f3"],
    ]


def test_nothing_is_sent_where_nothing_is_to_tell() -> None:
    log = MemoryLog(
        event(finding(severity=Severity.LOW)),
        event(finding("f2"), State.NOT_OBSERVED),
        event(finding("f3", accepted=True)),
    )
    assert notify(log, said(), NOW) == []
    assert sent() == []
    assert log.notified("notify/a") == 3


def test_what_did_not_arrive_is_sent_again_as_it_was_and_what_came_since_apart() -> None:
    log = MemoryLog(event(finding("f1")))
    keys: list[str] = []
    Made.problems["a"] = lambda message: (keys.append(message.key), fails(message))[0]
    [trouble] = notify(log, said(), NOW)
    assert trouble.scope == "channel a"
    assert trouble.message == "1 message did not arrive: it is broken"
    log.all.append(event(finding("f2")))
    Made.problems.clear()
    assert notify(log, said(), NOW) == []
    first, second = sent()
    assert first.key == keys[0]
    assert [[one.finding.id for one in message.changes] for message in (first, second)] == [
        ["f1"],
        ["f2"],
    ]
    assert notify(log, said(), NOW) == []
    assert len(sent()) == 2


def test_what_comes_later_waits_for_what_did_not_arrive() -> None:
    log = MemoryLog(event(finding("f1")))
    Made.problems["a"] = fails
    notify(log, said(), NOW)
    log.all.append(event(finding("f2")))

    def only_first(message: Message) -> None:
        if message.changes[0].finding.id == "f1":
            raise Undelivered("no")

    Made.problems["a"] = only_first
    [trouble] = notify(log, said(), NOW)
    assert "2 messages" in trouble.message
    Made.problems.clear()
    notify(log, said(), NOW)
    assert [message.changes[0].finding.id for message in sent()] == ["f1", "f2"]


def test_a_crash_between_sending_and_noting_sends_the_same_again() -> None:
    log = MemoryLog(event(finding("f1")))

    class Dies(Exception):
        pass

    real = log.notified

    def dies(name: str, up_to_id: int | None = None) -> int:
        if up_to_id is not None and not name.endswith("/tried"):
            raise Dies
        return real(name, up_to_id)

    log.notified = dies  # type: ignore[method-assign]
    with pytest.raises(Dies):
        notify(log, said(), NOW)
    log.notified = real  # type: ignore[method-assign]
    log.all.append(event(finding("f2")))
    notify(log, said(), NOW)
    assert [len(message.changes) for message in sent()] == [1, 1, 1]
    assert sent()[0].key == sent()[1].key != sent()[2].key


def test_what_arrived_before_somebody_stopped_the_command_is_not_sent_again() -> None:
    class Stopped(Queue):  # type: ignore[type-arg]
        def get(self, block: bool = True, timeout: float | None = None) -> Any:
            if block:
                raise KeyboardInterrupt
            return super().get(block, timeout)

    log = MemoryLog(event(finding("f1")))
    results: Any = Stopped()
    channels = settings(said())
    batch = delivery.batch_for(channels["a"], log, said(), channels, NOW)
    one = delivery._Round("a", channels["a"].opened(Flag()), batch, Flag(), results)
    one._bring()
    with pytest.raises(KeyboardInterrupt):
        delivery._wait_for({"a": one}, results, log, patience=9)
    notify(log, said(), NOW)
    assert len(sent()) == 1


# --- one does not block another ---------------------------------------------------------------


def test_a_channel_that_fails_or_hangs_keeps_nobody_from_being_told() -> None:
    channels = {name: {"kind": "made", "box": name} for name in ("broken", "hangs", "odd", "well")}
    several = msgspec.convert({"channels": channels, "always": [*channels]}, Notify)
    is_over = Flag()

    def odd(message: Message) -> None:
        raise ZeroDivisionError("words of a finding")

    Made.problems |= {
        "broken": fails,
        "hangs": lambda message: (is_over.wait(20), None)[1],
        "odd": odd,
    }
    log = MemoryLog(event(finding()))
    troubles = notify(log, several, NOW, patience=0.3)
    is_over.set()
    assert {one.scope: one.message for one in troubles} == {
        "channel broken": "1 message did not arrive: it is broken",
        "channel hangs": "1 message did not arrive: it took too long",
        "channel odd": "1 message did not arrive: the channel failed (ZeroDivisionError)",
    }
    assert len(sent("well")) == 1
    assert log.notified("notify/well") == 1
    assert log.notified("notify/broken") == 0


def test_one_recipient_does_not_wait_for_another() -> None:
    log = MemoryLog(
        event(finding("f1", owner="a@acme.test")), event(finding("f2", owner="b@acme.test"))
    )

    def not_to_a(message: Message) -> None:
        if message.recipient == "a@acme.test":
            raise Undelivered("no")

    Made.problems["a"] = not_to_a
    settings = said("by-mail", to=["sec@acme.test"])
    for number in range(3, 6):
        [trouble] = notify(log, settings, NOW)
        assert "did not arrive" in trouble.message
        log.all.append(event(finding(f"f{number}", owner="b@acme.test")))
    told = [one.finding.id for message in sent() for one in message.changes]
    assert told == ["f2", "f3", "f4"]
    Made.problems.clear()
    assert notify(log, settings, NOW) == []
    assert {message.recipient for message in sent()[3:]} == {"a@acme.test", "b@acme.test"}


def test_a_channel_that_cannot_be_opened_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOT_THERE", raising=False)
    channels = {
        "a": {"kind": "slack", "url": {"env": "NOT_THERE"}},
        "b": {"kind": "made", "box": "b"},
    }
    both = msgspec.convert({"channels": channels, "always": ["a", "b"]}, Notify)
    [trouble] = notify(MemoryLog(event(finding())), both, NOW)
    assert trouble.scope == "channel a"
    assert "NOT_THERE" in trouble.message
    assert len(sent("b")) == 1


def test_settings_that_are_wrong_are_a_trouble_and_no_crash() -> None:
    wrong = msgspec.convert({"channels": {"a": {"kind": "nothing"}}}, Notify)
    [trouble] = notify(MemoryLog(), wrong, NOW)
    assert "kind" in trouble.message


# --- how much ----------------------------------------------------------------------------------


def test_a_first_run_with_twenty_thousand_findings_is_one_message() -> None:
    several = [
        event(finding(f"f{at}", Severity.CRITICAL if at % 5000 == 4999 else Severity.MEDIUM, f"team-{at % 100}"))
        for at in range(20_000)
    ]  # fmt: skip
    assert notify(MemoryLog(*several), said(limit=10), NOW) == []
    [message] = sent()
    assert message.total == 20_000
    assert message.counts == {Became.NEW: {Severity.CRITICAL: 4, Severity.MEDIUM: 19_996}}
    assert [one.finding.severity.value for one in message.changes] == ["critical"] * 4 + [
        "medium"
    ] * 6
    assert len(message.owners) == 21
    assert sum(one.total for one in message.owners) == 20_000


def test_what_is_refused_for_its_words_is_said_in_fewer() -> None:
    def too_long(message: Message) -> None:
        if message.changes:
            raise Undelivered("it answers 413", refused=True)

    Made.problems["a"] = too_long
    assert notify(MemoryLog(event(finding()), event(finding("f2"))), said(), NOW) == []
    [message] = sent()
    assert (message.total, message.changes) == (2, ())


def test_recipients_that_are_refused_keep_no_others_from_being_told() -> None:
    owners = [f"gone-{at}@acme.test" for at in range(9)] + ["here@acme.test"]
    log = MemoryLog(*[event(finding(f"f{at}", owner=owner)) for at, owner in enumerate(owners)])

    def not_to_gone(message: Message) -> None:
        if message.recipient.startswith("gone"):
            raise Undelivered("the mail server refuses the recipient (550)", alone=True)

    Made.problems["a"] = not_to_gone
    [trouble] = notify(log, said("by-mail", to=["sec@acme.test"]), NOW)
    assert "9 messages" in trouble.message
    assert [one.recipient for one in sent()] == ["here@acme.test"]


def test_a_channel_that_nobody_reaches_is_not_tried_for_everybody() -> None:
    tries: list[str] = []

    def away(message: Message) -> None:
        tries.append(message.recipient)
        raise Undelivered("it cannot be reached")

    Made.problems["a"] = away
    several = [event(finding(f"f{at}", owner=f"o{at}@acme.test")) for at in range(20)]
    [trouble] = notify(MemoryLog(*several), said("by-mail", to=["sec@acme.test"]), NOW)
    assert "20 messages" in trouble.message
    assert len(tries) == 3


def test_an_issue_that_is_refused_is_not_opened_as_another() -> None:
    def wrong(message: Message) -> None:
        if message.changes:
            raise Undelivered("it answers 400", refused=True)

    Made.problems["a"] = wrong
    log = MemoryLog(event(finding()))
    [trouble] = notify(log, said("one-by-one"), NOW)
    assert "it answers 400" in trouble.message
    assert sent() == []
    Made.problems.clear()
    assert notify(log, said("one-by-one"), NOW) == []
    assert len(sent()) == 1


# --- issues -------------------------------------------------------------------------------------


def test_an_issue_is_opened_updated_and_closed_under_one_name() -> None:
    log = MemoryLog(event(finding("f1")))
    tracker = said("one-by-one")
    notify(log, tracker, NOW)
    log.all.append(event(finding("f1"), State.CHANGED, why="severity"))
    notify(log, tracker, NOW)
    log.all.append(event(finding("moved"), State.RESOLVED))
    log.before["moved"] = ("f1",)
    notify(log, tracker, NOW)
    became = [(one.changes[0].became, one.told_before) for one in sent()]
    assert became == [(Became.NEW, False), (Became.CHANGED, True), (Became.RESOLVED, True)]
    assert len({one.about for one in sent()}) == 1
    assert len({one.key for one in sent()}) == 3


def test_no_more_issues_are_opened_than_the_limit_and_only_those_are_closed() -> None:
    several = [
        event(finding(f"f{at}", Severity.HIGH if at < 3 else Severity.MEDIUM)) for at in range(50)
    ]
    log = MemoryLog(*several)
    tracker = said("one-by-one", limit=3)
    assert notify(log, tracker, NOW) == []
    assert [one.total for one in sent()] == [1, 1, 1, 47]
    Made.sent.clear()
    log.all += [event(finding(f"f{at}"), State.RESOLVED) for at in range(50)]
    assert notify(log, tracker, NOW) == []
    assert sorted(one.changes[0].finding.id for one in sent()) == ["f0", "f1", "f2"]


@pytest.mark.parametrize(
    ("state", "later", "became"),
    [
        (State.RESOLVED, {"severity": Severity.LOW}, Became.RESOLVED),
        (State.RESOLVED, {"owner": "@acme/others"}, Became.RESOLVED),
        (State.CHANGED, {"severity": Severity.LOW}, Became.CHANGED),
        (State.CHANGED, {"accepted": True}, Became.ACCEPTED),
    ],
)
def test_what_was_opened_is_closed_whatever_it_is_by_now(
    state: State, later: dict[str, Any], became: Became
) -> None:
    log = MemoryLog(event(finding("f1", owner="@acme/us")))
    tracker = msgspec.convert(
        {
            "channels": {"a": {"kind": "one-by-one", "box": "a", "severity": "high"}},
            "routes": [{"owner": "@acme/us", "to": "a"}],
        },
        Notify,
    )
    notify(log, tracker, NOW)
    log.all += [event(finding("f1", **later), state), event(finding("never", **later), state)]
    notify(log, tracker, NOW)
    assert [one.changes[0].finding.id for one in sent()] == ["f1", "f1"]
    assert sent()[1].changes[0].became is became


def test_what_is_only_not_observed_is_opened_all_the_same() -> None:
    log = MemoryLog(event(finding("f1")), event(finding("f1"), State.NOT_OBSERVED))
    assert notify(log, said("one-by-one"), NOW) == []
    assert [one.changes[0].became for one in sent()] == [Became.NEW]


def test_an_issue_that_is_over_before_it_was_told_of_is_none() -> None:
    log = MemoryLog(event(finding("f1")), event(finding("f1"), State.RESOLVED))
    assert notify(log, said("one-by-one"), NOW) == []
    assert sent() == []


def test_issues_that_did_arrive_are_not_sent_again() -> None:
    log = MemoryLog(event(finding("f1")), event(finding("f2")))

    def not_f2(message: Message) -> None:
        if message.changes[0].finding.id == "f2":
            raise Undelivered("no")

    Made.problems["a"] = not_f2
    notify(log, said("one-by-one"), NOW)
    Made.problems.clear()
    notify(log, said("one-by-one"), NOW)
    assert [one.changes[0].finding.id for one in sent()] == ["f1", "f2"]


# --- over the network -----------------------------------------------------------------------------


def test_a_webhook_is_told_and_the_log_has_no_word_of_its_address(
    loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving() as server:
        monkeypatch.setenv("HOOK", f"{server.url}/a-path-that-is-a-secret")
        hook = {"channels": {"h": {"kind": "webhook", "url": {"env": "HOOK"}}}, "always": "h"}
        server.says(Reply("x", 500), Reply("ok"), Reply("a-path-that-is-a-secret", 404))
        log = MemoryLog(event(finding(owner="team-a")))
        settings = msgspec.convert(hook, Notify)
        assert notify(log, settings, NOW) == []
        log.all.append(event(finding("f2")))
        [trouble] = notify(log, settings, NOW)
    assert server.asked[0].body == server.asked[1].body
    assert "404" in trouble.message
    told = json.dumps([msgspec.to_builtins(trouble), [*log.cursors]])
    assert "secret" not in told
    assert server.url not in told
