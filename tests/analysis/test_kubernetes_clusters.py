"""What follows of clusters that were asked: what each has by default and what was added, what stays inside one
cluster, and what other clouds and tokens say of its accounts."""

from __future__ import annotations

from typing import Any

import pytest

from keymuster.analysis import analysed
from keymuster.analysis.kubernetes_defaults import beyond, is_default_binding
from keymuster.analysis.kubernetes_rules import Rule
from keymuster.analysis.reach.edges.uses import _doubt
from keymuster.collect import meanings
from keymuster.collect.aws.objects import told as told_by_aws
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.inventory.build import Inventory, build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Identity,
    Resource,
    ServiceLocation,
    Use,
)
from keymuster.model.kubernetes import by_issuer, called, cluster_of, issuer_of, local
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from kubernetes_cluster import UID, binding, role, rule, templated, thing

OTHER = UID.replace("0f1e", "aaaa")
ISSUER = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"


def told(kind: str, one: dict[str, Any], cluster: str = UID, **more: Any) -> Declared:
    space = one["metadata"].get("namespace")
    name = "/".join(filter(None, (kind, space, one["metadata"]["name"])))
    key = called(name, cluster)
    place = Told.about(ServiceLocation(service="kubernetes", account=cluster, resource=key))
    return Declared(
        type=kind,
        name=name,
        scope=called(cluster),
        settings=place.node({**one, **more}),
        key=key,
        account=cluster,
    )


def inventory(rules: RuleSet, *several: Declared, more: tuple[Any, ...] = ()) -> Inventory:
    records = [record for one in several for record in meanings.records(one, ())]
    return analysed(build([*records, *more]), Settings(), rules)  # type: ignore[arg-type]


def account(name: str, space: str = "prod", **more: Any) -> Declared:
    return told("ServiceAccount", thing(name, space, **more), issuer=ISSUER)


def cluster(name: str, uid: str, *unseen: str) -> Resource:
    return Resource(
        id=called("cluster", uid), type="KubernetesCluster", name=name, settings={"uid": uid, "unseen": [*unseen]},
        location=ServiceLocation(service="kubernetes", account=uid, resource=name),
    )  # fmt: skip


def facts(found: Inventory, name: str) -> dict[str, Any]:
    return found.facts[called(name, UID)]


# --- names ---------------------------------------------------------------------------------------


def test_names_of_files_and_of_clusters_are_told_apart() -> None:
    assert called("Role/a/b") == "kubernetes:Role/a/b"
    assert cluster_of(called("Role/a/b", UID)) == UID
    assert cluster_of("kubernetes:deploy/x.yaml:Role.a.b") == ""
    assert (local(called("Role/a/b", UID)), local("kubernetes:Role/a/b")) == (
        "Role/a/b",
        "Role/a/b",
    )
    assert issuer_of(by_issuer(ISSUER, "prod", "app")) == (
        ISSUER.removeprefix("https://"),
        "prod/app",
    )
    for other in (
        called("ServiceAccount/prod/app", UID),
        "kubernetes:ServiceAccount/prod/app",
        "aws:role/x",
    ):
        assert issuer_of(other) == ("", "")


# --- what every cluster has ------------------------------------------------------------------------

CONTROLLER = "system:controller:cronjob-controller"


def test_a_role_of_the_control_plane_is_judged_by_what_was_added(rules: RuleSet) -> None:
    found = inventory(
        rules,
        told("ClusterRole", role(CONTROLLER, rule("batch", "jobs", "create"), rule("", "secrets", "get"))),
    )  # fmt: skip
    assert facts(found, f"ClusterRole/{CONTROLLER}#0")["dangers"] == []
    assert facts(found, f"ClusterRole/{CONTROLLER}#0")["by_default"] is True
    assert facts(found, f"ClusterRole/{CONTROLLER}#1")["dangers"] == ["read-secrets"]
    assert facts(found, f"ClusterRole/{CONTROLLER}#1")["by_default"] is False


