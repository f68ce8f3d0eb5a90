"""What objects of AWS mean. They are spoken of in the words of CloudFormation; what only Terraform
has, such as an attachment that is an object of its own, in Terraform's."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws import (
    credentials,
    iam,
    literals,
    organizations,
    resource_policies,
    service_accounts,
    standing,
    workloads,
)
from keymuster.model import Observation

_ASPECTS: dict[ModuleType, tuple[str, ...]] = {
    iam: ("identity", "grant", "trust"),
    credentials: ("credential",),
    organizations: (),
    resource_policies: ("grant",),
    service_accounts: ("use",),
    standing: ("credential", "use"),
    workloads: ("use", "identity"),
    literals: ("credential",),
}
"""Each has `TYPES`, as this has; one object may be several of it. And the sorts of records that
policies ask for, which come of each."""


def _meaning(one: Declared) -> Iterator[Observation]:
    for aspect in _ASPECTS:
        if one.type in aspect.TYPES:
            yield from aspect.TYPES[one.type](one)


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}


def _subjects(type: str) -> tuple[str, ...]:
    found = {one for aspect in _ASPECTS if type in aspect.TYPES for one in _ASPECTS[aspect]}
    if type in credentials.OF_USERS:
        found.add("identity")  # of which policies ask by what it signs in
    return tuple(sorted(found))


SUBJECTS = {type: _subjects(type) for type in TYPES}
