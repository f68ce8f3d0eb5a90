"""What can be said of a server, each where it stands: how it is started and where it is, what it may do
unasked, what it is handed of the machine."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.agents import folders, hosts, shown, tools, values
from keymuster.collect.agents.folders import Fact
from keymuster.collect.agents.launchers import LOCAL, Launch
from keymuster.collect.agents.references import is_filled_in_later, variables
from keymuster.collect.agents.secrets import PLAIN_HEADERS
from keymuster.collect.agents.servers import Server, Word, is_url
from keymuster.collect.ci.things import Thing
from keymuster.collect.literals.names import kind_of

_OFF = ("false", "0", "no", "off", "none", "disable", "disabled")


def things(server: Server, launch: Launch, client: str) -> Iterator[Thing]:
    """All that there is to say of a server."""
    for kind, place, name, settings in _facts(server, launch):
        yield Thing(
            kind, f"{server.project}:{server.name}:{name}", f"{server.name}: {name}" if name else server.name, place.location(),
            {"server": server.name, "client": client, **settings},
        )  # fmt: skip


def _facts(server: Server, launch: Launch) -> Iterator[Fact]:
    yield _itself(server, launch)
    if launch.kind != LOCAL and launch.word is not None:
        settings = {
            "kind": launch.kind,
            "package": launch.name,
            "version": launch.version,
            "pinned": launch.pinned,
        }
        yield "mcp_launch", launch.word.node, _described(launch), settings
    yield from _endpoints(server, launch)
    yield from _approvals(server)
    yield from _container(launch)
    yield from folders.mounts(server, launch)
    for means, place, name, value in values.said(server, launch):
        yield "mcp_setting", place, name, {"means": means, "value": value}


def _itself(server: Server, launch: Launch) -> Fact:
    url = hosts.parts(server.text("url"))
    settings = {
        "transport": "remote" if url else "stdio", "kind": launch.kind, "package": launch.name,
        "version": launch.version, "host": (url.hostname or "") if url else "",
        "disabled": server.disabled, "authenticated": is_authenticated(server),
    }  # fmt: skip
    return "mcp_server", server.node, "", settings


def _described(launch: Launch) -> str:
    more = launch.because or launch.version[:60]
    return f"{launch.name[:100]}, {more}" if more else launch.name[:100]


def _endpoints(server: Server, launch: Launch) -> Iterator[Fact]:
    found = server.settings.get("url")
    addresses = [(Word(found.text(), found), False)] if found is not None else []
    if launch.kind != LOCAL and re.search(r"(?i)remote|proxy|gateway|bridge|connect", launch.name):
        addresses += [(word, True) for word in launch.rest if is_url(word.text)]
    for word, bridged in addresses:
        url = hosts.parts(word.text)
        if url is None:
            continue
        host = (url.hostname or "").lower()
        yield "mcp_endpoint", word.node, f"{url.scheme}://{host}"[:200], {
            "scheme": url.scheme.lower(),
            "host": host,
            "where": hosts.kind(host),
            "authenticated": bridged or is_authenticated(server),
            "odd_port": url.port not in (None, 80, 443),
            "static_token": has_static_token(server, launch, bridged=bridged),
            "offers_oauth": hosts.offers_oauth(host),
        }  # fmt: skip


def is_authenticated(server: Server) -> bool:
    """Whether the client proves itself to a server in any way that its entry tells."""
    if any(name.lower() not in PLAIN_HEADERS for name, _ in server.headers()):
        return True
    for key in ("oauth", "auth", "authorization", "authProvider", "authProviderType", "headersHelper", "bearer_token_env_var",
                "env_http_headers", "bearerTokenEnvVar", "api_key", "apiKey", "bearer_token", "token", "scopes", "client_id",
                "clientId", "oauth_resource", "auth_provider_type", "http_headers_helper", "targetAudience"):  # fmt: skip
        if (found := server.settings.get(key)) is not None and found.value not in (
            None,
            False,
            "",
            "none",
        ):
            return True
    url = hosts.parts(server.text("url"))
    if url is None:
        return False
    return bool(url.username) or any(
        kind_of(part.partition("=")[0])
        or part.partition("=")[0].lower() in ("key", "token", "code")
        for part in url.query.split("&")
    )


def has_static_token(server: Server, launch: Launch, *, bridged: bool) -> bool:
    """Whether the proof is a token that somebody made and put there, or named."""
    if bridged:
        words = [word.text for word in launch.rest]
        texts = [words[at + 1] for at, text in enumerate(words[:-1]) if text in ("--header", "-H")]
    else:
        texts = [node.text() for name, node in server.headers() if _PROOF.search(name)]
        keys = ("bearer_token_env_var", "bearerTokenEnvVar", "bearer_token", "api_key", "apiKey")
        texts += [f"${{{server.text(key)}}}" for key in keys if key in server.settings]
    return any(
        any(variables(text)) or not is_filled_in_later(text)
        for text in texts
        if not _SHORT_LIVED.search(text)
    )


_PROOF = regex.later(r"(?i)auth|key|token")
_SHORT_LIVED = regex.later(r"(?i)app[_-]|installation|session|oauth|oidc|\$\(")


def _approvals(server: Server) -> Iterator[Fact]:
    found = server.settings.get("autoApprove")
    if found is not None:
        names = [item.text() for item in found.items()]
        every = found.value is True or any(name in ("*", "all", "**") for name in names)
        changing = [name for name in names if tools.changes(name)]
        if every or names:
            kind = "all" if every else "changing" if changing else "reading"
            yield (
                "mcp_approval",
                found,
                "every tool"
                if every
                else ", ".join(shown.text(name)[:60] for name in (changing or names)[:3]),
                {"tools": kind},
            )
    trust = server.settings.get("trust")
    if trust is not None and trust.value is True:
        yield "mcp_approval", trust, "trusted", {"tools": "all"}
    for key, mode in (("default_tools_approval_mode", "approve"), ("approvalMode", "never")):
        node = server.node.get(key)
        if node is not None and node.text() == mode:
            yield "mcp_approval", node, "every tool", {"tools": "all"}
    for name, tool in server.node.get("tools").entries() if server.node.get("tools") else ():  # type: ignore[union-attr]
        mode_node = tool.get("approval_mode")
        if mode_node is not None and mode_node.text() == "approve" and tools.changes(name):
            yield "mcp_approval", mode_node, shown.text(name)[:60], {"tools": "changing"}
    allowed = server.settings.get("tools")
    if allowed is not None and any(item.text() in ("*", "all") for item in allowed.items()):
        yield "mcp_tools", allowed, "every tool", {"tools": "all"}


def _container(launch: Launch) -> Iterator[Fact]:
    if launch.container is None:
        return
    for name, value in launch.container.flags:
        means = ""
        if name == "--privileged" and value.text.lower() not in _OFF:
            means = "privileged"
        elif name in ("--network", "--net") and value.text == "host":
            means = "host-network"
        elif name in ("--pid", "--ipc", "--userns", "--uts", "--cgroupns") and value.text == "host":
            means = "host-processes"
        elif name == "--cap-add" and value.text.upper().removeprefix("CAP_") in (
            "ALL",
            "SYS_ADMIN",
            "SYS_PTRACE",
            "SYS_MODULE",
            "DAC_READ_SEARCH",
            "NET_ADMIN",
            "BPF",
        ):
            means = "capabilities"
        elif name == "--security-opt" and re.search(
            r"unconfined|disable|no-new-privileges[:=]false", value.text
        ):
            means = "unconfined"
        elif name == "--device" and re.search(r"/dev/(?:sd|nvme|mem|kmsg|disk|mapper)", value.text):
            means = "device"
        if means:
            yield (
                "mcp_container",
                value.node,
                f"{name} {value.text}"[:80] if value.text != name else name,
                {"means": means},
            )
