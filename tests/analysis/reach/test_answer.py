"""Who gets where: entry points, jewels, what words and names mean, and steps as people read them."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.reach.making import basis, grant, identity, key, place, resource, trust, use
from keymuster.analysis.reach.answer import Answer, answer
from keymuster.analysis.reach.graph import Basis
from keymuster.analysis.reach.told import steps, undecided_trusts
from keymuster.errors import SettingsError
from keymuster.model import Credential, CredentialKind, GrantKind, IdentityKind, Storage, UseKind
from keymuster.rules.schema import RuleSet
from keymuster.settings import JewelTag, ReachSettings, Settings

FACTS: dict[str, Any] = {
    "boss": {"privilege": "admin", "environment": "production"},
    "chief": {"privilege": "admin"},
    "ci trusts vendor": {"audience": "vendor", "vendors": ["Datadog"]},
    "other trusts nobody knows": {"audience": "unknown"},
}


@pytest.fixture
def estate(rules: RuleSet) -> Basis:
    """A leaked key of `ci`, which a vendor may become, too; from there to two administrators and a vault."""
    return basis(
        rules,
        *map(identity, ("ci", "boss", "chief", "other")),
        key("1", "ci"),
        trust("vendor", "ci"),
        trust("nobody knows", "other"),
        trust("ci", "boss"),
        trust("boss", "chief"),
        use("ci", "vault"),
        Credential(
            id="vault", kind=CredentialKind.PASSWORD, name="vault", location=place("main.tf", 9), storage=Storage.VAULT
        ),
        facts=FACTS,
    )  # fmt: skip


def told(found: Answer) -> list[str]:
    return [f"{one.start} {one.end}" for one in found.paths]


def test_every_entry_point_is_held_against_every_jewel(estate: Basis) -> None:
    found = answer(estate)
    assert set(told(found)) == {
        "file:app.env boss",
        "file:app.env vault",
        "outside:Datadog boss",
        "outside:Datadog vault",
    }
    assert found.every
    assert sorted((one.start, one.kind.id) for one in found.cut.edges) == [
        ("file:app.env", "holds"),
        ("outside:Datadog", "lets-in"),
    ]
    assert found.cut.is_verified


def test_who_is_an_administrator_already_is_not_followed_to_the_next(estate: Basis) -> None:
    assert "file:app.env chief" not in told(answer(estate))
    assert "file:app.env chief" in told(answer(estate, goals=["chief"]))


@pytest.mark.parametrize(
    ("starts", "goals", "paths"),
    [
        (["leaked"], ["admin"], ["file:app.env boss"]),
        (["outside"], ["secrets"], ["outside:Datadog vault"]),
        (["outside:*"], ["production"], ["outside:Datadog boss"]),
        (["file:*", "ci"], ["boss"], ["ci boss", "file:app.env boss"]),
        (["fork"], [], []),
        ([], ["data"], []),
        (["ci"], ["chief"], ["ci chief"]),
        (["app.env"], ["vault"], ["file:app.env vault"]),
    ],
)
def test_ends_are_words_ids_names_or_globs(
    starts: list[str], goals: list[str], paths: list[str], estate: Basis
) -> None:
    assert sorted(told(answer(estate, starts=starts, goals=goals))) == sorted(paths)


def test_of_one_it_is_told_what_it_gets_to_and_who_gets_to_it(estate: Basis) -> None:
    found = answer(estate, about="ci")
    assert set(told(found)) == {"ci boss", "ci vault", "file:app.env ci", "outside:Datadog ci"}
    found = answer(estate, about="file:app.env")
    assert set(told(found)) == {"file:app.env boss", "file:app.env vault"}
    assert [one.start for one in found.cut.edges] == ["file:app.env"]


def test_who_is_an_administrator_already_gets_nothing_by_being_another(estate: Basis) -> None:
    assert set(told(answer(estate, about="boss"))) == {"file:app.env boss", "outside:Datadog boss"}
    assert "boss chief" in told(answer(estate, about="boss", goals=["chief"]))


def test_an_identity_that_nothing_leads_to_is_known_all_the_same(estate: Basis) -> None:
    alone = identity("alone", aliases=("nickname",))
    estate.inventory.records[alone.id] = alone
    estate.inventory.seen[alone.id] = [alone]
    assert answer(estate, about="nickname").paths == ()


def test_what_nothing_is_called_is_refused_with_the_nearest(estate: Basis) -> None:
    with pytest.raises(SettingsError, match="--to: nothing here is called 'bosss'") as refused:
        answer(estate, goals=["bosss"])
    assert refused.value.advice() == "Did you mean `boss`?"
    with pytest.raises(SettingsError, match="reach: nothing here is called 'x:\\*'"):
        answer(estate, about="x:*")


def test_only_proved_edges_are_followed_if_that_is_asked_for(estate: Basis) -> None:
    agent = identity("agent:a", kind=IdentityKind.AGENT)
    estate.inventory.records |= {
        one.id: one for one in (agent, use("agent:a", "ci", UseKind.AGENT))
    }
    doubtful = Basis(estate.inventory, estate.configured, estate.known)
    assert "prompt:agent:a boss" in told(answer(doubtful, starts=["agent"]))
    assert told(answer(doubtful, starts=["agent"], proved=True)) == []
    assert told(answer(doubtful, starts=["leaked"], goals=["admin"], proved=True)) == [
        "file:app.env boss"
    ]


def test_the_surest_paths_and_the_gravest_ends_come_first(estate: Basis) -> None:
    agent = identity("agent:a", kind=IdentityKind.AGENT)
    estate.inventory.records |= {
        one.id: one for one in (agent, use("agent:a", "boss", UseKind.AGENT))
    }
    found = answer(Basis(estate.inventory, estate.configured, estate.known))
    sure = [one.is_proved for one in found.paths]
    assert sure == sorted(sure, reverse=True)
    assert {one.end for one in found.paths[:2]} == {"boss"}


def test_steps_name_the_records_and_their_places(estate: Basis) -> None:
    found = answer(estate, starts=["leaked"], goals=["boss"])
    [path] = found.paths
    first, second, third = steps(path, found.graph)
    assert first.says == "app.env holds key"
    assert [(one.record, str(one.place)) for one in first.evidence] == [("secret:1", "app.env:3")]
    assert (second.says, second.cut) == ("key signs in as ci", "Revoke key")
    assert (third.kind, third.evidence[0].record) == ("trusts", "boss trusts ci")


def test_braces_in_names_are_not_filled_in(rules: RuleSet) -> None:
    odd = identity("ci", name="{to}{0}{start.__class__}")
    one = basis(rules, odd, identity("boss"), key("1", "ci"), trust("ci", "boss"), facts=FACTS)
    found = answer(one)
    assert steps(found.paths[0], found.graph)[1].says == "key signs in as {to}{0}{start.__class__}"


def test_data_is_precious_by_the_tags_that_the_settings_name(rules: RuleSet) -> None:
    buckets = [
        resource("AWS::S3::Bucket", "resource:map", Tags={"data-class": "Restricted"}),
        resource(
            "AWS::S3::Bucket",
            "resource:list",
            Tags=[{"Key": "Data-Class", "Value": "restricted-eu"}],
        ),
        resource("google_storage_bucket", "resource:labels", labels={"data-class": "restricted"}),
        resource("AWS::S3::Bucket", "resource:public", Tags={"data-class": "public"}),
        resource("AWS::S3::Bucket", "resource:odd", Tags="${var.tags}"),
    ]
    links = [trust("ci", one.id) for one in buckets]
    links = [use("ci", one.id) for one in buckets]
    tagged = ReachSettings(jewels=(JewelTag(tag="data-class", value="restricted*"),))
    one = basis(rules, identity("ci"), *buckets, *links, key("1", "ci"), reach=tagged)
    assert {path.end for path in answer(one, goals=["data"]).paths} == {
        "resource:map",
        "resource:list",
        "resource:labels",
    }
    without = Basis(one.inventory, Settings(), rules)
    assert answer(without).paths == ()


def test_trusts_of_which_nobody_knows_whom_they_let_in_are_counted(estate: Basis) -> None:
    assert undecided_trusts(estate) == 1


def test_a_disabled_administrator_is_no_jewel(rules: RuleSet) -> None:
    off = identity("boss", status="disabled")
    one = basis(rules, identity("ci"), off, key("1", "ci"), trust("ci", "boss"), facts=FACTS)
    assert answer(one).paths == ()


def test_an_empty_inventory_has_an_empty_answer(rules: RuleSet) -> None:
    found = answer(basis(rules))
    assert (found.paths, found.cut.edges, found.every) == ((), (), True)


def test_a_way_that_nobody_can_cut_is_said_to_be_one(rules: RuleSet) -> None:
    pair = grant("app", via="boss", provider="entra", kind=GrantKind.OTHER)
    one = basis(rules, identity("boss"), pair, facts=FACTS)
    found = answer(one, starts=["app"])
    assert found.cut.possible  # a membership is cut
    assert [edge.kind.id for edge in found.cut.edges] == ["is-member"]
