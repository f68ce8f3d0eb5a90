"""What IAM things are called: by reference, by ARN, by name."""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.declared import Declared
from keymuster.model.unknown import is_unknown, reference

_ARN = regex.later(
    r"arn:(?:\$\{[^{}]*\}|[\w-]*):(?P<service>iam|sts)::(?P<account>\$\{[^{}]*\}|[^:{}]*):"
    r"(?P<kind>role|user|group|policy|instance-profile|assumed-role)/(?P<path>.+)"
)

_GIVEN = regex.later(
    r"(?:var|local|each|count|path|self|env|opt|Parameters|ImportValue|Mappings|Conditions)\.|Fn::|AWS::|"
    r"(?:Join|Select|Split|Sub|If)\b"
)
"""How the names of unknown values begin that no declared object gives: each is a thing of its own."""

_MANAGED = "arn:aws:iam::aws:policy/"


def _called(kind: str, name: str, account: str) -> str:
    """How records speak of an identity or policy of which the name is known, and maybe the account."""
    return f"aws:{account}:{kind}/{name}" if account else f"aws:{kind}/{name}"


def who(one: Declared, text: str, kind: str) -> str:
    """The id or the alias of what a setting of an object names: a reference, an ARN, or the plain name
    of a role, user, group, policy or instance-profile; that is its `kind`."""
    if not text:
        return ""
    if name := reference(text):
        return f"{one.scope}:{name}" if _GIVEN.match(name) else one.target(text)
    arn = _ARN.fullmatch(text)
    if arn is None:
        if is_unknown(text) or text.startswith("arn:"):
            return text
        return _called(kind, text, one.account)
    if arn["account"] == "aws":
        return _MANAGED + arn["path"]
    if arn["kind"] == "assumed-role":
        return _called("role", arn["path"].split("/")[0], one.account and arn["account"])
    name = _last(arn["path"])
    if reference(name):
        return who(one, name, kind)
    if is_unknown(name):
        return text
    return _called(arn["kind"], name, one.account and arn["account"])


def principal(one: Declared, text: str) -> str:
    """The same of a principal of a policy. The account in an ARN says whose it is, and stays; without
    a known one the principal is of this account. One that somebody else gives may be anybody."""
    if name := reference(text):
        return text if _GIVEN.match(name) else who(one, text, "role")
    arn = _ARN.fullmatch(text)
    if arn and arn["account"].startswith("${") and "*" not in text:
        return who(one, text, "role")
    return text


def _last(path: str) -> str:
    """The name at the end of a path, which may be a reference."""
    depth = 0
    for at in range(len(path) - 1, -1, -1):
        depth += (path[at] == "}") - (path[at] == "{")
        if path[at] == "/" and not depth:
            return path[at + 1 :]
    return path


def alias(one: Declared, kind: str, name: str) -> tuple[str, ...]:
    """What a role, user, group or policy of this name may be called elsewhere. A state knows its ARN, which
    what exists has as its id."""
    named = (_called(kind, name, one.account),) if name and not is_unknown(name) else ()
    arn = "" if one.key else one.known("Arn")
    return (*named, arn) if arn.startswith("arn:") else named


def tags(one: Declared) -> dict[str, str]:
    """The tags of an object: a list of pairs in CloudFormation, a map in SAM and Terraform."""
    node = one.get("Tags")
    if node is None:
        return {}
    if isinstance(node.value, dict):
        return {key: value.text() for key, value in node.entries()}
    return {key: item.text("Value") for item in node.items() if (key := item.text("Key"))}


def never_used(one: Declared) -> bool | None:
    """Whether AWS says of something that exists that nobody has used it yet."""
    node = one.get("NeverUsed")
    return node.value if node is not None and isinstance(node.value, bool) else None
