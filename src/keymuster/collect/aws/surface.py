"""What is asked of AWS, in parts that may fail each for itself."""

from __future__ import annotations

from keymuster.collect.asking import surface
from keymuster.collect.asking.surface import Told

__all__ = ["Surface", "Told"]


class Surface(surface.Surface, frozen=True, kw_only=True):
    """One part of an account. Its calls are `service:Operation` in botocore's words, its types those of
    CloudFormation. One that is not `regional` is the same in all regions, and asked for once; one that is
    to be looked at `once` is the same for all accounts, and asked for in the one that the user signs in
    to."""

    regional: bool = True
    wants: frozenset[str] = frozenset()
    """Options that the user gave and that cost more calls than most would have made."""
    once: bool = False
