"""What the statements of an identity of AWS mention: which things, and what sets one apart from another."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import product

from keymuster.analysis.aws_identities import Estate, Permissions, account, arn
from keymuster.analysis.aws_patterns import (
    Pieces,
    Untold,
    Variable,
    Wild,
    arn_parts,
    common_arn,
    covers,
    example,
    filled,
    pieces,
    whole_arn,
)
from keymuster.analysis.aws_policy import Statement, about_resource
from keymuster.model import Effect


class Mentions:
    """Those of one identity, or of whoever has a policy. `kinds` say how the ARNs of each kind of thing look;
    `{account}` is the caller's."""

    def __init__(
        self, permissions: Permissions, kinds: Mapping[str, Sequence[str]], estate: Estate
    ) -> None:
        one = permissions.identity
        self._permissions = permissions
        self._kinds = kinds
        self._estate = estate
        self._account = account(one) if one else ""
        self._partition = arn(one).split(":", 2)[1] if one else "aws"
        self._telling_apart: dict[str, list[Statement] | None] = {}
        self._patterns_of: dict[str, list[Pieces]] = {}
        self._shapes_of: dict[tuple[str, tuple[str, ...]], list[Pieces]] = {}
        self._accounts_of: dict[str, tuple[str, ...]] = {}
        self._examples_of: dict[tuple[str, str], list[str]] = {}

    def patterns(self, action: str) -> list[Pieces]:
        """Of the things that an action is allowed on, if it is on them."""
        found = self._patterns_of.get(action)
        if found is None:
            found = self._patterns_of[action] = list(dict.fromkeys(self._stated(action)))
        return found

    def _stated(self, action: str) -> Iterator[Pieces]:
        """The patterns of the statements that allow an action, and where they meet its limits."""
        own = list(self._of(self._permissions.own.about(action)))
        yield from own
        for index in (self._permissions.boundary, *self._permissions.controls):
            if index is None:
                continue
            for limit, one in product(self._of(index.about(action)), own):
                if len(limit) > 1 and (meeting := common_arn(limit, one)) is not None:
                    yield pieces(meeting)
                    yield limit

    def _of(self, statements: Iterable[Statement]) -> Iterator[Pieces]:
        for statement in allowing(statements):
            for resource in statement.resources or ("*",):
                full = filled(pieces(whole_arn(resource)), self._permissions.context.get)
                if full is not None:
                    yield full

    def examples(self, kind: str, action: str) -> list[str]:
        """Things of a kind that statements are about; when one is not told, it may be of any kind."""
        key = (kind, action)
        if key not in self._examples_of:
            self._examples_of[key] = list(dict.fromkeys(self._of_kind(kind, action)))
        return self._examples_of[key]

    def _of_kind(self, kind: str, action: str) -> Iterator[str]:
        for pattern in self.patterns(action):
            if len(pattern) == 1 and isinstance(pattern[0], Untold):
                yield pattern[0].text
            for shape in self.shapes(kind, action):
                if (one := common_arn(pattern, shape)) is not None:
                    yield one

    def shapes(self, kind: str, action: str) -> list[Pieces]:
        """How ARNs of a kind look here."""
        key = (kind, self.accounts(action))
        if key not in self._shapes_of:
            here = [
                shape.replace("arn:*:", f"arn:{self._partition}:", 1)
                for shape in self._kinds.get(kind, ("*",))
            ]
            self._shapes_of[key] = [
                pieces(shape.replace("{account}", number)) for number in key[1] for shape in here
            ]
        return self._shapes_of[key]

    def accounts(self, action: str) -> tuple[str, ...]:
        """The identity's own account; if it is not known, those that statements speak of, as there is
        nothing to gain from a statement about another."""
        if self._account.isdigit():
            return (self._account,)
        if action not in self._accounts_of:
            self._accounts_of[action] = ("0" * 12, *dict.fromkeys(self._named_accounts(action)))
        return self._accounts_of[action]

    def _named_accounts(self, action: str) -> Iterator[str]:
        for pattern in self.patterns(action):
            parts = arn_parts(pattern)
            told = _written(parts[4]) if parts else ""
            if told and not set(told) & {"*", "?"} and told != "aws":
                yield told

    def telling(self, kind: str, action: str) -> Iterator[str]:
        """Patterns of the identities that are of interest. When nothing sets some apart, one that
        covers all is no help: what was asked about any of them is answered for each."""
        whole = [] if self._is_limited(action) else [*map(example, self.shapes(kind, action))]
        for pattern in self.patterns(action):
            if not any(covers(pattern, one) for one in whole):
                yield _written(pattern)

    def _is_limited(self, action: str) -> bool:
        one = self._permissions
        return (
            one.boundary is not None
            or bool(one.controls)
            or any(each.effect is Effect.DENY for each in one.own.about(action))
            or any(_by_resource(each) for each in allowing(one.own.about(action)))
        )

    def looks(self, workload: str, kind: str, action: str) -> list[Pieces]:
        """How the ARN of a workload looks if it is of that kind; when none is known, it may be of any."""
        if workload.startswith("arn:"):
            shapes = self.shapes(kind, action)
            return [pieces(workload)] if any(covers(one, workload) for one in shapes) else []
        found: list[Pieces] = []
        for name in self._estate.called.get(workload, (workload,)):
            word, slash, rest = name.removeprefix(_ALIAS).partition("/")
            if not (name.startswith(_ALIAS) and slash):
                found += self._shapes_of_name(kind, action, name)
            elif word in (kind, _AS_WELL.get(kind)):
                found += self._shapes_of_name(kind, action, rest)
        return found

    def _shapes_of_name(self, kind: str, action: str, name: str) -> Iterator[Pieces]:
        for shape in self.shapes(kind, action):
            yield _called(shape, name)

    def told(self, looks: Sequence[Pieces], action: str) -> tuple[str, ...]:
        """What of that statements speak of."""
        found: dict[str, None] = {}
        for look in looks:
            if not any(isinstance(piece, Wild) for piece in look):
                found[example(look)] = None
            for pattern in self.patterns(action):
                if (one := common_arn(pattern, look)) is not None:
                    found[one] = None
        return tuple(found)

    def called_here(self, several: Sequence[str], action: str) -> tuple[str, ...]:
        """Names in the account that statements speak of, when nobody knows which it is."""
        found: dict[str, None] = {}
        for name in several:
            for one in self.accounts(action) if _OPEN_ACCOUNT in name else ("",):
                found[name.replace(_OPEN_ACCOUNT, f":{one}:") if one else name] = None
        return tuple(found)

    def alike(self, action: str, name: str) -> object:
        """What is the same for all things that no statement about an action tells apart."""
        statements = self._by_name(action)
        if statements is None:
            return name
        context = self._permissions.context
        return tuple(about_resource(one, name, context) for one in statements)

    def says(self, actions: Sequence[str]) -> Callable[[str], Hashable]:
        """The same for several actions."""
        return lambda name: tuple(self.alike(action, name) for action in actions)

    def statements(self, actions: Sequence[str]) -> Hashable:
        """What that depends on besides the names."""
        several = map(self._by_name, actions)
        return tuple(
            None if one is None else tuple((each.resources, each.not_resources) for each in one)
            for one in several
        )

    def _by_name(self, action: str) -> list[Statement] | None:
        if action not in self._telling_apart:
            self._telling_apart[action] = self._stated_by_name(action)
        return self._telling_apart[action]

    def _stated_by_name(self, action: str) -> list[Statement] | None:
        """The statements about an action that are not about all things. None where variables stand in
        their resources, as those depend on the request too."""
        one = self._permissions
        limits = (one.own, *one.controls, *([one.boundary] if one.boundary is not None else ()))
        several = [each for index in limits for each in index.about(action)]
        found = [each for each in several if "*" not in each.resources]
        names = (name for each in found for name in (*each.resources, *each.not_resources))
        variable = any(isinstance(piece, Variable) for name in names for piece in pieces(name))
        return None if variable else found


