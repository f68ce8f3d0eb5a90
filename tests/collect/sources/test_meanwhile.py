"""A repository that changes while its history is read: all that was there is found all the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from keymuster import registry
from keymuster.collect.base import Batch, Observed
from keymuster.collect.packs.functions import PLAIN
from keymuster.collect.packs.store import Store
from keymuster.collect.sources import history
from keymuster.model import Credential, FileLocation, Trouble
from keymuster.rules.schema import RuleSet
from keymuster.work import observe
from repositories import Repository
from scans import context, look, secret_id

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]

MOMENTS = (
    "before the objects are listed",
    "after they were listed",
    "between two pieces of work",
    "between two file versions",
    "before places are looked for",
)


@pytest.fixture
def repo(tmp_path: Path, make_repo: MakeRepo, token: Token) -> Repository:
    """Packs, a file version that nothing but a branch names, and objects in files of their own."""
    repo = make_repo(tmp_path / "repo")
    lines = [f"line {number}\n" for number in range(200)]
    for number in range(8):
        lines[20 * number] = f"key = '{token('github-pat', number)}'\n"
        repo.commit({"a.py": "".join(lines), f"{number}.py": f"x = {number}\n" * 300})
        if number in (2, 5):
            repo.git("repack", "-dq")
    repo.git("checkout", "-q", "-b", "side")
    repo.commit({"side.py": f"key = '{token('github-pat', 'side')}'\n"})
    repo.git("checkout", "-q", "main")
    repo.commit({"a.py": "".join(lines).replace("line 7", "line seven")})
    return repo


@pytest.fixture
def other(tmp_path: Path, repo: Repository, token: Token) -> Repository:
    """Somebody else's clone, who is one commit ahead."""
    repo.git("clone", "-q", "--no-local", ".", str(tmp_path / "other"))
    other = Repository(tmp_path / "other")
    other.commit({"theirs.py": f"key = '{token('github-pat', 'theirs')}'\n"})
    return other


class Disturbed:
    """A scan of a history during which something happens, once, at a certain moment."""

    def __init__(self, rules: RuleSet, repo: Repository, patch: pytest.MonkeyPatch) -> None:
        self._context = context(rules, repo.path)
        self._readers = [part(self._context) for part in registry.builtin("reader").values()]
        self._patch = patch
        self.happened = 0

    def scan(self, moment: str, event: Callable[[], None]) -> list[Observed]:
        def now(place: str) -> None:
            if place == moment and not self.happened:
                event()
                self.happened += 1

        opened = Store.open

        def open(*words: Any, **named: Any) -> Store:
            now("before the objects are listed")
            store = opened(*words, **named)
            now("after they were listed")
            return store

        self._patch.setattr(Store, "open", open)
        self._patch.setattr(history, "FAMILY_BYTES", 4096)
        self._patch.setattr(history, "_CHAIN_BYTES", (4096, 4096))
        source = history.History(self._context)
        observed: list[Observed] = []
        for number, batch in enumerate(source.batches()):
            if isinstance(batch, Trouble):
                observed.append(batch)
                continue
            if number:
                now("between two pieces of work")
            observed += observe(_Watched(source, now), self._readers, batch)  # type: ignore[arg-type]
        now("before places are looked for")
        return list(source.finish(observed))


class _Watched:
    """A source between whose blobs something may happen."""

    def __init__(self, source: history.History, now: Callable[[str], None]) -> None:
        self._source = source
        self._now = now

    def read(self, batch: Batch) -> Iterator[Any]:
        for number, blob in enumerate(self._source.read(batch)):
            if number:
                self._now("between two file versions")
            yield blob


@pytest.fixture(params=["quickly", "in Python"])
def disturbed(
    request: pytest.FixtureRequest,
    rules: RuleSet,
    repo: Repository,
    monkeypatch: pytest.MonkeyPatch,
) -> Disturbed:
    """Deltas are expanded quickly, where that is possible, or git makes the texts."""
    if request.param == "in Python":
        monkeypatch.setattr("keymuster.collect.packs.store.fastest", lambda: PLAIN)
    return Disturbed(rules, repo, monkeypatch)


Told = set[tuple[str, str, int, str | None]]


def told(observed: list[Observed]) -> Told:
    """(secret, path, line, first commit) of everything found."""
    places = [(one.id, one.location) for one in observed if isinstance(one, Credential)]
    return {
        (id, place.path, place.line, place.commit.id if place.commit else None)
        for id, place in places
        if isinstance(place, FileLocation)
    }


@pytest.mark.parametrize("moment", MOMENTS)
def test_git_may_pack_anew_and_bring_more(
    moment: str, rules: RuleSet, repo: Repository, other: Repository, token: Token,
    disturbed: Disturbed,
) -> None:  # fmt: skip
    before = told([*look("history", rules, repo.path).credentials])

    def event() -> None:
        repo.git("fetch", "-q", str(other.path), "main:theirs")
        repo.commit({"new.py": f"key = '{token('github-pat', 'new')}'\n"})
        repo.git("repack", "-adfq")
        repo.git("gc", "-q", "--prune=now")

    seen = disturbed.scan(moment, event)

    assert disturbed.happened
    assert len({id for id, *_ in before}) == 9
    assert told(seen) >= before
    more = {id for id, *_ in told(seen) - before}
    new = {secret_id(token("github-pat", one)) for one in ("theirs", "new")}
    assert more <= new
    # what came too late is no part of what was asked for; if it is told of, then as unread
    assert all("came while" in one.message for one in seen if isinstance(one, Trouble))


@pytest.mark.parametrize("moment", MOMENTS)
def test_what_is_deleted_meanwhile_is_found_or_named(
    moment: str, rules: RuleSet, repo: Repository, token: Token, disturbed: Disturbed
) -> None:
    before = told([*look("history", rules, repo.path).credentials])
    side = secret_id(token("github-pat", "side"))
    object = repo.git("rev-parse", "side:side.py")

    def event() -> None:
        repo.git("branch", "-q", "-D", "side")
        repo.git("reflog", "expire", "--expire=now", "--all")
        repo.git("gc", "-q", "--prune=now")

    seen = disturbed.scan(moment, event)

    assert disturbed.happened
    found = {id for id, *_ in told(seen)}
    assert found >= {id for id, *_ in before} - {side}
    scopes = {one.scope for one in seen if isinstance(one, Trouble)}
    if side not in found:
        assert scopes & {f"object {object}", "history"}
    if not told(seen) >= {one for one in before if one[0] != side}:
        assert "history" in scopes  # git could not walk to where the branch was
