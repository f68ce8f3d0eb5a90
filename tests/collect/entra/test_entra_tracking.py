"""Looks at a tenant one after the other: what has not changed is not asked for again, what has is told as a whole look
tells it, and what is kept holds no secret."""

from __future__ import annotations

import base64
import os
import random
import stat
import zlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

import entra_server
import entra_tenant as made
from entra_server import Fault, Tenant
from keymuster import pipeline
from keymuster.collect.asking import kept, rest
from keymuster.collect.asking.unchanged import LONGEST
from keymuster.collect.asking.work import Answered
from keymuster.collect.asking.work import look as look_at
from keymuster.collect.base import Context, Selection
from keymuster.collect.declared import Declared
from keymuster.collect.entra import shapes, tracking
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces import surfaces
from keymuster.rules.schema import RuleSet

FIRST = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CLAIMS = {
    "tid": made.TENANT, "appid": made.DEPLOYER, "oid": made.DEPLOYER_SP, "roles": ["Directory.Read.All"],
}  # fmt: skip
TRACKED = (
    "applications", "application-credentials", "service-principals", "service-principal-credentials",
    "federated-credentials", "app-roles", "consents",
)  # fmt: skip
LISTS = ("applications", "servicePrincipals", "oauth2PermissionGrants")

Look = Callable[..., dict[str, Answered]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


@pytest.fixture
def look(tenant: Tenant, rules: RuleSet, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Look:
    """What the surfaces tell so long after the first look; before, all that was asked is forgotten."""
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)

    def looked(
        later: timedelta = timedelta(), *, memory: str | None = None, names: tuple[str, ...] = TRACKED,
        cloud: str = "public", **claims: Any,
    ) -> dict[str, Answered]:  # fmt: skip
        tenant.asked.clear()
        tenant.queries.clear()
        tenant.sent = 0
        place = str(folder) if memory is None else memory
        context = Context(selection=Selection(root="/"), rules=rules, memory=place)
        answers = pipeline.knowing(context, "services", FIRST + later).answers
        access = entra_server.access(tenant, CLAIMS | claims, cloud, answers)
        found = {one.name: look_at(Scope(access, one)) for one in surfaces() if one.name in names}
        if answers is not None:
            answers.save()
        return found

    return looked


@pytest.fixture
def whole(look: Look, tmp_path: Path) -> Look:
    """The same, of which nothing was known before."""
    numbers = iter(range(1000))
    return lambda *args, **keys: look(*args, memory=str(tmp_path / f"new-{next(numbers)}"), **keys)


def told(units: dict[str, Answered]) -> dict[str, list[tuple[Any, ...]]]:
    """All that each surface says, in its order."""
    return {
        name: [
            (one.type, one.key, one.name, one.settings.plain())
            for one in unit.told
            if isinstance(one, Declared)
        ]
        for name, unit in units.items()
    }


def in_any_order(units: dict[str, Answered]) -> dict[str, list[str]]:
    return {name: sorted(map(repr, rows)) for name, rows in told(units).items()}


def troubles(units: dict[str, Answered]) -> list[str]:
    return [one.message for unit in units.values() for one in unit.troubles]


def lists(tenant: Tenant) -> list[str]:
    """Which collections were listed as a whole."""
    return [
        name
        for name in LISTS
        if any(
            path == f"/v1.0/{name}" and not query.get("$filter") for path, query in tenant.queries
        )
    ]


def picked(tenant: Tenant, name: str) -> list[str]:
    """The filters by which objects of a collection were asked for as a whole."""
    return [
        query["$filter"]
        for path, query in tenant.queries
        if path == f"/v1.0/{name}" and "$filter" in query and "$expand" not in query
    ]


def contents(folder: Path) -> bytes:
    """All that is kept, as it lies there and unpacked."""
    raw = [(folder / name).read_bytes() for name in sorted(os.listdir(folder))]
    return b"\n".join([*raw, *(zlib.decompress(one[4:]) for one in raw)])


def owners_of(units: dict[str, Answered], surface: str = "applications") -> dict[str, Any]:
    return {key.rpartition("/")[2]: said["owners"] for _, key, _, said in told(units)[surface]}


def test_what_is_known_is_told_as_a_whole_look_tells_it(
    tenant: Tenant, look: Look, whole: Look
) -> None:
    plain = look(memory="")
    assert tenant.changes.asked == 0
    first = look()
    assert in_any_order(first) == in_any_order(plain)
    assert lists(tenant) == list(LISTS)
    second = look(HOUR)
    assert lists(tenant) == []
    assert told(second) == told(first) == told(whole(HOUR))
    assert troubles(first) == troubles(second) == []


def test_what_is_known_has_its_date(look: Look) -> None:
    assert {one.looked.as_of for one in look().values()} == {None}
    assert {one.looked.as_of for one in look(HOUR).values()} == {FIRST}
    assert {one.looked.as_of for one in look(2 * HOUR).values()} == {FIRST}


def test_a_list_that_several_surfaces_need_is_asked_for_once(tenant: Tenant, look: Look) -> None:
    look()
    asked = [one for one in tenant.asked if one in {f"GET /v1.0/{name}" for name in LISTS}]
    whole = [query for path, query in tenant.queries if path.removeprefix("/v1.0/") in LISTS and "$filter" not in query]  # fmt: skip
    assert len(whole) == 3
    assert len(asked) == 3 + 2 + 2  # owners and federated credentials of both, by their ids
    look(HOUR)
    assert tenant.changes.asked == 6


def test_only_what_has_changed_is_asked_for(tenant: Tenant, look: Look, whole: Look) -> None:
    look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    found = look(HOUR)
    assert picked(tenant, "applications") == [f"id in ('{made.DEPLOYER_APP}')"]
    assert "renamed" in {name for _, _, name, _ in told(found)["applications"]}
    assert told(found) == told(whole(HOUR))


def test_what_changed_is_asked_for_once_more_as_replicas_lag(tenant: Tenant, look: Look) -> None:
    """The delta tells of a change that the list does not know yet, and does not tell of it again."""
    look()
    changed = tenant.graph["applications"][1]
    tenant.stale[changed["id"]] = dict(changed)
    changed["displayName"] = "renamed"
    assert "renamed" not in str(told(look(HOUR))["applications"])
    tenant.stale.clear()
    assert "renamed" in str(told(look(2 * HOUR))["applications"])
    assert lists(tenant) == []
    look(3 * HOUR)
    assert picked(tenant, "applications") == []


def test_relationships_are_asked_for_each_time_as_no_delta_tells_of_them(
    tenant: Tenant, look: Look
) -> None:
    before = look()
    tenant.graph["applications"][1]["owners"] = [made.who("user", made.KIM, "Kim")]
    tenant.graph["servicePrincipals"][1]["owners"] = [made.who("user", made.KIM, "Kim")]
    tenant.graph["applications"][0]["federatedIdentityCredentials"] = [
        made.federated("fic-9", "new", "repo:acme/new:ref:refs/heads/main")
    ]
    [api] = [one for one in tenant.graph["servicePrincipals"] if one["id"] == made.GRAPH]
    api["appRoleAssignedTo"] = []
    tenant.graph["users"][0]["accountEnabled"] = False
    found = look(HOUR)
    assert lists(tenant) == []
    assert owners_of(found)[made.DEPLOYER_APP] == [made.KIM] != owners_of(before)[made.DEPLOYER_APP]
    assert "repo:acme/new:ref:refs/heads/main" in str(told(found)["federated-credentials"])
    assert told(before)["app-roles"]
    assert told(found)["app-roles"] == []
    details = [said["ownerDetails"] for _, key, _, said in told(found)["applications"] if key.endswith(made.DEPLOYER_APP)]  # fmt: skip
    assert details[0][0]["accountEnabled"] is False


def _rename(tenant: Tenant, rng: random.Random) -> None:
    for name in LISTS[:2]:
        one = rng.choice(tenant.graph[name])
        one["displayName"] = f"name-{rng.randrange(1000)}"
        one["tags"] = [f"tag-{rng.randrange(9)}"]


def _secret(tenant: Tenant, rng: random.Random) -> None:
    one = rng.choice(tenant.graph[rng.choice(LISTS[:2])])
    id = made.guid(0x5000 + rng.randrange(4000))
    one["passwordCredentials"] = [
        *one["passwordCredentials"][rng.randrange(2) :],
        made.password(id, "more", "2025-01-01T00:00:00Z", "2026-06-01T00:00:00Z"),
    ]


def _certificate(tenant: Tenant, rng: random.Random) -> None:
    one = rng.choice(tenant.graph[rng.choice(LISTS[:2])])
    id = made.guid(0xA000 + rng.randrange(4000))
    one["keyCredentials"] = [made.certificate(id, "Verify", "2027-01-01T00:00:00Z", f"MII{rng.randrange(9)}")]  # fmt: skip


def _come(tenant: Tenant, rng: random.Random) -> None:
    number = rng.randrange(9000)
    app, sp, id = (made.guid(base + number) for base in (0x10000, 0x20000, 0x30000))
    if app not in {one["id"] for one in tenant.graph["applications"]}:
        tenant.graph["applications"].append(made.application(app, id, f"app-{number}"))
        roles = [made.role(made.guid(0x40000 + number), "Do.All")] if number % 2 else []
        tenant.graph["servicePrincipals"].append(
            made.principal(sp, id, f"app-{number}", appRoles=roles)
        )


def _go(tenant: Tenant, rng: random.Random) -> None:
    name = rng.choice(LISTS)
    if len(tenant.graph[name]) > 2:
        one = tenant.graph[name].pop(rng.randrange(len(tenant.graph[name])))
        tenant.changes.purged |= {one["id"]} if rng.randrange(2) else set()


def _own(tenant: Tenant, rng: random.Random) -> None:
    one = rng.choice(tenant.graph[rng.choice(LISTS[:2])])
    who = [made.who("user", id, "somebody") for id in (made.KIM, made.GUEST)]
    one["owners"] = rng.sample(who, rng.randrange(3))


def _federate(tenant: Tenant, rng: random.Random) -> None:
    one = rng.choice(tenant.graph["applications"])
    subject = f"repo:acme/{rng.randrange(9)}:ref:refs/heads/main"
    one["federatedIdentityCredentials"] = [made.federated("fic-x", "x", subject)]


def _consent(tenant: Tenant, rng: random.Random) -> None:
    grants = tenant.graph["oauth2PermissionGrants"]
    for one in grants[: rng.randrange(2)]:
        one["scope"] = f"Mail.Read User.Read.{rng.randrange(9)}"
    if grants:
        grants.append(grants[0] | {"id": f"grant-{rng.randrange(10**6)}", "consentType": "Principal", "principalId": made.KIM})  # fmt: skip


CHANGES = (_rename, _secret, _certificate, _come, _go, _own, _federate, _consent)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_changes_what_is_told_is_what_a_whole_look_tells(
    tenant: Tenant, look: Look, whole: Look, seed: int
) -> None:
    rng = random.Random(seed)
    tenant.changes.page = rng.choice([1, 3, 100])
    tenant.changes.twice = bool(seed % 2)
    look()
    for step in range(1, 7):
        for _ in range(rng.randrange(4)):
            rng.choice(CHANGES)(tenant, rng)
        found = look(step * HOUR)
        assert lists(tenant) == []
        assert troubles(found) == []
        new = whole(step * HOUR)
        assert lists(tenant) == list(LISTS)
        assert told(found) == told(new)
    # Of consents that are alike the first one stands for all: what is known is in the order of ids.
    tenant.graph["oauth2PermissionGrants"].sort(key=lambda one: str(one["id"]))
    assert in_any_order(found) == in_any_order(look(memory=""))


def test_what_is_gone_is_not_told_any_more(tenant: Tenant, look: Look) -> None:
    look()
    deleted, purged = (tenant.graph["applications"].pop() for _ in range(2))
    tenant.changes.purged = {purged["id"]}
    found = str(told(look(HOUR)))
    assert lists(tenant) == []
    assert f"/{deleted['id']}'" not in found
    assert f"/{purged['id']}'" not in found


def test_what_was_restored_is_told_again(tenant: Tenant, look: Look, whole: Look) -> None:
    look()
    one = tenant.graph["applications"].pop(0)
    look(HOUR)
    tenant.graph["applications"].append(one)
    assert told(look(2 * HOUR)) == told(whole(2 * HOUR))


def test_changes_may_be_told_in_any_order_twice_and_again(
    tenant: Tenant, look: Look, whole: Look
) -> None:
    """An entry may say that an object is removed which is there again, or have an older state after a newer one."""
    look()
    id = made.DEPLOYER_APP
    tenant.graph["applications"][1]["displayName"] = "newest"
    tenant.changes.page = 1
    tenant.changes.twice = True
    tenant.changes.replayed = [
        {"id": id, "displayName": "old"},
        {"id": id, "@removed": {"reason": "changed"}},
        {"id": made.guid(0x777), "@removed": {"reason": "deleted"}},
    ]
    found = look(HOUR)
    assert lists(tenant) == []
    assert told(found) == told(whole(HOUR))
    assert "newest" in str(told(found)["applications"])


@pytest.mark.parametrize("how", ["is_gone", "are_expired", "unsupported"])
def test_where_changes_are_not_told_all_is_read_without_a_trouble(
    tenant: Tenant, look: Look, how: str
) -> None:
    first = look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    setattr(tenant.changes, how, True)
    found = look(HOUR)
    assert lists(tenant) == list(LISTS)
    assert troubles(found) == []
    assert "renamed" in str(told(found)["applications"])
    assert {one.looked.as_of for one in found.values()} == {None}
    setattr(tenant.changes, how, False)
    assert told(look(2 * HOUR)) == told(found) != told(first)


def test_after_a_new_start_it_goes_on_from_there(tenant: Tenant, look: Look) -> None:
    look()
    tenant.changes.is_gone = True
    look(HOUR)
    tenant.changes.is_gone = False
    found = look(2 * HOUR)
    assert lists(tenant) == []
    assert {one.looked.as_of for one in found.values()} == {FIRST + HOUR}


def test_a_tenant_without_deltas_is_read_each_time(
    tenant: Tenant, look: Look, folder: Path
) -> None:
    tenant.changes.unsupported = True
    assert troubles(look()) == []
    assert troubles(look(HOUR)) == []
    assert lists(tenant) == list(LISTS)
    assert not folder.exists() or os.listdir(folder) == []


def test_a_delta_that_is_cut_off_leaves_what_was_known_as_it_was(
    tenant: Tenant, look: Look, folder: Path
) -> None:
    """The second page is not told, and then the list is not either."""
    look()
    before = contents(folder)
    for one in tenant.graph["applications"]:
        one["displayName"] = "renamed"
    tenant.changes.page = 1
    tenant.faults.append(Fault("^/v1.0/applications/delta", 503, after=1, times=99))
    tenant.faults.append(Fault("^/v1.0/applications$", 403, "Authorization_RequestDenied", 99))
    found = look(HOUR, names=("applications",))
    assert "GET /v1.0/applications was denied" in " ".join(troubles(found))
    assert told(found)["applications"] == []
    assert contents(folder) == before
    tenant.faults.clear()
    found = look(2 * HOUR)
    assert lists(tenant) == []
    assert {name for _, _, name, _ in told(found)["applications"]} == {"renamed"}


def test_a_delta_that_is_cut_off_costs_a_whole_look_and_no_more(tenant: Tenant, look: Look) -> None:
    look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    tenant.faults.append(Fault("^/v1.0/applications/delta", 0, times=99))
    found = look(HOUR)
    assert lists(tenant) == ["applications"]
    assert troubles(found) == []
    assert "renamed" in str(told(found)["applications"])


def test_a_delta_that_ends_without_a_next_round_is_none(
    tenant: Tenant, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    says = tenant.changes._told

    def cut(url: str, known: Any) -> Any:
        status, body, headers = says(url, known)
        return status, {"value": body["value"]}, headers

    monkeypatch.setattr(tenant.changes, "_told", cut)
    tenant.graph["applications"][1]["displayName"] = "renamed"
    found = look(HOUR)
    assert lists(tenant) == list(LISTS)
    assert "renamed" in str(told(found)["applications"])


@pytest.mark.parametrize("value", [[{}], ["x"], None, {"a": 1}, 7])
def test_a_delta_of_another_form_is_none(
    tenant: Tenant, look: Look, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    first = look()
    says = tenant.changes._told

    def odd(url: str, known: Any) -> Any:
        status, body, headers = says(url, known)
        return status, body | {"value": value}, headers

    monkeypatch.setattr(tenant.changes, "_told", odd)
    found = look(HOUR)
    assert (told(found), troubles(found)) == (told(first), [])


def test_a_link_that_leads_elsewhere_is_not_followed(
    tenant: Tenant, look: Look, folder: Path
) -> None:
    look()
    _rewrite(folder, lambda one: replace(one, link="https://elsewhere.example/v1.0/applications/delta?x"))  # fmt: skip
    found = look(HOUR)
    assert lists(tenant) == list(LISTS)
    assert troubles(found) == []


def _rewrite(folder: Path, change: Callable[[kept.Known], kept.Known]) -> None:
    from keymuster import cache

    for name in os.listdir(folder):
        stored = cache.read(name, str(folder))
        assert stored
        known = msgspec.msgpack.decode(zlib.decompress(stored), type=kept.Known)
        cache.write(name, zlib.compress(msgspec.msgpack.encode(change(known))), str(folder))


@pytest.mark.parametrize(
    "claims",
    [
        {"tid": made.STRANGERS},
        {"appid": made.BILLING},
        {"oid": made.BILLING_SP},
        {"roles": ["Application.Read.All"]},
        {"roles": ["Directory.Read.All", "Policy.Read.All"]},
        {"roles": [], "scp": "Directory.Read.All"},
        {"wids": [made.GLOBAL_ADMINISTRATOR]},
    ],
)
def test_whoever_signs_in_otherwise_starts_anew(
    tenant: Tenant, look: Look, claims: dict[str, Any]
) -> None:
    look()
    found = look(HOUR, **claims)
    assert lists(tenant) == list(LISTS)
    assert {one.looked.as_of for one in found.values()} == {None}
    assert {one.looked.as_of for one in look(2 * HOUR).values()} == {FIRST}


def test_the_order_of_permissions_in_a_token_is_no_difference(tenant: Tenant, look: Look) -> None:
    look(roles=["a", "b"], wids=["c", "d"])
    look(HOUR, roles=["b", "a"], wids=["d", "c"])
    assert lists(tenant) == []


@pytest.mark.parametrize("missing", ["tid", "appid", "oid"])
def test_for_whom_nobody_knows_nothing_is_kept(
    tenant: Tenant, look: Look, folder: Path, missing: str
) -> None:
    look(**{missing: ""})
    assert tenant.changes.asked == 0
    assert not folder.exists()


def test_a_permission_that_was_lost_between_is_told(tenant: Tenant, look: Look) -> None:
    """The token may still name it; the service knows better."""
    look()
    tenant.allowed = {"Policy.Read.All"}
    found = look(HOUR)
    assert told(found)["applications"] == []
    assert told(found)["consents"] == []
    said = " ".join(troubles(found))
    for name in LISTS:
        assert f"GET /v1.0/{name} was denied" in said
    assert all(one.looked.problem for one in found.values())


def test_a_part_that_is_refused_later_is_unknown_and_not_none(tenant: Tenant, look: Look) -> None:
    tenant.graph["applications"] += [
        made.application(made.guid(0x100 + n), made.guid(0x200 + n), f"app-{n}") for n in range(30)
    ]
    look()
    tenant.faults.append(Fault("^/v1.0/applications$", 403, "Authorization_RequestDenied", 1, after=1))  # fmt: skip
    found = look(HOUR, names=("applications",))
    owners = owners_of(found)
    unknown = [id for id, one in owners.items() if isinstance(one, str)]
    assert len(unknown) == 15
    assert len(owners) == 32
    assert "applications was denied" in " ".join(troubles(found))


def test_a_list_that_is_not_whole_is_not_kept(tenant: Tenant, look: Look) -> None:
    tenant.page = 1
    tenant.faults.append(Fault("^/v1.0/oauth2PermissionGrants$", 403, "Authorization_RequestDenied", 99, 1))  # fmt: skip
    first = look(names=("consents",))
    assert "oauth2PermissionGrants was denied" in " ".join(troubles(first))
    assert len(told(first)["consents"]) == 1
    tenant.faults.clear()
    found = look(HOUR, names=("consents",))
    assert lists(tenant) == ["oauth2PermissionGrants"]
    assert len(told(found)["consents"]) == 2


@pytest.mark.parametrize(
    ("status", "code"), [(403, "Authorization_RequestDenied"), (400, "BadRequest")]
)
def test_what_changed_and_is_refused_costs_a_whole_look(
    tenant: Tenant, look: Look, status: int, code: str
) -> None:
    """The list is refused once, where those that changed are picked from it."""
    look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    tenant.faults.append(Fault("^/v1.0/applications$", status, code, 1))
    found = look(HOUR)
    assert lists(tenant) == ["applications"]
    assert troubles(found) == []
    assert "renamed" in {name for _, _, name, _ in told(found)["applications"]}


@pytest.mark.parametrize("status", [0, 204, 404])
def test_what_a_batch_does_not_answer_is_not_gone(tenant: Tenant, look: Look, status: int) -> None:
    look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    tenant.faults.append(Fault("^/v1.0/applications$", status, "UnknownError", 1))
    found = look(HOUR)
    assert lists(tenant) == ["applications"]
    assert troubles(found) == []
    assert "renamed" in {name for _, _, name, _ in told(found)["applications"]}


def test_what_a_filter_does_not_find_is_asked_for_by_itself(
    tenant: Tenant, look: Look, whole: Look
) -> None:
    """It may be new: nothing is not said of it."""
    look()
    tenant.late = {made.DEPLOYER_APP, made.IDENTITY_SP}
    found = look(HOUR)
    assert owners_of(found)[made.DEPLOYER_APP] != []
    tenant.late = set()
    assert told(found) == told(whole(HOUR))


def test_what_is_new_and_not_found_yet_is_told_by_the_next_look(tenant: Tenant, look: Look) -> None:
    look()
    id = made.guid(0x888)
    tenant.graph["applications"].append(made.application(id, made.guid(0x889), "new"))
    tenant.late = {id}
    assert "new" not in {name for _, _, name, _ in told(look(HOUR))["applications"]}
    tenant.late = set()
    assert "new" in {name for _, _, name, _ in told(look(2 * HOUR))["applications"]}
    assert lists(tenant) == []


def test_a_filter_that_is_refused_at_all_is_done_without(tenant: Tenant, look: Look) -> None:
    plain = look(memory="")
    tenant.expands_filtered = False
    for later in (timedelta(), HOUR):
        found = look(later)
        assert troubles(found) == []
        assert in_any_order(found) == in_any_order(plain)
    tenant.graph["applications"][1]["displayName"] = "renamed"
    assert "renamed" in str(told(look(2 * HOUR))["applications"])


def test_what_is_throttled_in_a_batch_is_asked_again(
    tenant: Tenant, look: Look, whole: Look
) -> None:
    look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    limit = {"Retry-After": "0"}
    tenant.faults.append(Fault("^/v1.0/applications$", 429, "TooManyRequests", 3, headers=limit))
    tenant.faults.append(Fault(r"\$batch", 429, "TooManyRequests", 2, headers=limit))
    found = look(HOUR)
    assert troubles(found) == []
    assert lists(tenant) == []
    assert told(found) == told(whole(HOUR))


def test_a_delta_that_is_throttled_is_asked_again(tenant: Tenant, look: Look) -> None:
    look()
    tenant.faults.append(Fault("/delta$", 429, "TooManyRequests", 2, headers={"Retry-After": "0"}))
    look(HOUR)
    assert lists(tenant) == []


@pytest.mark.parametrize("later", [LONGEST, LONGEST * 2, -HOUR])
def test_after_a_week_all_is_read(tenant: Tenant, look: Look, later: timedelta) -> None:
    look()
    look(later)
    assert lists(tenant) == list(LISTS)
    look(later + HOUR)
    assert lists(tenant) == []


def test_looks_between_do_not_put_off_the_whole_one(tenant: Tenant, look: Look) -> None:
    for day in range(7):
        look(timedelta(days=day))
        assert bool(lists(tenant)) == (day == 0)
    look(LONGEST)
    assert lists(tenant) == list(LISTS)


def test_where_very_much_changed_all_is_read(
    tenant: Tenant, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "MOST_AGAIN", 2)
    look()
    for one in tenant.graph["servicePrincipals"]:
        one["displayName"] = "renamed"
    found = look(HOUR)
    assert lists(tenant) == ["servicePrincipals"]
    assert {name for _, _, name, _ in told(found)["service-principals"]} == {"renamed"}


def test_of_a_list_that_is_too_long_nothing_is_kept(
    tenant: Tenant, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracking, "MOST_BYTES", 100)
    plain = look(memory="")
    assert in_any_order(look()) == in_any_order(plain)
    asked = tenant.changes.asked
    assert told(look(HOUR)) == told(plain)
    assert tenant.changes.asked == asked


@pytest.mark.parametrize("damage", ["cut", "other", "empty", "bits", "noise"])
def test_what_is_damaged_is_as_if_it_were_not_there(
    tenant: Tenant, look: Look, folder: Path, damage: str
) -> None:
    from keymuster import cache

    first = look()
    for path in folder.iterdir():
        content = path.read_bytes()
        middle = len(content) // 2
        match damage:
            case "cut":
                path.write_bytes(content[:middle])
            case "empty":
                path.write_bytes(b"")
            case "bits":
                path.write_bytes(content[:middle] + b"\0\1\2" + content[middle:])
            case "noise":
                cache.write(path.name, b"\xff" * 100, str(folder))
            case "other":
                cache.write(path.name, zlib.compress(msgspec.msgpack.encode({"link": 1})), str(folder))  # fmt: skip
    found = look(HOUR)
    assert (told(found), troubles(found)) == (told(first), [])
    assert lists(tenant) == list(LISTS)
    look(2 * HOUR)
    assert lists(tenant) == []


def test_of_two_looks_at_once_either_may_write_last(
    tenant: Tenant, look: Look, whole: Look, folder: Path
) -> None:
    look()
    tenant.graph["applications"][1]["displayName"] = "renamed"
    look(HOUR)
    earlier = {one: one.read_bytes() for one in folder.iterdir()}
    tenant.graph["applications"][1]["displayName"] = "renamed again"
    tenant.graph["oauth2PermissionGrants"] = tenant.graph["oauth2PermissionGrants"][1:]
    look(HOUR)
    for file, content in earlier.items():
        file.write_bytes(content)
    found = look(2 * HOUR)
    assert lists(tenant) == []
    assert told(found) == told(whole(2 * HOUR))


def test_what_is_kept_is_nobody_elses_to_read(look: Look, folder: Path) -> None:
    look()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}
    assert len(os.listdir(folder)) == 3
    assert not {made.TENANT, made.DEPLOYER} & set(" ".join(os.listdir(folder)).split("-"))


def test_what_may_be_a_secret_is_not_kept_and_still_told(
    tenant: Tenant, look: Look, whole: Look, folder: Path, token: Callable[..., str]
) -> None:
    secret, client_secret = token("github-pat", 1), token("azure-ad-client-secret", 2)
    one, other = tenant.graph["applications"][:2]
    one["notes"] = f"deploys with {secret}"
    other["passwordCredentials"] = [
        made.password(made.SECRET, "x", "2025-01-01T00:00:00Z", "2027-01-01T00:00:00Z")
        | {"secretText": client_secret, "hint": "q~Z"}
    ]
    other["keyCredentials"] = [
        made.certificate(made.guid(0xF1), "Sign", "2027-01-01T00:00:00Z", "c2lnbmluZy1rZXk"),
        made.certificate(made.guid(0xF2), "Verify", "2027-01-01T00:00:00Z", "c3ltbWV0cmlj") | {"type": "Symmetric"},
    ]  # fmt: skip
    tenant.lists_keys = True
    first = look()
    assert secret in str(told(first)["applications"])
    stored = contents(folder)
    assert other["id"].encode() in stored
    for text in (secret, client_secret, "q~Z", "c2lnbmluZy1rZXk", "c3ltbWV0cmlj", "of-a-test"):  # fmt: skip
        assert text.encode() not in stored
    found = look(HOUR)
    assert lists(tenant) == []
    assert told(found) == told(first) == told(whole(HOUR))
    assert secret.encode() not in contents(folder)


def test_of_very_many_that_may_be_secrets_nothing_is_kept(
    tenant: Tenant, look: Look, folder: Path, monkeypatch: pytest.MonkeyPatch, token: Callable[..., str]
) -> None:  # fmt: skip
    monkeypatch.setattr(kept, "MOST_AGAIN", 1)
    for one in tenant.graph["applications"]:
        one["notes"] = f"deploys with {token('github-pat', one['id'])}"
    look()
    found = look(HOUR)
    assert lists(tenant) == ["applications"]
    assert len(told(found)["applications"]) == 2


def test_a_certificate_is_read_once(tenant: Tenant, look: Look, whole: Look) -> None:
    path = f"GET /v1.0/applications/{made.DEPLOYER_APP}$"
    look()
    assert tenant.calls(path) == 1
    found = look(HOUR)
    assert tenant.calls(path) == 0
    [certificate] = [
        said
        for type, key, _, said in told(found)["application-credentials"]
        if type.endswith("_certificate") and key.endswith(made.CERTIFICATE)
    ]
    assert certificate["certificate"] == "MIIB"
    tenant.graph["applications"][1]["keyCredentials"][0]["key"] = "MIIC"
    tenant.graph["applications"][1]["displayName"] = "renamed"
    assert "MIIC" in str(told(look(2 * HOUR))["application-credentials"])
    assert tenant.calls(path) == 1


def test_a_key_whose_certificate_was_not_given_is_told_by_the_next_look(
    tenant: Tenant, look: Look, whole: Look, monkeypatch: Any
) -> None:
    each = Scope.each

    def without(self: Scope, call: str, ids: Any, **query: Any) -> Any:
        for id, row in each(self, call, ids, **query):
            if row and "keyCredentials" in query.get("select", ()):
                row = {"id": id}
            yield id, row

    with monkeypatch.context() as patch:
        patch.setattr(Scope, "each", without)
        look()
    assert told(look(HOUR)) == told(whole(HOUR))


def test_certificates_and_their_thumbprints_are_no_secrets(
    tenant: Tenant, look: Look, folder: Path
) -> None:
    def made_key(number: int, usage: str) -> dict[str, Any]:
        public = base64.b64encode(random.Random(number).randbytes(800)).decode()
        thumbprint = base64.b64encode(random.Random(-number).randbytes(20)).decode()
        return made.certificate(
            made.guid(number), usage, "2027-01-01T00:00:00Z", f"MII{public}", thumbprint
        )

    tenant.graph["applications"] = [
        made.application(made.guid(n), made.guid(n + 1000), f"a-{n}", keyCredentials=[made_key(n, "Verify")])
        for n in range(2000, 2100)
    ]  # fmt: skip
    tenant.lists_keys = True
    first = look()
    assert {said["certificate"][:3] for *_, said in told(first)["application-credentials"]} == {
        "MII"
    }
    found = look(HOUR)
    assert (picked(tenant, "applications"), told(found)) == ([], told(first))


def test_a_session_that_is_ended_while_changes_are_told_costs_a_whole_look(
    tenant: Tenant, look: Look
) -> None:
    look()
    tenant.faults.append(Fault("/applications/delta$", 401, "InvalidAuthenticationToken", 1))
    found = look(HOUR)
    assert (lists(tenant), troubles(found)) == (["applications"], [])


def test_an_interrupt_while_changes_are_told_ends_it_and_keeps_what_was_known(
    tenant: Tenant, look: Look, rules: RuleSet, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    look()
    before = contents(folder)
    tenant.queries.clear()
    for one in tenant.graph["applications"]:
        one["displayName"] = "renamed"
    tenant.changes.page = 1
    context = Context(selection=Selection(root="/"), rules=rules, memory=str(folder))
    answers = pipeline.knowing(context, "services", FIRST + HOUR).answers
    assert answers
    access = entra_server.access(tenant, CLAIMS, answers=answers)
    says = tenant.changes._told

    def interrupted(url: str, known: Any) -> Any:
        access.stop.set()
        return says(url, known)

    monkeypatch.setattr(tenant.changes, "_told", interrupted)
    [surface] = [one for one in surfaces() if one.name == "applications"]
    unit = look_at(Scope(access, surface))
    answers.save()
    assert "was interrupted" in unit.troubles[0].message
    assert lists(tenant) == []
    assert contents(folder) == before


def test_fields_that_nobody_knows_yet_are_not_kept(
    tenant: Tenant, look: Look, folder: Path
) -> None:
    for name in LISTS:
        for one in tenant.graph[name]:
            one["fromTheFuture"] = {"of": ["tomorrow"]}
            one.get("web", {})["fromTheFuture"] = "tomorrow"
    first = look()
    assert b"tomorrow" not in contents(folder)
    assert (told(look(HOUR)), troubles(first)) == (told(first), [])


def test_an_object_of_another_form_costs_what_it_did(tenant: Tenant, look: Look) -> None:
    tenant.graph["applications"][0]["web"] = "elsewhere"
    assert "another form than is known" in " ".join(troubles(look()))
    del tenant.graph["applications"][0]["appId"]
    found = look(HOUR)
    assert "another form than is known" in " ".join(troubles(found))
    assert told(found)["consents"]


def test_a_name_that_cannot_be_kept_is_told_all_the_same(
    tenant: Tenant, look: Look, folder: Path
) -> None:
    """Half of a surrogate pair is no text that could be written down."""
    first = look()
    tenant.graph["applications"][1]["displayName"] = "half \ud800"
    plain = look(memory="")
    for hours in (1, 2):
        found = look(hours * HOUR)
        assert troubles(found) == []
        assert in_any_order(found) == in_any_order(plain) != in_any_order(first)
    tenant.graph["applications"][1]["displayName"] = "whole"
    look(3 * HOUR)
    assert lists(tenant) == []


def test_a_field_that_a_cloud_does_not_know_yet_is_left_out(tenant: Tenant, look: Look) -> None:
    tenant.unknown_fields = {"isDisabled"}
    found = look(cloud="usgov")
    assert len(told(found)["applications"]) == 2
    look(HOUR, cloud="usgov")
    assert lists(tenant) == ["applications"]  # asked with one field, to see whether it is known
    tenant.unknown_fields = set()
    look(2 * HOUR, cloud="usgov")
    assert any("isDisabled" in query.get("$select", "") for _, query in tenant.queries)


def test_every_field_that_a_surface_looks_at_is_kept() -> None:
    from keymuster.collect.entra.surfaces import applications, service_principals

    of_applications = shapes.APPLICATIONS.shape
    of_principals = shapes.PRINCIPALS.shape
    assert isinstance(of_applications, dict)
    assert isinstance(of_principals, dict)
    assert {*applications.FIELDS, *applications.NEWER} <= of_applications.keys()
    assert {*shapes.APPLICATIONS.fields, *shapes.APPLICATIONS.newer} == of_applications.keys() - {"@odata.type"}  # fmt: skip
    assert {*service_principals.FIELDS} <= of_principals.keys()
    assert {*shapes.PRINCIPALS.fields} == of_principals.keys() - {"@odata.type"}


def test_calls_of_a_second_look_do_not_grow_with_the_tenant(tenant: Tenant, look: Look) -> None:
    """Those for lists; what hangs on objects is asked three hundred at a time."""

    def grown(size: int) -> int:
        tenant.graph["servicePrincipals"] = [
            made.principal(made.guid(0x10000 + n), made.guid(0x20000 + n), f"p-{n}") for n in range(size)
        ]  # fmt: skip
        look(names=("service-principals",), oid=f"of-{size}")
        look(HOUR, names=("service-principals",), oid=f"of-{size}")
        return tenant.sent

    assert grown(900) - grown(300) == 2