def allowing(statements: Iterable[Statement]) -> list[Statement]:
    return [one for one in statements if one.effect is Effect.ALLOW]


def forget() -> None:
    """Drop what is remembered of the names of workloads."""
    _called.cache_clear()


_ALIAS = "aws:"

_AS_WELL = {"managed-instance": "instance"}
"""Kind -> another that things of it are called by."""

_OPEN_ACCOUNT = ":${account}:"


def _by_resource(statement: Statement) -> bool:
    """Whether conditions or exceptions make a difference between one thing and another."""
    if statement.not_resources:
        return True
    keys = (str(key).lower() for block in statement.conditions.values() for key in block)
    return any("resourcetag/" in key or key in _ABOUT_RESOURCES for key in keys)


_ABOUT_RESOURCES = frozenset(
    {"iam:permissionsboundary", "aws:resourceaccount", "aws:resourceorgid"}
)


@lru_cache(maxsize=65536)
def _called(shape: Pieces, name: str) -> Pieces:
    """A shape of ARNs with the name of one thing in it."""
    *where, what = arn_parts(shape) or [shape]
    return pieces(":".join(map(_written, where)) + ":" + _written(what).replace("*", name, 1))


def _written(pattern: Pieces) -> str:
    return "".join(
        piece
        if isinstance(piece, str)
        else piece.value
        if isinstance(piece, Wild)
        else _text(piece)
        for piece in pattern
    )


def _text(piece: Variable | Untold) -> str:
    return piece.text if isinstance(piece, Untold) else f"${{{piece.key}}}"
