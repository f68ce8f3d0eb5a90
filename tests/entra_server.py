"""A tenant of Entra and its subscriptions on loopback: pages, batches, queries of Resource Graph. What it
does not know it refuses, and what nobody allowed, too."""

from __future__ import annotations

import base64
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from requests import PreparedRequest

import entra_changes
from entra_changes import Changes
from keymuster.collect.asking.rest import Rest, session
from keymuster.collect.asking.unchanged import Answers
from keymuster.collect.asking.work import Answered, look
from keymuster.collect.declared import Declared
from keymuster.collect.entra.access import Access
from keymuster.collect.entra.clouds import CLOUDS
from keymuster.collect.entra.scope import Scope
from keymuster.collect.entra.surfaces import surfaces

MOST_EXPANDED = 20
MOST_WITH_EXPANDED = 100
MOST = 999


@dataclass
class Fault:
    """What the requests to a path (a regular expression) are answered, so many `times` after the first
    `after`. A status of 0 drops the connection."""

    path: str
    status: int
    code: str = "UnknownError"
    times: int = 1
    after: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    seen: int = 0

    def strikes(self, path: str) -> bool:
        if re.search(self.path, path) is None:
            return False
        self.seen += 1
        return self.after < self.seen <= self.after + self.times


@dataclass
class Tenant:
    """What there is: `graph` by collection (`applications`, `policies/authorizationPolicy`), where lists of
    objects under the name of a relationship are told only where they are asked for; `azure` by table of
    Resource Graph, and by the path of what is asked for by itself; `hunted` by table. `allowed` are permissions and actions;
    None is all of them."""

    graph: dict[str, Any] = field(default_factory=dict)
    azure: dict[str, Any] = field(default_factory=dict)
    hunted: dict[str, list[Any]] = field(default_factory=dict)
    allowed: set[str] | None = None
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    queries: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tokens: Counter[str] = field(default_factory=Counter)
    ends_sessions_after: int = 0
    """How often the first token may be used."""
    unknown_fields: set[str] = field(default_factory=set)
    lists_keys: bool = False
    """Whether lists tell the certificates themselves."""
    ended: set[str] = field(default_factory=set)
    page: int = MOST
    changes: Changes = field(default_factory=Changes)
    indexed: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The objects of collections by their ids, for who has very many and does not replace them."""
    stale: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Objects of which lists still tell what they were."""
    late: set[str] = field(default_factory=set)
    """Objects that filters do not find yet."""
    expands_filtered: bool = True
    """Whether what hangs on objects is told of those that are picked by their ids."""
    delay_seconds: float = 0
    sent: int = 0
    """Requests over the network: a batch is one."""
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def calls(self, path: str) -> int:
        """How often a path was asked, by itself or in a batch."""
        return sum(re.search(path, one) is not None for one in self.asked)


RELATIONSHIPS = frozenset({
    "owners", "sponsors", "federatedIdentityCredentials", "appRoleAssignedTo", "inheritablePermissions", "memberOf",
    "transitiveMembers", "appManagementPolicies", "appliesTo",
})  # fmt: skip

