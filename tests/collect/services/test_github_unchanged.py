"""Looks at GitHub one after the other: what has not changed is not told again, what has is, and what is kept holds
no secret."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zlib import crc32

import msgspec
import pytest
from msgspec.structs import replace

pytest.importorskip("requests")

import github_acme
import json_fake
from json_fake import Fake, Fault
from keymuster import cache, pipeline, registry
from keymuster.collect.asking import rest
from keymuster.collect.asking.rest import Asking
from keymuster.collect.asking.unchanged import Answers
from keymuster.collect.base import Context, Selection
from keymuster.collect.github import access, scope
from keymuster.collect.github.access import HEADERS
from keymuster.collect.github.shapes import SHAPES
from keymuster.estate.base import Outcome, Target, Task
from keymuster.estate.kinds.service import Service
from keymuster.model import Confidence, Credential, Identity, Looked, Report, Resource, Trouble
from keymuster.model.secret import Secret
from keymuster.rules.schema import RuleSet
from watched import watch

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
ALWAYS = {"GET /user", "GET /user/orgs", "POST /graphql"}
"""Who asks, and where, is never taken from before; GraphQL has no tags."""


@pytest.fixture
def github(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """It plays GitHub.com, for two that may ask."""
    for name in ("GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GH_TOKEN", "made-up")
    monkeypatch.setattr(access, "host_of", lambda address: "")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    with json_fake.serving(github_acme.fake(tags=True)) as fake:
        fake.tokens |= {"made-up", "of-another"}
        yield fake


@pytest.fixture
def look(github: Fake, tmp_path: Path, rules: RuleSet) -> Callable[..., list[Any]]:
    """The organisation is asked so long after it was first; before, all that was asked is forgotten."""

    def collected(later: timedelta = timedelta(), *, rules: RuleSet = rules) -> list[Any]:
        github.forget()
        context = Context(selection=Selection(root="/"), rules=rules, memory=str(tmp_path / "kept"))
        context = pipeline.knowing(context, "services", FIRST + later)
        service = registry.part("service", "github")(context, {"api_url": github.url})
        return list(service.collect())

    return collected


def records(found: list[Any]) -> bytes:
    return msgspec.json.encode([one for one in found if not isinstance(one, Looked)])


def ids(found: list[Any]) -> set[str]:
    return {one.id for one in found if isinstance(one, Identity | Credential | Resource)}


def dates(found: list[Any]) -> dict[str, datetime | None]:
    return {one.part: one.as_of for one in found if isinstance(one, Looked)}


def test_what_has_not_changed_is_not_told_again(
    github: Fake, look: Callable[..., list[Any]]
) -> None:
    first = look()
    calls = github.counts
    assert (github.conditional, set(dates(first).values())) == ([], {None})
    second = look(HOUR)
    assert set(github.told) == ALWAYS
    assert (github.counts, len(github.unchanged)) == (calls, 45)
    assert records(second) == records(first)
    assert set(dates(second).values()) == {FIRST, None}
    assert [part for part, date in dates(second).items() if date is None] == ["own-app"]


def test_the_estate_judges_it_alike_and_shows_the_date(github: Fake, tmp_path: Path) -> None:
    first, second = (in_estate(github, later, str(tmp_path)) for later in (timedelta(), HOUR))
    assert set(github.told) == ALWAYS - {"GET /user/orgs"}
    assert first.report is not None
    assert second.report is not None
    assert msgspec.json.encode(second.report.findings) == msgspec.json.encode(first.report.findings)
    assert second.observations == first.observations
    assert (second.report.troubles, len(second.report.findings) > 30) == ((), True)
    assert {one.as_of for one in first.report.coverage} == {None}
    about = {one.policy: one.as_of for one in second.report.coverage}
    assert about["github-app-suspended"] == FIRST


def in_estate(github: Fake, later: timedelta, folder: str) -> Outcome:
    github.forget()
    options = {"api-url": github.url, "organizations": ["acme"]}
    target = Target(
        id="service:github/acme", kind="service", name="acme",
        options={"service": "github", "options": options, "environment": {}},
    )  # fmt: skip
    return Service().perform(Task(target=target, now=FIRST + later, cache=folder))


def test_only_what_has_changed_is_told(github: Fake, look: Callable[..., list[Any]]) -> None:
    state = github_acme.organization()
    github.handlers = github_acme.handlers(state)
    look()
    state["hooks"].append(github_acme.hook(7, "Organization"))
    second = look(HOUR)
    assert set(github.told) == {*ALWAYS, "GET /orgs/{org}/hooks"}
    assert "github:acme/webhook/7" in str(ids(second))
    assert dates(second)["webhooks"] is None
    third = look(2 * HOUR)
    assert set(github.told) == ALWAYS
    assert records(third) == records(second)
    assert dates(third)["webhooks"] == FIRST + HOUR
    assert dates(third)["webhooks-of-repositories"] == FIRST


def test_what_is_gone_is_gone(github: Fake, look: Callable[..., list[Any]]) -> None:
    state = github_acme.organization()
    github.handlers = github_acme.handlers(state)
    assert "github:acme/webhook/1" in str(ids(look()))
    state["hooks"].clear()
    assert "github:acme/webhook/1" not in str(ids(look(HOUR)))


def test_what_comes_behind_a_full_page_is_seen(
    github: Fake, look: Callable[..., list[Any]]
) -> None:
    """The full page is the same as before, and so is its tag."""
    github.largest = 10
    state = github_acme.organization()
    state["hooks"] = [github_acme.hook(number, "Organization") for number in range(10)]
    github.handlers = github_acme.handlers(state)
    look()
    state["hooks"].append(github_acme.hook(77, "Organization"))
    assert "github:acme/webhook/77" in str(ids(look(HOUR)))


def test_every_page_is_asked_by_itself(github: Fake, look: Callable[..., list[Any]]) -> None:
    github.largest = 10
    state = github_acme.organization()
    state["hooks"] = [github_acme.hook(number, "Organization") for number in range(25)]
    github.handlers = github_acme.handlers(state)
    look()
    state["hooks"][14]["id"] = 77
    second = look(HOUR)
    assert "github:acme/webhook/77" in str(ids(second))
    assert (github.counts["GET /orgs/{org}/hooks"], github.told["GET /orgs/{org}/hooks"]) == (3, 1)
    assert "github:acme/webhook/24" in str(
        ids(second)
    )  # behind a page of which only the date was told


def test_another_token_is_told_all(
    github: Fake, look: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    monkeypatch.setenv("GH_TOKEN", "of-another")
    second = look(HOUR)
    assert github.conditional == []
    assert set(dates(second).values()) == {None}
    monkeypatch.setenv("GH_TOKEN", "made-up")
    look(2 * HOUR)
    assert set(github.told) == ALWAYS


def test_other_rules_or_settings_are_told_all(
    github: Fake, look: Callable[..., list[Any]], rules: RuleSet, tmp_path: Path
) -> None:
    look()
    asking = Asking(url="orgs/acme/hooks", params={"per_page": 100}, headers=HEADERS, shape={})
    url = f"{github.url}/orgs/acme/hooks"
    chosen = Selection(root="/")
    context = Context(selection=chosen, rules=rules, memory=str(tmp_path / "kept"))
    others = (
        replace(context, rules=replace(rules, key="others")),
        replace(context, confidence=Confidence.HIGH),
        replace(context, fingerprint_key=b"other"),
    )
    held = [
        Answers(one, FIRST).given("github", github.url, Secret(b"made-up")).held(asking, url)
        for one in (context, *others)
    ]
    assert [one is not None for one in held] == [True, False, False, False]


def test_no_answer_is_believed_for_longer_than_a_week(
    github: Fake, look: Callable[..., list[Any]]
) -> None:
    look()
    look(timedelta(days=7) - HOUR)
    assert set(github.told) == ALWAYS
    later = look(timedelta(days=7))
    assert github.conditional == []
    assert set(dates(later).values()) == {None}
    after = look(timedelta(days=8))
    assert dates(after)["webhooks"] == FIRST + timedelta(days=7)


def test_a_clock_that_was_wrong(github: Fake, look: Callable[..., list[Any]]) -> None:
    look(timedelta(days=3))
    look()
    assert github.conditional == []


@pytest.mark.parametrize(
    "damage", [lambda old: old[:-1], lambda old: b"", lambda old: checked(b"x")]
)
def test_what_is_damaged_is_not_used(
    github: Fake, look: Callable[..., list[Any]], tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    first = look()
    [file] = tmp_path.rglob("answers-*")
    file.write_bytes(damage(file.read_bytes()))
    assert records(look(HOUR)) == records(first)
    assert github.conditional == []


def checked(content: bytes) -> bytes:
    """As the cache writes it."""
    return crc32(content).to_bytes(4, "big") + content


def test_who_may_not_ask_any_more_is_not_told_from_before(
    github: Fake, look: Callable[..., list[Any]]
) -> None:
    look()
    github.may = lambda call: call != "GET /orgs/{org}/hooks"
    second = look(HOUR)
    assert "github:acme/webhook/1" not in str(ids(second))
    assert ["was denied" in one.message for one in second if isinstance(one, Trouble)] == [True]


def test_a_scan_that_was_cut_short_spares_the_next_what_it_was_told(
    github: Fake, look: Callable[..., list[Any]]
) -> None:
    github.faults.append(Fault("/orgs/acme/hooks", status=401, times=10_000))
    look()
    told = len(github.answers)
    github.faults.clear()
    look(HOUR)
    assert 0 < len(github.unchanged) <= told


def test_only_whoever_has_a_folder_keeps_anything(
    github: Fake, rules: RuleSet, tmp_path: Path
) -> None:
    for _ in range(2):
        plain(github, rules)
    in_estate(github, timedelta(), folder="")
    assert github.conditional == []
    assert [*Path(cache.folder()).rglob("answers-*")] == []


def plain(github: Fake, rules: RuleSet) -> Report:
    selection = Selection(root="/", services={"github": {"api_url": github.url}})
    context = Context(selection=selection, rules=rules)
    return pipeline.scan(context, "services", now=FIRST, cached=True)


# --- what is kept ---------------------------------------------------------------------------------


def kept(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.rglob("*") if one.is_file())


def changed(value: Any, word: Callable[[str], str]) -> Any:
    """With other texts."""
    match value:
        case str():
            return word(value)
        case list():
            return [changed(one, word) for one in value]
        case dict():
            return {name: changed(one, word) for name, one in value.items()}
        case _:
            return value


def in_every_text(github: Fake, word: Callable[[str], str]) -> None:
    """Of every answer. Those about who signs in stay what they are."""
    github.handlers = {
        call: (lambda handler=handler, **more: changed(handler(**more), word))
        if call in SHAPES
        else handler
        for call, handler in github.handlers.items()
    }


def test_no_token_is_kept_whatever_answer_it_stands_in(
    github: Fake, look: Callable[..., list[Any]], tmp_path: Path, token: Callable[..., str]
) -> None:
    look()
    assert b"NPM_TOKEN" in kept(tmp_path)
    secret = token("github-pat", "of an answer")
    for form in ("{old} {new}", "{new}", "https://x.example/{new}"):
        in_every_text(
            github,
            lambda old, form=form: form.format(old=old.split(" ")[0], new=secret),  # type: ignore[misc]
        )
        look(timedelta(days=7))  # all is told again
    assert secret.encode() not in kept(tmp_path)


def test_what_nobody_looks_at_is_not_kept(
    github: Fake, look: Callable[..., list[Any]], tmp_path: Path
) -> None:
    """Addresses of webhooks, their secrets, the last letters of tokens: no format tells what they are."""
    state = github_acme.organization()
    for hook in (*state["hooks"], *state["repository_hooks"]["app"]):
        hook["config"] |= {"url": "https://ci.acme.example/hush-path?key=hush", "secret": "hush"}
    state["authorizations"][0]["token_last_eight"] = "hush-end"
    state["repos"][0]["description"] = "hush"
    github.handlers = github_acme.handlers(state)
    look()
    assert b"ci.acme.example" in kept(tmp_path)
    assert b"hush" not in kept(tmp_path)
    assert b"made-up" not in kept(tmp_path)


def test_shapes_let_all_through_that_is_read(
    github: Fake, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    shaped = plain(github, rules)
    monkeypatch.setattr(scope, "SHAPES", {})
    reads = watch(monkeypatch)
    assert plain(github, rules).findings == shaped.findings
    assert len(reads) > 100
    missing = [
        (call, path) for call, path in reads if call in SHAPES and not lets(SHAPES[call], path)
    ]
    assert missing == []


def lets(shape: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if name == "[]" or not isinstance(shape, dict):
            continue
        if name not in shape:
            return False
        shape = shape[name]
    return True


def test_every_call_of_a_surface_has_a_shape() -> None:
    from keymuster.collect.asking.surface import Surface, found
    from keymuster.collect.github import surfaces

    calls = {call for one in found(surfaces, Surface) for call in one.calls}
    assert calls - set(SHAPES) == {"POST /graphql"}
