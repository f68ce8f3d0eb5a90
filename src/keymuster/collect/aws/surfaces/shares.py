"""Resources that an account shares with others through RAM."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def shares(ask: Scope) -> Iterator[Told]:
    """Each with those it is given to; `ExternalPrincipals` are outside of the organization."""
    found = list(
        ask.pages(
            "ram:GetResourceShares", "resourceShares", resourceOwner="SELF", resourceShareStatus="ACTIVE"
        )
    )  # fmt: skip
    if not found:
        return
    given: dict[str, list[str]] = defaultdict(list)
    outside: dict[str, list[str]] = defaultdict(list)
    what: dict[str, list[str]] = defaultdict(list)
    for one in ask.pages("ram:ListPrincipals", "principals", resourceOwner="SELF"):
        given[one["resourceShareArn"]].append(one["id"])
        if one.get("external"):
            outside[one["resourceShareArn"]].append(one["id"])
    for one in ask.pages("ram:ListResources", "resources", resourceOwner="SELF"):
        what[one["resourceShareArn"]].append(one["arn"])
    for one in found:
        arn = one["resourceShareArn"]
        yield told(
            "AWS::RAM::ResourceShare", arn,
            {
                "Name": one["name"], "AllowExternalPrincipals": one.get("allowExternalPrincipals"),
                "Principals": sorted(given[arn]), "ExternalPrincipals": sorted(outside[arn]),
                "ResourceArns": sorted(what[arn]), "CreationTime": one.get("creationTime"),
            },
            name=one["name"],
        )  # fmt: skip


SURFACES = (
    Surface(
        name="ram",
        calls=("ram:GetResourceShares", "ram:ListPrincipals", "ram:ListResources"),
        types=("AWS::RAM::ResourceShare",),
        look=shares,
    ),
)
