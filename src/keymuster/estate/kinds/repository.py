"""A repository: every version of every file, and what the files of HEAD declare. One whose refs are what they were
costs a question for them, and nothing heavy is loaded for that."""

from __future__ import annotations

import contextlib
import json
import os
from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from keymuster.digests import blake2b
from keymuster.errors import KeymusterError, Unreadable
from keymuster.estate import clones
from keymuster.estate.base import Outcome, Task
from keymuster.estate.remote import Refs, Remote
from keymuster.estate.versions import digest

if TYPE_CHECKING:
    from keymuster.gathering import Gathered
    from keymuster.model import Observation, Trouble

_SHORT_SECONDS = 30

_BUDGET = 20 * 1024**3

_LOOKS = ("source", "refs", "url", "path")
"""What of the options has a say in what is seen."""


class Repository:
    """One on a server, by its URL, is cloned into the cache; one on this machine, by its path, is read where it is. What
    was scanned before is remembered by the ids of its objects."""

    name: ClassVar[str] = "repository"

    def perform(self, task: Task) -> Outcome:
        remote, refs = _asked(task)
        if _is_unchanged(task, refs):
            return _same(task)
        return _looked(task, remote, refs)

    def unchanged(self, task: Task) -> Outcome | None:
        """What `perform` would say if nothing has changed; None if something has, or nobody can say. It may be asked
        in the process that hands out work: only git has to do with what comes from outside, in a process of its own and for
        a short time."""
        if not task.left:
            return None
        try:
            _, refs = _asked(task, _SHORT_SECONDS)
            return _same(task) if _is_unchanged(task, refs) else None
        except (KeymusterError, ValueError):  # `perform` says what is wrong
            return None


def _asked(task: Task, seconds: float | None = None) -> tuple[Remote | None, Refs]:
    options = task.target.options
    if path := options.get("path"):
        return None, clones.refs_in(str(path), seconds)
    remote = Remote(options, seconds)
    return remote, remote.refs()


def _same(task: Task) -> Outcome:
    return Outcome(target=task.target.id, left=task.left, unchanged=True)


def _is_unchanged(task: Task, refs: Refs) -> bool:
    left = task.left
    if left.get("refs") != _state(task, refs) or not left.get("until"):
        return False
    if task.now >= datetime.fromisoformat(left["until"]):
        return False
    return left.get("look") == _look(task, json.loads(left.get("files", "[]")), left.get("key", ""))


def _state(task: Task, refs: Refs) -> str:
    """Of all refs that are looked at, and of what HEAD is."""
    options = task.target.options
    if _source(task) == "worktree":
        ids = refs.of(())
    else:
        ids = refs.ids if options.get("path") else refs.of(options.get("refs") or ())
    made = blake2b(refs.head.encode(), digest_size=16)
    for name in sorted(ids):
        made.update(f"\0{name} {ids[name]}".encode("utf-8", "surrogateescape"))
    return made.hexdigest()


def _source(task: Task) -> str:
    return str(task.target.options.get("source") or "history")


def _look(task: Task, files: list[str], key_env: str) -> str:
    options = {name: task.target.options.get(name) for name in _LOOKS}
    return digest(options, files or ([task.config] if task.config else []), key_env)


def _looked(task: Task, remote: Remote | None, refs: Refs) -> Outcome:
    from keymuster import cache
    from keymuster.estate.looking import looking
    from keymuster.estate.places import Places

    options = task.target.options
    folder = task.cache or os.path.join(cache.folder(), "estate")
    budget = int(options.get("cache_bytes") or _BUDGET)
    with Places(folder, budget).place(task.target.id) as place:
        if remote is None:
            return _scanned(task, place, str(options["path"]), _origin(str(options["path"])), refs)
        patterns = list(options.get("refs") or ())
        # who wrote a line, only the commits before HEAD tell
        blame = looking(task).configured.owners.blame
        shallow = _source(task) == "worktree" and not blame
        was_there = clones.has_clone(place)
        for again in (was_there, False):
            repository = clones.clone(place, remote, refs, patterns, budget, shallow=shallow)
            try:
                # what was fetched is what was looked at, though it may have moved since it was asked for
                there = clones.refs_in(repository)
                outcome = _scanned(task, place, repository, _shown(remote), there)
            except Unreadable as error:
                if not (again and clones.is_damage(error)):
                    raise
            else:
                if not (again and _is_damaged(outcome)):
                    break
            clones.drop(place)  # a cache, and fetched anew
        return outcome


