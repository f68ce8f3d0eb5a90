"""The roll of an inventory: who there is, with what is known of each, and the graph of who gets whom."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from analysis.reach.making import PLACE, basis, grant, identity, key, place, trust, use
from estates.build import build
from keymuster import gathering, pipeline
from keymuster.analysis import roll as subject
from keymuster.analysis.roll import roll
from keymuster.collect.base import Context, Selection
from keymuster.evaluate.choice import Choice
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    InlineAllow,
    Observation,
    RiskException,
    Roll,
    ServiceLocation,
    Storage,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import load

CREATED = datetime(2025, 1, 1, tzinfo=UTC)


def made(
    rules: RuleSet, *records: Observation, facts: dict[str, Any] | None = None, **settings: Any
) -> Roll:
    on = basis(rules, *records, facts=facts, **settings)
    return roll(on.inventory, on.configured, rules)


def test_an_identity_has_what_it_may_do_who_may_become_it_and_who_uses_it(rules: RuleSet) -> None:
    said = made(
        rules,
        identity("a"),
        grant("a", actions=("s3:Get",), resources=("*",), conditions={"StringEquals": {"aws:x": ["1", "2"]}}),
        trust("b", "a", conditions={"sub": "repo:acme"}),
        use("job", "a"),
        facts={"a": {"privilege": "read", "environment": "production", "environment_because": "tag env"}},
    )  # fmt: skip
    [one] = said.identities
    [what], [who], [by] = one.grants, one.trusts, one.uses
    assert (what.actions, what.resources) == (("s3:Get",), ("*",))
    assert what.conditions == ("StringEquals aws:x: 1, 2",)
    assert (who.principal, who.conditions) == ("b", ("sub: repo:acme",))
    assert by.by == "job"
    assert (one.privilege, one.environment, one.environment_because) == ("read", "production", "tag env")  # fmt: skip


def test_a_credential_has_its_identity_its_places_and_its_age(rules: RuleSet) -> None:
    said = made(rules, identity("a"), identity("b"), key("1", "b", created_at=CREATED))
    [one] = said.credentials
    assert said.identities[one.identity or 0].id == "b"
    assert (one.created_at, one.places, one.storages) == (CREATED, ("app.env:3",), ("tree",))


def test_what_lies_in_a_file_and_what_its_service_calls_it_are_one(rules: RuleSet) -> None:
    told = Credential(
        id="idp:key/1", kind=CredentialKind.ACCESS_KEY, name="key 1", location=PLACE, identity="a",
        fingerprint="f" * 32, storage=Storage.SERVICE, created_at=CREATED,
    )  # fmt: skip
    said = made(rules, identity("a"), told, key("1", "a", fingerprint="f" * 32))
    [one] = said.credentials
    assert (one.id, one.same) == ("idp:key/1", ("secret:1",))
    assert one.places == ("idp://acme/", "app.env:3")
    assert one.storages == ("service", "tree")
    numbers = {each.id: each.credential for each in said.nodes}
    assert numbers["idp:key/1"] == numbers["secret:1"] == 0


def test_owners_are_told_of_those_who_need_one(rules: RuleSet) -> None:
    said = made(
        rules, identity("a", tags={"owner": "team-a"}), identity("b", tags={"first_party": "x"})
    )
    told = {one.id: (one.owner, one.owner_status) for one in said.identities}
    assert told == {"a": ("team-a", "named"), "b": ("", "")}


def test_the_graph_has_every_identity_and_what_leads_from_one_to_the_next(rules: RuleSet) -> None:
    said = made(
        rules, identity("a"), identity("b"), identity("alone"), key("1", "a"), trust("a", "b")
    )
    ids = [one.id for one in said.nodes]
    edges = {(ids[one.start], said.sorts[one.sort].id, ids[one.to]) for one in said.edges}
    assert edges == {
        ("file:app.env", "holds", "secret:1"), ("secret:1", "proves", "a"), ("a", "trusts", "b"),
    }  # fmt: skip
    assert "alone" in ids
    nodes = {one.id: one for one in said.nodes}
    assert nodes["secret:1"].credential == 0
    assert nodes["file:app.env"].entry == "leaked"
    assert nodes["a"].identity is not None


def test_what_is_assumed_says_what_is_not_known(rules: RuleSet) -> None:
    said = made(
        rules, identity("a"), identity("b"), trust("a", "b"),
        facts={"b trusts a": {"in_force": "unknown"}},
    )  # fmt: skip
    [edge] = said.edges
    assert edge.assumed == "whether the trust is in force is not known"


def test_nodes_stand_in_accounts_services_or_folders(rules: RuleSet) -> None:
    cloud = identity("c", provider="aws", account="1111")
    file = key("2", location=place("deploy/prod/a.env"))
    said = made(
        rules,
        cloud,
        key("1", "c"),
        file,
        trust("*", "c"),
        facts={"c trusts *": {"audience": "anyone"}},
    )
    accounts = {one.id: one.account for one in said.nodes}
    assert accounts["c"] == accounts["secret:1"] == "aws 1111"
    assert accounts["secret:2"] == "files in deploy/"
    assert accounts["file:app.env"] == "files"
    assert accounts["outside:anyone"] == "outside"


def test_exceptions_are_told_with_their_ends(rules: RuleSet) -> None:
    at = place(".keymuster/exceptions/e.yaml")
    said = made(
        rules,
        identity("a"),
        RiskException(id="e", location=at, rule="r", identity="a", reason="for now", owner="o", approver="p", expires=date(2026, 1, 1)),
        InlineAllow(id="i", location=place("a.py", 3), rules=("x", "y"), until=date(2027, 1, 1), reason="test"),
    )  # fmt: skip
    one, comment = said.exceptions
    assert (one.rule, one.identity, one.expires, one.approver) == ("r", "a", date(2026, 1, 1), "p")
    assert (comment.inline, comment.rule, comment.expires) == (True, "x, y", date(2027, 1, 1))


def test_names_that_are_not_utf_8_can_be_kept_as_json(rules: RuleSet) -> None:
    bad = "a\udcff"
    said = made(
        rules,
        identity(bad, name=bad, location=FileLocation(path=f"{bad}.tf"), tags={bad: bad}, purpose=bad),
        key(bad, bad, location=FileLocation(path=bad)), grant(bad, actions=(bad,), conditions={bad: bad}),
        trust(bad, bad), use(bad, bad),
        InlineAllow(id=bad, location=FileLocation(path=bad), reason=bad),
    )  # fmt: skip
    assert msgspec.json.decode(msgspec.json.encode(said), type=Roll) == said
    assert said.identities[0].name == r"a\xff"


def test_the_order_in_which_things_were_seen_does_not_matter(rules: RuleSet) -> None:
    records = [
        *(identity(f"i{n}", account=str(n % 3)) for n in range(20)),
        *(key(f"k{n}", f"i{n}") for n in range(20)),
        *(trust(f"i{n}", f"i{n + 7}") for n in range(10)),
        *(use(f"w{n}", f"i{n}") for n in range(5)),
    ]
    first = made(rules, *records)
    Random(4).shuffle(records)
    assert msgspec.json.encode(made(rules, *records)) == msgspec.json.encode(first)


def test_what_is_too_much_is_left_out_and_counted(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_RECORDS", 5)
    monkeypatch.setattr(subject, "MOST_NODES", 9)
    monkeypatch.setattr(subject, "MOST_EDGES", 5)
    monkeypatch.setattr(subject, "MOST_OF_ONE", 3)
    monkeypatch.setattr(subject, "MOST_WORDS", 2)
    said = made(
        rules, *(identity(f"i{n}") for n in range(7)), *(key(f"k{n}", f"i{n}") for n in range(6)),
        *(grant("i0", actions=(str(n), "b", "c", "d")) for n in range(5)),
        *(trust(f"i{n}", "i0") for n in range(1, 5)),
    )  # fmt: skip
    assert said.left_out == {"identities": 2, "credentials": 1, "nodes": 4, "edges": 3}
    assert [one.id for one in said.nodes][:5] == [f"i{n}" for n in range(5)]
    assert sorted(said.sorts[one.sort].id for one in said.edges) == [*["proves"] * 4, "trusts"]
    assert said.identities[0].more == {"grants": 2, "trusts": 1}
    assert said.identities[0].grants[0].actions == ("0", "b", "2 more")


def test_what_leads_to_much_is_not_left_out(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subject, "MOST_RECORDS", 2)
    facts = {"i4": {"privilege": "admin"}, "i3": {"leads_to": ["secrets"]}}
    said = made(rules, *(identity(f"i{n}") for n in range(5)), facts=facts)
    assert [one.id for one in said.identities] == ["i3", "i4"]


def test_the_roll_of_a_whole_estate(rules: RuleSet, tmp_path: Path) -> None:
    build(tmp_path, rules)
    configured, _ = load(None, str(tmp_path))
    context = Context(selection=Selection(root=str(tmp_path), paths=(str(tmp_path),)), rules=rules)
    seen = gathering.gather(context, "worktree", configured=configured, now=CREATED)
    options = {
        "choice": Choice(only=("aws-administrator-attached",)),
        "configured": configured,
        "now": CREATED,
    }
    report = pipeline.judged(seen, context, "worktree", with_roll=True, **options)  # type: ignore[arg-type]
    assert report.roll is not None
    names = {one.name: one for one in report.roll.identities}
    assert names["shop-deploy"].owner == "team-shop"
    assert names["shop-deploy"].privilege == "admin"
    nodes = report.roll.nodes
    edges = {(nodes[one.start].name, nodes[one.to].name) for one in report.roll.edges}
    assert ("preview", "shop-deploy") in edges
    assert ("shop/.mcp.json", "Sentry organization auth token sntrys_eyJ****") in edges
    keys = {one.name for one in report.roll.credentials}
    assert {"Slack bot token", "DOCS_PAT"} <= keys
    plain = pipeline.judged(seen, context, "worktree", **options)  # type: ignore[arg-type]
    assert plain.roll is None
    assert plain.findings == report.findings
    assert report.findings


def test_a_service_is_a_place(rules: RuleSet) -> None:
    at = ServiceLocation(service="aws", account="1111", resource="arn:x")
    said = made(rules, identity("a", location=at))
    assert said.identities[0].places == ("aws://1111/arn:x",)
