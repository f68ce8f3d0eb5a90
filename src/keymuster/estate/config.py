"""`estate.yaml`, read: with files where they are, and the line of what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from keymuster import cache, registry
from keymuster.errors import SettingsError
from keymuster.estate import checks, credentials
from keymuster.estate.addresses import address
from keymuster.estate.credentials import Reference
from keymuster.estate.decoding import File
from keymuster.estate.definition import Estate, Repository, ServiceTarget
from keymuster.estate.notify.settings import problems, with_files
from keymuster.nearest import hint

FILE = "estate.yaml"


def load(path: str = FILE) -> Estate:
    """What the file says, with files where they are. SettingsError, with the line, for what is wrong; what is refused
    because it may be a secret is not repeated."""
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read: {error.strerror}",
            "Name the file by --estate, or write one. The least is `targets: {repositories: [{path: .}]}`; docs/estate-yaml.md has all of it.",
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
