"""Plain records and the vocabulary. Imports nothing else from this package.

A name is imported from its module when it is first asked for: a commit hook that finds nothing
needs the vocabulary, and no record.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keymuster.model.attestation import Attestation, Attestations
    from keymuster.model.azure_roles import AzurePrivileges, AzureWay, EntraPrivileges
    from keymuster.model.finding import (
        Coverage,
        Finding,
        Framework,
        FrameworkEntry,
        Looked,
        Place,
        Provenance,
        Reference,
        Report,
        RuleText,
        Scope,
        Statement,
        Step,
        Suppression,
        Trouble,
        Undecided,
    )
    from keymuster.model.gcp_roles import GcpPermissions, GcpRoles
    from keymuster.model.issuers import Issuer, KnownTrusts, TokenForm
    from keymuster.model.location import (
        Commit,
        FileLocation,
        Location,
        ServiceLocation,
    )
    from keymuster.model.records import (
        Credential,
        Grant,
        Identity,
        InlineAllow,
        Observation,
        Owner,
        OwnerHint,
        Resource,
        RiskException,
        Trust,
        Use,
    )
    from keymuster.model.registration import (
        AgentRegistry,
        KillSwitch,
        RegisteredCredentials,
        RegisteredServer,
        Registration,
        TimedException,
    )
    from keymuster.model.roll import (
        GraphEdge,
        GraphNode,
        GraphSort,
        Roll,
        RolledCredential,
        RolledException,
        RolledGrant,
        RolledIdentity,
        RolledTrust,
        RolledUse,
        Trend,
        TrendDay,
    )
    from keymuster.model.secret import Secret
    from keymuster.model.taxonomy import (
        Confidence,
        CredentialKind,
        CredentialStatus,
        Effect,
        Environment,
        GrantKind,
        IdentityKind,
        Nhi,
        Severity,
        Storage,
        TrustKind,
        UseKind,
    )
    from keymuster.model.vendors import ApiScopes, KnownScopes, KnownVendors, Vendor

__all__ = [
    "AgentRegistry",
    "ApiScopes",
    "Attestation",
    "Attestations",
    "AzurePrivileges",
    "AzureWay",
    "Commit",
    "Confidence",
    "Coverage",
    "Credential",
    "CredentialKind",
    "CredentialStatus",
    "Effect",
    "EntraPrivileges",
    "Environment",
    "FileLocation",
    "Finding",
    "Framework",
    "FrameworkEntry",
    "GcpPermissions",
    "GcpRoles",
    "Grant",
    "GrantKind",
    "GraphEdge",
    "GraphNode",
    "GraphSort",
    "Identity",
    "IdentityKind",
    "InlineAllow",
    "Issuer",
    "KillSwitch",
    "KnownScopes",
    "KnownTrusts",
    "KnownVendors",
    "Location",
    "Looked",
    "Nhi",
    "Observation",
    "Owner",
    "OwnerHint",
    "Place",
    "Provenance",
    "Reference",
    "RegisteredCredentials",
    "RegisteredServer",
    "Registration",
    "Report",
    "Resource",
    "RiskException",
    "Roll",
    "RolledCredential",
    "RolledException",
    "RolledGrant",
    "RolledIdentity",
    "RolledTrust",
    "RolledUse",
    "RuleText",
    "Scope",
    "Secret",
    "ServiceLocation",
    "Severity",
    "Statement",
    "Step",
    "Storage",
    "Suppression",
    "TimedException",
    "TokenForm",
    "Trend",
    "TrendDay",
    "Trouble",
    "Trust",
    "TrustKind",
    "Undecided",
    "Use",
    "UseKind",
    "Vendor",
]

_MODULES = (
    "taxonomy",
    "secret",
    "location",
    "records",
    "finding",
    "issuers",
    "gcp_roles",
    "registration",
    "attestation",
    "azure_roles",
    "vendors",
    "roll",
)
"""From what imports nothing to what imports most."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = getattr(import_module(f"{__name__}.{module}"), name, None)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
