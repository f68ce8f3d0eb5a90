"""A2A agent cards: who an agent is, where it answers, and how its callers prove themselves.

The fields of 0.1 to 1.0 of the protocol: `authentication`, then `securitySchemes` with `security`, then
`securityRequirements` and schemes that are named by the key they stand under.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from keymuster.collect.agents import hosts, secrets, shown
from keymuster.collect.base import Blob
from keymuster.collect.ci.things import Thing, resources
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    Identity,
    IdentityKind,
    Observation,
    Storage,
    Trust,
    TrustKind,
)
from keymuster.model.ids import in_id

_MOST = 200
"""Interfaces, schemes or skills of one card that are looked at."""

_WRAPPED = {
    "apiKeySecurityScheme": "apiKey",
    "httpAuthSecurityScheme": "http",
    "oauth2SecurityScheme": "oauth2",
    "openIdConnectSecurityScheme": "openIdConnect",
    "mtlsSecurityScheme": "mutualTLS",
}
"""What 1.0 writes around a scheme, and the type that it had before."""

_KINDS = {
    "apiKey": CredentialKind.API_KEY,
    "http": CredentialKind.ACCESS_TOKEN,
    "oauth2": CredentialKind.ACCESS_TOKEN,
    "openIdConnect": CredentialKind.FEDERATION,
    "mutualTLS": CredentialKind.CERTIFICATE,
}
_REACH = ("public", "unknown", "internal", "private", "loopback")
"""From where an agent can be called, widest first."""


def is_card(root: Node) -> bool:
    """Whether a map has what every version of a card has, and nothing else that has skills."""
    if root.get("name") is None or not isinstance(_value(root, "skills"), list):
        return False
    if isinstance(_value(root, "supportedInterfaces"), list):
        return True
    has_address = isinstance(_value(root, "url"), str)
    return has_address and any(
        root.get(key) is not None
        for key in ("protocolVersion", "capabilities", "defaultInputModes", "preferredTransport")
    )


def of(root: Node, sealing: Sealing, wanted: Container[str], blob: Blob) -> Iterator[Observation]:
    """The agent of a card, the proofs that it takes, and what policies ask about it."""
    name = shown.text(root.text("name")) or "agent"
    agent = f"agent:a2a:{in_id(blob.path)}:{name[:100]}"
    place = root.get("name") or root
    addresses = [url for _, node in _interfaces(root) if (url := hosts.parts(node.text()))]
    yield Identity(
        id=agent, kind=IdentityKind.AGENT, provider="a2a", name=name[:100], location=place.location(),
        aliases=(f"agent:{name[:100]}", *dict.fromkeys(f"a2a-url:{url.scheme}://{url.netloc.rpartition('@')[2]}"[:300] for url in addresses)),
        account=root.text("provider", "organization")[:100], purpose=shown.text(root.text("description"))[:300],
    )  # fmt: skip
    organisation = root.get("provider", "organization")
    if organisation is not None and organisation.text():
        yield Trust(
            id=f"{agent}#provider", identity=agent, principal=organisation.text()[:200], kind=TrustKind.OTHER,
            provider="a2a", location=organisation.location(),
        )  # fmt: skip
    for key, kind, node in _schemes(root):
        yield Credential(
            id=f"{agent}#scheme:{key}", kind=_kind(kind, node), name=key[:100], identity=agent, location=node.location(),
            storage=Storage.AGENT_CONFIG, confidence=Confidence.LOW, tags={"declared_as": "security-scheme", "setting": key[:100]},
        )  # fmt: skip
    folder = blob.path.rpartition("/")[0]
    yield from secrets.credentials(_written(root), sealing, folder)
    yield from resources(f"agent-card:{in_id(blob.path)}", _things(root, name, place), wanted, blob)


def _written(root: Node) -> Iterator[secrets.Given]:
    """Secrets that a card hands to whoever reads it."""
    found = root.get("authentication", "credentials")
    if found is not None:
        yield secrets.Given("credentials", found.text(), found, certain=True)
    for _, node in _interfaces(root):
        yield from secrets.of_url(node.text(), node, secrets.CONFIGURED)


def _things(root: Node, name: str, place: Node) -> Iterator[Thing]:
    reach = _reach(root)
    schemes = list(_schemes(root))
    asks = _asks(root, schemes)
    where = root.get("securitySchemes") or root.get("authentication") or place
    yield Thing(
        "agent_card", name, name[:100], (where if asks != "nothing" else place).first_line().location(),
        {"asks": asks, "reach": reach, "signed": bool(_items(root, "signatures")), "version": root.text("protocolVersion")[:20],
         "can_be_signed": _can_be_signed(root), "extended": _has_extended(root)},
    )  # fmt: skip
    for transport, node in _interfaces(root):
        if url := hosts.parts(node.text()):
            host = (url.hostname or "").lower()
            yield Thing(
                "agent_card_interface", shown.address(url)[:200], f"{name[:60]}: {url.scheme}://{host}"[:200], node.location(),
                {"scheme": url.scheme.lower(), "host": host, "where": hosts.kind(host), "transport": transport[:40]},
            )  # fmt: skip
    for key, kind, node in schemes:
        for means, fault in _faults(kind, node):
            yield Thing(
                "agent_card_scheme", f"{key}:{means}", f"{name[:60]}: {key[:60]}", fault.first_line().location(),
                {"type": kind, "means": means, "reach": reach},
            )  # fmt: skip


def _interfaces(root: Node) -> Iterator[tuple[str, Node]]:
    """Where it answers, each with the name of its transport."""
    seen: set[str] = set()
    first = root.get("url")
    found = [(root.text("preferredTransport"), first)] if first is not None else []
    for key in ("supportedInterfaces", "additionalInterfaces"):
        for one in _items(root, key):
            transport = one.text("protocolBinding") or one.text("transport")
            if (url := one.get("url")) is not None:
                found.append((transport, url))
    for transport, node in found:
        if node.text() and node.text() not in seen:
            seen.add(node.text())
            yield transport, node


def _reach(root: Node) -> str:
    found = {
        hosts.kind((url.hostname or "").lower())
        for _, node in _interfaces(root)
        if (url := hosts.parts(node.text()))
    }
    return next((one for one in _REACH if one in found), "unknown")


def _schemes(root: Node) -> Iterator[tuple[str, str, Node]]:
    """Name, type and settings of each scheme."""
    schemes = root.get("securitySchemes")
    for key, node in list(schemes.entries() if schemes else ())[:_MOST]:
        inner = next((one for word in _WRAPPED if (one := node.get(word)) is not None), None)
        kind = next((_WRAPPED[word] for word in _WRAPPED if node.get(word) is not None), "")
        kind = kind or node.text("type")
        if kind in _KINDS:
            yield key, kind, inner if inner is not None else node
    listed = root.get("authentication", "schemes")
    for one in (listed.items() if listed else [])[:_MOST]:
        word = one.text().lower()
        if word in ("bearer", "basic", "digest"):
            yield one.text(), "http", one.holding({"scheme": one})
        elif word in ("apikey", "api_key", "api-key"):
            yield one.text(), "apiKey", one
        elif word in ("oauth2", "oauth"):
            yield one.text(), "oauth2", one


def _asks(root: Node, schemes: list[tuple[str, str, Node]]) -> str:
    """Whether callers have to prove themselves: `proof`; `if-given` if there are ways to and none is asked
    for; `nothing`."""
    if not schemes:
        return "nothing"
    if root.get("authentication") is not None:
        return "proof"
    if any(map(_is_met_by_anyone, _requirements(root))):
        return "if-given"
    if _requirements(root):
        return "proof"
    skills = _items(root, "skills")
    guarded = [one for one in skills if _requirements(one)]
    return "proof" if skills and len(guarded) == len(skills) else "if-given"


def _requirements(node: Node) -> list[Node]:
    return [
        one
        for key in ("security", "securityRequirements", "security_requirements")
        for one in _items(node, key)
    ]


def _is_met_by_anyone(requirement: Node) -> bool:
    """Of several requirements one is enough, and an empty one asks for nothing."""
    value = requirement.value
    schemes = requirement.get("schemes")
    return not value or (schemes is not None and not schemes.value)


def _faults(kind: str, node: Node) -> Iterator[tuple[str, Node]]:
    """Ways to prove oneself that give the proof away."""
    place = node.get("in") or node.get("location")
    if kind == "apiKey" and place is not None and place.text().lower() == "query":
        yield "key-in-query", place
    scheme = node.get("scheme")
    if kind == "http" and scheme is not None and scheme.text().lower() in ("basic", "digest"):
        yield "password-each-time", scheme
    flows = node.get("flows")
    for flow, settings in flows.entries() if flows and kind == "oauth2" else ():
        if flow in ("implicit", "password"):
            yield f"flow-{flow}", settings
        for key in ("tokenUrl", "authorizationUrl", "refreshUrl", "deviceAuthorizationUrl"):
            yield from _cleartext(settings.get(key))
    if kind == "openIdConnect":
        yield from _cleartext(node.get("openIdConnectUrl"))
    if kind == "oauth2":
        yield from _cleartext(node.get("oauth2MetadataUrl"))


def _cleartext(node: Node | None) -> Iterator[tuple[str, Node]]:
    url = hosts.parts(node.text()) if node is not None else None
    if node is None or url is None or url.scheme.lower() != "http":
        return
    if hosts.kind((url.hostname or "").lower()) not in ("loopback", "unknown"):
        yield "sign-in-over-cleartext", node


def _kind(kind: str, node: Node) -> CredentialKind:
    if kind == "http" and node.text("scheme").lower() in ("basic", "digest"):
        return CredentialKind.PASSWORD
    return _KINDS[kind]


def _has_extended(root: Node) -> bool:
    """Whether there is a second card that says more."""
    return "true" in (
        root.text("supportsAuthenticatedExtendedCard"),
        root.text("supportsExtendedAgentCard"),
        root.text("capabilities", "extendedAgentCard"),
    )


def _can_be_signed(root: Node) -> bool:
    """Whether the version of the protocol has signatures: since 0.3."""
    if _items(root, "supportedInterfaces"):
        return True
    parts = root.text("protocolVersion").split(".")[:2]
    if len(parts) < 2 or not all(one.isdecimal() and len(one) < 6 for one in parts):
        return False
    return (int(parts[0]), int(parts[1])) >= (0, 3)


def _items(node: Node, key: str) -> list[Node]:
    found = node.get(key)
    if found is None or not isinstance(found.value, list):
        return []
    return found.value[:_MOST]


def _value(node: Node, key: str) -> object:
    found = node.get(key)
    return found.value if found else None
