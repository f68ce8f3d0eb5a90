"""What Kustomizations make of manifests, from files to findings' places."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, strategies

from keymuster.analysis import analysed
from keymuster.collect.kubernetes.kustomizations import _fits
from keymuster.collect.readers.kubernetes import Kubernetes
from keymuster.collect.syntax.node import Broken
from keymuster.inventory.build import Inventory, build
from keymuster.model import Credential, FileLocation, Grant, Identity, Resource, Trouble, Use
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from reading import NO_RULES, only, read_all, structures

ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: app\n"
ROLE = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: app
rules:
  - apiGroups: [""]
    resources: [configmaps]
    verbs: [get]
"""
BINDING = """\
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: app
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: app
subjects:
  - kind: ServiceAccount
    name: app
"""
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  template:
    spec:
      serviceAccountName: app
      containers:
        - name: app
          image: app
          env:
            - name: MODE
              value: test
"""
BASE = {
    "base/kustomization.yaml": "resources: [account.yaml, rbac.yaml, app.yaml]\n",
    "base/account.yaml": ACCOUNT,
    "base/rbac.yaml": f"{ROLE}---\n{BINDING}",
    "base/app.yaml": DEPLOYMENT,
}


def _read(files: dict[str, str]) -> list[Any]:
    return read_all(Kubernetes, files)


def _inventory(files: dict[str, str], rules: RuleSet = NO_RULES) -> Inventory:
    observed = [one for one in _read(files) if not isinstance(one, Trouble)]
    return analysed(build(observed), Settings(), rules)  # type: ignore[arg-type]


def _overlay(text: str, folder: str = "overlays/prod") -> dict[str, str]:
    return {f"{folder}/kustomization.yaml": f"resources: [../../base]\n{text}"}


def _place(record: Any) -> tuple[str, int]:
    assert isinstance(record.location, FileLocation)
    return record.location.path, record.location.line


def test_an_object_is_one_under_the_names_of_its_overlays() -> None:
    files = BASE | _overlay("namespace: prod\nnamePrefix: p-\n") | _overlay("", "overlays/dev")
    found = _read(files)
    [account] = only(Identity, found)
    assert set(account.aliases) == {
        "kubernetes:ServiceAccount/prod/p-app", "kubernetes:ServiceAccount/default/app",
    }  # fmt: skip
    assert len(only(Grant, found)) == 2
    assert len([one for one in only(Resource, found) if one.type == "Workload"]) == 1
    assert {_place(one)[0].split("/")[0] for one in (account, *only(Grant, found))} == {"base"}


def test_what_a_namespace_and_a_prefix_rename_stays_linked() -> None:
    inventory = _inventory(BASE | _overlay("namespace: prod\nnamePrefix: p-\nnameSuffix: -1\n"))
    [account] = inventory.of(Identity)
    [binding] = inventory.grants(account.id)
    assert inventory.grants(binding.via)
    [use] = inventory.uses(account.id)
    assert inventory.records[use.by].name == "Deployment/prod/p-app-1"  # type: ignore[union-attr]


def test_a_binding_elsewhere_finds_the_account_by_its_name_in_the_overlay() -> None:
    binding = BINDING.replace("kind: RoleBinding", "kind: ClusterRoleBinding").replace(
        "    name: app\n", "    name: p-app\n    namespace: prod\n"
    )
    files = BASE | _overlay("namespace: prod\nnamePrefix: p-\n") | {"other/b.yaml": binding}
    inventory = _inventory(files)
    [account] = inventory.of(Identity)
    assert len(inventory.grants(account.id)) == 2


def test_the_default_account_is_that_of_the_new_namespace() -> None:
    files = {
        "kustomization.yaml": "namespace: prod\nresources: [rbac.yaml]\n",
        "rbac.yaml": BINDING.replace("    name: app\n", "    name: default\n    namespace: x\n"),
    }
    [grant] = only(Grant, _read(files))
    assert grant.identity == "kubernetes:ServiceAccount/prod/default"


def test_a_cluster_role_gets_a_prefix_but_no_namespace() -> None:
    files = {
        "kustomization.yaml": "namespace: prod\nnamePrefix: p-\nresources: [r.yaml]\n",
        "r.yaml": ROLE.replace("kind: Role", "kind: ClusterRole")
        + "---\n"
        + BINDING.replace("kind: Role", "kind: ClusterRole", 1).replace(
            "  kind: Role\n", "  kind: ClusterRole\n"
        ),
    }
    [holder] = [one for one in only(Resource, _read(files)) if one.type == "ClusterRoleHolder"]
    assert holder.aliases == ("kubernetes:ClusterRole/p-app",)
    [bound] = [one for one in only(Grant, _read(files)) if one.via]
    assert bound.via == "kubernetes:ClusterRole/p-app"


MERGE = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app
spec:
  template:
    spec:
      containers:
        - name: app
          env:
            - name: DB_PASSWORD
              value: letmein-now
"""


