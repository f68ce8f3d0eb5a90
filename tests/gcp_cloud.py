"""A Google Cloud on this machine: one server for all its APIs, which answers what Google's discovery
documents describe, and nothing else.

It pages, asks who calls, refuses what they may not, and fails as it is told. What it answers is held
against the documents, too: `mistakes` are ours.
"""

from __future__ import annotations

import json
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import discovery
from keymuster.collect.gcp.methods import METHODS
from keymuster.collect.gcp.places import CALLS

KNOWN: dict[str, tuple[str, ...]] = {
    document: tuple(id for id, one in METHODS.items() if one.document == document)
    for document in dict.fromkeys(one.document for one in METHODS.values())
}
KNOWN["cloudresourcemanager.v3"] = (*KNOWN["cloudresourcemanager.v3"], *CALLS)
"""What it answers, by the document that describes it. Hosts are not told apart."""

ASSETS = {
    "iam.projects.serviceAccounts.list": "iam.googleapis.com/ServiceAccount",
    "iam.projects.serviceAccounts.keys.list": "iam.googleapis.com/ServiceAccountKey",
    "iam.projects.roles.list": "iam.googleapis.com/Role",
    "iam.organizations.roles.list": "iam.googleapis.com/Role",
    "iam.projects.locations.workloadIdentityPools.list": "iam.googleapis.com/WorkloadIdentityPool",
    "iam.projects.locations.workloadIdentityPools.providers.list": "iam.googleapis.com/WorkloadIdentityPoolProvider",
    "apikeys.projects.locations.keys.list": "apikeys.googleapis.com/Key",
    "orgpolicy.projects.policies.list": "orgpolicy.googleapis.com/Policy",
    "orgpolicy.folders.policies.list": "orgpolicy.googleapis.com/Policy",
    "orgpolicy.organizations.policies.list": "orgpolicy.googleapis.com/Policy",
    "storage.buckets.list": "storage.googleapis.com/Bucket",
    "secretmanager.projects.secrets.list": "secretmanager.googleapis.com/Secret",
    "container.projects.locations.clusters.list": "container.googleapis.com/Cluster",
    "compute.instances.aggregatedList": "compute.googleapis.com/Instance",
    "compute.instanceTemplates.aggregatedList": "compute.googleapis.com/InstanceTemplate",
    "compute.projects.get": "compute.googleapis.com/Project",
    "run.namespaces.services.list": "run.googleapis.com/Service",
    "run.namespaces.jobs.list": "run.googleapis.com/Job",
    "cloudfunctions.projects.locations.functions.list": "cloudfunctions.googleapis.com/Function",
    "sql.instances.list": "sqladmin.googleapis.com/Instance",
    "serviceusage.services.list": "serviceusage.googleapis.com/Service",
}
"""What lists tell, as the Cloud Asset Inventory calls it."""

OTHER_ASSETS = (
    "cloudfunctions.googleapis.com/CloudFunction", "cloudkms.googleapis.com/CryptoKey", "bigquery.googleapis.com/Dataset",
    "redis.googleapis.com/Instance", "appengine.googleapis.com/Version", "composer.googleapis.com/Environment",
    "dataproc.googleapis.com/Cluster", "notebooks.googleapis.com/Instance", "pubsub.googleapis.com/Subscription",
    "workflows.googleapis.com/Workflow", "eventarc.googleapis.com/Trigger", "datafusion.googleapis.com/Instance",
)  # fmt: skip


@dataclass
class Fault:
    """What becomes of calls of methods that fit, the first `times` times: an error of this `status` and
    `reason`, or a connection that is dropped. `answer` takes the place of what would be said."""

    method: str
    status: int = 403
    reason: str = ""
    metadata: dict[str, str] = field(default_factory=dict)
    times: int = 1_000_000
    retry_after: str = ""
    path: str = ""
    drop: bool = False
    after: int = 0
    answer: dict[str, Any] | None = None


@dataclass
class Place:
    name: str
    parent: str
    fields: dict[str, Any]
    number: str


