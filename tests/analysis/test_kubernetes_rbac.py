"""RBAC, held against what the API server does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from keymuster.analysis import analysed
from keymuster.analysis.kubernetes_rbac import effective
from keymuster.analysis.kubernetes_roles import Roles
from keymuster.analysis.kubernetes_rules import DANGERS, Request, Rule, covers, dangers
from keymuster.collect.readers.kubernetes import Kubernetes
from keymuster.inventory.build import Inventory, build
from keymuster.model import Grant, Identity, Resource, Use
from keymuster.settings import Settings
from reading import NO_RULES, read

GROUPS = ["", "apps", "rbac.authorization.k8s.io", "*"]
KINDS = [
    "pods",
    "pods/exec",
    "secrets",
    "*",
    "*/exec",
    "roles",
    "deployments",
    "nodes/proxy",
    "pods/*",
]
VERBS = ["get", "list", "create", "escalate", "impersonate", "*"]
NAMES = ["", "a", "b"]

api_rules = st.fixed_dictionaries({
    "verbs": st.lists(st.sampled_from(VERBS), min_size=1, max_size=3),
    "apiGroups": st.lists(st.sampled_from(GROUPS), min_size=1, max_size=2),
    "resources": st.lists(st.sampled_from(KINDS), min_size=1, max_size=3),
    "resourceNames": st.lists(st.sampled_from(["a", "b"]), max_size=2),
})  # fmt: skip


def allowed(rule: dict[str, list[str]], verb: str, group: str, kind: str, name: str) -> bool:
    """As `k8s.io/component-helpers/auth/rbac/validation` has it, from a rule as it is written."""
    if "*" not in rule["verbs"] and verb not in rule["verbs"]:
        return False
    if "*" not in rule["apiGroups"] and group not in rule["apiGroups"]:
        return False
    resource, _, sub = kind.partition("/")
    wanted = {"*", f"{resource}/{sub}" if sub else resource} | ({f"*/{sub}"} if sub else set())
    if not wanted & set(rule["resources"]):
        return False
    return not rule["resourceNames"] or name in rule["resourceNames"]


def as_rule(rule: dict[str, list[str]]) -> Rule:
    return Rule(
        verbs=tuple(rule["verbs"]),
        resources=tuple(f"{group}/{kind}" for group in rule["apiGroups"] for kind in rule["resources"]),
        names=tuple(rule["resourceNames"]),
    )  # fmt: skip


@given(
    api_rules, st.sampled_from(VERBS[:-1]), st.sampled_from(GROUPS[:-1]),
    st.sampled_from(["pods", "pods/exec", "secrets", "roles", "deployments", "nodes/proxy"]),
    st.sampled_from(NAMES),
)  # fmt: skip
def test_a_rule_covers_what_the_api_server_allows(
    rule: dict[str, list[str]], verb: str, group: str, kind: str, name: str
) -> None:
    request = Request(verb=verb, resource=f"{group}/{kind}", name=name)
    assert covers(as_rule(rule), request) == allowed(rule, verb, group, kind, name)


@given(st.lists(api_rules, max_size=4))
def test_a_danger_is_there_if_one_of_its_requests_is_allowed(
    rules: list[dict[str, list[str]]],
) -> None:
    found = dangers(map(as_rule, rules))
    for danger, requests in DANGERS.items():
        if danger == "everything":
            continue
        expected = any(
            allowed(rule, one.verb, *one.resource.split("/", 1), one.name)
            for rule in rules
            for one in requests
        )
        assert (danger in found) == expected, danger


def test_everything_takes_an_asterisk_for_all() -> None:
    assert "everything" in dangers([Rule(verbs=("*",), resources=("*/*",))])
    assert "everything" not in dangers([Rule(verbs=("*",), resources=("apps/*",))])
    assert dangers([Rule(verbs=("*",), resources=("*/*",))]) == list(DANGERS)


def inventory(*texts: str) -> Inventory:
    observed = [
        one for number, text in enumerate(texts) for one in read(Kubernetes, f"{number}.yaml", text)
    ]
    return analysed(build(observed), Settings(), NO_RULES)  # type: ignore[arg-type]


RBAC = "apiVersion: rbac.authorization.k8s.io/v1\n"
ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app, namespace: prod}\n"
ROLE = (
    RBAC
    + "kind: ClusterRole\nmetadata: {name: exec}\nrules: [{apiGroups: [''], resources: [pods/exec], verbs: [create]}]\n"
)


def binding(kind: str, role: str, subject: str) -> str:
    return f"{RBAC}kind: {kind}\nmetadata: {{name: b, namespace: prod}}\nroleRef: {{kind: ClusterRole, name: {role}}}\nsubjects: [{subject}]\n"


APP = "{kind: ServiceAccount, name: app, namespace: prod}"


def facts(of: type, seen: Inventory) -> list[dict[str, object]]:
    return [seen.facts.get(one.id, {}) for one in seen.of(of)]


def test_rights_come_from_roles_of_other_files_and_hold_where_they_are_bound() -> None:
    everywhere = inventory(ACCOUNT, ROLE, binding("ClusterRoleBinding", "exec", APP))
    here = inventory(ACCOUNT, ROLE, binding("RoleBinding", "exec", APP))
    [one], [other] = facts(Identity, everywhere), facts(Identity, here)
    assert one["dangers"] == other["dangers"] == one["cluster_dangers"] == ["exec-into-pods"]
    assert other["cluster_dangers"] == []
    [account] = here.of(Identity)
    assert [rule.namespace for rule in effective(account, here, Roles(here)).rules] == ["prod"]


def test_rights_of_groups_count() -> None:
    group = "{kind: Group, name: 'system:serviceaccounts:prod'}"
    [found] = facts(
        Identity, inventory(ACCOUNT, ROLE, binding("ClusterRoleBinding", "exec", group))
    )
    assert found["dangers"] == ["exec-into-pods"]
    assert found["cluster_dangers"] == []  # the binding tells it once, for all accounts
    group = "{kind: Group, name: 'system:serviceaccounts:dev'}"
    [found] = facts(
        Identity, inventory(ACCOUNT, ROLE, binding("ClusterRoleBinding", "exec", group))
    )
    assert found["dangers"] == []


def test_whoever_changes_a_pod_changes_what_it_runs() -> None:
    assert dangers([Rule(verbs=("patch",), resources=("/pods",))]) == ["change-workloads"]
    assert dangers([Rule(verbs=("patch",), resources=("/pods/status",))]) == []


def test_a_name_limits_nothing_where_it_is_that_of_who_may_do_everything() -> None:
    acts = Rule(verbs=("impersonate",), resources=("/groups",), names=("system:masters",))
    binds = Rule(
        verbs=("bind",),
        resources=("rbac.authorization.k8s.io/clusterroles",),
        names=("cluster-admin",),
    )
    assert dangers([acts]) == ["impersonate"]
    assert dangers([binds]) == ["bind-roles"]
    assert dangers([replace(acts, names=("ops",)), replace(binds, names=("view", "edit"))]) == []


def test_roles_that_every_cluster_has_are_known() -> None:
    seen = inventory(binding("ClusterRoleBinding", "cluster-admin", APP))
    [found] = facts(Grant, seen)
    assert found["holder"] == "ServiceAccount/prod/app"
    assert found["role"] == "ClusterRole/cluster-admin"
    assert found["cluster_wide"] is True
    assert "everything" in found["dangers"]  # type: ignore[operator]
    [found] = facts(Grant, inventory(binding("ClusterRoleBinding", "view", APP)))
    assert found["dangers"] == []


def labelled(name: str, label: str, rules: str) -> str:
    return f"{RBAC}kind: ClusterRole\nmetadata: {{name: {name}, labels: {{{label}: 'true'}}}}\nrules: [{rules}]\n"


IMPERSONATING = "{apiGroups: [''], resources: [users], verbs: [impersonate]}"


def test_a_role_has_the_rules_of_those_that_it_gathers_and_that_they_gather() -> None:
    top = f"{RBAC}kind: ClusterRole\nmetadata: {{name: top}}\naggregationRule: {{clusterRoleSelectors: [{{matchLabels: {{to-top: 'true'}}}}]}}\nrules: []\n"
    middle = labelled("middle", "to-top", "").replace(
        "rules",
        "aggregationRule: {clusterRoleSelectors: [{matchLabels: {to-middle: 'true'}}]}\nrules",
    )
    leaf = labelled("leaf", "to-middle", IMPERSONATING)
    bound = binding("ClusterRoleBinding", "top", APP)

    [found] = facts(Identity, inventory(ACCOUNT, top, middle, leaf, bound))
    assert (found["cluster_dangers"], found["privilege"]) == (["impersonate"], "admin")
    [found] = facts(Identity, inventory(ACCOUNT, top, leaf, bound))
    assert (found["cluster_dangers"], found["privilege"]) == ([], "none")


def test_roles_that_every_cluster_has_gather_others() -> None:
    more = labelled("more", "rbac.authorization.k8s.io/aggregate-to-view", IMPERSONATING)
    [found] = facts(Identity, inventory(ACCOUNT, more, binding("ClusterRoleBinding", "view", APP)))
    assert found["cluster_dangers"] == ["impersonate"]


@pytest.mark.parametrize(
    ("kind", "role", "level"),
    [
        ("ClusterRoleBinding", "cluster-admin", "admin"),
        ("ClusterRoleBinding", "exec", "write"),
        ("RoleBinding", "cluster-admin", "write"),
        ("RoleBinding", "view", "read"),
        ("RoleBinding", "declared-elsewhere", "unknown"),
    ],
)
def test_how_much_an_account_may_do_is_one_word(kind: str, role: str, level: str) -> None:
    [found] = facts(Identity, inventory(ACCOUNT, ROLE, binding(kind, role, APP)))
    assert found["privilege"] == level


def test_an_account_without_bindings_may_nothing() -> None:
    [found] = facts(Identity, inventory(ACCOUNT))
    assert found["privilege"] == "none"


def test_a_chart_is_in_one_namespace_whether_it_says_so_or_not() -> None:
    account = ACCOUNT.replace(", namespace: prod", "")
    subject = "{kind: ServiceAccount, name: app, namespace: '{{ .Release.Namespace }}'}"
    [found] = facts(
        Identity, inventory(account, binding("ClusterRoleBinding", "cluster-admin", subject))
    )
    assert (found["is_bound"], found["privilege"]) == (True, "admin")


def test_labels_and_annotations_tell_the_owner() -> None:
    account = ACCOUNT.replace(
        "prod}", "prod, labels: {team: platform}, annotations: {a/purpose: ci}}"
    )
    [found] = facts(Identity, inventory(account))
    assert (found["owner"], found["purpose"]) == ("platform", "ci")


def test_a_role_of_a_name_that_a_chart_fills_in_is_unknown() -> None:
    [found] = facts(Grant, inventory(binding("ClusterRoleBinding", "'${.Values.role}'", APP)))
    assert found["role"] == "unknown"


def test_a_binding_knows_accounts_of_other_namespaces() -> None:
    other = APP.replace("prod", "dev")
    [found] = facts(Grant, inventory(binding("RoleBinding", "edit", other)))
    assert found["cross_namespace"] is True
    [found] = facts(Grant, inventory(binding("RoleBinding", "edit", APP)))
    assert found["cross_namespace"] is False


def pod(name: str, spec: str) -> str:
    return f"apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: prod}}\nspec: {{containers: [{{name: a}}], {spec}}}\n"


def test_who_shares_an_account_is_known_of_each_use() -> None:
    seen = inventory(pod("a", "serviceAccountName: app"), pod("b", "serviceAccountName: app"))
    assert {tuple(one["consumers"]) for one in facts(Use, seen)} == {("Pod/prod/a", "Pod/prod/b")}  # type: ignore[arg-type]


def mounted(*texts: str) -> list[object]:
    seen = inventory(*texts)
    return [seen.facts[one.id]["token_mounted"] for one in seen.of(Resource) if one.type == "Workload"]  # fmt: skip


def test_a_pod_says_whether_it_gets_a_token_and_then_its_account() -> None:
    closed = f"{ACCOUNT}automountServiceAccountToken: false\n"
    assert mounted(pod("a", "serviceAccountName: app")) == ["yes"]
    assert mounted(pod("a", "serviceAccountName: app"), closed) == ["no"]
    open_ = pod("a", "serviceAccountName: app, automountServiceAccountToken: true")
    assert mounted(open_, closed) == ["yes"]
    unknown = pod("a", "automountServiceAccountToken: '${.Values.x}'")
    assert mounted(unknown) == ["unknown"]


def test_an_account_is_used_and_bound_or_not() -> None:
    [found] = facts(Identity, inventory(ACCOUNT))
    assert (found["is_used"], found["is_bound"]) == (False, False)
    [found] = facts(
        Identity,
        inventory(
            ACCOUNT, pod("a", "serviceAccountName: app"), binding("RoleBinding", "edit", APP)
        ),
    )
    assert (found["is_used"], found["is_bound"]) == (True, True)


def test_nothing_follows_from_nothing() -> None:
    assert inventory().facts == {}
