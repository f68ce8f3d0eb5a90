"""Clusters of EKS: the roles of their nodes, and of their pods."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import capitalized, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_GONE = "ResourceNotFoundException"


def clusters(ask: Scope) -> Iterator[Told]:
    for name in ask.pages("eks:ListClusters", "clusters"):
        answer = ask.answer("eks:DescribeCluster", _GONE, name=name)
        issuer = None
        if answer is not None:
            one = answer["cluster"]
            issuer = one.get("identity", {}).get("oidc", {}).get("issuer")
            settings = {**capitalized(one, "tags"), "OpenIdConnectIssuerUrl": issuer}
            yield told("AWS::EKS::Cluster", one["arn"], settings)
        yield from _nodes(ask, name)
        yield from _profiles(ask, name)
        yield from _pods(ask, name, issuer)


def _nodes(ask: Scope, cluster: str) -> Iterator[Told]:
    for name in ask.pages("eks:ListNodegroups", "nodegroups", clusterName=cluster):
        answer = ask.answer("eks:DescribeNodegroup", _GONE, clusterName=cluster, nodegroupName=name)
        if answer is not None:
            one = answer["nodegroup"]
            yield told(
                "AWS::EKS::Nodegroup",
                one["nodegroupArn"],
                capitalized(one, "tags", "labels"),
                name,
            )


def _profiles(ask: Scope, cluster: str) -> Iterator[Told]:
    for name in ask.pages("eks:ListFargateProfiles", "fargateProfileNames", clusterName=cluster):
        answer = ask.answer(
            "eks:DescribeFargateProfile", _GONE, clusterName=cluster, fargateProfileName=name
        )
        if answer is not None:
            one = answer["fargateProfile"]
            yield told(
                "AWS::EKS::FargateProfile",
                one["fargateProfileArn"],
                capitalized(one, "tags", "labels"),
                name,
            )


def _pods(ask: Scope, cluster: str, issuer: str | None) -> Iterator[Told]:
    """Which service account gets which role; only the whole of an association tells the role. By the `issuer` of its
    tokens an account is known wherever the cluster is asked."""
    for listed in ask.pages("eks:ListPodIdentityAssociations", "associations", clusterName=cluster):
        answer = ask.answer(
            "eks:DescribePodIdentityAssociation", _GONE,
            clusterName=cluster, associationId=listed["associationId"],
        )  # fmt: skip
        if answer is not None:
            one = answer["association"]
            yield told(
                "AWS::EKS::PodIdentityAssociation", one["associationArn"],
                {**capitalized(one, "tags"), "OpenIdConnectIssuerUrl": issuer},
                f"{cluster}/{one.get('namespace', '')}/{one.get('serviceAccount', '')}",
            )  # fmt: skip


SURFACES = (
    Surface(
        name="eks",
        calls=(
            "eks:ListClusters", "eks:DescribeCluster", "eks:ListNodegroups", "eks:DescribeNodegroup",
            "eks:ListFargateProfiles", "eks:DescribeFargateProfile", "eks:ListPodIdentityAssociations",
            "eks:DescribePodIdentityAssociation",
        ),
        types=(
            "AWS::EKS::Cluster", "AWS::EKS::Nodegroup", "AWS::EKS::FargateProfile", "AWS::EKS::PodIdentityAssociation",
        ),
        look=clusters,
    ),
)  # fmt: skip
