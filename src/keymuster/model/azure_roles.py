"""What is published of the roles and permissions of Azure, of the Entra directory and of Microsoft Graph."""

from __future__ import annotations

from msgspec import Struct

from keymuster.model.gcp_roles import LevelName


class AzureWay(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A way to take more than a role says: who may do one of these `actions`, or `data_actions`, can.
    Those that hold `anywhere` are of use whatever the role is assigned on; others on what they name, and
    on what contains such things."""

    id: str
    why: str
    actions: list[str] = []
    data_actions: list[str] = []
    anywhere: bool = False


class EntraPrivileges(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What roles of the directory come to (`levels`), which of them lead to other identities (`escalating`),
    and the same of the actions of custom roles and of the permissions of Microsoft Graph. Actions
    may have wildcards."""

    levels: dict[LevelName, list[str]] = {}
    escalating: list[str] = []
    admin_actions: list[str] = []
    escalating_actions: list[str] = []
    admin_permissions: list[str] = []
    escalating_permissions: list[str] = []


class AzurePrivileges(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What built-in roles come to (`levels`), and the `ways` to more that each opens (`escalating`). A role
    that may do one of the `admin_actions` is an administrator; `administrators` are the ids of the
    built-in ones that a condition has to leave out, or their holder is one, too."""

    source: str = ""
    admin_actions: list[str] = []
    administrators: list[str] = []
    ways: list[AzureWay] = []
    levels: dict[LevelName, list[str]] = {}
    escalating: dict[str, list[str]] = {}
    entra: EntraPrivileges = EntraPrivileges()
