"""What runs in AWS as which identity, and which of it the internet reaches."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from keymuster.analysis.aws_things import direct
from keymuster.analysis.known import Known
from keymuster.inventory.build import Inventory
from keymuster.model import Identity, Resource, UseKind
from keymuster.model.ids import scope
from keymuster.model.unknown import reference
from keymuster.settings import Settings

_PROFILE = "aws:instance-profile"
_FACTS = {UseKind.WORKLOAD: "workloads", UseKind.AGENT: "agents"}
_EVERYWHERE = ("0.0.0.0/0", "::/0")


def facts(inventory: Inventory, _: Settings, __: Known) -> dict[str, dict[str, Any]]:
    """Of identities: the `workloads` and `agents` that run as them, and those among them that are
    `exposed`."""
    exposed = set(_exposed(inventory))
    found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for use in direct(inventory):
        identity = inventory.records.get(use.subject)
        if not isinstance(identity, Identity) or identity.provider != "aws":
            continue
        by = inventory.records.get(use.by)
        if use.kind not in _FACTS or (isinstance(by, Resource) and by.type == _PROFILE):
            continue
        name = by.name if isinstance(by, Resource | Identity) else use.by
        said = found[identity.id]
        for fact in (_FACTS[use.kind], *(("exposed",) if use.by in exposed else ())):
            if name not in said[fact]:
                said[fact].append(name)
    return {id: dict(said) for id, said in found.items()}


def _exposed(inventory: Inventory) -> Iterator[str]:
    """The ids of what anybody in the internet may talk to, and nobody asks who it is."""
    for one in inventory.of(Resource):
        id = one.id.removeprefix("resource:")
        match one.type:
            case "AWS::EC2::Instance" if _is_open(one.settings):
                yield id
            case "AWS::BedrockAgentCore::Gateway" if one.settings.get("AuthorizerType") == "NONE":
                yield id
            case "AWS::Lambda::Url" if one.settings.get("AuthType") == "NONE":
                yield from _function(id, str(one.settings.get("TargetFunctionArn", "")))


def _function(url: str, text: str) -> Iterator[str]:
    """The function of an address: its ARN, or the object that the declaration refers to."""
    if text.startswith("arn:"):
        yield text
    elif name := reference(text):
        within = scope(url)
        yield f"{within}:{name.rpartition('.')[0]}"
        yield f"{within}:{name}"


def _is_open(settings: dict[str, Any]) -> bool:
    """Whether a machine has a public address, and one of its groups lets everybody in. Of what is only
    declared the groups stand elsewhere, so that nobody can tell."""
    groups = settings.get("SecurityGroups")
    if not settings.get("PublicIpAddress") or not isinstance(groups, list):
        return False
    return any(
        address.get(key) in _EVERYWHERE
        for group in groups
        if isinstance(group, dict)
        for rule in group.get("IpPermissions", ())
        for ranges, key in (("IpRanges", "CidrIp"), ("Ipv6Ranges", "CidrIpv6"))
        for address in rule.get(ranges, ())
    )
