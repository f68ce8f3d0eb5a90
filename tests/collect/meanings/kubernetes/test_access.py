"""What objects of Kubernetes mean."""

from __future__ import annotations

from keymuster.collect.readers.kubernetes import Kubernetes
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    Grant,
    GrantKind,
    Identity,
    Resource,
    Use,
)
from reading import only, read, said

RBAC = "apiVersion: rbac.authorization.k8s.io/v1\n"


def test_a_service_account_is_an_identity_that_others_can_name() -> None:
    text = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: ci}\nautomountServiceAccountToken: false\n"
    [found] = only(Identity, read(Kubernetes, "a.yaml", text))
    assert found.id == "kubernetes:a.yaml:ServiceAccount..ci"
    assert found.aliases == ("kubernetes:ServiceAccount/default/ci",)
    assert (found.account, found.tags) == ("default", {"automount": "false"})


def test_annotations_say_which_identities_of_clouds_it_uses() -> None:
    text = """\
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      name: ci
      annotations:
        eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/apps/ci
        iam.gke.io/gcp-service-account: ci@acme.iam.gserviceaccount.com
        azure.workload.identity/client-id: 00000000-0000-0000-0000-000000000000
    """
    found = only(Use, read(Kubernetes, "a.yaml", text))
    assert [one.subject for one in found] == [
        "aws:role/ci",
        "gcp:ci@acme.iam.gserviceaccount.com",
        "azure:00000000-0000-0000-0000-000000000000",
    ]
    assert {one.by for one in found} == {"kubernetes:a.yaml:ServiceAccount..ci"}


def test_each_rule_of_a_role_is_a_grant() -> None:
    text = RBAC + (
        "kind: Role\nmetadata: {name: r, namespace: prod}\nrules:\n"
        "  - {apiGroups: ['', apps], resources: [pods, pods/exec], verbs: [get], resourceNames: [a]}\n"
        "  - {nonResourceURLs: [/metrics], verbs: [get]}\n  - {verbs: [get]}\n"
    )
    observed = read(Kubernetes, "a.yaml", text)
    [holder], [first, second] = only(Resource, observed), only(Grant, observed)
    assert holder.aliases == ("kubernetes:Role/prod/r",)
    assert first.identity == second.identity == holder.id
    assert first.resources == ("/pods", "/pods/exec", "apps/pods", "apps/pods/exec")
    assert first.conditions == {"resourceNames": ["a"], "namespace": "prod"}
    assert second.resources == ("url:/metrics",)
    assert first.location.line == 5  # type: ignore[union-attr]


def test_a_binding_is_a_grant_for_each_subject() -> None:
    text = RBAC + (
        "kind: RoleBinding\nmetadata: {name: b, namespace: prod}\nroleRef: {kind: Role, name: r}\nsubjects:\n"
        "  - {kind: ServiceAccount, name: a}\n  - {kind: ServiceAccount, name: b, namespace: dev}\n"
        "  - {kind: User, name: jane}\n  - {kind: Group, name: 'system:authenticated'}\n"
    )
    found = only(Grant, read(Kubernetes, "a.yaml", text))
    assert [one.identity for one in found] == [
        "kubernetes:ServiceAccount/prod/a", "kubernetes:ServiceAccount/dev/b", "jane",
        "system:authenticated",
    ]  # fmt: skip
    assert {(one.via, one.kind) for one in found} == {
        ("kubernetes:Role/prod/r", GrantKind.ROLE_BINDING)
    }
    assert found[0].conditions == {"namespace": "prod"}


def test_values_of_a_secret_are_credentials() -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: bGV0bWVpbg==, username: YXBw}\n"
        "stringData: {token: '${TOKEN}', api-key: abc123xyz}\n"
    )
    found = read(Kubernetes, "a.yaml", text)
    sure = [one for one in only(Credential, found) if one.confidence is not Confidence.LOW]
    assert said(sure) == [("password", 4), ("api-key", 5)]
    assert {one.tags["declared_as"] for one in sure} == {"kubernetes-secret"}


def test_who_signs_in_where_is_no_secret_even_if_it_looks_like_one() -> None:
    text = (
        "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\n"
        "stringData: {POSTGRES_USER: u8Hx2Lq9Zt4Wb7Rk, host: db.internal, database: app, user-key: abc123xyz}\n"
    )
    assert said(only(Credential, read(Kubernetes, "a.yaml", text))) == [("user-key", 4)]


def test_the_same_password_in_base64_and_in_the_clear_is_one() -> None:
    text = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\ndata: {password: bGV0bWVpbg==}\nstringData: {password: letmein}\n"
    one, other = only(Credential, read(Kubernetes, "a.yaml", text))
    assert one.id == other.id


def test_a_token_secret_is_a_credential_of_its_account() -> None:
    text = (
        "apiVersion: v1\nkind: Secret\ntype: kubernetes.io/service-account-token\n"
        "metadata: {name: t, namespace: prod, annotations: {kubernetes.io/service-account.name: ci}}\n"
    )
    [found] = only(Credential, read(Kubernetes, "a.yaml", text))
    assert (found.kind, found.identity) == (
        CredentialKind.SERVICE_TOKEN,
        "kubernetes:ServiceAccount/prod/ci",
    )


def test_config_maps_are_searched_by_key_and_by_line() -> None:
    text = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  password: letmein\n"
        "  app.properties: |\n    db.user=app\n    db.password=letmein2\n    url=x\n  host: db\n"
    )
    found = read(Kubernetes, "a.yaml", text)
    assert said(found) == [("password", 5), ("db.password", 6)]
