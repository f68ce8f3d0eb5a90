"""Tags that the provider of AWS puts on everything it makes."""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.syntax.hcl_tree import Block, Entries, Expression, Literal
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.evaluation import Place, source_name
from keymuster.collect.terraform.modules import Declaration, Instance, Module, body

PROVIDER = "aws"

_WITHOUT_TAGS = regex.later(
    r"(?<!^aws_iam)(?<!^aws_organizations)_policy$|"
    r"_(?:attachment|version|permission|membership|association|rotation|access_key|profile_url|acl|"
    r"versioning|block|configuration|group|login_profile|assignment|inline_policy)$"
)


class DefaultTags:
    """Those of a module, by the provider that makes a resource."""

    def __init__(self, module: Module) -> None:
        self._module = module
        self._known: dict[str, Node | None] = {}

    def on(self, type: str, instance: Instance) -> Node:
        """The settings of a resource, with these tags among its own."""
        settings = instance.body()
        if not type.startswith("aws_") or _WITHOUT_TAGS.search(type):
            return settings
        chosen = instance.declaration.block.attributes.get("provider")
        tags = self._of(_name(chosen.value) if chosen is not None else PROVIDER)
        own = settings.get("tags")
        if tags is None or not isinstance(tags.value, dict) or not isinstance(settings.value, dict):
            return settings
        if own is not None and not isinstance(own.value, dict):
            return settings
        both = tags.value | dict(own.entries() if own is not None else ())
        return settings.holding({**settings.value, "tags": settings.holding(both)})

    def _of(self, name: str) -> Node | None:
        if name not in self._known:
            self._known[name] = _tags(self._module, name)
        return self._known[name]


def _tags(module: Module, name: str) -> Node | None:
    while module.caller is not None:
        name = _handed_on(module.caller.declaration.block, name)
        module = module.caller.module
    for one in module.others:
        if one.block.type == "provider" and _is_called(one, name):
            made = body(one.block, Place(module, one.source, {})).get("default_tags")
            return next(
                (tags for each in (made.items() if made else ()) if (tags := each.get("tags"))),
                None,
            )
    return None


def _handed_on(call: Block, name: str) -> str:
    """What a provider of a module is called where the module is: a call says so, or it is the same."""
    given = call.attributes.get("providers")
    entries = given.value.entries if given and isinstance(given.value, Entries) else []
    return next((_name(value) for key, value in entries if _name(key) == name), name)


def _is_called(one: Declaration, name: str) -> bool:
    alias = one.block.attributes.get("alias")
    full = f"{PROVIDER}.{_name(alias.value)}" if alias is not None else PROVIDER
    return one.block.labels == [PROVIDER] and full == name


def _name(one: Expression) -> str:
    return str(one.value) if isinstance(one, Literal) else source_name(one)
