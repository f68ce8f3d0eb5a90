"""Which environment a server belongs to, by the names that it and its settings have."""

from __future__ import annotations

from keymuster import regex
from keymuster.collect.agents import hosts
from keymuster.collect.agents.launchers import Launch
from keymuster.collect.agents.references import variables
from keymuster.collect.agents.servers import Server, Word
from keymuster.collect.agents.values import named
from keymuster.collect.literals.names import kind_of
from keymuster.collect.syntax.node import Node

_TOKEN = regex.later(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_WORDS = {
    **dict.fromkeys(("prod", "production", "prd"), "production"),
    **dict.fromkeys(("staging", "stage", "stg", "preprod", "preproduction", "uat"), "staging"),
    **dict.fromkeys(("dev", "devel", "development", "sandbox", "qa", "integration"), "development"),
    **dict.fromkeys(("test", "testing", "tests"), "test"),
}


def of(text: str) -> str:
    """The environment that a name says; empty if it says none, or several."""
    words = [word.lower() for word in _TOKEN.findall(text[:400])]
    if "non" in words or "not" in words or "no" in words:
        return ""
    found = {_WORDS[word] for word in words if word in _WORDS}
    if {"pre", "prod"} <= set(words):
        return "staging"
    return found.pop() if len(found) == 1 else ""


def is_production(environment: str) -> bool:
    return environment == "production"


def environment(server: Server, launch: Launch) -> tuple[str, dict[str, Node]]:
    """The environment that a server belongs to, and those that its settings speak of, each with a
    place."""
    found: dict[str, Node] = {}
    if own := of(server.name):
        found[own] = server.node
    for name, node in named(server, launch):
        text = node.text if isinstance(node, Word) else node.text()
        place = node.node if isinstance(node, Word) else node
        said = _environment_in(name, text)
        if said and said not in found:
            found[said] = place
    if (url := hosts.parts(server.text("url"))) and (said := of(url.hostname or "")):
        found.setdefault(said, server.settings["url"])
    return own or next(iter(found), ""), found


_ENVIRONMENT_NAME = regex.later(
    r"(?i)(?:.*[_-])?(?:ENV(?:IRONMENT)?|STAGE|PROFILE(?:[_-]NAME)?|CONTEXT|CLUSTER|NAMESPACE|DATABASE|DB(?:[_-]NAME)?|PROJECT(?:[_-]ID)?|WORKSPACE|ACCOUNT|HOST(?:NAME)?|TENANT|SUBSCRIPTION|INSTANCE|DATASET|BUCKET|KUBECONFIG|BRANCH)|"
)


_MODES = (
    "NODE_ENV",
    "RAILS_ENV",
    "FLASK_ENV",
    "MIX_ENV",
    "ASPNETCORE_ENVIRONMENT",
    "DOTNET_ENVIRONMENT",
)


def _environment_in(name: str, text: str) -> str:
    plain = name.lstrip("-")
    if plain.upper() in _MODES or not text or any(variables(text)):
        is_named = text and plain.upper() not in _MODES
        return of(plain) if is_named and _holds_access(plain) else ""
    if "://" in text:
        url = hosts.parts(text)
        said = (of(url.hostname or "") or of(url.path.strip("/"))) if url else ""
        return said or (of(plain) if _holds_access(plain) else "")
    if _holds_access(plain):
        return of(plain)
    last = text.replace("\\", "/").rpartition("/")[2]  # of a path, the folders say nothing
    return of(last) if _ENVIRONMENT_NAME.fullmatch(plain) and len(text) < 120 else ""


def _holds_access(name: str) -> bool:
    return kind_of(name) is not None or _ACCESS.search(name) is not None


_ACCESS = regex.later(
    r"(?i)(?:\A|[_-])(?:url|dsn|uri|host|endpoint|token|key|password|secret)(?:[_-]|\Z)"
)