@pytest.mark.parametrize(
    "name", ["system:persistent-volume-provisioner", "system:controller:persistent-volume-binder"]
)
def test_those_who_make_volumes_in_every_cluster_may(name: str) -> None:
    makes = Rule(verbs=("create",), resources=("/persistentvolumes",))
    assert beyond(called(f"ClusterRole/{name}", UID), [makes]) == []
    assert beyond(called("ClusterRole/edit", UID), [makes]) == ["create-volumes"]


def test_an_asterisk_that_was_added_to_a_role_without_one_is_not_by_default(rules: RuleSet) -> None:
    found = inventory(rules, told("ClusterRole", role(CONTROLLER, rule("acme.test", "*", "*"))))
    assert facts(found, f"ClusterRole/{CONTROLLER}#0")["by_default"] is False


def test_a_label_makes_nothing_a_default(rules: RuleSet) -> None:
    mine = role(
        "mine", rule("*", "*", "*"), labels={"kubernetes.io/bootstrapping": "rbac-defaults"}
    )
    found = inventory(rules, told("ClusterRole", mine))
    assert "everything" in facts(found, "ClusterRole/mine#0")["dangers"]


def test_another_subject_of_a_binding_of_every_cluster_was_added(rules: RuleSet) -> None:
    found = inventory(
        rules,
        told("ClusterRole", role("cluster-admin", rule("*", "*", "*"))),
        told("ClusterRoleBinding", binding(
            "cluster-admin", "ClusterRole/cluster-admin", "Group/system:masters", "ServiceAccount/prod/app"
        )),
        account("app"),
    )  # fmt: skip
    assert facts(found, "ClusterRoleBinding/cluster-admin#0")["by_default"] is True
    assert facts(found, "ClusterRoleBinding/cluster-admin#1")["by_default"] is False
    assert "everything" in facts(found, "ClusterRoleBinding/cluster-admin#1")["dangers"]
    assert "everything" in facts(found, "ServiceAccount/prod/app")["cluster_dangers"]


def test_a_controller_has_what_it_has_everywhere_and_is_judged_by_the_rest(rules: RuleSet) -> None:
    own = binding(
        CONTROLLER, f"ClusterRole/{CONTROLLER}", "ServiceAccount/kube-system/cronjob-controller"
    )
    more = binding("more", "ClusterRole/reads", "ServiceAccount/kube-system/cronjob-controller")
    records = [
        told("ClusterRole", role(CONTROLLER, rule("batch", "jobs", "create"))),
        told("ClusterRole", role("reads", rule("", "secrets", "list"))),
        told("ClusterRoleBinding", own),
        account("cronjob-controller", "kube-system"),
    ]
    said = facts(inventory(rules, *records), "ServiceAccount/kube-system/cronjob-controller")
    assert (said["dangers"], said["cluster_dangers"]) == (["create-workloads"], [])
    said = facts(
        inventory(rules, *records, told("ClusterRoleBinding", more)),
        "ServiceAccount/kube-system/cronjob-controller",
    )
    assert said["cluster_dangers"] == ["read-secrets"]


def test_a_role_of_kubeadm_is_shown_to_strangers_as_it_is_made_and_no_other() -> None:
    name = "kubeadm:bootstrap-signer-clusterinfo"
    said = (
        called(f"RoleBinding/kube-public/{name}#0", UID), called(f"Role/kube-public/{name}", UID),
        called("system:anonymous", UID),
    )  # fmt: skip
    shown = Rule(
        verbs=("get",), resources=("/configmaps",), names=("cluster-info",), namespace="kube-public"
    )
    assert is_default_binding(*said, [shown])
    assert not is_default_binding(*said, [shown, Rule(verbs=("get",), resources=("/secrets",))])


def test_cluster_admin_has_nothing_beyond_itself() -> None:
    assert (
        beyond(called("ClusterRole/cluster-admin", UID), [Rule(verbs=("*",), resources=("*/*",))])
        == []
    )


def test_what_files_declare_is_judged_as_it_is_written(rules: RuleSet) -> None:
    one = told("ClusterRole", role(CONTROLLER, rule("batch", "jobs", "create")))
    one.key = one.account = ""
    one.scope = "kubernetes:rbac.yaml"
    found = inventory(rules, one)
    [grant] = [said for id, said in found.facts.items() if id.endswith("#0")]
    assert grant["dangers"] == ["create-workloads"]