def test_a_patch_is_no_object_and_what_it_brings_stands_in_it() -> None:
    files = BASE | _overlay("patches:\n  - path: env.yaml\n") | {"overlays/prod/env.yaml": MERGE}
    found = _read(files)
    [secret] = only(Credential, found)
    assert _place(secret) == ("overlays/prod/env.yaml", 11)
    [use] = only(Use, found)
    assert use.subject == "kubernetes:ServiceAccount/default/app"  # and not `default`


def test_a_patch_in_the_file_itself_stands_there() -> None:
    patch = "patches:\n  - patch: |-\n" + "".join(f"      {line}\n" for line in MERGE.splitlines())
    [secret] = only(Credential, _read(BASE | _overlay(patch)))
    assert _place(secret) == ("overlays/prod/kustomization.yaml", 14)


def test_a_patch_of_a_role_is_said_besides_what_the_base_says() -> None:
    wide = ROLE.replace("[configmaps]", "[secrets]")
    prod = _overlay("patchesStrategicMerge: [role.yaml]\n") | {"overlays/prod/role.yaml": wide}
    rules = [one for one in only(Grant, _read(BASE | prod | _overlay("", "dev/x"))) if one.actions]
    assert {(one.resources, _place(one)) for one in rules} == {
        (("/configmaps",), ("base/rbac.yaml", 6)),
        (("/secrets",), ("overlays/prod/role.yaml", 6)),
    }
    [only_one] = [one for one in only(Grant, _read(BASE | prod)) if one.actions]
    assert only_one.resources == ("/secrets",)  # nobody deploys the base as it is


def test_a_patch_of_something_else_says_nothing_twice() -> None:
    replicas = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: app}\nspec: {replicas: 3}\n"
    prod = _overlay("patches: [{path: r.yaml}]\n") | {"overlays/prod/r.yaml": replicas}
    plain = {one.id: one for one in _read(BASE) if not isinstance(one, Trouble)}
    patched = _read(BASE | prod | _overlay("", "overlays/dev"))
    assert {one.id: one for one in patched} == plain
    assert len(patched) == len(plain)


def test_another_image_makes_no_other_workload() -> None:
    image = "patches:\n  - target: {kind: Deployment}\n    patch: '[{op: replace, path: /spec/template/spec/containers/0/image, value: b}]'\n"
    [workload] = [
        one for one in only(Resource, _read(BASE | _overlay(image))) if one.type == "Workload"
    ]
    assert _place(workload) == ("base/app.yaml", 1)
    assert workload.settings["images"] == ["b"]


OPERATIONS = """\
- op: replace
  path: /spec/template/spec/serviceAccountName
  value: deployer
- op: add
  path: /spec/template/spec/automountServiceAccountToken
  value: false
"""


def test_operations_change_whom_a_workload_acts_as() -> None:
    target = "patchesJson6902:\n  - path: ops.yaml\n    target: {kind: Deployment, name: app}\n"
    files = BASE | _overlay(target) | {"overlays/prod/ops.yaml": OPERATIONS}
    found = _read(files)
    [use] = only(Use, found)
    assert use.subject == "kubernetes:ServiceAccount/default/deployer"
    assert _place(use) == ("overlays/prod/ops.yaml", 3)
    [workload] = [one for one in only(Resource, found) if one.type == "Workload"]
    assert workload.settings["automount"] == "false"


def test_a_target_selects_by_kind_expression_and_label() -> None:
    labelled = DEPLOYMENT.replace("  name: app\n", "  name: app\n  labels: {tier: web}\n", 1)
    for target, is_meant in (
        ("{kind: Deployment}", True),
        ("{kind: StatefulSet|Deployment, name: a.*}", True),
        ("{group: apps, version: v1, labelSelector: 'tier=web'}", True),
        ("{labelSelector: 'tier=db'}", False),
        ("{name: ap}", False),
        ("{name: '(a+)+b'}", False),  # nobody works out such an expression
    ):
        operations = "".join(f"      {line}\n" for line in OPERATIONS.splitlines())
        text = f"patches:\n  - target: {target}\n    patch: |-\n{operations}"
        [use] = only(Use, _read(BASE | {"base/app.yaml": labelled} | _overlay(text)))
        assert use.subject.endswith("/deployer") is is_meant, target


def test_what_a_patch_deletes_is_not_there() -> None:
    gone = "$patch: delete\napiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {name: app}\n"
    prod = _overlay("patches: [{path: gone.yaml}]\n") | {"overlays/prod/gone.yaml": gone}
    assert [one for one in only(Grant, _read(BASE | prod)) if one.via] == []
    both = _read(BASE | prod | _overlay("", "overlays/dev"))
    assert len([one for one in only(Grant, both) if one.via]) == 1


