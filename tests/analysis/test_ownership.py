"""Who answers for an identity: each sort of sign, and what becomes of many."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from keymuster.analysis.ownership import Owners
from keymuster.analysis.ownership.combination import Ownership, combined
from keymuster.analysis.ownership.directory import Directory
from keymuster.analysis.ownership.listing import owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.collect.owners.blame import Change
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Location,
    Observation,
    OwnerHint,
    Resource,
    ServiceLocation,
)
from keymuster.model.attestation import TYPE as ATTESTATION
from keymuster.settings import Owners as OwnerSettings
from keymuster.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)
HERE = FileLocation(path="svc/api/main.tf", line=3, end_line=6)
LIVE = ServiceLocation(service="github", account="acme", resource="x")


def _identity(**more: Any) -> Identity:
    said: dict[str, Any] = {
        "id": "i", "kind": IdentityKind.ROLE, "provider": "aws", "name": "api", "location": HERE
    }  # fmt: skip
    return Identity(**(said | more))


def _resource(type: str, place: Location = HERE, name: str = "r", **settings: Any) -> Resource:
    return Resource(id=f"{type}:{name}:{place}", type=type, name=name, location=place, settings=settings)  # fmt: skip


def _codeowners(text: str, base: str = "") -> Resource:
    place = FileLocation(path=f"{base}CODEOWNERS")
    return _resource("codeowners", place, base=base, form="github", text=text)


def _entity(
    path: str, owner: str = "group:default/pay", name: str = "pay-api", **more: Any
) -> Resource:
    said = {"kind": "component", "owner": owner, "project": "", "folder": None}
    return _resource("catalog_entity", FileLocation(path=path), name, **(said | more))


def _entry(what: str, owner: str, expires: str = "2026-06-30", problem: str = "") -> Resource:
    return _resource(
        ATTESTATION, FileLocation(path=".keymuster/owners.yaml"), f"{what} {owner}", what=what, owner=owner,
        by="jane", on="2025-06-01", expires=expires, reason="took it over", problem=problem, storage="tree",
    )  # fmt: skip


def _user(name: str, status: str, provider: str = "okta") -> Identity:
    return _identity(
        id=f"{provider}:user/{name}", kind=IdentityKind.USER, provider=provider, name=name, status=status,
        location=LIVE,
    )  # fmt: skip


def _people(*rows: tuple[str, bool | None], **more: list[str]) -> Resource:
    people = [
        {
            "key": mail, "names": [mail], "display": "", "github": more.get("github", []), "slack": [],
            "teams": more.get("teams", []), "active": active, "line": number,
        }
        for number, (mail, active) in enumerate(rows, 2)
    ]  # fmt: skip
    return _resource("directory", FileLocation(path="people.csv"), "people.csv", people=people)


def _inventory(*records: Observation) -> Inventory:
    inventory = build(records)
    inventory.now = NOW
    return inventory


_PLAIN = OwnerSettings()


def _of(
    subject: Identity | Credential, *others: Observation, settings: OwnerSettings = _PLAIN
) -> Ownership:
    inventory = _inventory(subject, *others)
    return Owners(inventory, Settings(owners=settings)).of(subject)


def _sources(said: Ownership) -> dict[str, set[str]]:
    return {one.name: {sign.source for sign in one.signals} for one in said.candidates}


# --- signs ---------------------------------------------------------------------------------------


def test_a_tag_names_an_owner_and_the_first_that_settings_name_weighs_most() -> None:
    said = _of(_identity(tags={"Team": "core", "acme:owner": "ann", "contact": "ops"}))
    assert (said.status, said.name, said.confidence) == ("named", "ann", "high")
    assert [one.name for one in said.candidates] == ["ann", "core", "ops"]
    assert said.candidates[0].signals[0].evidence == "its tag acme:owner"


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        ({}, "none"),
        ({"owner": ""}, "none"),
        ({"owner": "TBD"}, "none"),
        ({"owner": "dependabot[bot]"}, "none"),
        ({"owner": "${var.owner}"}, "unknown"),
        ({"${var.tags}": ""}, "unknown"),
        ({"${var.tags}": "", "owner": "ann"}, "named"),
    ],
)
def test_nobody_is_named_or_it_is_not_known_whether(tags: dict[str, str], status: str) -> None:
    said = _of(_identity(tags=tags))
    assert said.status == status
    assert said.name == {"none": "", "unknown": "unknown", "named": "ann"}[status]


def test_codeowners_of_the_innermost_repository_count_for_a_file() -> None:
    outer, inner = _codeowners("* @acme/all\n"), _codeowners("/api/ @acme/pay\n", "svc/")
    said = _of(_identity(), outer, inner)
    assert _sources(said) == {"@acme/pay": {"codeowners"}}
    place = said.candidates[0].signals[0].place
    assert str(place) == "svc/CODEOWNERS:1"


def test_a_line_for_every_file_says_less() -> None:
    named, for_all = (
        _of(_identity(), _codeowners(f"{line} @acme/pay\n")) for line in ("svc/", "*")
    )
    assert (named.confidence, for_all.confidence) == ("medium", "low")


def test_who_wrote_most_of_the_lines_not_long_ago_is_likelier() -> None:
    changes = (
        Change(name="Ann", mail="ann@acme.example", at=NOW - timedelta(days=10), lines=3),
        Change(name="Bob", mail="12+bob@users.noreply.github.com", at=NOW - timedelta(days=3000), lines=1),
        Change(name="renovate[bot]", mail="29139614+renovate[bot]@users.noreply.github.com", at=NOW, lines=9),
    )  # fmt: skip
    spans = {HERE.path: [{"first": 3, "last": 6, "changes": changes}]}
    said = _of(_identity(), _resource("blame", files=spans))
    assert [one.name for one in said.candidates] == ["ann@acme.example", "@bob"]
    assert said.candidates[0].weight > 5 * said.candidates[1].weight
    assert said.confidence == "low"


@pytest.mark.parametrize(
    ("name", "mail", "candidates"),
    [
        ("Ann", "ann@acme.example", ["ann@acme.example"]),
        ("Ann", "1+ann@users.noreply.github.com", ["@ann"]),
        ("Ann", "ann@laptop.local", ["Ann"]),
        ("Builds", "jenkins@localhost", []),
        ("dependabot[bot]", "49699333+dependabot[bot]@users.noreply.github.com", []),
        ("github-actions", "actions@github.com", []),
        ("GitHub", "noreply@github.com", []),
        ("Release", "release-bot@acme.example", []),
        ("Abbott", "abbott@acme.example", ["abbott@acme.example"]),
        ("Not Committed Yet", "not.committed.yet", []),
    ],
)
def test_machines_wrote_nothing_that_they_could_answer_for(
    name: str, mail: str, candidates: list[str]
) -> None:
    change = Change(name=name, mail=mail, at=NOW, lines=1)
    spans = {HERE.path: [{"first": 3, "last": 6, "changes": (change,)}]}
    said = _of(_identity(), _resource("blame", files=spans))
    assert [one.name for one in said.candidates] == candidates


def test_a_catalogue_names_the_owner_of_the_nearest_folder_or_of_what_is_called_the_same() -> None:
    above = _entity("catalog-info.yaml", "group:default/all", "mono")
    near = _entity("svc/api/catalog-info.yaml", "group:default/pay", "pay-api")
    same = _entity("other/catalog-info.yaml", "group:default/api-team", "API")
    beside = _entity("svc/apiary/catalog-info.yaml", "group:default/bees", "bees")
    said = _of(_identity(), above, near, same, beside)
    assert set(_sources(said)) == {"group:default/pay", "group:default/api-team"}
    assert _sources(_of(_identity(name=""), above)) == {"group:default/all": {"catalogue"}}


def test_an_entity_of_another_repository_says_nothing_of_a_folder() -> None:
    here = _resource("repository", base="", slug="acme/shop")
    other = _entity("svc/api/catalog-info.yaml", project="acme/else")
    ours = _entity("catalog/pay.yaml", project="acme/shop", folder="svc/api")
    assert _of(_identity(), here, other).status == "none"
    assert _of(_identity(), here, ours).name == "group:default/pay"


def test_a_key_of_a_repository_belongs_to_the_owner_of_its_component_and_to_who_added_it() -> None:
    key = Credential(
        id="github:acme/shop/deploy-key/1", kind=CredentialKind.PRIVATE_KEY, name="ci", location=LIVE,
        created_at=NOW,
    )  # fmt: skip
    told = replace(
        _resource("github_repository_deploy_key", LIVE, repository="shop", added_by="jo", added_by_role="none"),
        id=f"resource:{key.id}",
    )  # fmt: skip
    said = _of(key, told, _entity("x/catalog-info.yaml", project="acme/shop"))
    assert _sources(said) == {"group:default/pay": {"catalogue"}, "@jo": {"added-by"}}
    assert {one.name: one.active for one in said.candidates}["@jo"] is False


@pytest.mark.parametrize("source", ["entra:owners", "entra:sponsors", "okta", "slack", "defender"])
def test_a_vendor_names_an_owner(source: str) -> None:
    said = _of(_identity(owner_hints=(OwnerHint(name="ann@acme.example", source=source),)))
    assert _sources(said) == {"ann@acme.example": {source}}


def test_an_owner_whom_nobody_was_let_see_is_not_known() -> None:
    hidden = OwnerHint(name="unknown", source="entra:owners")
    assert _of(_identity(owner_hints=(hidden,))).status == "unknown"


def test_an_application_and_its_service_principal_have_one_owner() -> None:
    app = _identity(id="app", provider="entra")
    principal = _identity(id="sp", provider="entra", tags={"owner": "ann"})
    link = Grant(
        id="sp#application",
        identity="app",
        kind=GrantKind.OTHER,
        provider="entra",
        location=LIVE,
        via="sp",
    )
    assert _of(app, principal, link).name == "ann"
    assert _of(principal, app, link).name == "ann"


def test_the_registry_of_agents_names_owner_and_sponsor() -> None:
    agent = _identity(id="agent", kind=IdentityKind.AGENT)
    entry = _resource(
        "agent_registration", owner="core", sponsor="cto@acme.example", owner_left=True
    )
    inventory = _inventory(agent, entry)
    inventory.facts[entry.id] = {"found": ["agent"]}
    said = Owners(inventory, Settings()).of(agent)
    assert _sources(said) == {"core": {"registry"}, "cto@acme.example": {"registry"}}
    assert {one.name: one.active for one in said.candidates}["core"] is False


def test_tags_of_the_account_and_who_created_a_thing_say_a_little() -> None:
    account = _resource("aws:account", number="111122223333", tags={"team": "platform"})
    one = _identity(
        account="111122223333", tags={"aws:createdBy": "IAMUser:AIDAEXAMPLE:jane"}, created_at=NOW
    )
    assert _sources(_of(one, account)) == {"platform": {"account"}, "jane": {"creator"}}


def test_who_let_an_application_in_says_less_the_more_did() -> None:
    app = _identity(kind=IdentityKind.OAUTH_CLIENT)
    grants = [
        Grant(id=f"g{n}", identity="i", kind=GrantKind.OAUTH_CONSENT, provider="okta", location=LIVE,
              granted_by=f"p{n}@acme.example", granted_at=NOW)
        for n in range(30)
    ]  # fmt: skip
    assert _sources(_of(app, grants[0])) == {"p0@acme.example": {"consent"}}
    assert _of(app, *grants[:4]).candidates[0].weight < _of(app, grants[0]).candidates[0].weight
    assert _of(app, *grants).status == "none"


def test_a_person_answers_for_themselves_and_a_machine_user_does_not() -> None:
    person = _user("jo", "left", "github")
    assert (_of(person).status, _of(person).name) == ("left", "jo")
    machine = _resource("github_membership", machine_name=True, user=person.id)
    assert _of(person, machine).status == "none"
    assert _of(_identity(kind=IdentityKind.USER)).status == "none"


# --- entries that somebody stands up for -----------------------------------------------------------


@pytest.mark.parametrize("what", ["i", "api", "aws:role/api", "ap*", "?"])
def test_an_attestation_outweighs_all_else(what: str) -> None:
    one = _identity(tags={"owner": "ann"}, aliases=("aws:role/api",))
    said = _of(one, _entry(what, "bob@acme.example"), _codeowners("* @acme/all"))
    assert (said.name, said.confidence) == ("bob@acme.example", "high")
    assert said.best is not None
    assert said.best.attested


def test_an_attestation_that_is_over_or_wrong_does_not() -> None:
    one = _identity(tags={"owner": "ann"})
    assert _of(one, _entry("api", "bob", expires="2025-12-31")).name == "ann"
    assert _of(one, _entry("api", "bob", expires="2026-01-01")).name == "bob"
    assert _sources(_of(one, _entry("api", "bob", problem="it gives no reason"))) == {
        "ann": {"tag"}
    }
    assert _of(one, _entry("apis", "bob")).name == "ann"


def test_of_attestations_the_most_exact_holds_and_equals_that_differ_cancel_each_other() -> None:
    one = _identity()
    assert _of(one, _entry("a*", "bob"), _entry("api", "eve"), _entry("i", "ann")).name == "ann"
    said = _of(one, _entry("api", "ann"), _entry("api", "bob"))
    assert said.confidence == "low"
    assert "nearly as likely" in said.reason
    same = _of(one, _entry("api", "@acme/pay"), _entry("api", "group:default/pay"))
    assert same.confidence == "high"


def test_an_attested_owner_who_has_left_answers_for_nothing() -> None:
    said = _of(
        _identity(), _entry("api", "bob@acme.example"), _user("bob@acme.example", "suspended")
    )
    assert (said.status, said.name) == ("left", "bob@acme.example")


# --- credentials -----------------------------------------------------------------------------------


def test_a_credential_belongs_to_the_owner_of_its_identity_or_else_of_its_file() -> None:
    key = Credential(id="c", kind=CredentialKind.ACCESS_KEY, name="k", location=HERE, identity="i")
    codeowners = _codeowners("* @acme/all\n")
    assert _of(key, _identity(tags={"owner": "ann"}), codeowners).name == "ann"
    assert _of(replace(key, identity=None), codeowners).name == "@acme/all"
    assert _of(key, _identity(tags={"owner": "ann"}), _entry("c", "bob")).name == "bob"


# --- who is still there ----------------------------------------------------------------------------

BOB = {"owner": "bob@acme.example"}


@pytest.mark.parametrize(
    ("others", "status"),
    [
        ((), "named"),
        ((_people(("ann@acme.example", True)),), "named"),
        ((_people(("bob@acme.example", None)),), "named"),
        ((_people(("BOB@acme.example", False)),), "left"),
        ((_user("bob@acme.example", "suspended"),), "left"),
        ((_user("bob@acme.example", "active"),), "named"),
        ((_user("bob@acme.example", ""),), "named"),
        ((_user("bob@acme.example", "deactivated", "slack"), _user("bob@acme.example", "active")), "named"),
        ((_user("bob@acme.example", "suspended"), _user("bob@acme.example", "active", "entra")), "named"),
        ((_people(("bob@acme.example", False)), _user("bob@acme.example", "active")), "left"),
    ],
)  # fmt: skip
def test_a_directory_says_who_has_left(others: tuple[Observation, ...], status: str) -> None:
    said = _of(_identity(tags=BOB), *others)
    assert (said.status, said.name) == (status, "bob@acme.example")


def test_somebody_else_who_is_there_or_likely_takes_the_place_of_who_left() -> None:
    one, gone = (
        _identity(tags=BOB),
        _people(("bob@acme.example", False), ("ann@acme.example", True)),
    )
    assert _of(one, gone, _codeowners("* @acme/all\n")).status == "left"
    assert _of(one, gone, _codeowners("/svc/ @acme/pay\n")).name == "@acme/pay"
    said = _of(one, gone, _codeowners("* ann@acme.example\n"))
    assert (said.status, said.name) == ("named", "ann@acme.example")
    assert "bob@acme.example is not active any more (people.csv:2)" in said.reason


def test_an_owner_may_be_named_by_the_id_that_a_service_gives_its_users() -> None:
    user = replace(_user("bob@acme.example", "deprovisioned"), id="okta:acme.okta.com:user/00u1")
    said = _of(_identity(owner_hints=(OwnerHint(name="00u1", source="okta"),)), user)
    assert (said.status, said.name) == ("left", "bob@acme.example")


def test_one_who_is_not_in_a_complete_directory_has_left() -> None:
    people, one = _people(("ann@acme.example", True)), _identity(tags=BOB)
    whole = OwnerSettings(directory="people.csv", directory_is_complete=True)
    assert _of(one, people, settings=whole).status == "left"
    assert _of(one, people, settings=replace(whole, directory_is_complete=False)).status == "named"
    stranger = _identity(tags={"owner": "eve@vendor.example"})
    assert _of(stranger, people, settings=whole).status == "named"


def test_names_of_one_person_in_different_places_are_one() -> None:
    people = _people(("ann@acme.example", True), github=["ann-dev"])
    said = _of(_identity(tags={"owner": "Ann@Acme.example"}), _codeowners("/svc/ @ann-dev"), people)
    assert [one.name for one in said.candidates] == ["ann@acme.example"]
    apart = _of(_identity(tags={"owner": "Ann@Acme.example"}), _codeowners("/svc/ @ann-dev"))
    assert len(apart.candidates) == 2


def test_names_of_one_team_are_one_and_its_members_do_not_compete() -> None:
    team = _resource(
        "catalog_entity", FileLocation(path="g.yaml"), "pay", kind="group", ref="group:default/pay", also=["acme/payments"],
        members=["user:default/ann"], groups=[], email="", display="Payments", title="",
    )  # fmt: skip
    ann = _resource(
        "catalog_entity", FileLocation(path="u.yaml"), "ann", kind="user", ref="user:default/ann", also=[],
        members=[], groups=[], email="ann@acme.example", display="", title="",
    )  # fmt: skip
    one = _identity(tags={"owner": "Payments"})
    said = _of(one, _codeowners("/svc/ @acme/payments"), team)
    assert len(said.candidates) == 1
    people = (_codeowners("/svc/ ann@acme.example"), _entity("svc/api/catalog-info.yaml"))
    assert _of(_identity(), *people).confidence == "low"
    assert _of(_identity(), *people, team, ann).confidence == "medium"
    gone = _people(("ann@acme.example", False))
    assert _of(one, team, ann, gone).status == "left"


def test_a_bare_word_that_two_have_is_neither() -> None:
    people = _people(("ann@acme.example", False), ("ann@other.example", True))
    both = replace(
        people, settings={"people": [{**one, "display": "Ann"} for one in people.settings["people"]]}
    )  # fmt: skip
    said = _of(_identity(tags={"owner": "Ann"}), both)
    assert [(one.name, one.active) for one in said.candidates] == [("Ann", None)]


# --- many signs ------------------------------------------------------------------------------------

_NAMES = ("ann@acme.example", "@acme/pay", "bob", "eve@acme.example")
_SIGNS = st.builds(
    Signal,
    candidate=st.sampled_from(_NAMES),
    source=st.sampled_from(("tag", "codeowners", "blame", "catalogue")),
    weight=st.floats(0.05, 0.95),
    evidence=st.sampled_from(("a", "b")),
    at=st.none()
    | st.datetimes(datetime(2015, 1, 1), datetime(2025, 12, 31), timezones=st.just(UTC)),
    place=st.none() | st.just(HERE),
    active=st.sampled_from((None, None, None, True, False)),
)
_LEVELS = ("", "low", "medium", "high")
EMPTY = Directory(_inventory(), Settings())


def _combined(signs: list[Signal], directory: Directory = EMPTY) -> Ownership:
    return combined(signs, directory, NOW)


@given(st.lists(_SIGNS, max_size=8), st.randoms())
def test_the_order_of_signs_does_not_matter(signs: list[Signal], random: Any) -> None:
    mixed = random.sample(signs, len(signs))
    assert _combined(mixed) == _combined(signs)


@given(st.lists(_SIGNS.map(lambda one: replace(one, active=None)), min_size=1, max_size=8), _SIGNS)
def test_more_agreement_never_lowers_confidence(signs: list[Signal], more: Signal) -> None:
    before = _combined(signs)
    assert before.best is not None
    agreeing = replace(more, candidate=before.best.signals[0].candidate, active=None)
    after = _combined([*signs, agreeing])
    assert after.name == before.name
    assert _LEVELS.index(after.confidence) >= _LEVELS.index(before.confidence)
    assert after.best is not None
    assert after.best.weight >= before.best.weight


@given(st.lists(_SIGNS, max_size=8), st.sampled_from((None, True)))
def test_an_attested_owner_who_has_not_left_always_wins(
    signs: list[Signal], active: bool | None
) -> None:
    attested = Signal(
        candidate="zoe@acme.example", source="attestation", weight=1.0, evidence="x", attested=True, active=active
    )  # fmt: skip
    said = _combined([*signs, attested])
    assert (said.status, said.name, said.confidence) == ("named", "zoe@acme.example", "high")


@given(st.lists(_SIGNS.map(lambda one: replace(one, active=None)), max_size=8))
def test_nobody_has_left_whom_nobody_tells_of(signs: list[Signal]) -> None:
    assert _combined(signs).status == ("named" if signs else "none")


@given(st.lists(_SIGNS, min_size=1, max_size=8))
def test_one_who_has_left_is_never_named(signs: list[Signal]) -> None:
    gone = Directory(_inventory(_people(("ann@acme.example", False))), Settings())
    said = _combined(signs, gone)
    assert not (said.status == "named" and said.name == "ann@acme.example")
    assert all(0 < one.weight <= 1 for one in said.candidates)


def test_what_is_old_weighs_less_but_something() -> None:
    def weight(days: int) -> float:
        sign = Signal(
            candidate="ann", source="blame", weight=0.4, evidence="x", at=NOW - timedelta(days=days)
        )
        return _combined([sign]).candidates[0].weight

    assert weight(0) == pytest.approx(0.4)
    assert weight(730) == pytest.approx(0.2)
    assert weight(9999) == pytest.approx(0.1)
    assert weight(-5) == pytest.approx(0.4)


def test_of_one_source_only_the_strongest_sign_counts() -> None:
    sign = Signal(candidate="ann", source="tag", weight=0.5, evidence="x")
    assert _combined([sign, replace(sign, evidence="y", weight=0.3)]).candidates[0].weight == 0.5
    two = _combined([sign, replace(sign, source="blame")])
    assert two.candidates[0].weight == 0.75


def test_two_owners_in_one_line_do_not_compete_and_two_in_different_places_do() -> None:
    same = _of(_identity(), _codeowners("/svc/ @acme/a @acme/b"))
    assert (same.confidence, same.reason) == ("medium", "")
    other = _of(_identity(), _codeowners("/svc/ @acme/a"), _entity("svc/api/catalog-info.yaml"))
    assert (other.confidence, other.name) == ("low", "@acme/a")
    assert other.reason == "group:default/pay is nearly as likely"


@pytest.mark.parametrize(
    ("more", "is_listed"),
    [
        ({}, True),
        ({"kind": IdentityKind.GROUP}, False),
        ({"kind": IdentityKind.USER, "provider": "okta"}, False),
        ({"kind": IdentityKind.USER, "provider": "entra", "tags": {"agent": "user"}}, True),
        ({"tags": {"first_party": "yes"}}, False),
        ({"id": "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/X"}, False),
        ({"id": "arn:aws:iam::111122223333:role/ci"}, True),
        ({"id": "gcp:service-12@gcp-sa-pubsub.iam.gserviceaccount.com"}, False),
        ({"id": "gcp:ci@acme.iam.gserviceaccount.com"}, True),
    ],
)
def test_people_and_what_providers_look_after_need_no_owner(
    more: dict[str, Any], is_listed: bool
) -> None:
    assert bool(owned(_inventory(_identity(**more)), Settings())) is is_listed


def test_an_attestation_holds_through_its_last_day() -> None:
    owners = Owners(_inventory(_identity(), _entry("i", "bob", "2026-01-01")), Settings())
    assert owners.estate.today == date(2026, 1, 1)
    assert owners.of(_identity()).name == "bob"
