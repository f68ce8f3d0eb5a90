"""What declared objects mean: one module per vendor, found by its folder. Each has `TYPES`: the type of
an object, in the vendor's words, and the function that makes records of it. Some have `SUBJECTS`, too:
the sorts of records, as policies call them, that come of objects of a type, or say more of them."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from functools import cache, lru_cache
from importlib import import_module
from types import ModuleType
from typing import TypeAlias

from keymuster import modules
from keymuster.collect.declared import Declared
from keymuster.collect.terraform.literals import literals
from keymuster.model import Observation, Resource

Meaning: TypeAlias = Callable[[Declared], Iterator[Observation]]


def records(one: Declared, wanted: Container[str]) -> Iterator[Observation]:
    """The records of an object: its settings if its type is `wanted`, what it means, and the secrets
    that stand in it."""
    if one.type in wanted:
        yield resource(one)
    meaning = of(one.type)
    if meaning is not None:
        yield from meaning(one)
    yield from literals(one)


def resource(one: Declared) -> Resource:
    """The object itself, in the vendor's own words. Its id is not that of an identity it may be."""
    return Resource(
        id=f"resource:{one.id}",
        type=one.type,
        name=one.name,
        location=one.location,
        settings=one.settings.plain(),
    )


def subjects(types: Iterable[str]) -> tuple[str, ...]:
    """The sorts of records that objects of these types become, as policies call them: of a type that
    its module does not say it of, every sort."""
    found: set[str] = set()
    for type in types:
        for module in _modules():
            if type in module.TYPES:
                found.update(getattr(module, "SUBJECTS", {}).get(type, _SUBJECTS))
    return tuple(sorted(found))


_SUBJECTS = ("credential", "grant", "identity", "trust", "use")


@lru_cache(maxsize=4096)
def of(type: str) -> Meaning | None:
    """What makes records of objects of a type, if they mean something. Only its vendor is loaded for it:
    most scans see objects of one or two."""
    vendor = _VENDORS.get(type) or _VENDORS.get(_beginning(type))
    if vendor is None:
        return None
    meaning: Meaning | None = import_module(f"{__name__}.{vendor}").TYPES.get(type)
    return meaning


def _beginning(type: str) -> str:
    """The first word of a type with the sign behind it: `AWS:`, `google_`; empty if it has but one word."""
    at = next((at for at, sign in enumerate(type) if sign in "_:."), -1)
    return type[: at + 1]


_VENDORS = {
    "AWS:": "aws", "Alexa:": "aws", "aws_": "aws", "iam:": "aws",
    "Microsoft.": "azure",
    "azuread_": "entra", "microsoft.": "entra", "msgraph_": "entra", "AgentsInfo": "entra",
    "GitHub:": "github", "github_": "github",
    "gitlab_": "gitlab",
    "google_": "google", "cloudasset.": "google", "iam.": "google", "orgpolicy.": "google",
    "admin.": "google_workspace",
    "": "kubernetes",
    "okta:": "okta", "okta_": "okta",
    "pulumi:": "pulumi",
    "slack:": "slack",
    **dict.fromkeys(
        ("alicloud_", "databricks_", "datadog_", "digitalocean_", "grafana_", "huaweicloud_", "ibm_", "mongodbatlas_",
         "newrelic_", "oci_", "openstack_", "ovh_", "scaleway_", "sentry_", "snowflake_", "tencentcloud_", "tfe_", "vault_",
         "yandex_"),
        "saas",
    ),
}  # fmt: skip
"""What the types of each begin with, or a type. A test says if one is missing."""


@cache
def known() -> dict[str, Meaning]:
    """Every type that means something."""
    return {type: meaning for module in _modules() for type, meaning in module.TYPES.items()}


@cache
def _modules() -> tuple[ModuleType, ...]:
    return tuple(import_module(f"{__name__}.{one}") for one in modules.names(__path__))