# --- one cluster and another -----------------------------------------------------------------------


def test_a_user_who_is_called_like_an_account_is_not_that_account(rules: RuleSet) -> None:
    subjects = [
        {"kind": "User", "name": "ServiceAccount/prod/app"},
        {"kind": "Group", "name": "system:serviceaccount:prod:app"},
        {"kind": "User", "name": "system:serviceaccount:prod:other"},
    ]
    everything = {
        "metadata": {"name": "b"},
        "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
    }
    found = inventory(
        rules, account("app"), account("other"), told("ClusterRoleBinding", {**everything, "subjects": subjects}),
    )  # fmt: skip
    assert not facts(found, "ServiceAccount/prod/app")["is_bound"]
    assert facts(found, "ServiceAccount/prod/other")["is_bound"]


def test_rights_stay_in_their_cluster(rules: RuleSet) -> None:
    everybody = binding("b", "ClusterRole/reads", "Group/system:authenticated")
    found = inventory(
        rules,
        told("ClusterRole", role("reads", rule("", "secrets", "list"))),
        told("ClusterRoleBinding", everybody),
        account("app"),
        told("ServiceAccount", thing("app", "prod"), OTHER),
        told("ClusterRole", role("reads", rule("", "pods", "list")), OTHER),
    )  # fmt: skip
    assert facts(found, "ServiceAccount/prod/app")["dangers"] == ["read-secrets"]
    assert found.facts[called("ServiceAccount/prod/app", OTHER)]["dangers"] == []


def test_an_identity_of_a_cloud_that_two_clusters_share_is_shared(rules: RuleSet) -> None:
    note = {"iam.gke.io/gcp-service-account": "app@acme.iam.gserviceaccount.com"}
    clusters = (cluster("east", UID), cluster("west", OTHER))
    found = inventory(
        rules, told("ServiceAccount", thing("app", "prod", annotations=note)),
        told("ServiceAccount", thing("app", "prod", annotations=note), OTHER), more=clusters,
    )  # fmt: skip
    spaces = [said["namespaces"] for said in found.facts.values() if said.get("namespaces")]
    assert spaces == [["prod of east", "prod of west"]] * 2


def test_who_of_aws_is_in_a_group_has_the_rights_of_the_group(rules: RuleSet) -> None:
    auth = thing("aws-auth", "kube-system", data={
        "mapRoles": "[{rolearn: 'arn:aws:iam::111122223333:role/ops', groups: [ops, 'system:masters']}]",
    })  # fmt: skip
    found = inventory(
        rules, told("ConfigMap", auth), told("ClusterRole", role("reads", rule("", "secrets", "list"))),
        told("ClusterRoleBinding", binding("b", "ClusterRole/reads", "Group/ops")),
    )  # fmt: skip
    who = "ConfigMap/kube-system/aws-auth#arn:aws:iam::111122223333:role/ops"
    assert facts(found, f"{who}/ops")["dangers"] == ["read-secrets"]
    assert "everything" in facts(found, f"{who}/system:masters")["dangers"]


# --- what others say of its accounts -----------------------------------------------------------------


def irsa(issuer: str, name: str = "app") -> Declared:
    address = issuer.removeprefix("https://")
    return told_by_aws("AWS::IAM::Role", "arn:aws:iam::111122223333:role/app", {"AssumeRolePolicyDocument": {"Statement": [{
        "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": f"arn:aws:iam::111122223333:oidc-provider/{address}"},
        "Condition": {"StringEquals": {f"{address}:sub": f"system:serviceaccount:prod:{name}"}},
    }]}})  # fmt: skip


@pytest.mark.parametrize(("issuer", "linked"), [(ISSUER, True), (f"{ISSUER}DEF", False)])
def test_a_role_of_aws_is_used_by_the_account_of_the_cluster_that_it_trusts(
    rules: RuleSet, issuer: str, linked: bool
) -> None:
    found = inventory(rules, irsa(issuer), account("app"))
    by = {use.by for use in found.of(Use)}
    assert (called("ServiceAccount/prod/app", UID) in by) is linked


