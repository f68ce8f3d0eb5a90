"""`estate.yaml`: what an estate is, when it is looked at, and who is told."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from keymuster import cache, registry
from keymuster.errors import SettingsError
from keymuster.estate import checks, credentials, variables
from keymuster.estate.addresses import address
from keymuster.estate.base import Bounds
from keymuster.estate.credentials import Reference
from keymuster.estate.decoding import File
from keymuster.estate.events.settings import EventLog
from keymuster.estate.notify.settings import Notify, problems, with_files
from keymuster.nearest import hint
from keymuster.settings import size_in_bytes

FILE = "estate.yaml"

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


def load(path: str = FILE) -> Estate:
    """What the file says, with files where they are. SettingsError, with the line, for what is wrong; what is refused
    because it may be a secret is not repeated."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read: {error.strerror}",
            "Name the file by --estate, or write one: docs/estate-yaml.md shows how.",
        ) from None
    read = File(path, content)
    if found := _inline(content):
        line, what = found
        raise read.wrong(
            f"looks like a secret ({what})", line,
            "Take it out, revoke it if it was a real one, and name it: `env: NAME` or `file: PATH`.",
        )  # fmt: skip
    said = read.decoded(Estate)
    for steps, problem, advice in _problems(said):
        where = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in steps)
        raise read.wrong(f"{where.lstrip('.')}: {problem}", read.line(steps), advice)
    for number, one in enumerate(said.targets.listers):
        _decode_lister(read, number, one)
    for name, words in said.notify.channels.items():
        part = registry.part("channel", str(words["kind"]))
        read.part(words, part.options, ("notify", "channels", name))
    return _from_here(said, os.path.dirname(os.path.abspath(path)))


def default() -> Estate:
    """What holds where there is no file."""
    return _from_here(Estate(), os.getcwd())


def lister_options(one: Mapping[str, Any]) -> tuple[str, Any]:
    """The name of a lister of the file, and its options as it reads them."""
    part = registry.part("lister", str(one["lister"]))
    return part.name, msgspec.convert(dict(one), type=part.options)


def store_url(said: Estate) -> str:
    """The address of the store; CollectError if it is named by a reference that leads nowhere."""
    if isinstance(said.store, str):
        return said.store
    return credentials.read(said.store).reveal().decode("utf-8", "replace")


def schema() -> dict[str, Any]:
    """JSON Schema of the whole file, with what listers and channels take."""
    listers = tuple(part.options for part in registry.builtin("lister").values())
    channels = tuple(part.options for part in registry.builtin("channel").values())
    [estate, *options], components = msgspec.json.schema_components(
        (Estate, *listers, *channels), ref_template="#/$defs/{name}"
    )
    targets, notify = components["Targets"]["properties"], components["Notify"]["properties"]
    targets["listers"]["items"] = {"anyOf": options[: len(listers)]}
    notify["channels"]["additionalProperties"] = {"anyOf": options[len(listers) :]}
    components["Reference"] |= {"minProperties": 1, "maxProperties": 1}
    components["Repository"]["oneOf"] = [{"required": [one]} for one in ("url", "path", "glob")]
    return {**estate, "$defs": components}


def _inline(content: bytes) -> tuple[int, str] | None:
    """The line of what our own rules take for a secret, and what they take it for."""
    from keymuster import pipeline
    from keymuster.detect.engine import Engine
    from keymuster.model import Confidence

    rules = pipeline.load_rules()
    for match in Engine(rules).scan(content):
        if match.confidence.rank >= Confidence.MEDIUM.rank:
            line = content.count(b"\n", 0, match.start) + 1
            return line, match.format.name
    return None


def _problems(said: Estate) -> Iterator[tuple[tuple[str | int, ...], str, str]]:
    """Where, what and what to do, of what the form of the file does not tell."""
    if isinstance(said.store, str):
        if problem := checks.store_problem(said.store):
            yield ("store",), problem, "Name it: `store: {env: NAME}`."
    elif said.store.oidc:
        yield ("store",), "is named by env or file", ""
    for number, repository in enumerate(said.targets.repositories):
        url = repository if isinstance(repository, str) else repository.url
        if url:
            try:
                address(url)
            except SettingsError as error:
                yield ("targets", "repositories", number), error.message, error.advice()
    for number, service in enumerate(said.targets.services):
        if isinstance(service, str):
            try:
                checks.check_service(service)
            except ValueError as error:
                yield ("targets", "services", number), str(error), ""
    for number, lister in enumerate(said.targets.listers):
        name, known = lister.get("lister"), registry.names("lister")
        steps = ("targets", "listers", number)
        if not isinstance(name, str):
            yield steps, f"has no `lister`; there are {', '.join(known)}", ""
        elif name not in known:
            yield (*steps, "lister"), f"there is no such lister{hint(name, known)}", ""
    for name, schedule in said.schedules.items():
        if problem := checks.schedule_problem(schedule.cron, schedule.zone):
            yield ("schedule", name), problem, ""
    yield from problems(said.notify)
    names = [one.name for one in said.events]
    for number, name in enumerate(names):
        if name in names[:number]:
            yield (
                ("events", number, "name"),
                f"there are two logs called `{name}`",
                "Each has a name of its own.",
            )


def _decode_lister(read: File, number: int, one: Mapping[str, Any]) -> None:
    part = registry.part("lister", str(one["lister"]))
    read.part(dict(one), part.options, ("targets", "listers", number))


def _from_here(said: Estate, folder: str) -> Estate:
    """With files where they are."""

    def here(path: str) -> str:
        return os.path.normpath(os.path.join(folder, os.path.expanduser(path))) if path else ""

    def referred(one: Reference) -> Reference:
        return replace(one, file=here(one.file), oidc=here(one.oidc))

    def repository(one: str | Repository) -> str | Repository:
        if isinstance(one, str):
            return one
        credential = referred(one.credential) if one.credential else None
        return replace(one, path=here(one.path), glob=here(one.glob), credential=credential)

    def service(one: str | ServiceTarget) -> str | ServiceTarget:
        if isinstance(one, str):
            return one
        environment = {
            name: referred(value) if isinstance(value, Reference) else value
            for name, value in one.environment.items()
        }
        credential = referred(one.credential) if one.credential else None
        return replace(one, credential=credential, environment=environment)

    def lister(one: dict[str, Any]) -> dict[str, Any]:
        moved: dict[str, Any] = {
            name: here(one[name]) for name in ("path",) if isinstance(one.get(name), str)
        }
        if isinstance(one.get("credential"), dict):
            moved["credential"] = {
                name: here(value) if name in ("file", "oidc") else value
                for name, value in one["credential"].items()
            }  # fmt: skip
        return {**one, **moved}

    store = said.store
    if isinstance(store, Reference):
        store = referred(store)
    elif store.startswith("sqlite"):
        start, _, name = store.partition(":///")
        store = f"{start}:///{here(name)}" if name and name != ":memory:" else store
    return replace(
        said,
        store=store,
        config=here(said.config),
        notify=with_files(said.notify, here),
        events=tuple(replace(one, file=here(one.file), ca=here(one.ca)) for one in said.events),
        cache=replace(said.cache, folder=here(said.cache.folder) or os.path.join(cache.folder(), "estate")),
        targets=replace(
            said.targets,
            repositories=tuple(map(repository, said.targets.repositories)),
            services=tuple(map(service, said.targets.services)),
            machines=tuple(
                replace(one, homes=tuple(map(here, one.homes))) for one in said.targets.machines
            ),
            listers=tuple(map(lister, said.targets.listers)),
        ),
    )  # fmt: skip
