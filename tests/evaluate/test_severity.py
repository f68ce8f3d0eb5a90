"""How grave a leak is, by what is known of the secret, and one finding for each."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from evaluate.records import NOW, credential, place
from keymuster.analysis import analysed
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.evaluate.severity import ADJUSTMENTS
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Finding,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Report,
    ServiceLocation,
    Severity,
    Storage,
)
from keymuster.model.location import Commit
from keymuster.report._json_reading import findings as read
from keymuster.report._steps import lines
from keymuster.report.base import Style
from keymuster.report.json import Json
from keymuster.report.sarif import Sarif
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

USER = "arn:aws:iam::111122223333:user/ci"
PAST = datetime(2025, 6, 1, tzinfo=UTC)


def leaked(**more: Any) -> Credential:
    said: dict[str, Any] = {
        "kind": CredentialKind.ACCESS_KEY,
        "fingerprint": "1",
        "format": "aws-access-key-id",
    }
    return credential(**said | more)


def at(id: str, account: str = "111122223333") -> ServiceLocation:
    return ServiceLocation(service="aws", account=account, resource=id)


def live(status: CredentialStatus = CredentialStatus.ACTIVE, **more: Any) -> Credential:
    id = f"{USER}/access-key-1"
    said: dict[str, Any] = {
        "kind": CredentialKind.ACCESS_KEY, "name": "access key 1 of ci", "location": at(id), "vendor": "aws",
        "fingerprint": "1", "identity": USER, "status": status, "tags": {"type": "AWS::IAM::AccessKey"},
    }  # fmt: skip
    return Credential(id=id, **said | more)


def user(*vias: str, status: str = "") -> list[Observation]:
    one = Identity(
        id=USER, kind=IdentityKind.USER, provider="aws", name="ci", location=at(USER), status=status,
        account="111122223333", last_used_at=PAST,
    )  # fmt: skip
    grants = [
        Grant(id=f"{USER}#{via}", identity=USER, kind=GrantKind.POLICY, provider="aws", location=at(USER), via=via)
        for via in vias
    ]  # fmt: skip
    return [one, *grants]


def admin() -> list[Observation]:
    grant = Grant(
        id=f"{USER}#all", identity=USER, kind=GrantKind.POLICY, provider="aws", location=at(USER), actions=("*",),
        resources=("*",),
    )  # fmt: skip
    return [*user(), grant]


def judged(rules: RuleSet, *observed: Observation, only: str = "") -> list[Finding]:
    inventory = analysed(build(observed), Settings(), rules, NOW)
    choice = Choice(only=(only,)) if only else Choice()
    found = evaluate(inventory, rules, choice, NOW).findings
    return [one for one in found if one.subject.startswith("secret:")]


def one(rules: RuleSet, *observed: Observation, only: str = "secret-in-tree") -> Finding:
    [finding] = judged(rules, *observed, only=only)
    return finding


def steps(finding: Finding) -> list[str]:
    return [text for key, text in sorted(finding.evidence.items()) if key.startswith("severity_")]


def test_of_what_nothing_more_is_known_the_policy_has_the_say(rules: RuleSet) -> None:
    finding = one(rules, leaked())
    assert (finding.severity, steps(finding)) == (Severity.HIGH, [])


def test_what_works_is_graver_and_says_why(rules: RuleSet) -> None:
    finding = one(rules, leaked(), live(), *user())
    assert finding.severity is Severity.CRITICAL
    assert steps(finding) == [
        "high, as the policy has it",
        "critical: it is live: aws tells of it as access key 1 of ci",
    ]


def test_it_says_whom_it_proves_by_what_and_when_that_was_used(rules: RuleSet) -> None:
    evidence = one(rules, leaked(), live(last_used_at=PAST), *user()).evidence
    key = f"access key 1 of ci ({USER}/access-key-1)"
    assert evidence["same_as"] == f"{key} by the same access key id"
    assert (evidence["proves"], evidence["last_used"]) == (f"ci ({USER})", "2025-06-01")


def test_all_its_places_are_those_of_one_finding(rules: RuleSet) -> None:
    copy = leaked(location=place("b.py", 9))
    finding = one(rules, leaked(), copy, live(), *user())
    assert [str(where) for where in finding.places] == ["a.py:3", "b.py:9", str(live().location)]


@pytest.mark.parametrize(
    ("told", "word"),
    [
        pytest.param([live(CredentialStatus.DISABLED), *user()], "switched off", id="off"),
        pytest.param(
            [live(), *user(status="disabled")], "switched off", id="of-a-user-that-is-off"
        ),
        pytest.param(
            [live(), *user(status="DEPROVISIONED")], "switched off", id="of-a-user-who-has-left"
        ),
        pytest.param([live(expires_at=PAST), *user()], "ended", id="ended"),
    ],
)
def test_what_opens_nothing_any_more_is_less(
    told: list[Observation], word: str, rules: RuleSet
) -> None:
    only = "expired-secret" if word == "ended" else "secret-in-tree"
    finding = one(rules, leaked(), *told, only=only)
    assert finding.severity.rank <= Severity.LOW.rank
    assert word in " ".join(steps(finding))


def test_what_is_off_is_low_whatever_it_could_do(rules: RuleSet) -> None:
    finding = one(rules, leaked(), live(CredentialStatus.DISABLED), *admin())
    assert finding.severity is Severity.LOW


def generic(**more: Any) -> Credential:
    """A finding of medium severity, to see how far it goes."""
    return leaked(kind=CredentialKind.GENERIC, format="generic-assignment", **more)


def test_who_is_an_administrator_makes_it_graver(rules: RuleSet) -> None:
    weak = one(rules, generic(identity=USER), *user(), only="generic-secret")
    strong = one(rules, generic(identity=USER), *admin(), only="generic-secret")
    assert (weak.severity, strong.severity) == (Severity.MEDIUM, Severity.HIGH)
    assert steps(strong)[-1] == "high: whoever has it is ci, an administrator"


def test_a_vendor_that_saw_it_in_public_makes_it_critical(rules: RuleSet) -> None:
    quarantine = "arn:aws:iam::aws:policy/AWSCompromisedKeyQuarantineV3"
    finding = one(rules, generic(identity=USER), *user(quarantine), only="generic-secret")
    assert finding.severity is Severity.CRITICAL
    assert "in a public place" in " ".join(steps(finding))


def since(*dates: datetime) -> list[Credential]:
    return [
        generic(
            storage=Storage.HISTORY,
            location=place(f"{date.year}.py", commit=Commit(id=f"{date.year:040}", date=date)),
        )
        for date in dates
    ]


def test_what_works_and_has_been_there_for_long_is_graver(rules: RuleSet) -> None:
    told = [live(tags={}), *user()]  # the same text, not only the same id
    long = one(rules, *since(PAST, NOW), *told, only="generic-secret")
    assert "it has been there for 214 days" in steps(long)[-1]
    fresh = one(rules, *since(NOW), *told, only="generic-secret")
    assert (long.severity, fresh.severity) == (Severity.CRITICAL, Severity.HIGH)


def test_how_long_it_has_been_there_changes_nothing_alone(rules: RuleSet) -> None:
    """Most secrets of a history are old: that is what the policy about it says already."""
    finding = one(rules, *since(PAST), only="generic-secret")
    assert (finding.severity, steps(finding)) == (Severity.MEDIUM, [])


def test_it_never_gets_graver_than_critical(rules: RuleSet) -> None:
    finding = one(rules, leaked(), live(), *admin())
    assert finding.severity is Severity.CRITICAL
    assert steps(finding)[-1].startswith("still critical: ")


def test_a_policy_that_asks_whether_it_works_is_not_told_twice(rules: RuleSet) -> None:
    finding = one(rules, leaked(), live(), *user(), only="aws-live-key-in-file")
    assert (finding.severity, steps(finding)) == (Severity.CRITICAL, [])


def test_findings_about_what_services_tell_keep_their_severity(rules: RuleSet) -> None:
    inventory = analysed(build([leaked(), live(created_at=PAST), *admin()]), Settings(), rules, NOW)
    found = evaluate(inventory, rules, Choice(only=("aws-access-key-old",)), NOW).findings
    assert [(one.severity, steps(one)) for one in found] == [(Severity.HIGH, [])]
    assert str(found[0].places[-1]) == "a.py:3"  # it says where the key lies about


def test_ids_and_fingerprints_do_not_depend_on_what_is_known(rules: RuleSet) -> None:
    alone, known = one(rules, leaked()), one(rules, leaked(), live(), *admin())
    assert alone.severity is not known.severity
    assert (alone.id, alone.fingerprint, alone.bounds) == (
        known.id,
        known.fingerprint,
        known.bounds,
    )


def test_there_is_one_finding_for_each_secret(rules: RuleSet) -> None:
    [finding] = judged(rules, leaked(), live(), *user())
    assert (finding.policy, finding.evidence["also_found"]) == (
        "aws-live-key-in-file", "secret-in-tree/aws-access-key-id",
    )  # fmt: skip
    both = judged(rules, leaked(), leaked(id="secret:2", fingerprint="2"), live(), *user())
    assert sorted(one.subject for one in both) == ["secret:1", "secret:2"]


def test_what_a_declaration_makes_five_times_is_still_told_once(rules: RuleSet) -> None:
    """Each of the five has a line of its own in the state beside the code."""
    code, states = [], []
    for number in range(5):
        address = f"aws_iam_access_key.ci[{number}]"
        said: dict[str, Any] = {
            "kind": CredentialKind.CLIENT_SECRET, "name": "client secret", "vendor": "entra", "format": "",
            "storage": Storage.OTHER,
        }  # fmt: skip
        code.append(
            credential(f"terraform:infra:{address}", location=place("infra/main.tf"), **said)
        )
        at_state = place("infra/terraform.tfstate", 10 + number)
        said["vendor"] = ""
        states.append(
            credential(f"terraform:infra/terraform.tfstate:{address}", location=at_state, **said)
        )
    inventory = analysed(build([*code, *states]), Settings(), rules, NOW)
    assert len(inventory.links.same) == 10
    only = Choice(only=("entra-client-secret-declared",))
    [finding] = evaluate(inventory, rules, only, NOW).findings
    assert [str(where) for where in finding.places] == [
        "infra/main.tf:3",
        "infra/terraform.tfstate:10",
    ]


def test_reports_tell_each_step(rules: RuleSet) -> None:
    inventory = analysed(build([leaked(), live(), *user()]), Settings(), rules, NOW)
    verdict = evaluate(inventory, rules, Choice(only=("secret-in-tree",)), NOW)
    [finding] = verdict.findings
    report = Report(findings=verdict.findings, rules=verdict.rules, frameworks=verdict.frameworks)
    out = io.StringIO()
    Json(Style()).write(report, out)
    [again] = read(out.getvalue().encode())
    assert steps(again) == steps(finding)
    out = io.StringIO()
    Sarif(Style()).write(report, out)
    [result] = json.loads(out.getvalue())["runs"][0]["results"]
    assert result["properties"]["evidence"]["severity_2"] == steps(finding)[1]
    assert [*lines(again)][:2] == steps(finding)  # as `keymuster explain` tells them


def test_each_adjustment_moves_something() -> None:
    assert len({one.name for one in ADJUSTMENTS}) == len(ADJUSTMENTS)
    for one in ADJUSTMENTS:
        assert one.up > 0 or one.least is not Severity.INFO or one.most is not Severity.CRITICAL


def test_a_found_secret_knows_the_rights_of_whom_it_proves(rules: RuleSet) -> None:
    inventory = analysed(build([leaked(), live(), *admin()]), Settings(), rules, NOW)
    assert inventory.facts["secret:1"]["proves"] == USER
    assert inventory.facts[USER]["found_credentials"] == ["secret:1"]
    assert inventory.facts[USER]["privilege"] == "admin"
    assert inventory.facts[f"{USER}/access-key-1"]["found_in"] == ["a.py:3"]
    assert replace(leaked(), identity=USER) == inventory.records["secret:1"]
