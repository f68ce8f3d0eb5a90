"""Who vendors are, and what the scopes of their interfaces let somebody do: the data of
`rules/known/vendors.yaml` and `rules/known/scopes.yaml`."""

from __future__ import annotations

from msgspec import Struct


class Vendor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody outside who may hold grants, and by which keys that is known beyond its name.

    `domains` are its own, with all below them. `aws` names its entries in `aws-accounts.yaml`, if they
    are not called as it is; `formats` the vendors in `rules/tokens` whose credentials are for it. `github`
    are logins that own its apps, `apps` slugs of such apps. `clients` are ids of applications at
    Google, Entra or Slack, `tenants` directories of Entra, `projects` projects of Google Cloud, each with
    the place that says so. It runs the `platforms`: there it is no third party. Where the name is
    a word of its own (`common`), only who calls itself exactly so takes it. `abused` says what its
    applications were used for in break-ins, and where that is told.
    """

    id: str
    name: str
    also: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    aws: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    github: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    clients: dict[str, str] = {}
    tenants: dict[str, str] = {}
    projects: dict[str, str] = {}
    platforms: tuple[str, ...] = ()
    common: bool = False
    abused: str = ""


class KnownVendors(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/vendors.yaml`."""

    source: str = ""
    vendors: tuple[Vendor, ...] = ()


class ApiScopes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the scopes of one interface let who has them do, as patterns with `*`: tell who somebody is,
    `read` data, `write` it, `administer`. A scope that is written out counts before patterns. Of
    several patterns those of reading come first, for `*.readonly` says more than the name before it, and
    those of writing last. `sensitive` are scopes that read what is nobody else's: mail, files,
    code, secrets. `offline` ones last until somebody ends them."""

    providers: tuple[str, ...]
    source: str
    identity: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    administer: tuple[str, ...] = ()
    sensitive: tuple[str, ...] = ()
    offline: tuple[str, ...] = ()


class KnownScopes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/scopes.yaml`."""

    apis: tuple[ApiScopes, ...] = ()
