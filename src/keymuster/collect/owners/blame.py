"""Who last changed the lines that declare something, as `git blame` tells: of what HEAD has, without white space,
without the commits that `.git-blame-ignore-revs` names. What is not committed yet was written by nobody."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from difflib import SequenceMatcher

from msgspec import Struct

from keymuster.collect.git import Git
from keymuster.errors import Unreadable
from keymuster.model import FileLocation, Resource, Trouble

TYPE = "blame"

MOST_FILES = 2000
MOST_SECONDS = 60.0
_MOST_SPANS = 400
_MOST_LINES = 20_000
_IGNORED = ".git-blame-ignore-revs"
_NOBODY = "0" * 40

Span = tuple[int, int]


class Change(Struct, frozen=True, kw_only=True):
    """Lines of a span that somebody last changed, and when the last of them was."""

    name: str
    mail: str
    at: datetime
    lines: int


def blamed(
    folder: str, base: str, spans: Mapping[str, Sequence[Span]], jobs: int = 2, seconds: float = MOST_SECONDS
) -> Iterator[Resource | Trouble]:  # fmt: skip
    """Who wrote these lines of the files of a repository, `base` before their paths in what comes of it."""
    git = Git(folder)
    if git.ask("rev-parse", "--verify", "--quiet", "HEAD^{commit}") is None:
        return
    if git.ask("rev-parse", "--is-shallow-repository") == "true":
        yield _trouble(base, "the clone is shallow: who wrote older lines is not known", "Fetch the whole history: git fetch --unshallow")  # fmt: skip
    names = sorted(spans)
    if len(names) > MOST_FILES:
        yield _trouble(base, f"{len(names) - MOST_FILES} of {len(names)} files were not blamed", "Name fewer paths.")  # fmt: skip
    ends = time.monotonic() + seconds
    late: list[str] = []

    def of(name: str) -> list[tuple[Span, list[Change]]]:
        if time.monotonic() > ends:
            late.append(name)
            return []
        return _of_file(git, folder, name, sorted(set(spans[name]))[:_MOST_SPANS])

    found: dict[str, list[dict[str, object]]] = {}
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        for name, told in zip(names[:MOST_FILES], pool.map(of, names[:MOST_FILES]), strict=True):
            if told:
                found[f"{base}{name}"] = [
                    {"first": first, "last": last, "changes": changes}
                    for (first, last), changes in told
                ]
    if late:
        yield _trouble(base, f"{len(late)} of {len(names)} files were not blamed: it took longer than {seconds:.0f} s", "Name fewer paths.")  # fmt: skip
    yield Resource(
        id=f"{TYPE}:{base or '.'}", type=TYPE, name=base or ".", location=FileLocation(path=base or "."),
        settings={"files": found},
    )  # fmt: skip


def _trouble(base: str, message: str, advice: str) -> Trouble:
    return Trouble(part="blame", scope=base or ".", message=message, advice=advice)


def _of_file(
    git: Git, folder: str, name: str, spans: Sequence[Span]
) -> list[tuple[Span, list[Change]]]:
    """For each span, those who wrote its lines, whoever wrote most first; none of a file that HEAD lacks."""
    try:
        committed = git.run("cat-file", "blob", f"HEAD:{name}")
    except Unreadable:
        return []
    try:
        with open(os.path.join(folder, name), "rb") as file:
            present = file.read()
    except OSError:
        present = committed
    known = _committed(present, committed)
    asked = sorted(
        {line for first, last in spans for line in range(first, last + 1) if line in known}
    )
    if not asked:
        return []
    by_line = _blame(git, name, sorted(known[line] for line in asked))
    return [
        (span, changes)
        for span in spans
        if (changes := _added_up(
            by_line[known[line]] for line in range(span[0], span[1] + 1) if known.get(line) in by_line
        ))
    ]  # fmt: skip


def _committed(present: bytes, committed: bytes) -> Mapping[int, int]:
    """Line of the working tree -> line of HEAD, for those that are the same. What git would run to turn the one
    into the other is not run: a repository may name any program for it."""
    if present == committed or present.replace(b"\r\n", b"\n") == committed:
        return _Same(committed.count(b"\n") + 1)
    here, there = present.split(b"\n"), committed.split(b"\n")
    if max(len(here), len(there)) > _MOST_LINES:
        return {}
    same: dict[int, int] = {}
    mine, theirs = ([line.strip() for line in lines] for lines in (here, there))
    for one in SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks():
        same |= {one.a + n + 1: one.b + n + 1 for n in range(one.size)}
    return same


class _Same(dict[int, int]):
    """Each line is the same."""

    def __init__(self, count: int) -> None:
        super().__init__((line, line) for line in range(1, count + 1))


def _blame(git: Git, name: str, lines: Sequence[int]) -> dict[int, Change]:
    """Line of HEAD -> who wrote it, in one question."""
    ranges: list[str] = []
    for first, last in _runs(lines):
        ranges += ["-L", f"{first},{last}"]
    words = ("blame", "--porcelain", "-w", "--no-textconv", *ranges)
    ignored = [] if git.ask("cat-file", "-e", f"HEAD:{_IGNORED}") is None else ["--ignore-revs-file", _IGNORED]  # fmt: skip
    for more in ([*ignored], []) if ignored else ([],):
        try:
            return dict(_told(git.run(*words, *more, "HEAD", "--", name)))
        except Unreadable:  # a damaged list of commits, a shallow clone, no such line
            continue
    return {}


def _runs(lines: Sequence[int]) -> Iterator[Span]:
    first = before = lines[0]
    for line in lines[1:]:
        if line != before + 1:
            yield first, before
            first = line
        before = line
    yield first, before


def _told(text: bytes) -> Iterator[tuple[int, Change]]:
    """What `--porcelain` says. What it says of a commit, it says once."""
    people: dict[str, dict[str, str]] = {}
    commit, number = "", 0
    for raw in text.split(b"\n"):
        line = raw.decode("utf-8", "replace")
        if line.startswith("\t"):
            who = people.get(commit, {})
            at = _time(who.get("author-time", ""), who.get("author-tz", ""))
            if commit != _NOBODY and at is not None:
                mail = who.get("author-mail", "").strip("<>")
                yield number, Change(name=who.get("author", ""), mail=mail, at=at, lines=1)
            commit = ""
        elif not commit:
            words = line.split(" ")
            if len(words) >= 3:
                commit, number = words[0], int(words[2])
                people.setdefault(commit, {})
        else:
            key, _, value = line.partition(" ")
            people[commit][key] = value


def _time(seconds: str, zone: str) -> datetime | None:
    try:
        hours = timedelta(hours=int(zone[:3] or 0), minutes=int(f"{zone[:1]}{zone[3:]}" or 0))
        return datetime.fromtimestamp(int(seconds), timezone(hours))
    except (ValueError, OverflowError, OSError):
        pass
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _added_up(lines: Iterator[Change]) -> list[Change]:
    found: dict[str, Change] = {}
    for one in lines:
        key = one.mail.casefold() or one.name
        before = found.get(key)
        found[key] = (
            one if before is None
            else Change(name=one.name, mail=one.mail, at=max(before.at, one.at), lines=before.lines + 1)
        )  # fmt: skip
    return sorted(found.values(), key=lambda one: (-one.lines, -one.at.timestamp(), one.mail))
