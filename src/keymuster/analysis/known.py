"""What is published about providers, as analysis needs it: the rule files hold it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # most of what needs this needs a part of it
    from keymuster.analysis.aws_escalations import Way
    from keymuster.analysis.aws_identities import KnownPolicy
    from keymuster.model.azure_roles import AzurePrivileges
    from keymuster.model.gcp_roles import GcpRoles
    from keymuster.model.issuers import KnownTrusts
    from keymuster.model.vendors import KnownScopes, KnownVendors


class KnownAws(Protocol):
    """See `rules.schema.AwsKnowledge`."""

    @property
    def ways(self) -> Sequence[Way]: ...
    @property
    def kinds(self) -> Mapping[str, Sequence[str]]: ...
    @property
    def policies(self) -> Mapping[str, KnownPolicy]: ...
    @property
    def covers(self) -> Sequence[str]: ...
    @property
    def accounts(self) -> Mapping[str, str]: ...


class Known(Protocol):
    """See `rules.schema.RuleSet`."""

    @property
    def aws(self) -> KnownAws: ...
    @property
    def azure(self) -> AzurePrivileges: ...
    @property
    def gcp(self) -> GcpRoles: ...
    @property
    def trusts(self) -> KnownTrusts: ...
    @property
    def vendors(self) -> KnownVendors: ...
    @property
    def scopes(self) -> KnownScopes: ...
