"""What policies of AWS call the policies, workloads and machines that are declared beside them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from msgspec.structs import replace

from keymuster import regex
from keymuster.analysis.aws_identities import arn
from keymuster.inventory.build import Inventory
from keymuster.model import Identity, Observation, Resource, Use, UseKind

_REFERENCE = regex.later(r"\$\{([^{}]+)\}")

_SOME_ACCOUNT = regex.later(r"(arn:[\w-]+:(?:iam|sts)::)\$\{[^{}:]+\}:")
_THIS_ACCOUNT = r"\1${account}:"
"""What ARNs of identities have whose account is not known (`aws_identities.names`): a declaration that
leaves the account of another one open means its own."""

_ALIAS = "aws:"


class Things:
    """The declared things whose ARN AWS makes of their kind and name. `kinds` are how those ARNs look.
    `called` are the names of each by its id: policies by their ARN, others with their kind."""

    def __init__(self, inventory: Inventory, kinds: Mapping[str, Sequence[str]]) -> None:
        self._records = inventory.records
        self._kinds = kinds
        self.called: dict[str, tuple[str, ...]] = {}
        for one in inventory.of(Resource):
            kind = one.type.removeprefix(_ALIAS)
            if one.type == kind or kind not in kinds or _exists(one):
                continue
            name = self._arn(one) if kind == "policy" else f"{one.type}/{_name(one)}"
            self.called[one.id] = (name,)

    def written_out(self, text: str, scope: str) -> str:
        """A resource of a statement, with what it refers to as AWS would write it."""
        if "${" not in text:
            return text
        whole = _REFERENCE.fullmatch(text)
        return _SOME_ACCOUNT.sub(
            _THIS_ACCOUNT,
            _REFERENCE.sub(lambda part: self._meant(part, scope, whole is not None), text),
        )

    def _meant(self, part: re.Match[str], scope: str, whole: bool) -> str:
        record = self._record(part[1], scope)
        is_arn = whole or part[1].lower().endswith("arn")
        if isinstance(record, Identity):
            return arn(record) if is_arn else part[0]
        if isinstance(record, Resource) and record.id in self.called:
            return self._arn(record) if is_arn else _name(record)
        return part[0]

    def _record(self, name: str, scope: str) -> Observation | None:
        """What a reference means: an object, or an attribute of one."""
        return self._records.get(f"{scope}:{name.rpartition('.')[0]}") or self._records.get(
            f"{scope}:{name}"
        )

    def _arn(self, one: Resource) -> str:
        """In whichever region, in the account of the declaration; what exists has one."""
        if _exists(one):
            return one.id
        shape = self._kinds[one.type.removeprefix(_ALIAS)][0]
        where, _, what = shape.replace("{account}", "${account}").rpartition(":")
        return f"{where.replace('arn:*:', 'arn:aws:', 1)}:{what.replace('*', _name(one), 1)}"


def _exists(one: Resource) -> bool:
    """Whether it is called by its ARN, and not by a place in a declaration."""
    return one.id.startswith("arn:")


def _name(one: Resource) -> str:
    """The name in the ARN; for one that is not known, a text that is equal to itself only."""
    word = f"{one.type}/"
    known = next((alias for alias in one.aliases if alias.startswith(word)), "")
    return known.removeprefix(word) or "${" + one.id.replace(":", "|") + "}"


def direct(inventory: Inventory) -> Iterator[Use]:
    """Who acts as which identity, also by what hands it on: an instance by its profile. Of what the
    platform does with an identity, whoever gets into a workload has nothing."""
    by: dict[str, list[Use]] = defaultdict(list)
    for use in inventory.of(Use):
        if use.kind is not UseKind.OTHER:
            by[use.by].append(use)
            yield use
    for use in inventory.of(Use):
        if not isinstance(inventory.records.get(use.subject), Identity):
            yield from (replace(use, subject=each.subject) for each in by.get(use.subject, ()))
