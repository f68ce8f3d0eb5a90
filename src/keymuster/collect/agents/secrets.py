"""The credentials of MCP servers and of clients: those that stand there, and those that are named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from keymuster import regex
from keymuster.collect.agents.launchers import Launch
from keymuster.collect.agents.references import default, is_named, is_secret, stored, variables
from keymuster.collect.agents.servers import Server
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import Sealing, confidence
from keymuster.collect.literals.search import named
from keymuster.collect.literals.values import decoded
from keymuster.collect.syntax import json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Confidence, Credential, CredentialKind, Storage
from keymuster.model.ids import in_id

CONFIGURED = "agent-configuration"
ARGUMENT = "agent-argument"
"""What a literal is declared as (`Sealing.credential`)."""

_AUTHORIZATION = regex.later(
    r"(?i)(?P<scheme>bearer|basic|token|apikey|api-key|key|digest)[ :]{1,4}(?P<value>\S.*)",
    re.DOTALL,
)
_HEADER = regex.later(r"(?P<name>[A-Za-z][\w-]{0,80}):\s{0,4}(?P<value>\S.{0,8000})", re.DOTALL)
_FLAG = regex.later(r"--?(?P<name>[A-Za-z][\w.-]{0,80})(?:=(?P<value>.*))?", re.DOTALL)
_ASSIGNED = regex.later(r"(?P<name>[A-Za-z_][\w.-]{0,100})=(?P<value>.+)", re.DOTALL)
_HEADERS = ("--header", "-H", "--headers")
PLAIN_HEADERS = frozenset(
    ("content-type", "accept", "user-agent", "x-mcp-toolsets", "x-mcp-readonly", "x-mcp-tools", "notion-version",
     "mcp-protocol-version", "host", "origin", "referer", "cache-control", "accept-language")
)  # fmt: skip
_SECRET_HEADER = regex.later(r"(?i)auth|token|secret|cookie|key|password|credential|session")
_MOST_JSON = 100_000


class Given(NamedTuple):
    """A value that a server is given, under its name. `certain` are those that are secrets whatever
    they are called; `how` is what a literal is declared as."""

    name: str
    text: str
    node: Node
    how: str = CONFIGURED
    certain: bool = False


def of_server(
    server: Server, launch: Launch, sealing: Sealing, folder: str
) -> Iterator[Credential]:
    """Each credential of a server once in a place."""
    yield from credentials(given(server, launch), sealing, folder)
    for key in ("env_vars", "env_keys"):
        node = server.settings.get(key)
        for item in node.items() if node else ():
            name = (item.get("name") or item).text()
            if name and kind_of(name):
                yield _environment(name, item, folder)
    for name in ("bearer_token_env_var", "bearerTokenEnvVar"):
        if found := server.settings.get(name):
            yield _environment(found.text(), found, folder)
    if found := server.settings.get("env_http_headers"):
        for _, value in found.entries():
            yield _environment(value.text(), value, folder)


def credentials(values: Iterator[Given], sealing: Sealing, folder: str) -> Iterator[Credential]:
    """What values are: a secret, or the name of one."""
    seen: set[tuple[str, int, int]] = set()
    for one in values:
        for credential in _of_value(one, sealing, folder):
            place = credential.location
            key = (credential.id, place.line, place.column)  # type: ignore[union-attr]
            if key not in seen:
                seen.add(key)
                yield credential


def given(server: Server, launch: Launch) -> Iterator[Given]:
    """All values that a server is given."""
    for name, node in server.env():
        yield from _of_variable(name, node.text(), node)
    for name, node in server.headers():
        yield from of_header(name, node.text(), node, CONFIGURED)
    for name in ("api_key", "apiKey", "token", "bearer_token", "authorization"):
        if found := server.settings.get(name):
            yield from of_header("authorization", found.text(), found, CONFIGURED)
    if found := server.settings.get("url"):
        yield from of_url(found.text(), found, CONFIGURED)
    for part in ("oauth", "auth"):
        if found := server.settings.get(part):
            for inner in named(found):
                yield Given(inner.name, inner.node.text(), inner.node)
    yield from _of_words(server)


def _of_words(server: Server) -> Iterator[Given]:
    words = server.words
    for at, word in enumerate(words):
        before = words[at - 1].text if at else ""
        text = word.text
        if "://" in text and " " not in text:
            yield from of_url(
                text.partition("=")[2] if _is_option_with_url(text) else text, word.node, ARGUMENT
            )
        if before in _HEADERS and (header := _HEADER.fullmatch(text)):
            yield from of_header(header["name"], header["value"], word.node, ARGUMENT)
        elif flag := _FLAG.fullmatch(text):
            if flag["value"] and "://" not in flag["value"]:
                yield Given(flag["name"], flag["value"], word.node, ARGUMENT)
            elif (
                flag["value"]
                and f"--{flag['name']}" in _HEADERS
                and (header := _HEADER.fullmatch(flag["value"]))
            ):
                yield from of_header(header["name"], header["value"], word.node, ARGUMENT)
        elif assigned := _ASSIGNED.fullmatch(text):
            yield from _of_variable(assigned["name"], assigned["value"], word.node, ARGUMENT)
        elif before.startswith("-") and "=" not in before and (flag := _FLAG.fullmatch(before)):
            yield Given(flag["name"], text, word.node, ARGUMENT)
        elif before in ("-e", "--env") and text:
            yield Given(text, f"${{{text}}}", word.node, ARGUMENT)


def _is_option_with_url(text: str) -> bool:
    return bool(re.match(r"--?[\w-]{1,60}=", text))


def _of_variable(name: str, text: str, node: Node, how: str = CONFIGURED) -> Iterator[Given]:
    if text.lstrip()[:1] in ("{", "[") and len(text) < _MOST_JSON and '"' in text:
        try:
            inside = json.parse(text, node.file)
        except Broken:
            inside = None
        if inside is not None:
            for one in named(inside):
                yield from of_header(one.name, one.node.text(), node, how)
            return
    if "://" in text and " " not in text:
        yield from of_url(text, node, how)
    elif "authorization" in name.lower():
        yield from of_header(name, text, node, how)
    else:
        yield Given(name, text, node, how)


def of_header(name: str, text: str, node: Node, how: str) -> Iterator[Given]:
    """What a header says, without the name of the scheme; the password of one that is `Basic`."""
    if name.lower() in PLAIN_HEADERS:
        return
    found = _AUTHORIZATION.fullmatch(text.strip())
    value = found["value"].strip() if found else text.strip()
    certain = bool(found) or bool(_SECRET_HEADER.search(name))
    if found and found["scheme"].lower() == "basic" and ":" in (plain := decoded(value)):
        user, _, password = plain.partition(":")
        yield Given(name, password if password.strip() else user, node, how, certain=True)
        return
    yield Given(
        name if certain and kind_of(name) else ("authorization token" if certain else name),
        value,
        node,
        how,
    )


def of_url(text: str, node: Node, how: str) -> Iterator[Given]:
    """The password and the keys in an address."""
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        password = parts.password or ""
    except ValueError:
        return
    if password and host not in ("localhost", "127.0.0.1", "::1"):
        yield Given("password", unquote(password), node, how, certain=True)
    elif (
        parts.username
        and not password
        and parts.scheme in ("http", "https")
        and len(parts.username) > 15
    ):
        yield Given("token", unquote(parts.username), node, how)
    for name, value in parse_qsl(parts.query[:20_000], max_num_fields=None)[:100]:
        if kind_of(name) or name.lower() in ("key", "token", "sig", "code", "auth", "pat"):
            yield Given(name if kind_of(name) else "token", value, node, how)


def _of_value(one: Given, sealing: Sealing, folder: str) -> Iterator[Credential]:
    kind = kind_of(one.name)
    if not is_named(one.name) and not one.certain:
        return
    text = default(one.text)
    names = list(variables(one.text))
    if names or stored(one.text):
        for name in names:
            yield _environment(name, one.node, folder)
        if not text:
            return
    text = text or one.text
    password = one.certain or kind in (CredentialKind.PASSWORD, CredentialKind.URL_PASSWORD)
    if not is_secret(one.name, text, certain=password):
        return
    if confidence(one.name, text, kind=None if kind else CredentialKind.ACCESS_TOKEN) is None:
        return
    sure = Confidence.HIGH if password or one.how != ARGUMENT else Confidence.MEDIUM
    yield sealing.sealed(
        one.node, one.name, text, declared_as=one.how, kind=kind or CredentialKind.ACCESS_TOKEN, sure=sure
    )  # fmt: skip


def _environment(name: str, node: Node, folder: str) -> Credential:
    """A credential that is only named: it is what somebody puts under this name."""
    return Credential(
        id=f"environment:{in_id(folder)}:{name}", kind=CredentialKind.GENERIC, name=name, location=node.location(),
        storage=Storage.AGENT_CONFIG, confidence=Confidence.LOW, tags={"declared_as": "environment", "setting": name},
    )  # fmt: skip