class Cloud:
    """What there is, who may do what, and what goes wrong. `page` is the most that a page holds. What is
    `hidden` of things by their names the inventory does not tell. Tokens end after so many calls if `expires_after` is not negative, and it may be the `last_sign_in`."""

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.items: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.assets: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self.policies: dict[str, tuple[str, str, dict[str, Any]]] = {}
        self.faults: list[Fault] = []
        self.calls: list[tuple[str, int]] = []
        self.paths: list[str] = []
        self.answered: list[tuple[str, str, Any]] = []
        self.mistakes: list[str] = []
        self.hidden: dict[str, tuple[str, ...]] = {}
        self.page = 1_000_000
        self.inventory = True
        self.checks = True
        self.allowed: set[str] | None = None
        self.needed: dict[str, tuple[str, ...]] = {}
        self.tokens: set[str] = set()
        self.signs_in = True
        self.expires_after = -1
        self.last_sign_in = False
        self.url = ""
        self._lock = threading.Lock()
        self._serial = 0

    # what there is

    def organization(self, id: str, domain: str) -> str:
        fields = {"displayName": domain, "directoryCustomerId": f"C0{id}", "state": "ACTIVE"}
        return self._place(f"organizations/{id}", "", fields, f"organizations/{id}")

    def folder(self, id: str, parent: str) -> str:
        fields = {"displayName": f"folder {id}", "state": "ACTIVE", "parent": parent}
        return self._place(f"folders/{id}", parent, fields, f"folders/{id}")

    def project(self, id: str, number: int, parent: str = "", **more: Any) -> str:
        fields = {
            "projectId": id, "displayName": id, "state": "ACTIVE", "createTime": "2023-01-01T00:00:00Z", **more,
            **({"parent": parent} if parent else {}),
        }  # fmt: skip
        return self._place(f"projects/{id}", parent, fields, f"projects/{number}")

    def _place(self, name: str, parent: str, fields: dict[str, Any], number: str) -> str:
        self.places[name] = Place(name, parent, {"name": number, **fields}, number)
        return name

    def add(self, method: str, parent: str, *items: dict[str, Any]) -> None:
        """What a list tells below a parent, which is named as its path (or query) names it."""
        self.items[method, parent].extend(items)

    def asset(self, type: str, place: str, *data: dict[str, Any]) -> None:
        """What only the inventory tells."""
        self.assets[type, place].extend(data)

    def policy(self, resource: str, type: str, place: str, *bindings: dict[str, Any]) -> None:
        """Who may do what on a resource, by its full name."""
        self.policies[resource] = (type, place, {"version": 3, "bindings": list(bindings)})

    def account(self, project: str, name: str, number: int, **more: Any) -> str:
        """A service account; its address."""
        email = f"{name}@{project}.iam.gserviceaccount.com"
        self.add(
            "iam.projects.serviceAccounts.list", f"projects/{project}",
            {
                "name": f"projects/{project}/serviceAccounts/{email}", "projectId": project, "uniqueId": str(number),
                "email": email, "oauth2ClientId": str(number), **more,
            },
        )  # fmt: skip
        return email

    def key(self, email: str, id: str, **more: Any) -> None:
        project = email.partition("@")[2].partition(".")[0]
        self.add(
            "iam.projects.serviceAccounts.keys.list", f"projects/{project}/serviceAccounts/{email}",
            {
                "name": f"projects/{project}/serviceAccounts/{email}/keys/{id}", "keyType": "USER_MANAGED",
                "keyOrigin": "GOOGLE_PROVIDED", "keyAlgorithm": "KEY_ALG_RSA_2048",
                "validAfterTime": "2024-01-01T00:00:00Z", "validBeforeTime": "9999-12-31T23:59:59Z", **more,
            },
        )  # fmt: skip

    # what is asked

    def count(self, method: str) -> int:
        with self._lock:
            return sum(1 for one, _ in self.calls if one == method)

    def _expire(self) -> None:
        """Whoever is signed in is so no more."""
        self.expires_after -= 1
        if self.expires_after == 0:
            self.tokens.clear()
            self.signs_in = not self.last_sign_in

    def answer(
        self, verb: str, path: str, query: dict[str, list[str]], body: Any, token: str
    ) -> Reply:
        if path == "/token" or path.endswith(":generateAccessToken"):
            return self._sign_in(path, token)
        known = discovery.found(KNOWN, verb, path)
        if known is None:
            self.mistakes.append(f"there is no method for {verb} {path}")
            return _error(404, "NOT_FOUND")
        method, said = known
        if strange := set(query) - method.query - {"$alt"}:
            self.mistakes.append(f"{method.id} has no parameter {sorted(strange)}")
            return _error(400, "INVALID_ARGUMENT")
        reply = self._fault(method.id, path) or self._refusal(method.id, token)
        if reply is None:
            given = {
                **said,
                **{key: value[0] for key, value in query.items() if key != "assetTypes"},
            }
            given["assetTypes"] = query.get("assetTypes", [])  # type: ignore[assignment]
            reply = self._said(method, given, body if isinstance(body, dict) else {})
            if self.checks and reply.status == 200:
                problems = discovery.wrong(method.document, method.response, reply.body)
                self.mistakes.extend(f"{method.id} {one}" for one in problems)
        with self._lock:
            self.calls.append((method.id, reply.status))
            self.paths.append(path)
            if reply.status == 200:
                self.answered.append((method.id, path, reply.body))
        return reply

    def _sign_in(self, path: str, token: str) -> Reply:
        if not self.signs_in:
            return Reply(400, {"error": "invalid_grant", "error_description": "no such account"})
        with self._lock:
            self._serial += 1
            made = f"made-up-{self._serial}"
            self.tokens.add(made)
        if path == "/token":
            return Reply(200, {"access_token": made, "expires_in": 3600, "token_type": "Bearer"})
        return Reply(200, {"accessToken": made, "expireTime": "2999-01-01T00:00:00Z"})

    def _fault(self, method: str, path: str) -> Reply | None:
        with self._lock:
            for one in self.faults:
                if (
                    one.times <= 0
                    or not re.fullmatch(one.method, method)
                    or not re.search(one.path, path)
                ):
                    continue
                if one.after > 0:
                    one.after -= 1
                    continue
                one.times -= 1
                if one.answer is not None:
                    return Reply(200, one.answer)
                return _error(one.status, one.reason, one.metadata, one.retry_after, drop=one.drop)
        return None

    def _refusal(self, method: str, token: str) -> Reply | None:
        with self._lock:
            self._expire()
            if token not in self.tokens:
                return _error(401, "UNAUTHENTICATED")
        if self.allowed is None:
            return None
        lacks = [
            one
            for one in self.needed.get(method, ("nothing allows this",))
            if one not in self.allowed
        ]
        return _error(403, "IAM_PERMISSION_DENIED", {"permission": lacks[0]}) if lacks else None

    def _said(
        self, method: discovery.Described, given: dict[str, Any], body: dict[str, Any]
    ) -> Reply:
        id = method.id
        if id == "cloudasset.assets.list":
            return self._inventory(given)
        if id.startswith("cloudresourcemanager."):
            return self._hierarchy(method, given)
        if id.endswith(".getIamPolicy"):
            host = f"//{method.document.partition('.')[0]}.googleapis.com/"
            name = host + self._named(given.get("resource") or given["bucket"])
            return Reply(200, self.policies.get(name, ("", "", {}))[2] or {"etag": "ACAB"})
        if id == "iam.policies.get":
            every = (one for several in self.items.values() for one in several)
            found = next(
                (one for one in every if one.get("name") == given["name"] and "rules" in one), None
            )
            return Reply(200, found) if found else _error(404, "NOT_FOUND")
        if id == "compute.projects.get":
            found = self.items.get((id, self._named(f"projects/{given['project']}")))
            return Reply(200, found[0] if found else {"name": given["project"]})
        return self._list(method, given, body)

    def _list(
        self, method: discovery.Described, given: dict[str, Any], body: dict[str, Any]
    ) -> Reply:
        """A page. What nobody has put there is an empty list, as Google says it: nothing at all."""
        said = discovery.schema(method.document, method.response)["properties"]
        arrays = [
            name for name, one in said.items() if one.get("type") == "array" and name not in _ASIDE
        ]
        if id_of := given.get("instance"):
            parent = f"{given['project']}/{id_of}"
        else:
            parent = (
                given.get("parent")
                or given.get("name")
                or given.get("project")
                or given.get("projectId", "")
            )
            parent = parent or (body.get("resourceNames") or [""])[0]
        found = self.items.get((method.id, self._named(parent)), [])
        start = int(given.get("pageToken") or given.get("continue") or body.get("pageToken") or 0)
        size = int(given.get("pageSize") or given.get("maxResults") or given.get("limit") or 1000)
        if {"pageToken", "continue"}.isdisjoint(method.query) and not body:
            items, next = found, ""  # all at once
        else:
            items, next = self._cut(found, start, size)
        if method.id.endswith("aggregatedList"):
            key = "instances" if "instances." in method.id else "instanceTemplates"
            answer: dict[str, Any] = {
                "items": {"zones/europe-west1-b": {key: items}, "zones/x": {}}
            }
        else:
            answer = {arrays[0]: items} if items else {}
        if next and "nextPageToken" in said:
            answer["nextPageToken"] = next
        elif next and "metadata" in said:
            answer["metadata"] = {"continue": next}
        return Reply(200, answer)

    def _cut(self, found: list[Any], start: int, size: int) -> tuple[list[Any], str]:
        end = start + min(size, self.page)
        return found[start:end], str(end) if end < len(found) else ""

    def _named(self, name: str) -> str:
        """With the project's id, where its number stands, or nothing."""
        if name.startswith("projects/-/serviceAccounts/"):
            email = name.partition("/serviceAccounts/")[2]
            project = email.partition("@")[2].partition(".")[0]
            return f"projects/{project}/serviceAccounts/{email}"
        for one in self.places.values():
            if one.number != one.name and name.startswith(f"{one.number}/"):
                return one.name + name[len(one.number) :]
        return self._numbers.get(name, name)

    @property
    def _numbers(self) -> dict[str, str]:
        return {one.number: one.name for one in self.places.values()}

    # the inventory

    def _inventory(self, given: dict[str, Any]) -> Reply:
        if not self.inventory:
            return _error(
                403,
                "SERVICE_DISABLED",
                {"service": "cloudasset.googleapis.com", "consumer": "projects/99"},
            )
        types = given["assetTypes"]
        known = {*ASSETS.values(), *OTHER_ASSETS}
        if any(one not in known for one in types):
            return _error(400, "INVALID_ARGUMENT")
        every = self._all_assets(given["parent"], given.get("contentType", ""), tuple(types))
        items, next = self._cut(
            every, int(given.get("pageToken", 0)), int(given.get("pageSize", 100))
        )
        answer: dict[str, Any] = {"readTime": "2026-01-01T00:00:00Z", "assets": items}
        return Reply(200, {**answer, "nextPageToken": next} if next else answer)

    def _all_assets(self, root: str, content: str, types: tuple[str, ...]) -> list[dict[str, Any]]:
        return self._assets_of(self._named(root), content, types)

    @cache  # noqa: B019 - for as long as a test
    def _assets_of(self, root: str, content: str, types: tuple[str, ...]) -> list[dict[str, Any]]:
        below = {name: found for name in self.places if root in (found := self._above(name))}
        if content == "IAM_POLICY":
            return [
                {
                    "name": self._by_number(resource), "assetType": type, "iamPolicy": policy,
                    "ancestors": self._ancestors(below[place]),
                }
                for resource, (type, place, policy) in self.policies.items()
                if place in below
            ]  # fmt: skip
        found = []
        several = [
            ((ASSETS.get(method, ""), self._place_of(parent)), items)
            for (method, parent), items in self.items.items()
        ]
        for (type, place), items in [*several, *self.assets.items()]:
            if type in types and place in below:
                ancestors = self._ancestors(below[place])
                found += [
                    {
                        "name": f"//{type.partition('/')[0]}/{one.get('name', '')}", "assetType": type,
                        "resource": {"version": "v1", "data": self._without_hidden(one)}, "ancestors": ancestors,
                    }
                    for one in items
                ]  # fmt: skip
        return found

    def _without_hidden(self, one: dict[str, Any]) -> dict[str, Any]:
        hidden = self.hidden.get(one.get("name", ""), ())
        return {key: value for key, value in one.items() if key not in hidden}

    def _by_number(self, resource: str) -> str:
        """The inventory names service accounts by their numbers, and the projects of secrets."""
        project, is_account, email = resource.partition("/serviceAccounts/")
        if resource.startswith("//secretmanager.googleapis.com/"):
            host, _, rest = resource.partition(".com/projects/")
            id, _, below = rest.partition("/")
            return f"{host}.com/{self.places[f'projects/{id}'].number}/{below}"
        if not is_account:
            return resource
        below = self.items[
            "iam.projects.serviceAccounts.list", f"projects/{project.rpartition('/')[2]}"
        ]
        number = next((one["uniqueId"] for one in below if one["email"] == email), email)
        return f"{project}/serviceAccounts/{number}"

    def _place_of(self, parent: str) -> str:
        """The place that something lies in, by what its parent is called."""
        parts = parent.split("/")
        if parts[0] == "namespaces" or len(parts) == 1:
            return f"projects/{parts[-1]}"
        return self._named("/".join(parts[:2]))

    def _above(self, name: str) -> tuple[str, ...]:
        found = [name]
        while (one := self.places.get(found[-1])) and one.parent:
            found.append(one.parent)
        return tuple(found)

    def _ancestors(self, names: tuple[str, ...]) -> list[str]:
        return [self.places[one].number if one in self.places else one for one in names]

    # the hierarchy

    def _hierarchy(self, method: discovery.Described, given: dict[str, Any]) -> Reply:
        _, kind, verb = method.id.split(".")
        if verb == "getIamPolicy":
            place = self._named(given["resource"])
            name = f"//cloudresourcemanager.googleapis.com/{place}"
            return Reply(200, self.policies.get(name, ("", "", {}))[2] or {"etag": "ACAB"})
        if verb == "get":
            one = self.places.get(self._named(given["name"]))
            return Reply(200, one.fields) if one else _error(403, "PERMISSION_DENIED")
        every = [one.fields for one in self.places.values() if one.name.startswith(f"{kind}/")]
        items, next = self._cut(
            every, int(given.get("pageToken") or 0), int(given.get("pageSize") or 1000)
        )
        return Reply(200, {kind: items, **({"nextPageToken": next} if next else {})})


