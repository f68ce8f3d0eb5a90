"""Policy documents: what each statement grants, and whom it trusts.

Both forms of everything are taken: one statement or a list, one action or a list, a document or its
JSON. What is not known of a statement stands as such in its grant, so that nobody takes it for less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws.names import principal as named
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Effect, Grant, GrantKind, Trust, TrustKind
from keymuster.model.unknown import is_unknown


class Statement(Struct, kw_only=True):
    """One of a policy. `label` tells it from the others: its Sid, or its number."""

    label: str
    node: Node
    effect: Effect
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: dict[str, Any] = {}


def grants(
    one: Declared, document: Node | None, name: str, kind: GrantKind = GrantKind.POLICY,
    identity: str = "",
) -> Iterator[Grant]:  # fmt: skip
    """One for each statement of a policy that an identity has, or that is one by itself."""
    for statement in statements(document):
        yield _grant(one, statement, f"{one.id}#{name}/{statement.label}", kind, identity or one.id)


def resource_grants(
    one: Declared, document: Node | None, name: str, resources: tuple[str, ...]
) -> Iterator[Grant]:
    """One for each statement and principal of the policy of a resource."""
    for statement in statements(document):
        if not statement.resources and not statement.not_resources:
            statement.resources = resources
        for who in principals(statement.node):
            id = f"{one.id}#{name}/{statement.label}/{who.text}"
            grant = who.of(statement)
            yield _grant(one, grant, id, GrantKind.RESOURCE_POLICY, named(one, who.text))


def trusts(one: Declared, document: Node | None, name: str = "trust") -> Iterator[Trust]:
    """One for each statement and principal of a trust policy."""
    for statement in statements(document):
        for who in principals(statement.node):
            said = who.of(statement)
            yield Trust(
                id=f"{one.id}#{name}/{statement.label}/{who.text}",
                identity=one.id,
                principal=named(one, who.text),
                kind=who.kind,
                provider="aws",
                location=statement.node.location(),
                effect=said.effect,
                actions=said.actions,
                conditions=said.conditions,
            )


def _grant(one: Declared, said: Statement, id: str, kind: GrantKind, identity: str) -> Grant:
    return Grant(
        id=id,
        identity=identity,
        kind=kind,
        provider="aws",
        location=said.node.location(),
        actions=said.actions,
        not_actions=said.not_actions,
        resources=said.resources,
        not_resources=said.not_resources,
        effect=said.effect,
        conditions=said.conditions,
    )


class Principal(Struct, frozen=True, kw_only=True):
    """One whom a statement is about, in AWS's words. Of those that it is not about, `but` tells."""

    text: str
    kind: TrustKind = TrustKind.ASSUME
    but: Any = None

    def of(self, statement: Statement) -> Statement:
        """The statement as it is for this principal."""
        if self.but is None:
            return statement
        conditions = {**statement.conditions, "NotPrincipal": self.but}
        return Statement(
            label=statement.label, node=statement.node, effect=statement.effect,
            actions=statement.actions, not_actions=statement.not_actions,
            resources=statement.resources, not_resources=statement.not_resources,
            conditions=conditions,
        )  # fmt: skip


def lets_assume(said: Statement) -> bool:
    """Whether a statement is one of a trust policy, by its actions or its principals."""
    if said.actions:
        return all(action.lower().startswith("sts:") for action in said.actions)
    return any(who.kind is TrustKind.FEDERATION for who in principals(said.node))


_KINDS = {
    "Service": TrustKind.SERVICE,
    "Federated": TrustKind.FEDERATION,
    "AWS": TrustKind.ASSUME,
    "CanonicalUser": TrustKind.ASSUME,
}


def principals(statement: Node) -> Iterator[Principal]:
    """Those of a statement. `NotPrincipal` is anybody, `but` some: who reads only the principal sees
    too many, never too few. Without either, nobody is named; nor by a text without a type, but `*`."""
    if (but := statement.get("NotPrincipal")) is not None:
        yield Principal(text="*", but=but.plain())
    node = statement.get("Principal")
    if node is None:
        if not isinstance(statement.value, dict):
            yield Principal(text=statement.text())
        elif but is None:
            yield Principal(text="")
        return
    for type, who in node.entries():
        for text in _texts(who):
            yield Principal(text=text, kind=_KINDS.get(type, TrustKind.OTHER))
    if not isinstance(node.value, dict):
        for text in _texts(node):
            yield Principal(text=text if "*" in text or is_unknown(text) else "")


def statements(document: Node | None) -> Iterator[Statement]:
    """Those of a policy document. What is not known stands for all that a statement may say."""
    node = read(document)
    if node is None:
        return
    if not isinstance(node.value, dict):
        if is_unknown(node.value):
            yield _unknown(node, "0")
        return
    listed = node.get("Statement")
    seen: set[str] = set()
    for index, item in enumerate(listed.items() if listed else ()):
        sid = item.get("Sid")
        label = sid.text() if sid and sid.text() else str(index)
        if label in seen:
            label = str(index)
        seen.add(label)
        if isinstance(item.value, dict):
            yield _statement(item, label)
        elif is_unknown(item.value):
            yield _unknown(item, label)


def _statement(node: Node, label: str) -> Statement:
    condition = node.get("Condition")
    conditions = condition.plain() if condition else None
    if not isinstance(conditions, dict):
        conditions = {"Condition": conditions} if conditions else {}
    effect = node.get("Effect")
    if effect and is_unknown(effect.value):
        conditions = {**conditions, "Effect": effect.value}
    return Statement(
        label=label,
        node=node,
        effect=Effect.DENY if effect and effect.text().lower() == "deny" else Effect.ALLOW,
        actions=_texts(node.get("Action")),
        not_actions=_texts(node.get("NotAction")),
        resources=_texts(node.get("Resource")),
        not_resources=_texts(node.get("NotResource")),
        conditions=conditions,
    )


def _unknown(node: Node, label: str) -> Statement:
    text = node.text()
    return Statement(
        label=label, node=node, effect=Effect.ALLOW, actions=(text,), resources=(text,)
    )


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(text for item in node.items() if (text := item.text())) if node else ()


def read(document: Node | None) -> Node | None:
    """A document that may be written as JSON in a text. Places in such a text are those of the whole,
    but in a block of lines that stand as they are, where they are known."""
    if document is None or not isinstance(document.value, str):
        return document
    text = document.value
    if not text.lstrip().startswith("{"):
        return document
    try:
        node = json.parse(text, document.file)
    except Broken:
        return document
    lines_are_kept = document.style in ("|", ">")
    for one in node.walk():
        if lines_are_kept:
            one.line += document.line
            one.end_line = min(one.end_line + document.line, document.end_line)
            one.column = 1
        else:
            one.line, one.column = document.line, document.column
            one.end_line, one.end_column = document.end_line, document.end_column
    return node
