"""What came of judging an inventory."""

from __future__ import annotations

from msgspec import Struct

from keymuster.model import Finding, Framework, RuleText, Undecided


class Verdict(Struct, frozen=True, kw_only=True):
    """The findings, gravest first within their file, and the words for the rules they name."""

    findings: tuple[Finding, ...] = ()
    rules: tuple[RuleText, ...] = ()
    frameworks: tuple[Framework, ...] = ()
    undecided: tuple[Undecided, ...] = ()
