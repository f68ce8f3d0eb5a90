"""What reaches from one environment into another: identities that become others, keys of production in lesser
places, values that are set for several."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from keymuster.analysis import places
from keymuster.analysis.human_use import VALUES
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import named
from keymuster.inventory.facts import UNKNOWN
from keymuster.model import (
    Credential,
    CredentialStatus,
    Environment,
    FileLocation,
    Identity,
    Resource,
    Trust,
    Use,
)
from keymuster.model.ids import scope
from keymuster.model.registration import TYPE as REGISTRATION
from keymuster.settings import Settings

if TYPE_CHECKING:
    from keymuster.analysis.known import Known

_LESSER = (Environment.STAGING.value, Environment.DEVELOPMENT.value, Environment.TEST.value)

_LEVELS = {
    "github_actions_secret": "repository",
    "github_actions_organization_secret": "repository",
    "github_actions_environment_secret": "environment",
    "gitlab_group_variable": "group",
    "gitlab_project_variable": "project",
    "github_dependabot_secret": "repository",
    "github_codespaces_secret": "repository",
}


def facts(inventory: Inventory, configured: Settings, _: Known) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = defaultdict(dict)
    for id, told in (
        *_crossings(inventory),
        *_keys_of_production(inventory, configured),
        *_secrets_of_workflows(inventory),
        *_values(inventory, configured),
        *_agents(inventory),
    ):
        found[id].update(told)
    return found


def _environment(id: str, inventory: Inventory) -> str:
    return str(inventory.facts.get(id, {}).get("environment", UNKNOWN))


def _crossings(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Trusts by which an identity of a lesser environment becomes one of production, both of them known."""
    for one in inventory.of(Trust):
        principal = inventory.records.get(one.principal)
        if not isinstance(principal, Identity) or principal.id == one.identity:
            continue
        trusted = inventory.facts.get(one.identity, {}).get("trusted_environments", ())
        if Environment.PRODUCTION in trusted and not {*_LESSER}.isdisjoint(trusted):
            continue  # the identity is told of, with all that trust it
        here = _environment(one.identity, inventory)
        there = _environment(principal.id, inventory)
        if here == Environment.PRODUCTION and there in _LESSER:
            yield one.id, {"crosses_from": there, "crossing": principal.name}


def _keys_of_production(
    inventory: Inventory, configured: Settings
) -> Iterator[tuple[str, dict[str, Any]]]:
    """What lies in files of a lesser environment, and proves somebody of production: a service told of the
    same key and whose it is, or the key says it of itself and another place does."""
    live = {
        one.fingerprint: one
        for one in inventory.of(Credential)
        if one.fingerprint and one.identity and one.status is not CredentialStatus.DISABLED
    }
    for one in inventory.of(Credential):
        holder = live.get(one.fingerprint)
        if holder is None or one is holder or not holder.identity:
            continue
        identity = inventory.records.get(holder.identity)
        if _environment(holder.identity, inventory) != Environment.PRODUCTION:
            continue
        for sighting in inventory.seen[one.id]:
            place = sighting.location
            if not isinstance(place, FileLocation):
                continue
            setting = getattr(sighting, "tags", {}).get("setting", "")
            said = places.environment(place.path, configured.environments, setting)
            if said.value in _LESSER or places.is_test(place.path):
                name = identity.name if isinstance(identity, Identity) else holder.identity
                yield one.id, {"production_identity": name, "lesser_place": str(place)}
                break


def _secrets_of_workflows(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whether a secret that workflows name is one text for all of them, or each environment has its own:
    only who sees the secrets of the repository, or the code that sets them, can say that."""
    levels: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for one in inventory.of(Resource):
        if one.type.startswith("github_actions") and one.type in _LEVELS:
            repository = str(one.settings.get("repository", ""))
            name = str(one.settings.get("secret_name", "")).upper()
            levels[name][repository].add(_LEVELS[one.type])
    for use in inventory.of(Use):
        prefix, _, name = use.subject.partition(":secret/")
        told = inventory.facts.get(use.subject, {})
        is_asked = told.get("production_places") and told.get("lesser_places")
        if prefix == "github" and name and is_asked:
            known = levels.get(name.rpartition("/")[2].upper(), {}).values()
            said = {"no" if "environment" in one else "yes" for one in known}
            # Which of several repositories the files are of, nobody tells.
            yield use.subject, {"one_value": said.pop() if len(said) == 1 else UNKNOWN}


def _values(inventory: Inventory, configured: Settings) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of what code sets as a secret: where else it sets the same text, by what that is taken from."""
    same: dict[str, list[Resource]] = defaultdict(list)
    for one in inventory.of(Resource):
        if one.type in _LEVELS:
            text = next((str(one.settings[key]) for key in VALUES if one.settings.get(key)), "")
            within = scope(one.id.removeprefix("resource:"))
            if text.startswith("${") and text.endswith("}") and "each." not in text:
                same[f"{within}\0{text}"].append(one)
    for several in same.values():
        targets = {one.id: _target(one) for one in several}
        first = min(several, key=lambda one: one.id)  # what is said of it is said of all of them
        if others := {where for where, _ in targets.values()} - {targets[first.id][0]}:
            yield first.id, {"also_set_on": sorted(others)}
        said = {id: _of_name(environment, configured) for id, (_, environment) in targets.items()}
        for one in several:
            lesser = {said[other.id] for other in several if said[other.id] in _LESSER}
            if said[one.id] == Environment.PRODUCTION and lesser:
                yield one.id, {"also_set_for": sorted(lesser)}


def _target(one: Resource) -> tuple[str, str]:
    """Which repository or project gets it, and for which environment."""
    settings = one.settings
    where = settings.get("repository") or settings.get("project") or settings.get("group") or ""
    scope = str(settings.get("environment") or settings.get("environment_scope") or "")
    return _short(str(where)), _short(scope)


def _short(text: str) -> str:
    """`${github_repository.shop.name}` as people call it."""
    if not (text.startswith("${") and text.endswith("}")):
        return text
    parts = text[2:-1].split(".")
    return parts[1] if len(parts) > 1 else text[2:-1]


def _of_name(name: str, configured: Settings) -> str:
    return named({}, (name,), configured.environments).value if name else UNKNOWN


def _agents(inventory: Inventory) -> Iterator[tuple[str, dict[str, Any]]]:
    """Registered agents of a lesser environment that use a server of production: by the entry that an
    agent has, and what its files say of the server."""
    entries = {
        one.name: one for one in inventory.of(Resource) if one.type == REGISTRATION
    }  # fmt: skip
    for use in inventory.of(Use):
        server = inventory.records.get(use.subject)
        entry = entries.get(str(inventory.facts.get(use.by, {}).get("registered_as", "")))
        if entry is None or not isinstance(server, Identity):
            continue
        meant = str(entry.settings.get("environment") or "")
        if server.environment is Environment.PRODUCTION and meant in _LESSER:
            yield use.id, {"meant_for": meant, "reached_server": server.name}
