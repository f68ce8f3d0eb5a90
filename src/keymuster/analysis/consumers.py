"""Who uses a credential or an identity, from where, for which applications and in which environments: what
files, workflows, workloads and agents say together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from keymuster import regex
from keymuster.analysis import places
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import named
from keymuster.inventory.facts import STEPS
from keymuster.model import (
    Credential,
    Environment,
    FileLocation,
    Identity,
    IdentityKind,
    Location,
    Resource,
    Step,
    Use,
    UseKind,
)
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known

_Words = Mapping[str, Sequence[str]]

_MOST = 10
"""Consumers that are listed of one thing: enough to see what it is for, in one message."""

_KINDS = {
    places.WORKFLOW: UseKind.WORKFLOW,
    places.WORKLOAD: UseKind.WORKLOAD,
    places.IMAGE: UseKind.WORKLOAD,
    places.INFRASTRUCTURE: UseKind.WORKLOAD,
    places.AGENT: UseKind.AGENT,
    places.WORKSTATION: UseKind.PERSON,
}
"""What reads a secret that stands on a surface."""


class Consumer(Struct, frozen=True):
    """One that uses a thing: of which kind, what people call it, and where it is for all that is known."""

    kind: str
    name: str
    application: str = ""
    environment: str = ""
    system: str = ""


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    """Of what several use, or what stands in several places; one place alone says all it knows itself."""
    around = surfaces_of_files(inventory)
    found: dict[str, dict[str, Any]] = {}
    users = _users(inventory)
    for id, record in inventory.records.items():
        if isinstance(record, Credential):
            if id in users or len(inventory.seen[id]) > 1:
                told = _of_credential(record, users.get(id, ()), inventory, around, configured)
                found[id] = told
        elif isinstance(record, Identity) and id in users:
            found[id] = _of_identity(users[id], inventory, configured)
    return found


class _Spread:
    """Over which environments and applications a thing is spread, and what there is of it in each."""

    def __init__(self) -> None:
        self.environments: dict[str, None] = {}
        self.applications: dict[str, None] = {}
        self.production: dict[str, None] = {}
        self.lesser: dict[str, None] = {}

    def add(self, environment: str, application: str, name: str) -> None:
        self.environments[environment] = None
        self.applications[application] = None
        if environment == Environment.PRODUCTION.value:
            self.production[name] = None
        elif environment in _LESSER:
            self.lesser[name] = None


_LESSER = (
    Environment.STAGING.value,
    Environment.DEVELOPMENT.value,
    Environment.TEST.value,
)


def _of_credential(
    one: Credential, uses: Sequence[Use], inventory: Inventory, around: Mapping[str, str],
    configured: Settings,
) -> dict[str, Any]:  # fmt: skip
    words = configured.environments
    spread = _Spread()
    consumers = [consumer(use, inventory, words) for use in uses]
    for each in consumers:
        spread.add(each.environment, each.application, each.name)
    known = {place.path for use in uses if isinstance(place := use.location, FileLocation)}
    surfaces: dict[str, None] = {}
    tests: dict[str, None] = {}
    for sighting in inventory.seen[one.id]:
        assert isinstance(sighting, Credential)
        place = sighting.location
        path = place.path if isinstance(place, FileLocation) else ""
        where = places.surface(place, sighting.storage, around.get(path, ""))
        surfaces[where] = None
        if not path or not one.fingerprint:
            continue  # where no more than its name stands, somebody uses it, who is among the consumers
        if sighting.environment is Environment.TEST or where == places.HISTORY:
            continue  # what was moved, or taken out, stands there no more
        if places.is_test(path):
            tests[path] = None
            continue
        said = places.environment(path, words, sighting.tags.get("setting", "")).value
        application = places.application(path, sure=where == places.CODE)
        spread.add(said, application, str(place))
        if where in _KINDS and path not in known:
            kind = _KINDS[where].value
            consumers.append(Consumer(kind, f"{where} {place}", application, said))
    itself = () if one.environment is Environment.TEST else (one.environment.value,)
    return {
        **_told(consumers),
        "applications": sorted(filter(None, spread.applications))[:_MOST],
        "surfaces": sorted(surfaces),
        "environments": _known((*spread.environments, *itself)),
        "production_places": list(spread.production)[:_MOST],
        "lesser_places": list(spread.lesser)[:_MOST],
        "test_places": list(tests)[:_MOST],
    }


def _of_identity(uses: Sequence[Use], inventory: Inventory, configured: Settings) -> dict[str, Any]:
    """Those that do use it: a sign-in that is refused is none."""
    by_use = {
        use.by: consumer(use, inventory, configured.environments)
        for use in uses
        if inventory.facts.get(use.id, {}).get("login") != "refused"
    }
    consumers = list(by_use.values())
    spread = _Spread()
    for each in consumers:
        spread.add(each.environment, each.application, each.name)
    jobs = [one for one in consumers if one.kind == UseKind.WORKFLOW.value]
    ways = _ways(by_use)
    return {
        STEPS: dict.fromkeys(_TOLD_BY_USES, ways),
        **_told(consumers),
        "applications": sorted(filter(None, spread.applications))[:_MOST],
        "consumer_environments": _known(spread.environments),
        "production_consumers": list(spread.production)[:_MOST],
        "lesser_consumers": list(spread.lesser)[:_MOST],
        "pipelines": sorted({one.system for one in jobs if one.system}),
        "unguarded_jobs": [one.name for one in jobs if one.environment == _NOWHERE][:_MOST],
        "workload_environments": _known(
            {one.environment: None for one in consumers if one.kind == UseKind.WORKLOAD.value}
        ),
        "job_environments": _known(one.environment for one in jobs),
    }


_TOLD_BY_USES = (
    "consumer_kinds", "job_environments", "workload_environments", "pipelines", "applications", "unguarded_jobs",
)  # fmt: skip
"""Facts that policies ask for and that follow from who uses a thing."""


def _ways(consumers: Mapping[str, Consumer]) -> list[tuple[Step, ...]]:
    """Who uses it, one of each environment first: a report does not show them all."""
    first: dict[str, str] = {}
    for id, one in consumers.items():
        first.setdefault(one.environment, id)
    ids = dict.fromkeys((*first.values(), *consumers))
    return [(Step(start=id, does=_sentence(consumers[id])),) for id in list(ids)[:_MOST]]


def _sentence(one: Consumer) -> str:
    known = one.environment not in (_NOWHERE, Environment.UNKNOWN.value, "")
    return f"{one.name} uses it{f', for {one.environment}' if known else ''}"


_NOWHERE = "nowhere"
"""The environment of a job that surely has none, not even one that its name tells of."""


def _told(consumers: Sequence[Consumer]) -> dict[str, Any]:
    return {
        "consumers": list(dict.fromkeys(one.name for one in consumers))[:_MOST],
        "consumer_kinds": sorted({one.kind for one in consumers}),
    }


def _known(environments: Iterable[str]) -> list[str]:
    return sorted(set(environments) - {Environment.UNKNOWN.value, _NOWHERE, ""})


def surfaces_of_files(inventory: Inventory) -> dict[str, str]:
    """Path -> what its readers made of it: a file that declares a pod is one of workloads, whatever it is
    called."""
    found: dict[str, str] = {}
    for one in inventory.records.values():
        place = one.location
        if not isinstance(place, FileLocation):
            continue
        what = ""
        if isinstance(one, Identity):
            what = _BY_KIND.get(one.kind, "")
        elif isinstance(one, Resource):
            what = _BY_TYPE.get(one.type, "")
        if what:
            found.setdefault(place.path, what)
    return found


_BY_KIND = {
    IdentityKind.WORKFLOW_JOB: places.WORKFLOW,
    IdentityKind.MCP_SERVER: places.AGENT,
    IdentityKind.AGENT: places.AGENT,
}
_BY_TYPE = {
    "Workload": places.WORKLOAD,
    "Secret": places.WORKLOAD,
    "ConfigMap": places.WORKLOAD,
    "aws:function": places.INFRASTRUCTURE,
}


def _users(inventory: Inventory) -> dict[str, list[Use]]:
    found: dict[str, list[Use]] = defaultdict(list)
    for use in inventory.of(Use):
        if use.kind is not UseKind.OTHER:
            found[use.subject].append(use)
    return found


def consumer(use: Use, inventory: Inventory, words: _Words) -> Consumer:
    """Who it is, as far as records tell. An instance profile, or a service account that pods take, stands
    for those that have it."""
    by = inventory.records.get(use.by)
    place = by.location if by is not None else use.location
    path = place.path if isinstance(place, FileLocation) else ""
    return Consumer(
        use.kind.value,
        _name(use, by, place),
        places.application(path) if path and use.kind is not UseKind.WORKFLOW else "",
        _environment(use, by, place, inventory, words),
        by.provider if isinstance(by, Identity) and by.kind is IdentityKind.WORKFLOW_JOB else "",
    )


def _name(use: Use, by: object, place: Location) -> str:
    name = by.name if isinstance(by, Identity | Resource) else use.by
    kind = by.kind.value.replace("_", " ") if isinstance(by, Identity) else use.kind.value
    return f"{kind} {name} ({place})" if isinstance(place, FileLocation) else f"{kind} {name}"


def _environment(use: Use, by: object, place: Location, inventory: Inventory, words: _Words) -> str:
    path = place.path if isinstance(place, FileLocation) else ""
    if path and (places.is_test(path) or places.is_aside(path)):
        return Environment.UNKNOWN.value
    if isinstance(by, Identity) and by.kind is IdentityKind.WORKFLOW_JOB:
        return _of_job(by, words)
    names: list[str] = []
    if isinstance(by, Identity):
        found = str(inventory.facts.get(by.id, {}).get("environment", Environment.UNKNOWN))
        if found != Environment.UNKNOWN:
            return found
        names = [by.name, by.account]
    elif isinstance(by, Resource):
        names = [by.name, str(by.settings.get("namespace", ""))]
    return places.environment(path, words, *names).value


def _of_job(job: Identity, words: _Words) -> str:
    """The environment that it names decides, then its own name. What runs for a branch has none."""
    if said := job.tags.get("environment"):
        return named({}, (said,), words).value
    found = named({}, (job.name,), words)
    if found not in (Environment.UNKNOWN, Environment.TEST):  # what is called `test` runs tests
        return found.value
    subjects = job.tags.get("subjects", "").split("\n")
    is_known = bool(subjects) and all(map(_BRANCH.match, subjects))
    return _NOWHERE if is_known else Environment.UNKNOWN.value


_BRANCH = regex.later(r"(?:perhaps )?(?:branch:|pull_request|tag:)")