_ASIDE = {"unreachable", "missingZones", "unreachables", "warnings"}


@dataclass
class Reply:
    status: int
    body: Any
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False


_STATUSES = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 501: "UNIMPLEMENTED", 503: "UNAVAILABLE",
}  # fmt: skip


def _error(
    status: int,
    reason: str,
    metadata: dict[str, str] | None = None,
    retry_after: str = "",
    *,
    drop: bool = False,
) -> Reply:
    error: dict[str, Any] = {
        "code": status,
        "message": "as it was told",
        "status": _STATUSES.get(status, "UNKNOWN"),
    }
    if reason and reason != error["status"]:
        error["details"] = [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason,
                "domain": "googleapis.com", "metadata": metadata or {},
            }
        ]  # fmt: skip
    return Reply(
        status, {"error": error}, {"Retry-After": retry_after} if retry_after else {}, drop
    )


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def _go(self) -> None:
        cloud: Cloud = self.server.cloud  # type: ignore[attr-defined]
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        is_json = "json" in self.headers.get("Content-Type", "")
        parts = urlsplit(self.path)
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        reply = cloud.answer(
            self.command,
            parts.path,
            parse_qs(parts.query),
            json.loads(raw) if raw and is_json else None,
            token,
        )
        if reply.drop:
            self.close_connection = True
            return
        data = json.dumps(reply.body).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = _go


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving() -> Iterator[Cloud]:
    """A cloud in which there is nothing yet."""
    server = _Server(("127.0.0.1", 0), _Handler)
    cloud = Cloud()
    cloud.url = f"http://127.0.0.1:{server.server_address[1]}"
    server.cloud = cloud  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@cache
def _private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def key_file(
    folder: Path, cloud: Cloud, email: str = "scanner@acme-security.iam.gserviceaccount.com"
) -> str:
    """The key of a service account, that signs in to a cloud."""
    path = folder / "scanner.json"
    held = {
        "type": "service_account", "project_id": "acme-security", "private_key_id": "1", "client_email": email,
        "private_key": _private_key(), "client_id": "1", "token_uri": f"{cloud.url}/token",
    }  # fmt: skip
    path.write_text(json.dumps(held))
    return str(path)
