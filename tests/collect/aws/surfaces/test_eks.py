from __future__ import annotations

import moto_server
from asking_aws import ACCOUNT, answering, asked, objects, records
from keymuster.model import Use
from keymuster.rules.schema import RuleSet
from reading import only

ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
CLUSTER = f"arn:aws:eks:us-east-1:{ACCOUNT}:cluster/main"


def test_nodes_and_profiles_of_a_cluster_have_roles(rules: RuleSet, aws: str) -> None:
    client = moto_server.client("eks", aws)
    client.create_cluster(
        name="main", roleArn=f"{ROLE}control", resourcesVpcConfig={"subnetIds": ["subnet-1"]}
    )
    client.create_nodegroup(
        clusterName="main", nodegroupName="n", subnets=["subnet-1"], nodeRole=f"{ROLE}node"
    )
    client.create_fargate_profile(
        clusterName="main", fargateProfileName="p", podExecutionRoleArn=f"{ROLE}pods",
        selectors=[{"namespace": "shop"}],
    )  # fmt: skip
    ask = asked("eks")
    told = [*ask.surface.look(ask)]
    assert {one.subject for one in only(Use, records(told, rules))} == {
        f"aws:{ACCOUNT}:role/control", f"aws:{ACCOUNT}:role/node", f"aws:{ACCOUNT}:role/pods",
    }  # fmt: skip


def association(name: str) -> dict[str, object]:
    return {
        "clusterName": "main", "namespace": name, "serviceAccount": "web", "roleArn": f"{ROLE}web",
        "associationArn": f"arn:aws:eks:us-east-1:{ACCOUNT}:podidentityassociation/main/{name}",
        "associationId": name, "disableSessionTags": True, "targetRoleArn": "arn:aws:iam::111122223333:role/far",
    }  # fmt: skip


def test_pods_of_service_accounts_get_roles(rules: RuleSet) -> None:
    issuer = "https://oidc.eks.us-east-1.amazonaws.com/id/1"
    cluster = {"name": "main", "arn": CLUSTER, "identity": {"oidc": {"issuer": issuer}}}
    with answering(
        "eks",
        ("list_clusters", {"clusters": ["main"]}),
        ("describe_cluster", {"cluster": cluster}),
        ("list_nodegroups", {"nodegroups": []}),
        ("list_fargate_profiles", {"fargateProfileNames": []}),
        (
            "list_pod_identity_associations",
            {"associations": [{"associationId": "a"}, {"associationId": "b"}]},
        ),
        ("describe_pod_identity_association", {"association": association("a")}),
        ("describe_pod_identity_association", {"association": association("b")}),
    ) as ask:
        found = objects(ask)
    assert found["AWS::EKS::Cluster"][0].text("OpenIdConnectIssuerUrl") == issuer
    told = found["AWS::EKS::PodIdentityAssociation"]
    assert [one.name for one in told] == ["main/a/web", "main/b/web"]
    assert told[0].settings.plain()["DisableSessionTags"] is True
    uses = only(Use, records(told, rules))
    assert len({one.by for one in uses}) == 2
    assert {one.subject for one in uses} == {
        f"aws:{ACCOUNT}:role/web", "aws:111122223333:role/far",
    }  # fmt: skip
