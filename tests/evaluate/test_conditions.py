"""The `when:` of policies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from evaluate.records import NOW, credential, place
from keymuster.errors import RuleError
from keymuster.evaluate import conditions
from keymuster.evaluate.conditions import Conditions, check
from keymuster.evaluate.view import SUBJECTS, fields, view
from keymuster.inventory.build import build
from keymuster.model import CredentialStatus, Observation, Resource, Storage, Trust, TrustKind
from keymuster.rules.schema import Policy, RuleSet


@pytest.fixture
def policy(rules: RuleSet) -> Policy:
    [found] = [one for one in rules.policies if one.id == "secret-in-tree"]
    return found


def _check(policy: Policy, **change: Any) -> None:
    rules = RuleSet(tokens=[], policies=[], frameworks=[], mapping={}, samples={})
    check(replace(rules, policies=[replace(policy, **change)]))


def _holds(policy: Policy, when: str, *observed: Observation) -> bool:
    inventory = build(observed or [credential()])
    [record] = inventory.records.values()
    seen = view(policy.applies_to, record, inventory, NOW)
    named = Conditions.named(policy.applies_to, seen)
    return Conditions().answer(replace(policy, when=when), named) is True


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("credential.kind == 'none' && credential.name == 'x'", False),
        ("credential.kind in ['none', 'other'] && true", False),
        ("credential.kind in ['none', 'password', 'api_key', 'token'] || true", True),
        ("credential.kind == 'none' && true || true", True),
        ("credential.kind == 'none' ? false : true", True),
        ("credential.kind == 'none' && 'a'.matches('\\\\(') || 'b' == 'b'", True),
        ("credential.kind != '' && ('||' == '||')", True),
        ("(credential.kind == 'none') == false", True),
    ],
)
def test_what_a_condition_begins_with_decides_only_if_all_must_hold(
    policy: Policy, when: str, holds: bool
) -> None:
    assert _holds(replace(policy, applies_to="credential"), when) is holds


def test_the_shipped_policies_are_sound(rules: RuleSet) -> None:
    check(rules)


@pytest.mark.parametrize(
    ("when", "problem"),
    [
        ("credential.knd == 'x'", "no field `knd` on credential; did you mean `kind`?"),
        ("credential.in_tre", "no field `in_tre` on credential; did you mean `in_tree`?"),
        ("credential.zzzzzz", "no field `zzzzzz` on credential; there are "),
        ("identity.kind == 'x'", "there is no `identity.kind`; did you mean `credential.kind`?"),
        ("kind == 'x'", "there is no `kind`; did you mean `credential.kind`?"),
        ("credential.paths.exists(p, p.endswith('.py'))", "there is no `endswith`"),
        ("credential.kind == 1", "found no matching overload"),
        ("credential.places == 'three'", "found no matching overload"),
        ("credential.sample + 1 == 2", "found no matching overload"),
        ("credential.kind", "gives no yes or no"),
        ("credential.places", "gives no yes or no"),
        ("'yes'", "gives no yes or no"),
        ("credential.kind == ", "at 1:"),
        ("", "when: "),
        ("now() > 1", "there is no `now`"),
    ],
)
def test_a_condition_with_a_mistake_is_refused(when: str, problem: str, policy: Policy) -> None:
    with pytest.raises(RuleError, match="secret-in-tree: when: ") as caught:
        _check(policy, when=when)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("message", "problem"),
    [
        ("{nam}", "`{nam}` is not a plain field of credential; did you mean `name`?"),
        ("{name.__class__}", "is not a plain field"),
        ("{name[0]}", "is not a plain field"),
        ("{name!r}", "is not a plain field"),
        ("{name:>40}", "is not a plain field"),
        ("{}", "is not a plain field"),
        ("{0}", "is not a plain field"),
    ],
)
def test_a_message_with_a_mistake_is_refused(message: str, problem: str, policy: Policy) -> None:
    with pytest.raises(RuleError, match="message: ") as caught:
        _check(policy, message=message)
    assert problem in str(caught.value)


@pytest.mark.parametrize("message", ["{", "}", "{name"])
def test_a_message_with_a_lone_brace_is_refused(message: str, policy: Policy) -> None:
    with pytest.raises(RuleError, match="message: "):
        _check(policy, message=message)


def test_a_message_may_name_every_field(policy: Policy) -> None:
    _check(policy, message=" ".join(f"{{{name}}}" for name in fields("credential")))


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ("true", True),
        ("credential.kind == 'access_token'", True),
        ("credential.storages == ['history', 'tree']", True),
        ("credential.places == 2", True),
        ("credential.paths.exists(path, path.endsWith('.py'))", True),
        ("credential.only_in_history || credential.staged", False),
        ("'account' in credential.tags && credential.tags['account'] == '1'", True),
        ("credential.sample", False),
    ],
)
def test_a_condition_sees_all_sightings(when: str, answer: bool, policy: Policy) -> None:
    one = credential(tags={"account": "1"})
    old = credential(
        storage=Storage.HISTORY, status=CredentialStatus.SAMPLE, location=place("b.py")
    )
    assert _holds(policy, when, one, old) is answer


def test_a_condition_that_asks_for_what_is_not_there_says_so(policy: Policy) -> None:
    with pytest.raises(RuleError, match=r'secret-in-tree: when: .*"account"'):
        _holds(policy, "credential.tags['account'] == '1'")


def test_a_name_that_is_not_utf_8_can_be_judged(policy: Policy) -> None:
    odd = credential(location=place("\udcff.py"), name="\udcff", tags={"\udcff": "\udcff"})
    assert _holds(
        policy, "credential.paths[0] == '\\\\xff.py' && credential.name == '\\\\xff'", odd
    )
    assert _holds(policy, "credential.tags['\\\\xff'] == '\\\\xff'", odd)


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_subject_has_fields_and_words_for_them(subject: Any) -> None:
    types = {
        "string", "bool", "int", "dyn", "list<string>", "map<string, string>", "map<string, dyn>",
    }  # fmt: skip
    assert "id" in fields(subject)
    assert set(fields(subject).values()) <= types


def test_the_view_has_the_fields_it_declares() -> None:
    inventory = build([credential()])
    assert set(view("credential", credential(), inventory, NOW)) == set(fields("credential"))


class TestWhatIsNotKnown:
    @pytest.mark.parametrize(
        ("when", "settings", "unknown"),
        [
            ("resource.settings.Public == true", {"Public": "${var.public}"}, "var.public"),
            ("resource.settings.Public == true", {"Public": False}, ""),
            (
                "has(resource.settings.A.B) && resource.settings.A.B == 1",
                {"A": "${var.a}"},
                "var.a",
            ),
            ("has(resource.settings.A.B) && resource.settings.A.B == 1", {"A": {}}, ""),
            ("resource.settings.Missing == 1", {}, "the form of a setting"),
            ("resource.settings.Odd > 3", {"Odd": [1]}, "the form of a setting"),
            ("resource.settings.Name == '${var.x}'", {"Other": "${var.y}"}, ""),
        ],
    )
    def test_a_condition_is_undecided_if_what_it_asks_for_is_not_known(
        self, policy: Policy, when: str, settings: dict[str, Any], unknown: str
    ) -> None:
        about = replace(policy, applies_to="resource", types=["Acme::Bucket"], when=when)
        record = Resource(
            id="r",
            type="Acme::Bucket",
            name="r",
            location=place(),
            settings={"Name": ""} | settings,
        )
        named = Conditions.named("resource", view("resource", record, build([record]), NOW))
        conditions = Conditions()
        answer = conditions.answer(about, named)
        assert not answer
        assert conditions.unknown(about, named, answer) == unknown

    def test_what_is_out_by_what_is_known_is_decided(self, policy: Policy) -> None:
        when = "trust.provider == 'gcp' && trust.anyone == 'yes'"
        about = replace(policy, applies_to="trust", when=when)

        assert _stands_in_the_way(about, provider="aws") == ""
        assert _stands_in_the_way(about, provider="gcp") == "trust.anyone"

    def test_so_is_what_a_part_rules_out_that_asks_for_known_things_only(
        self, policy: Policy
    ) -> None:
        when = "trust.provider.startsWith('g') && trust.anyone == 'yes'"
        about = replace(policy, applies_to="trust", when=when)
        either = "(trust.provider.startsWith('g') || trust.anyone == 'no') && trust.anyone == 'yes'"

        assert _stands_in_the_way(about, provider="aws") == ""
        about = replace(about, when=either)
        assert _stands_in_the_way(about, provider="aws") == "trust.anyone"


def _stands_in_the_way(about: Policy, provider: str) -> str:
    record = Trust(
        id="t", identity="i", principal="*", kind=TrustKind.ASSUME, provider=provider,
        location=place(),
    )  # fmt: skip
    named = Conditions.named("trust", view("trust", record, build([record]), NOW))
    return Conditions().unknown(about, named, False)


@pytest.fixture
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path))


@pytest.mark.usefixtures("own_cache")
def test_what_is_prepared_is_what_taking_it_apart_gives(rules: RuleSet) -> None:
    known = conditions.prepare(replace(rules, key="prepared"))
    again = conditions.prepare(replace(rules, key="prepared", policies=[]))  # from the cache
    plain, kept = Conditions(), Conditions(prepared=known)
    for policy in rules.policies:
        assert known.of(policy) == again.of(policy) is not None
        taken_apart, now = kept._parts_of(policy), plain._parts_of(policy)
        others = [
            one._replace(form=conditions._form(one.when, policy.applies_to)) for one in now.others
        ]
        assert taken_apart == now._replace(others=others)
        assert kept._asks_for(policy) == plain._asks_for(policy)
        assert kept.demanded(policy) == plain.demanded(policy)


@pytest.mark.usefixtures("own_cache")
def test_another_condition_of_the_same_name_is_taken_apart(rules: RuleSet) -> None:
    known = conditions.prepare(replace(rules, key="prepared"))
    other = replace(rules.policies[0], when=rules.policies[1].when)
    assert known.of(other) is None
    assert Conditions(prepared=known)._parts_of(other) == Conditions()._parts_of(other)


def test_nothing_is_prepared_of_rules_that_nobody_keeps(rules: RuleSet) -> None:
    policy = rules.policies[0]
    assert conditions.prepare(replace(rules, key="")).of(policy) is None