OPENS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"^/beta/applications/[^/]+/federated", ("Application.Read.All", "Directory.Read.All")),
    (r"^/v1.0/applications/microsoft.graph.agentIdentityBlueprint$", ("AgentIdentityBlueprint.Read.All",)),
    (r"^/v1.0/applications/[^/]+/microsoft.graph.agentIdentityBlueprint/inheritable", ("AgentIdentityBlueprint.Read.All", "Application.Read.All", "Directory.Read.All")),
    (r"^/v1.0/applications/[^/]+/appManagementPolicies", ("Application.Read.All and Policy.Read.All",)),
    (r"^/v1.0/applications", ("Application.Read.All", "Directory.Read.All")),
    (r"^/v1.0/servicePrincipals/[^/]*/?microsoft.graph.agentIdentity(/|$)", ("AgentIdentity.Read.All",)),
    (r"^/v1.0/servicePrincipals/[^/]*/?microsoft.graph.agentIdentityBlueprintPrincipal(/|$)", ("AgentIdentityBlueprintPrincipal.Read.All",)),
    (r"^/v1.0/servicePrincipals", ("Application.Read.All", "Directory.Read.All")),
    (r"^/v1.0/users/[^/]+/memberOf", ("Directory.Read.All",)),
    (r"^/v1.0/users", ("User.Read.All", "Directory.Read.All")),
    (r"^/v1.0/groups", ("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")),
    (r"^/v1.0/oauth2PermissionGrants", ("Directory.Read.All",)),
    (r"^/v1.0/directoryObjects/getByIds", ("Directory.Read.All",)),
    (r"^/v1.0/organization", ("Organization.Read.All", "Directory.Read.All")),
    (r"^/v1.0/roleManagement/directory/roleEligibility", ("RoleEligibilitySchedule.Read.Directory", "RoleManagement.Read.Directory")),
    (r"^/v1.0/roleManagement/directory", ("RoleManagement.Read.Directory", "Directory.Read.All")),
    (r"^/v1.0/policies/appManagementPolicies/.*/appliesTo", ("Application.Read.All and Policy.Read.All",)),
    (r"^/v1.0/policies/permissionGrantPolicies", ("Policy.Read.PermissionGrant", "Policy.Read.All")),
    (r"^/v1.0/policies", ("Policy.Read.All",)),
    (r"^/v1.0/auditLogs", ("AuditLog.Read.All",)),
    (r"^/v1.0/security/runHuntingQuery", ("ThreatHunting.Read.All",)),
    (r"^/beta/identity/conditionalAccess", ("Policy.Read.All",)),
    (r"^/v1.0/identityProtection/riskyServicePrincipals", ("IdentityRiskyServicePrincipal.Read.All",)),
    (r"^/beta/identityProtection/riskyAgents", ("IdentityRiskyAgent.Read.All",)),
    (r"^/(beta|v1.0)/reports", ("AuditLog.Read.All",)),
    (r"^/subscriptions$", ("Microsoft.Resources/subscriptions/read",)),
    (r"^/subscriptions/.*/denyAssignments$", ("Microsoft.Authorization/denyAssignments/read",)),
    (r"^/subscriptions/.*/vaults/[^/]+/secrets$", ("Microsoft.KeyVault/vaults/secrets/read",)),
    (r"^/subscriptions/.*/vaults/[^/]+/keys$", ("Microsoft.KeyVault/vaults/keys/read",)),
    (r"(?i)^/subscriptions/.*/Microsoft.ServiceBus/.*/authorizationRules$", ("Microsoft.ServiceBus/namespaces/authorizationRules/read",)),
    (r"^/subscriptions/.*/config/authsettingsV2$", ("Microsoft.Web/sites/config/read",)),
    (r"^/subscriptions/.*/basicPublishingCredentialsPolicies$", ("Microsoft.Web/sites/basicPublishingCredentialsPolicies/read",)),
    (r"^/providers/Microsoft.ResourceGraph/resources$", ("Microsoft.ResourceGraph/resources/read",)),
)  # fmt: skip
"""Path -> permissions of which any opens it, or several together, after Microsoft's documentation of each call."""