def _scanned(task: Task, place: str, repository: str, origin: str, refs: Refs) -> Outcome:
    from msgspec.structs import replace

    from keymuster.estate.looking import looking, until
    from keymuster.estate.trees import laid_out
    from keymuster.model import Credential, InlineAllow, Provenance

    look = looking(task)
    memory = os.path.join(place, "memory")
    source = _source(task)
    past: Gathered | None = None
    beside: list[Observation] = []
    if source == "history":
        past = look.gathered(look.context(repository, memory=memory), "history", cached=True)
        beside = [one for one in past.observations if isinstance(one, Credential | InlineAllow)]
    provenance = Provenance(
        root="", repository=origin, revision=refs.ids.get("HEAD", ""),
        branch=refs.head.removeprefix("refs/heads/"),
    )  # fmt: skip
    context = look.context(repository)
    with contextlib.ExitStack() as stack:
        seen = past
        missing: list[Trouble] = []
        also: tuple[str, ...] = ()
        if "HEAD" in refs.ids:
            most = context.selection.max_file_bytes
            try:
                tree, missing = stack.enter_context(laid_out(place, repository, origin, most))
            except Unreadable as error:
                if not clones.is_damage(error):
                    raise
                missing = [_untold(error)]
            else:
                context = look.context(tree, paths=(tree,), memory=memory)
                seen = look.gathered(context, "worktree", cached=True, beside=beside)
                if past is not None:
                    seen, also = _together(seen, past), ("worktree",)
        if seen is None:  # there is nothing to look at
            seen = look.gathered(look.context(place), "services")
        outcome = look.outcome(
            seen, context, source, provenance=provenance, more=missing, beside=also
        )
    _forget(memory)
    assert outcome.report is not None
    if not outcome.report.complete or any(_may_pass(one) for one in outcome.report.troubles):
        return outcome
    left = {
        "refs": _state(task, refs),
        "look": _look(task, look.files, look.configured.fingerprint_key_env),
        "files": json.dumps(look.files),
        "key": look.configured.fingerprint_key_env,
        "until": until(seen.inventory.records, task.now).isoformat(),
    }
    return replace(outcome, left=left)


_MEMORIES = 2
"""Of each sort: by the rules and settings of now and of the time before."""


def _forget(memory: str) -> None:
    """What was learned by rules and settings that are not in force any more."""
    if not os.path.isdir(memory):
        return
    with contextlib.suppress(OSError):
        kept: Counter[str] = Counter()
        for one in sorted(os.scandir(memory), key=lambda one: one.stat().st_mtime_ns, reverse=True):
            sort = one.name.partition("-")[0]
            kept[sort] += 1
            if kept[sort] > _MEMORIES:
                os.unlink(one.path)


def _together(tree: Gathered, past: Gathered) -> Gathered:
    from msgspec.structs import replace

    known = {(one.scope, one.message) for one in tree.troubles}
    counts = {
        name: tree.counts.get(name, 0) + past.counts.get(name, 0)
        for name in (*past.counts, *tree.counts)
    }
    return replace(
        tree,
        troubles=(
            *tree.troubles,
            *(one for one in past.troubles if (one.scope, one.message) not in known),
        ),
        counts=counts,
        complete=tree.complete and past.complete,
    )


def _untold(error: Unreadable) -> Trouble:
    """HEAD, of which nothing can be told any more."""
    from keymuster.model import Trouble

    return Trouble(
        part="worktree", scope=".",
        message=f"the files of HEAD are missing or damaged; they were not scanned ({error.message})",
        advice="Run git fsck --full. What is cloned from elsewhere: clone it again.",
    )  # fmt: skip


_DAMAGE = ("missing or damaged", "is missing; it was not", "an object is damaged", "git fsck")


def _is_damaged(outcome: Outcome) -> bool:
    troubles = outcome.report.troubles if outcome.report is not None else ()
    return any(word in f"{one.message} {one.advice}" for one in troubles for word in _DAMAGE)


def _may_pass(one: Trouble) -> bool:
    """Whether it need not be so the next time, though nothing has changed."""
    said = f"{one.message} {one.advice}"
    return any(
        word in said
        for word in (*_DAMAGE, "could not be laid out", "could not be read", "came while")
    )


def _shown(remote: Remote) -> str:
    """How reports call it: as an address that people can open."""
    if remote.address.scheme == "file":
        return ""
    return (
        remote.address.url if remote.address.scheme != "ssh" else f"https://{remote.address.name}"
    )


def _origin(path: str) -> str:
    from keymuster.collect.provenance import provenance

    return provenance(path).repository
