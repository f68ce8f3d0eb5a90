"""What objects of Google Cloud mean, in the words of its Terraform provider."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.google import credentials, iam, workloads
from keymuster.model import Observation

_ASPECTS = (iam, credentials, workloads)
"""Each has `TYPES`, as this has; one object may be several of it."""


def _meaning(one: Declared) -> Iterator[Observation]:
    for aspect in _ASPECTS:
        if one.type in aspect.TYPES:
            yield from aspect.TYPES[one.type](one)


TYPES = {type: _meaning for aspect in _ASPECTS for type in aspect.TYPES}
