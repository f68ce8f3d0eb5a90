"""What `estate.yaml` may say: what an estate is, when it is looked at, and who is told."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from keymuster.estate import checks, variables
from keymuster.estate.base import Bounds
from keymuster.estate.credentials import Reference
from keymuster.estate.events.settings import EventLog
from keymuster.estate.notify.settings import Notify
from keymuster.settings import size_in_bytes

Size = str | int
"""Bytes, or `500MB`, `4GB`."""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What looking at one target may take: seconds by the clock, memory, and what it hands back."""

    seconds: Annotated[float, Meta(gt=0)] | None = None
    memory: Size | None = None
    output: Size | None = None

    def __post_init__(self) -> None:
        for name in ("memory", "output"):
            checks.check_size(getattr(self, name), name)


class Retries(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How often a target is tried that cannot be looked at, and the seconds between: each pause is twice as
    long as the one before, but no longer than `longest_seconds`."""

    attempts: Annotated[int, Meta(ge=1, le=100)] = 3
    backoff_seconds: Annotated[float, Meta(ge=0)] = 60
    longest_seconds: Annotated[float, Meta(ge=0)] = 3600


Looks = Literal["history", "worktree"]
"""`history`: every version of every file of all branches and tags, and the files of HEAD as they are.
`worktree`: the files of HEAD alone."""

_REFS = ("refs/heads/*", "refs/tags/*", "refs/notes/*")


class Defaults(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for every target that says nothing else. `jobs` is how many are looked at at a time (0: one per
    processor)."""

    source: Looks = "history"
    refs: tuple[str, ...] = _REFS
    limits: Limits = Limits()
    retries: Retries = Retries()
    jobs: Annotated[int, Meta(ge=0)] = 0

    def __post_init__(self) -> None:
        checks.check_refs(self.refs)


class Cache(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where clones are kept, and how large that may become. It may be deleted at any time."""

    folder: str = ""
    size: Size = "20GB"

    def __post_init__(self) -> None:
        checks.check_size(self.size, "size")


class Repository(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A repository by its `url`, one on this machine by its `path` (a mirror, a checkout; it is read where it is), or all that a
    `glob` of paths finds. A credential for https is a token or a password, that of `user`; for ssh, a file with a key."""

    url: str = ""
    path: str = ""
    glob: str = ""
    name: str = ""
    credential: Reference | None = None
    user: str = "x-access-token"
    source: Looks | None = None
    refs: tuple[str, ...] = ()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if sum(map(bool, (self.url, self.path, self.glob))) != 1:
            raise ValueError("a repository has one of url, path, glob")
        checks.check_refs(self.refs)
        if self.glob and self.name:
            raise ValueError("what a glob finds is named after its path")
        if self.credential is None:
            return
        if not self.url:
            raise ValueError("what is on this machine needs no credential")
        if self.credential.oidc:
            raise ValueError("a repository takes a credential by env or file")
        if checks.parsed_address(self.url).scheme == "ssh" and not self.credential.file:
            raise ValueError("the key for ssh is named by file")


class ListedLooks(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How repositories are looked at that a lister finds: what each lister takes besides its own options."""

    source: Looks | None = None
    refs: tuple[str, ...] = ()
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        checks.check_refs(self.refs)


class ServiceTarget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `scan --service` looks at, with the same `options`. `environment` is what the SDK of the service finds in the
    environment of that one process: words, or references to what is secret. `credential` is short for the
    variable that a service takes its only secret from."""

    service: str
    name: str = ""
    options: dict[str, Any] = {}
    credential: Reference | None = None
    environment: dict[str, str | Reference] = {}
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        checks.check_service(self.service)
        checks.check_options(self.service, self.options)
        if (
            self.credential is not None
            and variables.variable_of(self.service, self.credential) is None
        ):
            raise ValueError(
                f"{self.service} takes its credential from several variables: name them under environment"
            )
        for name, value in self.environment.items():
            if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
                raise ValueError("environment: a name is none of a variable")
            if isinstance(value, str) and variables.is_secret(name):
                raise ValueError(
                    f"environment: the value of {name} is a secret; name it by env, file or oidc"
                )


class MachineTarget(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The machine that looks: what programs that run agents keep in the folders of its users (`homes`, globs
    allowed; without any, in that of the user who looks) and in those of the system."""

    name: str
    homes: tuple[str, ...] = ()
    limits: Limits = Limits()


class Targets(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to look at. `listers` find repositories that nobody has written down; each is read by the module that
    it names."""

    repositories: tuple[str | Repository, ...] = ()
    services: tuple[str | ServiceTarget, ...] = ()
    machines: tuple[MachineTarget, ...] = ()
    listers: tuple[dict[str, Any], ...] = ()


class Schedule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When to look, as cron writes it, in a time zone; and at which targets, by globs of ids or names."""

    cron: str
    zone: str = "UTC"
    targets: tuple[str, ...] = ("*",)


class Retention(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """For how many days the store keeps what is not so any more: findings that are resolved, events, runs, and
    targets that are gone. 0: for ever."""

    resolved_days: Annotated[int, Meta(ge=0)] = 730
    events_days: Annotated[int, Meta(ge=0)] = 730
    runs_days: Annotated[int, Meta(ge=0)] = 365
    targets_days: Annotated[int, Meta(ge=0)] = 90


class Estate(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. `config` names a settings file like `.keymuster.yaml` for all that is looked at: those in the
    repositories themselves do not count here. Files are named from where this one is."""

    store: str | Reference = "sqlite:///estate.db"
    cache: Cache = Cache()
    config: str = ""
    defaults: Defaults = Defaults()
    targets: Targets = Targets()
    schedule: dict[str, str | Schedule] = {}
    notify: Notify = Notify()
    events: tuple[EventLog, ...] = ()
    retention: Retention = Retention()

    @property
    def schedules(self) -> dict[str, Schedule]:
        """Those that are a line alone, too."""
        return {
            name: Schedule(cron=one) if isinstance(one, str) else one
            for name, one in self.schedule.items()
        }

    @property
    def cache_bytes(self) -> int:
        return size_in_bytes(self.cache.size, "cache.size")

    def bounds(self, own: Limits) -> Bounds:
        """What a target may take."""
        found = {
            name: next(
                (said for one in (own, self.defaults.limits) if (said := getattr(one, name)) is not None),
                getattr(Bounds(), name),
            )
            for name in ("seconds", "memory", "output")
        }  # fmt: skip
        return Bounds(
            seconds=found["seconds"],
            memory=size_in_bytes(found["memory"], "memory"),
            output=size_in_bytes(found["output"], "output"),
        )
