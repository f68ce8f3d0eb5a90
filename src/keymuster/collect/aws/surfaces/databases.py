"""Databases of RDS, Aurora, Neptune and DocumentDB: how clients sign in, and who keeps the password."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def databases(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("rds:DescribeDBClusters", "DBClusters"):
        engine = one.get("Engine", "")
        is_copy = bool(one.get("ReplicationSourceIdentifier"))
        settings = {
            **_common(one, is_copy), "DBClusterIdentifier": one["DBClusterIdentifier"],
            "IamAuthEnabled": one.get("IAMDatabaseAuthenticationEnabled") if engine == "neptune" else None,
        }  # fmt: skip
        yield told(_CLUSTERS.get(engine, "AWS::RDS::DBCluster"), one["DBClusterArn"], settings)
    for one in ask.pages("rds:DescribeDBInstances", "DBInstances"):
        if one.get("Engine") in _CLUSTERS:
            continue
        in_cluster = one.get("DBClusterIdentifier")
        is_copy = bool(one.get("ReadReplicaSourceDBInstanceIdentifier") or in_cluster)
        settings = {
            **_common(one, is_copy), "DBInstanceIdentifier": one["DBInstanceIdentifier"],
            "DBClusterIdentifier": in_cluster,
        }  # fmt: skip
        yield told("AWS::RDS::DBInstance", one["DBInstanceArn"], settings)


_CLUSTERS = {"neptune": "AWS::Neptune::DBCluster", "docdb": "AWS::DocDB::DBCluster"}
"""Engine -> the type of its clusters. They sign in as their cluster says."""


def _common(one: dict[str, Any], is_copy: bool) -> dict[str, Any]:
    """What is said of both. A copy has the password of what it is a copy of."""
    return {
        "Engine": one.get("Engine"), "MasterUsername": one.get("MasterUsername"),
        "EnableIAMDatabaseAuthentication": bool(one.get("IAMDatabaseAuthenticationEnabled")),
        "ManageMasterUserPassword": None if is_copy else bool(one.get("MasterUserSecret")),
        "PubliclyAccessible": one.get("PubliclyAccessible"),
    }  # fmt: skip


SURFACES = (
    Surface(
        name="rds",
        calls=("rds:DescribeDBClusters", "rds:DescribeDBInstances"),
        types=(
            "AWS::RDS::DBCluster",
            "AWS::RDS::DBInstance",
            "AWS::Neptune::DBCluster",
            "AWS::DocDB::DBCluster",
        ),
        look=databases,
    ),
)