@contextmanager
def serving(tenant: Tenant) -> Iterator[Tenant]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.tenant = tenant  # type: ignore[attr-defined]
    tenant.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield tenant
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body at once: the other side waits a while for a second packet

    def do_GET(self) -> None:
        tenant: Tenant = self.server.tenant  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if tenant.delay_seconds:
            time.sleep(tenant.delay_seconds)
        with tenant.lock:
            tenant.sent += 1
            tenant.tokens[token] += 1
            if 0 < tenant.ends_sessions_after < tenant.tokens[token] and not tenant.ended:
                tenant.ended.add(token)
        if not token or token in tenant.ended:
            status, answer, headers = 401, _error("InvalidAuthenticationToken"), _CHALLENGE
        elif self.path.endswith("/$batch"):
            status, answer, headers = _batched(tenant, self.path, body)
        else:
            status, answer, headers = _answer(tenant, self.command, self.path, body)
        if not status:
            self.close_connection = True
            self.connection.close()
            return
        sent = json.dumps(answer).encode()
        self.send_response(status)
        for name, value in {"Content-Length": str(len(sent)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(sent)

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing: the tenant knows what was asked."""


_CHALLENGE = {
    "WWW-Authenticate": 'Bearer realm="", error="insufficient_claims", claims="'
    + base64.b64encode(b'{"access_token": {"nbf": {"essential": true, "value": "1"}}}').decode() + '"',
}  # fmt: skip

Answer = tuple[int, Any, dict[str, str]]


def _batched(tenant: Tenant, path: str, body: Any) -> Answer:
    version = path.split("/")[1]
    if any(fault.strikes(path) for fault in tenant.faults):
        return 429, _error("TooManyRequests"), {"Retry-After": "0"}
    requests = body["requests"]
    if len(requests) > 20 or any(one["method"] != "GET" for one in requests):
        return 400, _error("BadRequest"), {}
    if len({one["id"].lower() for one in requests}) < len(requests):
        return 400, _error("BadRequest"), {}
    if any(not one["url"].startswith("/") or one["url"].startswith(f"/{version}/") for one in requests):  # fmt: skip
        return 400, _error("BadRequest"), {}  # addresses are relative to the version
    responses = []
    for one in reversed(requests):  # in any order
        status, answer, headers = _answer(tenant, "GET", f"/{version}{one['url']}", None)
        if not status:  # it is left out, where a call by itself would have its connection closed
            continue
        if status == 204:
            answer = None
        responses.append({"id": one["id"], "status": status, "headers": headers, "body": answer})
    return 200, {"responses": responses}, {}


def _answer(tenant: Tenant, method: str, url: str, body: Any) -> Answer:
    parts = urlsplit(url)
    path, query = unquote(parts.path), dict(parse_qsl(parts.query))
    with tenant.lock:
        tenant.asked.append(f"{method} {path}")
        tenant.queries.append((path, query))
        for fault in tenant.faults:
            if fault.strikes(path):
                return fault.status, _error(fault.code), fault.headers
    opening = next((names for way, names in OPENS if re.search(way, path)), None)
    if opening is None:
        return 404, _error("ResourceNotFound"), {}
    allowed = tenant.allowed
    if allowed is not None and not any(allowed.issuperset(one.split(" and ")) for one in opening):
        return 403, _error("Authorization_RequestDenied"), {}
    if path == "/providers/Microsoft.ResourceGraph/resources":
        return _queried(tenant, body, query)
    if path.startswith(("/subscriptions", "/providers")):
        if set(query) != {"api-version"}:
            return 400, _error("MissingApiVersionParameter"), {}
        found = tenant.azure.get(path.lower())
        if found is None:
            return 404, _error("ResourceNotFound"), {}
        return 200, {"value": found} if isinstance(found, list) else found, {}
    if path == "/v1.0/directoryObjects/getByIds":
        return _by_ids(tenant, body)
    if path == "/v1.0/security/runHuntingQuery":
        table = body["Query"].partition(" ")[0]
        return 200, {"schema": [], "results": tenant.hunted.get(table, [])}, {}
    name = path.removeprefix("/v1.0/").removesuffix("/delta")
    if name in entra_changes.COLLECTIONS and path == f"/v1.0/{name}/delta":
        rows = [_shaped(one, [], {}) for one in tenant.graph.get(name, [])]
        with tenant.lock:
            return tenant.changes.answer(f"{tenant.url}{path}", name, rows, query)
    return _graph(tenant, path, query)


def _graph(tenant: Tenant, path: str, query: dict[str, str]) -> Answer:
    if set(query) - {"$top", "$select", "$expand", "$filter", "$skiptoken"}:
        return 400, _error("BadRequest"), {}
    version, _, rest = path.removeprefix("/").partition("/")
    name = next((one for one in sorted(tenant.graph, key=len, reverse=True) if f"{rest}/".startswith(f"{one}/")), None)  # fmt: skip
    if name is None:
        return 404, _error("Request_ResourceNotFound"), {}
    rows: Any = tenant.graph[name]
    steps = [one for one in rest[len(name) :].split("/") if one]
    expand = {match[1]: match[2] for match in _EXPAND.finditer(query.get("$expand", ""))}
    select = [one for one in query.get("$select", "").split(",") if one]
    if tenant.unknown_fields.intersection(select):
        return 400, _error("BadRequest"), {}
    if isinstance(rows, dict):
        return (200, rows, {}) if not steps else (404, _error("NotFound"), {})
    cast = next((one for one in steps if one.startswith("microsoft.graph.")), "")
    if cast:
        steps.remove(cast)
        rows = [one for one in rows if one.get("@odata.type") == f"#{cast}"]
    if steps:
        index = tenant.indexed.get(name)
        found = (one for one in rows if one["id"] == steps[0])
        row = index.get(steps[0]) if index else next(found, None)
        row = tenant.stale.get(steps[0], row) if len(steps) == 1 else row
        if row is None:
            return 404, _error("Request_ResourceNotFound"), {}
        if len(steps) == 1:
            return 200, _shaped(row, select, expand), {}
        if steps[1] not in RELATIONSHIPS or len(steps) > 2:
            return 400, _error("BadRequest"), {}
        rows = row.get(steps[1], [])
    if tenant.stale and not steps:
        rows = [tenant.stale.get(one["id"], one) for one in rows]
    try:
        rows = _fitting(rows, query.get("$filter", ""), tenant.indexed.get(name))
    except ValueError:
        return 400, _error("Request_UnsupportedQuery"), {}
    if "$filter" in query:
        rows = [one for one in rows if one["id"] not in tenant.late]
    if " in " in query.get("$filter", "") and (
        name == "oauth2PermissionGrants" or (expand and not tenant.expands_filtered)
    ):
        return 400, _error("Request_UnsupportedQuery"), {}
    most = MOST_WITH_EXPANDED if expand else MOST
    size = min(int(query.get("$top", "100")), most, tenant.page)
    start = int(query.get("$skiptoken", "0"))
    page = rows[start : start + size]
    if version == "v1.0" and name == "applications":
        page = [_older(one) for one in page]
    answer = {"value": [_shaped(one, select, expand) for one in page]}
    for one in answer["value"] if not tenant.lists_keys else ():
        if "keyCredentials" in one:
            one["keyCredentials"] = [key | {"key": None} for key in one["keyCredentials"]]
    if start + size < len(rows):
        left = {**query, "$skiptoken": str(start + size)}
        options = "&".join(f"{key}={quote(one)}" for key, one in left.items())
        answer["@odata.nextLink"] = f"{tenant.url}{quote(path)}?{options}"
    return 200, answer, {}


def _older(row: dict[str, Any]) -> dict[str, Any]:
    """Without what only the beta version tells."""
    inside = [_older(one) for one in row.get("federatedIdentityCredentials", ())]
    kept = {key: one for key, one in row.items() if key != "claimsMatchingExpression"}
    return kept | ({"federatedIdentityCredentials": inside} if inside else {})


_EXPAND = re.compile(r"(\w+)(?:\(\$select=([\w,]+)\))?")


def _shaped(row: dict[str, Any], select: list[str], expand: dict[str, str]) -> dict[str, Any]:
    shown = {
        key: one
        for key, one in row.items()
        if (key not in RELATIONSHIPS or key in expand)
        and (not select or key in select or key in expand or key == "@odata.type")
    }
    for key, fields in expand.items():
        within = fields.split(",") if fields else []
        shown[key] = [_shaped(one, within, {}) for one in row.get(key, [])[:MOST_EXPANDED]]
    return shown


_EQUALS = re.compile(r"(\w+) eq (?:'([^']*)'|(true|false))")
_IN = re.compile(r"(\w+) in \(([^)]*)\)")


def _fitting(rows: list[Any], text: str, index: dict[str, Any] | None = None) -> list[Any]:
    """ValueError if it is no filter that this knows."""
    if not text:
        return rows
    if (found := _IN.fullmatch(text)) is not None:
        values = {one.strip("'") for one in found[2].split(",")}
        if len(values) > 15:
            raise ValueError(text)
        if index and found[1] == "id":
            return [index[id] for id in sorted(values & index.keys())]
        return [one for one in rows if one.get(found[1]) in values]
    if (found := _EQUALS.fullmatch(text)) is None:
        raise ValueError(text)
    value = found[2] if found[3] is None else found[3] == "true"
    return [one for one in rows if one.get(found[1]) == value]


_OBJECTS = ("applications", "servicePrincipals", "users", "groups")


def _by_ids(tenant: Tenant, body: Any) -> Answer:
    if len(body["ids"]) > 1000:
        return 400, _error("BadRequest"), {}
    wanted, types = set(body["ids"]), body.get("types")
    found = []
    for name in _OBJECTS:
        type = name.removesuffix("s")
        if types and type not in types:
            continue
        found += [
            {"@odata.type": f"#microsoft.graph.{type}", **_shaped(one, [], {})}
            for one in tenant.graph.get(name, [])
            if one["id"] in wanted
        ]
    return 200, {"value": found}, {}


_QUERY = re.compile(
    r"(?P<table>\w+) \| where type (?:=~ '(?P<type>[^']+)'|in~ \((?P<types>[^)]+)\))"
    r"(?P<custom> and properties\.type =~ 'CustomRole')? \| project (?P<fields>[\w, ]+) \| order by id asc"
)


def _queried(tenant: Tenant, body: Any, query: dict[str, str]) -> Answer:
    found = _QUERY.fullmatch(body["query"])
    if found is None or query != {"api-version": "2022-10-01"}:
        return 400, _error("BadRequest"), {}
    types = [one.strip(" '") for one in (found["type"] or found["types"]).split(",")]
    rows = []
    for one in sorted(tenant.azure.get(found["table"], []), key=lambda one: str(one["id"])):
        type = one["type"].lower()
        subscription = one["id"].split("/")[2] if one["id"].startswith("/subscriptions/") else ""
        if type not in types or (found["custom"] and one["properties"]["type"] != "CustomRole"):
            continue
        if "subscriptions" in body and subscription and subscription not in body["subscriptions"]:
            continue
        if tenant.allowed is None or any(f"{type}/read" == name.lower() for name in tenant.allowed):
            rows.append(one)
    options = body["options"]
    start, size = int(options.get("$skipToken", "0")), min(options["$top"], tenant.page)
    fields = [one.strip() for one in found["fields"].split(",")]
    answer: dict[str, Any] = {
        "totalRecords": len(rows), "count": len(rows[start : start + size]),
        "data": [{key: one.get(key) for key in fields} for one in rows[start : start + size]],
    }  # fmt: skip
    if start + size < len(rows):
        answer["$skipToken"] = str(start + size)
    return 200, answer, {}


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "said by the test"}}


def access(
    tenant: Tenant, claims: dict[str, Any], cloud: str = "public", answers: Answers | None = None
) -> Access:
    """Somebody who is signed in to it."""
    stop = threading.Event()

    def sign(request: PreparedRequest) -> PreparedRequest:
        request.headers["Authorization"] = "Bearer of-a-test"
        return request

    rest = Rest(tenant.url, session(sign), stop=stop, patience=5)
    return Access(
        {"graph": rest, "azure": rest}, CLOUDS[cloud], claims, "test", stop, answers=answers
    )


def look_at(
    tenant: Tenant, surface: str, claims: dict[str, Any], cloud: str = "public"
) -> Answered:
    """What one surface tells of it."""
    [found] = [one for one in surfaces() if one.name == surface]
    return look(Scope(access(tenant, claims, cloud), found))


def settings(unit: Answered, type: str = "") -> dict[str, dict[str, Any]]:
    """What was told, by the last of the keys; of one type, if it is given."""
    return {
        one.key.rpartition("/")[2]: one.settings.plain()
        for one in unit.told
        if isinstance(one, Declared) and one.type.startswith(type)
    }