def test_a_component_changes_what_it_is_added_to() -> None:
    files = (
        BASE
        | _overlay("components: [../../components/token]\n")
        | {
            "components/token/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n"
            "patches:\n  - target: {kind: ServiceAccount}\n    path: off.yaml\n",
            "components/token/off.yaml": "- {op: add, path: /automountServiceAccountToken, value: false}\n",
        }
    )
    [account] = only(Identity, _read(files))
    assert account.tags == {"automount": "false"}
    assert _place(account) == ("components/token/off.yaml", 1)


def test_overlays_on_overlays_are_followed() -> None:
    files = BASE | _overlay("namePrefix: a-\n") | {
        "top/kustomization.yml": "namespace: prod\nnamePrefix: b-\nbases: [../overlays/prod]\n"
        "patches:\n  - target: {kind: ServiceAccount, name: app}\n"
        "    patch: '[{op: add, path: /automountServiceAccountToken, value: false}]'\n",
    }  # fmt: skip
    [account] = only(Identity, _read(files))
    assert account.aliases == ("kubernetes:ServiceAccount/prod/b-a-app",)
    assert account.tags == {"automount": "false"}


def test_what_is_taken_from_elsewhere_is_said_to_be_unread() -> None:
    for text in ("https://github.com/a/b/deploy?ref=v1", "github.com/a/b//deploy"):
        files = {"kustomization.yaml": f"resources:\n  - {text}\n"}
        [trouble] = only(Trouble, _read(files))
        assert trouble.message.startswith("line 2: takes objects from elsewhere")
    assert _read({"kustomization.yaml": "resources: [../not-scanned, gone.yaml]\n"}) == []


def test_of_a_patch_without_its_object_only_secrets_are_said() -> None:
    files = {
        "kustomization.yaml": "resources: [../elsewhere]\npatches: [{path: env.yaml}]\n",
        "env.yaml": MERGE,
    }
    [secret] = _read(files)
    assert isinstance(secret, Credential)
    assert _place(secret) == ("env.yaml", 11)


def test_what_a_replacement_fills_in_is_unknown() -> None:
    text = (
        "replacements:\n  - source: {kind: ConfigMap, name: c, fieldPath: data.x}\n    targets:\n"
        "      - select: {kind: Deployment}\n        fieldPaths: [spec.template.spec.serviceAccountName]\n"
    )
    [use] = only(Use, _read(BASE | _overlay(text)))
    assert "${kustomize.replacement}" in use.subject


def test_kustomizations_in_a_circle_end() -> None:
    files = {
        "a/kustomization.yaml": "resources: [../b, x.yaml]\n",
        "b/kustomization.yaml": "resources: [../a]\n",
        "a/x.yaml": ACCOUNT,
        "c/kustomization.yaml": "components: [../c]\nresources: [.]\n",
    }
    _read(files)


def test_a_hundred_overlays_on_overlays_cost_little() -> None:
    files = {
        f"k{n}/kustomization.yaml": f"resources: [../k{n - 1}, ../k{n - 1}]\n" for n in range(1, 60)
    }
    assert _read(files | {"k0/kustomization.yaml": "resources: [x.yaml]\n", "k0/x.yaml": ACCOUNT})


def test_only_what_has_changed_is_said() -> None:
    files = {"kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": f"{ACCOUNT}---\n{ROLE}"}
    found = read_all(Kubernetes, files, changed=[(1, 4)])
    assert [type(one) for one in found] == [Identity]


def test_names_fit_alternatives_with_wildcards() -> None:
    fitting = [("", "x"), ("a.*z", "abcz"), ("^(a|b)$", "b"), ("a\\.b", "a.b")]
    assert [_fits(*one) for one in fitting] == [True] * 4
    others = [("a.*z", "az-"), ("ab.*ba", "aba"), ("[a-z]+", "abc")]
    assert [_fits(*one) for one in others] == [False] * 3


KEYS = (
    "resources", "bases", "components", "patches", "patchesStrategicMerge", "patchesJson6902", "path", "patch", "target",
    "kind", "name", "namespace", "namePrefix", "metadata", "op", "value", "add", "/spec/0/a", "replacements", "targets",
    "select", "fieldPaths", "helmCharts", "a.yaml", "p.yaml", "ServiceAccount", "labelSelector", "a=b", ".", "$patch",
)  # fmt: skip


@given(structures(*KEYS), structures(*KEYS), strategies.booleans())
def test_anything_may_stand_in_a_kustomization(value: Any, patch: Any, is_merge: bool) -> None:
    head = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "app"}}
    given = value if isinstance(value, dict) else {"patches": value}
    given = {"resources": ["a.yaml"], "patches": [{"path": "p.yaml", "target": {}}], **given}
    if is_merge and isinstance(patch, dict):
        patch = {**head, **patch}
    files = {
        "kustomization.yaml": json.dumps(given, indent=1),
        "a.yaml": json.dumps(head),
        "p.yaml": json.dumps(patch, indent=1),
    }
    with suppress(Broken):
        read_all(Kubernetes, files)
