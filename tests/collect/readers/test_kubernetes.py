"""Objects of Kubernetes manifests and charts."""

from __future__ import annotations

import pytest
from hypothesis import given

from keymuster.collect.readers.kubernetes import Kubernetes
from keymuster.collect.syntax.node import Broken
from keymuster.model import FileLocation, Grant, Identity, Resource, Use
from keymuster.rules.schema import RuleSet
from reading import only, read, said, structures, survives

ACCOUNT = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: %s, namespace: prod}\n"


def names(text: str, path: str = "a.yaml", **more: object) -> list[str]:
    return [one.name for one in only(Identity, read(Kubernetes, path, text, **more))]  # type: ignore[arg-type]


def test_every_document_and_every_item_of_a_list_is_an_object() -> None:
    items = "apiVersion: v1\nkind: List\nitems:\n  - {apiVersion: v1, kind: ServiceAccount, metadata: {name: c}}\n"
    assert names(f"{ACCOUNT % 'a'}---\n{ACCOUNT % 'b'}---\n{items}") == ["a", "b", "c"]


def test_json_is_read_too() -> None:
    text = '{"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}}'
    assert names(text, "a.json") == ["a"]


def test_an_object_stands_where_it_is_declared() -> None:
    [_, found] = only(Identity, read(Kubernetes, "a.yaml", f"{ACCOUNT % 'a'}---\n{ACCOUNT % 'b'}"))
    assert isinstance(found.location, FileLocation)
    assert (found.location.line, found.location.end_line) == (5, 7)


def test_two_of_a_name_in_one_file_are_two_objects() -> None:
    found = only(Identity, read(Kubernetes, "a.yaml", f"{ACCOUNT % 'a'}---\n{ACCOUNT % 'a'}"))
    assert len({one.id for one in found}) == 2


def test_a_template_leaves_what_it_fills_in_unknown() -> None:
    text = """\
    {{- if .Values.create }}
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: {{ include "app.name" . }}
      labels:
        {{- include "app.labels" . | nindent 4 }}
    automountServiceAccountToken: {{ .Values.automount }}
    {{- end }}
    """
    [found] = only(Identity, read(Kubernetes, "templates/sa.yaml", text))
    assert (found.name, found.tags) == ("${app.name}", {"automount": "${.Values.automount}"})


def test_a_template_that_is_no_yaml_without_its_values_is_left_alone() -> None:
    text = ACCOUNT % "a" + "{{ .a }}: [\n"
    assert read(Kubernetes, "templates/sa.yaml", text) == []


def test_a_broken_manifest_is_said_to_be() -> None:
    with pytest.raises(Broken, match="line 4"):
        read(Kubernetes, "a.yaml", ACCOUNT % "a" + "  b: : [\n")


@pytest.mark.parametrize(
    "text",
    [
        "kind: ServiceAccount\nmetadata: {name: a}\n",
        "apiVersion: iam.gcp.upbound.io/v1beta1\nkind: ServiceAccount\nmetadata: {name: a}\n",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n",
        "a: 1\n",
    ],
)
def test_what_is_no_object_of_a_cluster_is_left_alone(text: str) -> None:
    assert read(Kubernetes, "a.yaml", text) == []


def test_only_objects_that_changed_count() -> None:
    text = f"{ACCOUNT % 'a'}---\n{ACCOUNT % 'b'}"
    assert names(text, changed=[(6, 6)]) == ["b"]


def test_the_settings_of_wanted_types_are_there_for_policies(rules: RuleSet) -> None:
    text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: b}]}\n"
    found = only(Resource, read(Kubernetes, "a.yaml", text, rules))
    assert [one.type for one in found] == ["Workload"]


def test_a_deployment_uses_its_account_and_a_binding_grants_it_a_role() -> None:
    text = """\
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web, namespace: prod}
    spec: {template: {spec: {serviceAccountName: web, containers: [{name: a, image: b}]}}}
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: RoleBinding
    metadata: {name: web, namespace: prod}
    roleRef: {kind: ClusterRole, name: edit}
    subjects: [{kind: ServiceAccount, name: web}]
    """
    observed = read(Kubernetes, "a.yaml", text)
    [use], [grant] = only(Use, observed), only(Grant, observed)
    assert use.subject == grant.identity == "kubernetes:ServiceAccount/prod/web"
    assert grant.via == "kubernetes:ClusterRole/edit"


def test_no_secret_is_shown() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {password: letmein}\n"
    found = read(Kubernetes, "a.yaml", text)
    assert said(found) == [("password", 4)]
    assert "letmein" not in repr(found)


def test_a_large_bundle_of_other_kinds_costs_little() -> None:
    other = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {a: [1, 2]}\n---\n"
    assert names(other * 20_000 + ACCOUNT % "a") == ["a"]


KEYS = (
    "apiVersion", "v1", "kind", "Pod", "Secret", "Role", "RoleBinding", "ServiceAccount", "ConfigMap", "metadata",
    "name", "namespace", "annotations", "spec", "containers", "env", "value", "valueFrom", "volumes", "rules",
    "verbs", "resources", "apiGroups", "subjects", "roleRef", "data", "items", "List", "command",
    "kube-apiserver", "KubeletConfiguration", "ClusterConfiguration", "authentication",
)  # fmt: skip


@given(structures(*KEYS), structures(*KEYS), structures(*KEYS))
def test_anything_is_read(one: object, other: object, third: object) -> None:
    kinds = ("Pod", "Deployment", "Role", "RoleBinding", "Secret", "ConfigMap", "ServiceAccount",
             "KubeletConfiguration", "ClusterConfiguration", "CronJob", "Service")  # fmt: skip
    for kind in kinds:
        manifest = {
            "apiVersion": "v1", "kind": kind, "metadata": one, "spec": {"containers": other, "template": other, **(other if isinstance(other, dict) else {})},
            "rules": other, "subjects": third, "roleRef": one, "data": other, "stringData": third,
            "authentication": one, "apiServer": {"extraArgs": other},
        }  # fmt: skip
        survives(Kubernetes, "a.yaml", manifest)
    survives(Kubernetes, "a.json", {"apiVersion": "v1", "kind": "List", "items": one})


def test_a_definition_is_not_read_for_the_kinds_that_it_speaks_of(rules: RuleSet) -> None:
    definition = """\
kind: CustomResourceDefinition
apiVersion: apiextensions.k8s.io/v1
metadata: {name: x.example.org}
spec:
  description: |
    such as
      kind: Secret
  broken: [
---
"""
    account = "kind: ServiceAccount\napiVersion: v1\nmetadata: {name: a}\n"
    listed = "kind: CustomResourceDefinition\napiVersion: v1\nitems:\n- " + account.replace(
        "\n", "\n  "
    )
    assert only(Identity, read(Kubernetes, "a.yaml", definition + account, rules))
    assert only(Identity, read(Kubernetes, "b.yaml", listed, rules))
