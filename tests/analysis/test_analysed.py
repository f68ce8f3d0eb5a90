"""Which analyses an inventory needs."""

from __future__ import annotations

from importlib import import_module

import pytest

from keymuster import analysis
from keymuster.inventory.build import build
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from reading import NO_RULES

HERE = FileLocation(path="main.tf", line=1)


def _everything() -> list[Observation]:
    """Records of every sort, of every provider that an analysis is about and of others."""
    found: list[Observation] = [
        Credential(
            id="k", kind=CredentialKind.API_KEY, name="k", location=HERE, identity="aws-role"
        ),
        Credential(id="p", kind=CredentialKind.PRIVATE_KEY, name="p", location=HERE),
        Resource(id="resource:w", type="Workload", name="w", location=HERE),
        Resource(id="resource:s", type="github_actions_secret", name="s", location=HERE),
        Resource(id="resource:b", type="AWS::S3::Bucket", name="b", location=HERE),
        Resource(id="resource:a", type="AWS::IAM::AccessKey", name="a", location=HERE),
    ]
    for name in ("aws", "azure", "entra", "gcp", "kubernetes", "oci", "github"):
        found += [
            Identity(id=f"{name}-role", kind=IdentityKind.ROLE, provider=name, name=name, location=HERE),
            Grant(
                id=f"{name}-grant", identity=f"{name}-role", kind=GrantKind.POLICY, provider=name,
                location=HERE, actions=("*",), resources=("*",),
            ),
            Trust(id=f"{name}-trust", identity=f"{name}-role", provider=name, principal="*",
                kind=TrustKind.ASSUME, location=HERE),
            Use(id=f"{name}-use", subject=f"{name}-role", by="resource:w", kind=UseKind.WORKLOAD, location=HERE),
        ]  # fmt: skip
    found.append(
        Identity(id="agent", kind=IdentityKind.AGENT, provider="bedrock", name="a", location=HERE)
    )
    return found


@pytest.mark.parametrize("name", analysis._ANALYSES)
def test_an_analysis_has_nothing_to_say_of_what_it_is_not_loaded_for(name: str) -> None:
    facts = import_module(f"keymuster.analysis.{name}").facts
    about = analysis._ANALYSES[name]
    others = [one for one in _everything() if analysis._held(build([one])).isdisjoint(about)]
    assert 0 < len(others) < len(_everything())
    assert facts(build(others), Settings(), NO_RULES) == {}


def test_what_is_left_out_changes_nothing(rules: RuleSet) -> None:
    inventory = analysis.analysed(build(_everything()), Settings(), rules)
    all_of_it = build(_everything())
    for name in ("linked", *analysis._ANALYSES):
        analysis._learn(all_of_it, name, Settings(), rules)
    assert inventory.facts == all_of_it.facts
    assert "privilege" in inventory.facts["aws-role"]
