"""What objects of AWS mean. They are spoken of in the words of CloudFormation; what only Terraform
has, such as an attachment that is an object of its own, in Terraform's."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws import credentials, iam, literals, resource_policies, workloads
from keymuster.model import Observation

_ASPECTS = (iam, credentials, resource_policies, workloads, literals)
"""Each has `TYPES`, as this has; one object may be several of it."""


def _meaning(one: Declared) -> Iterator[Observation]:
    for aspect in _ASPECTS:
        if one.type in aspect.TYPES:
            yield from aspect.TYPES[one.type](one)


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}
