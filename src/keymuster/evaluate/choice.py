"""Which rules the user wants: globs over policy ids, format ids, both, and NHI categories."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct

from keymuster.errors import SettingsError
from keymuster.model import Confidence, Nhi
from keymuster.rules.frameworks import nhi_id
from keymuster.rules.schema import Policy, RuleSet


class Choice(Struct, frozen=True, kw_only=True):
    """`only` empty means all; `skip` wins over `only`. Findings of a lower `confidence` are left
    out."""

    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()
    confidence: Confidence = Confidence.MEDIUM

    def wants(self, policy: Policy, format: str) -> bool:
        names = _names(policy, format)
        return not _any(names, self.skip) and (not self.only or _any(names, self.only))

    def policies(self, rules: RuleSet) -> tuple[Policy, ...]:
        """Those that may have findings: they are sure enough, and wanted of some format."""
        formats = rules.token_ids if self.only else []
        return tuple(
            one
            for one in rules.policies
            if one.confidence.rank >= self.confidence.rank
            and (self.wants(one, "") or self._wants_some(one, formats))
        )

    def _wants_some(self, policy: Policy, formats: Iterable[str]) -> bool:
        return policy.applies_to == "credential" and any(
            self.wants(policy, format) for format in formats
        )

    def check(self, rules: RuleSet) -> None:
        """SettingsError for a glob that no rule answers to: a typo must not switch off a scan."""
        if not self.only and not self.skip:
            return
        known = {name for policy in rules.policies for name in _names(policy, "")}
        known |= {category.value for category in Nhi} | {*rules.token_ids}
        for glob in (*self.only, *self.skip):
            if glob in known or _any(known, (glob,)) or _means_a_pair(glob, rules):
                continue
            raise SettingsError(
                f"no rule is called `{glob}`",
                _nearest(glob, rules) + "See: keymuster rules list",
            )


def _means_a_pair(glob: str, rules: RuleSet) -> bool:
    """Whether it is about a policy and a format: there are many of both, so they are asked last."""
    return any(
        fnmatchcase(f"{policy.id}/{token.id}", glob)
        for policy in rules.policies
        if policy.applies_to == "credential"
        for token in rules.tokens
    )


def _names(policy: Policy, format: str) -> set[str]:
    names = {policy.id, *(category.value for category in policy.nhi)}
    return names | ({format, f"{policy.id}/{format}"} if format else set())


def _any(names: set[str], globs: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, nhi_id(glob) or glob) for name in names for glob in globs)


def _nearest(glob: str, rules: RuleSet) -> str:
    from keymuster.nearest import nearest

    close = nearest(glob, [rule.id for rule in rules.rules])
    return f"Did you mean `{close}`? " if close else ""


def names_rule(named: str, policy: str, rule: str) -> bool:
    """Whether a name in an inline comment means a finding's rule: its policy, its format, or both."""
    return named in (policy, rule, rule.partition("/")[2] or policy)