@pytest.mark.parametrize(("issuer", "sure"), [(ISSUER, True), (f"{ISSUER}DEF", False)])
def test_that_a_role_lets_an_account_in_is_sure_only_of_its_own_cluster(
    rules: RuleSet, issuer: str, sure: bool
) -> None:
    from keymuster.analysis.reach.graph import Basis

    note = {"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app"}
    found = inventory(rules, irsa(issuer), account("app", annotations=note))
    use = next(one for one in found.of(Use) if one.by == called("ServiceAccount/prod/app", UID))
    basis = Basis(found, Settings(), rules)  # type: ignore[arg-type]
    assert (_doubt(use, found.records[use.subject], basis) == "") is sure


def test_a_pod_identity_is_of_the_cluster_whose_issuer_is_told(rules: RuleSet) -> None:
    one = told_by_aws(
        "AWS::EKS::PodIdentityAssociation", "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/prod/a-1",
        {"Namespace": "prod", "ServiceAccount": "app", "RoleArn": "arn:aws:iam::111122223333:role/app",
         "OpenIdConnectIssuerUrl": ISSUER},
    )  # fmt: skip
    found = inventory(rules, one, account("app"))
    assert called("ServiceAccount/prod/app", UID) in {use.by for use in found.of(Use)}


def test_a_role_for_an_account_that_its_cluster_does_not_have_is_told(rules: RuleSet) -> None:
    def lost(issuer: str, name: str, *more: Any) -> list[str]:
        found = inventory(rules, irsa(issuer, name), account("app"), more=more)
        return [said["lost_account"] for said in found.facts.values() if "lost_account" in said]

    assert lost(ISSUER, "gone") == ["prod/gone"]
    assert lost(ISSUER, "app") == []
    assert lost(f"{ISSUER}DEF", "gone") == []
    assert lost(ISSUER, "gone", cluster("east", UID, "service-accounts")) == []


def test_a_token_in_a_file_proves_the_account_whose_uid_it_has(rules: RuleSet) -> None:
    uid = "7d0f9a55-1c2b-4d3e-9f80-112233445566"
    token = Credential(
        id="secret:x", kind=CredentialKind.SERVICE_TOKEN, name="token", location=FileLocation(path="ci.env"),
        tags={"issuer": "kubernetes/serviceaccount", "service_account_uid": uid},
    )  # fmt: skip
    found = inventory(
        rules, account("app", uid=uid), account("other", uid=uid.replace("7d", "8d")), more=(token,)
    )
    [one] = [one for one in found.of(Credential) if one.id == "secret:x"]
    assert one.identity == called("ServiceAccount/prod/app", UID)


def test_a_workload_runs_as_the_account_of_its_own_cluster(rules: RuleSet) -> None:
    found = inventory(
        rules, told("Deployment", thing("web", "prod", spec=templated("app"))), account("app"),
        told("ServiceAccount", thing("app", "prod"), OTHER),
    )  # fmt: skip
    assert facts(found, "ServiceAccount/prod/app")["is_used"] is True
    assert found.facts[called("ServiceAccount/prod/app", OTHER)]["is_used"] is False
    assert [one.name for one in found.of(Identity)] == ["app", "app"]


@pytest.mark.parametrize(
    ("member", "doubts"),
    [
        ("gcp:acme.svc.id.goog[prod/app]", [""]),
        ("gcp:serviceAccount:acme.svc.id.goog[prod/app]", [""]),
        ("gcp:other.svc.id.goog[prod/app]", []),
    ],
)
def test_a_member_of_google_is_the_account_of_a_cluster_of_that_project(
    rules: RuleSet, member: str, doubts: list[str]
) -> None:
    from types import SimpleNamespace

    from keymuster.analysis.reach.edges.gcp import _pods
    from keymuster.analysis.reach.graph import Basis

    issuer = (
        "https://container.googleapis.com/v1/projects/acme/locations/europe-west1/clusters/prod"
    )
    found = inventory(rules, told("ServiceAccount", thing("app", "prod"), issuer=issuer))
    reach: Any = SimpleNamespace(hops=[SimpleNamespace(start=member)])
    edges = list(_pods(reach, Basis(found, Settings(), rules)))  # type: ignore[arg-type]
    assert [one.assumed for one in edges] == doubts
