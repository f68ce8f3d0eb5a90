"""An API server on loopback: it has objects, gives lists by pages that expire, lets in whom its rules let in, sends
metadata alone where that is asked for, and fails as it is told.

Every object is one of Kubernetes: its own client knows each of the fields (`mistakes`).
"""

from __future__ import annotations

import base64
import json
import re
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

UID = "0f1e6d2c-3b4a-4c5d-8e6f-7a8b9c0d1e2f"
"""That of kube-system."""

CORE = "api/v1"
RBAC = "apis/rbac.authorization.k8s.io/v1"

MODELS = {
    f"{CORE}/namespaces": "V1Namespace",
    f"{CORE}/serviceaccounts": "V1ServiceAccount",
    f"{CORE}/secrets": "V1Secret",
    f"{CORE}/configmaps": "V1ConfigMap",
    f"{CORE}/pods": "V1Pod",
    f"{CORE}/replicationcontrollers": "V1ReplicationController",
    "apis/apps/v1/deployments": "V1Deployment",
    "apis/apps/v1/statefulsets": "V1StatefulSet",
    "apis/apps/v1/daemonsets": "V1DaemonSet",
    "apis/apps/v1/replicasets": "V1ReplicaSet",
    "apis/batch/v1/jobs": "V1Job",
    "apis/batch/v1/cronjobs": "V1CronJob",
    f"{RBAC}/roles": "V1Role",
    f"{RBAC}/clusterroles": "V1ClusterRole",
    f"{RBAC}/rolebindings": "V1RoleBinding",
    f"{RBAC}/clusterrolebindings": "V1ClusterRoleBinding",
    "apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations": "V1MutatingWebhookConfiguration",
    "apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations": "V1ValidatingWebhookConfiguration",
    "apis/apiregistration.k8s.io/v1/apiservices": "V1APIService",
    "apis/certificates.k8s.io/v1/certificatesigningrequests": "V1CertificateSigningRequest",
}
"""Where each kind is -> what the client of Kubernetes calls it."""


@dataclass
class Fault:
    """What to say to requests whose path and query match, so many `times`. A status of 0 drops the connection."""

    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1


@dataclass
class Cluster:
    """`rules` are those of the only role that whoever asks has; None lets everything be done."""

    objects: dict[str, list[dict[str, Any]]]
    uid: str = UID
    version: str = "v1.31.2"
    issuer: str = "https://oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    user: str = "system:serviceaccount:keymuster:keymuster"
    rules: list[dict[str, Any]] | None = None
    tokens: tuple[str, ...] = ()
    largest: int = 500
    groups: tuple[tuple[str, tuple[str, ...]], ...] = (("apps", ("v1",)), ("batch", ("v1",)))
    faults: list[Fault] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    accepted: dict[str, set[str]] = field(default_factory=dict)
    url: str = ""
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def counts(self) -> Counter[str]:
        return Counter(one.partition("?")[0] for one in self.asked)

    def add(self, path: str, *several: dict[str, Any]) -> None:
        self.objects.setdefault(path, []).extend(several)

    def reply(
        self, method: str, target: str, accept: str, token: str
    ) -> tuple[int, Any, dict[str, str]]:
        parts = urlsplit(target)
        path = parts.path.strip("/")
        query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        with self.lock:
            self.asked.append(f"{method} {path}")
            self.accepted.setdefault(path, set()).add(accept)
            for fault in self.faults:
                if fault.times and re.search(fault.path, target):
                    fault.times -= 1
                    return fault.status, _status(fault.status), fault.headers
        if self.tokens and token not in self.tokens:
            return 401, _status(401), {}
        if method == "POST":
            return self._about_whoever_asks(path)
        if not self._may(path):
            return 403, _status(403), {}
        return self._told(path, query, accept)

    def _about_whoever_asks(self, path: str) -> tuple[int, Any, dict[str, str]]:
        if path == "apis/authentication.k8s.io/v1/selfsubjectreviews":
            return 201, {"status": {"userInfo": {"username": self.user, "groups": ["g"]}}}, {}
        if path == "apis/authorization.k8s.io/v1/selfsubjectrulesreviews":
            all = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}]
            return 201, {"status": {"resourceRules": all if self.rules is None else self.rules}}, {}
        return 404, _status(404), {}

    def _may(self, path: str) -> bool:
        if self.rules is None or path == "version":
            return True
        if not path.startswith(("api/v1/", "apis/")) or (
            len(path.split("/")) < 4 and path.startswith("apis")
        ):
            urls = [url for rule in self.rules for url in rule.get("nonResourceURLs", ())]
            return any(
                f"/{path}" == url or (url.endswith("*") and f"/{path}".startswith(url[:-1]))
                for url in urls
            )
        group = "" if path.startswith("api/") else path.split("/")[1]
        rest = re.sub(r"^(?:api/v1|apis/[^/]+/[^/]+)/", "", path)
        named = re.fullmatch(r"namespaces/[^/]+/([^/]+)(?:/([^/]+))?", rest) or re.fullmatch(
            r"([^/]+)(?:/([^/]+))?", rest
        )
        assert named, path
        verb = "get" if named[2] else "list"
        return any(
            group in rule.get("apiGroups", ())
            and named[1] in rule.get("resources", ())
            and verb in rule["verbs"]
            for rule in self.rules
        )

    def _told(
        self, path: str, query: dict[str, str], accept: str
    ) -> tuple[int, Any, dict[str, str]]:
        if path == "version":
            return 200, {"gitVersion": self.version}, {}
        if path == ".well-known/openid-configuration":
            return (200, {"issuer": self.issuer}, {}) if self.issuer else (404, _status(404), {})
        if path == "apis":
            return 200, {"kind": "APIGroupList", "groups": [
                {"name": name, "versions": [{"groupVersion": f"{name}/{one}", "version": one} for one in versions]}
                for name, versions in self.groups
            ]}, {}  # fmt: skip
        if (root := re.fullmatch(r"apis/[^/]+/[^/]+", path)) is not None:
            names = [
                one.rpartition("/")[2] for one in self.objects if one.startswith(f"{root[0]}/")
            ]
            return (
                200,
                {"kind": "APIResourceList", "resources": [{"name": one} for one in names]},
                {},
            )
        if path == f"{CORE}/namespaces/kube-system":
            return 200, {"metadata": {"name": "kube-system", "uid": self.uid}}, {}
        space = re.search(r"/namespaces/([^/]+)/", f"{path}")
        where = re.sub(r"/namespaces/[^/]+/", "/", path)
        found = self.objects.get(where)
        if found is None and (one := self._one(where, space)):
            return 200, one, {}
        if found is None:
            return (200, _list([]), {}) if where in MODELS else (404, _status(404), {})
        if space:
            found = [one for one in found if one["metadata"].get("namespace") == space[1]]
        return self._page(found, query, accept)

    def _one(self, where: str, space: re.Match[str] | None) -> dict[str, Any] | None:
        several, _, name = where.rpartition("/")
        return next(
            (
                one
                for one in self.objects.get(several, ())
                if one["metadata"]["name"] == name
                and space
                and one["metadata"].get("namespace") == space[1]
            ),
            None,
        )

    def _page(
        self, found: list[dict[str, Any]], query: dict[str, str], accept: str
    ) -> tuple[int, Any, dict[str, str]]:
        start = (
            json.loads(base64.b64decode(query["continue"]))["start"] if "continue" in query else 0
        )
        size = min(int(query.get("limit", len(found) or 1)), self.largest)
        page = found[start : start + size]
        if "PartialObjectMetadataList" in accept:
            page = [{"kind": "PartialObjectMetadata", "metadata": one["metadata"]} for one in page]
        more = start + size < len(found)
        token = base64.b64encode(json.dumps({"start": start + size}).encode()).decode()
        return 200, _list(page, token if more else ""), {}

    def mistakes(self) -> list[str]:
        """Fields that Kubernetes' own client does not know in objects of this kind."""
        from kubernetes.client import ApiClient, Configuration

        with ApiClient(Configuration(host="http://127.0.0.1")) as client:
            return [
                f"{path}: {one['metadata']['name']}"
                for path, several in self.objects.items()
                if path in MODELS
                for one in several
                if _known(client, one, MODELS[path]) != one
            ]


def _known(client: Any, one: dict[str, Any], model: str) -> Any:
    """What is left of an object when that client has read it and written it again."""
    made = client.deserialize(json.dumps(one), model, "application/json")
    return json.loads(json.dumps(client.sanitize_for_serialization(made)).replace("+00:00", "Z"))


def _list(items: list[dict[str, Any]], token: str = "") -> dict[str, Any]:
    return {
        "kind": "List",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "7", "continue": token},
        "items": items,
    }


_REASONS = {
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    410: "Expired",
    429: "TooManyRequests",
}


def _status(code: int) -> dict[str, Any]:
    return {
        "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
        "message": "with words that may be a secret", "reason": _REASONS.get(code, "InternalError"),
    }  # fmt: skip


@contextmanager
def serving(cluster: Cluster, tls: ssl.SSLContext | None = None) -> Iterator[Cluster]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.cluster = cluster  # type: ignore[attr-defined]
    scheme = "http"
    if tls is not None:
        server.socket = tls.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
        scheme = "https"
    cluster.url = f"{scheme}://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield cluster
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        cluster: Cluster = self.server.cluster  # type: ignore[attr-defined]
        length = int(self.headers.get("Content-Length") or 0)
        self.rfile.read(length)
        token = self.headers.get("Authorization", "").split(" ")[-1]
        accept = self.headers.get("Accept", "")
        status, answer, headers = cluster.reply(self.command, self.path, accept, token)
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
        """Nothing: the test knows what it asked."""


# --- objects -------------------------------------------------------------------------------------


def thing(name: str, space: str = "", **more: Any) -> dict[str, Any]:
    """An object as a list has it; `annotations`, `labels` and `owner` (kind/name) go where they belong."""
    owner = more.pop("owner", "")
    metadata: dict[str, Any] = {
        "name": name, "uid": more.pop("uid", f"uid-{space}-{name}"),
        "creationTimestamp": more.pop("created", "2025-01-01T00:00:00Z"),
        **{key: more.pop(key) for key in ("annotations", "labels") if key in more},
    }  # fmt: skip
    if space:
        metadata["namespace"] = space
    if owner:
        kind, _, called = owner.partition("/")
        metadata["ownerReferences"] = [
            {"apiVersion": "v1", "kind": kind, "name": called, "uid": called, "controller": True}
        ]
    return {"metadata": metadata, **more}


def pod(account: str = "default", **container: Any) -> dict[str, Any]:
    return {
        "serviceAccountName": account,
        "containers": [{"name": "main", "image": "app", **container}],
    }


def templated(account: str = "default", **container: Any) -> dict[str, Any]:
    return {
        "selector": {"matchLabels": {"a": "b"}}, "template": {"spec": pod(account, **container)},
    }  # fmt: skip


def role(name: str, *rules: dict[str, Any], space: str = "", **more: Any) -> dict[str, Any]:
    return thing(name, space, rules=list(rules), **more)


def rule(groups: str, resources: str, verbs: str, *names: str) -> dict[str, Any]:
    found = {"apiGroups": [groups], "resources": resources.split(), "verbs": verbs.split()}
    return {**found, "resourceNames": [*names]} if names else found


def binding(name: str, role: str, *subjects: str, space: str = "") -> dict[str, Any]:
    """Subjects are `ServiceAccount/space/name`, `Group/name`, `User/name`."""
    kind, _, called = role.partition("/")
    return thing(
        name, space,
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": called},
        subjects=[_subject(*one.split("/")) for one in subjects],
    )  # fmt: skip


def _subject(kind: str, *path: str) -> dict[str, str]:
    return {"kind": kind, "name": path[-1], **({"namespace": path[0]} if len(path) > 1 else {})}


def kubeconfig(path: Path, **clusters: str | dict[str, Any]) -> Path:
    """A file with a context for each, by its address or by what stands in `cluster` and `user`."""
    said = {
        name: one if isinstance(one, dict) else {"cluster": {"server": one}}
        for name, one in clusters.items()
    }
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": next(iter(clusters)),
        "clusters": [{"name": name, "cluster": one["cluster"]} for name, one in said.items()],
        "users": [{"name": name, "user": one.get("user", {"token": "made-up"})} for name, one in said.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in said],
    }))  # fmt: skip
    return path


Make = Callable[..., Cluster]


def acme(token: str = "") -> Cluster:
    """A small cluster with what every cluster has, and what people did in it."""
    everything = rule("*", "*", "*")
    return Cluster({
        f"{CORE}/namespaces": [
            thing("kube-system", uid=UID), thing("default"),
            thing("prod", labels={"team": "payments", "kubernetes.io/metadata.name": "prod"}),
        ],
        f"{CORE}/serviceaccounts": [
            thing("default", "default"), thing("default", "prod"),
            thing("generic-garbage-collector", "kube-system"),
            thing(
                "app", "prod", uid="7d0f9a55-1c2b-4d3e-9f80-112233445566",
                annotations={"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/app"},
            ),
            thing("deployer", "prod"),
        ],
        f"{CORE}/secrets": [
            thing("db", "prod", data={"password": base64.b64encode(b"never-sent").decode()}, type="Opaque"),
            thing(
                "deployer-token", "prod", type="kubernetes.io/service-account-token",
                annotations={"kubernetes.io/service-account.name": "deployer"},
                labels={"kubernetes.io/legacy-token-last-used": "2025-01-02"},
            ),
        ],
        f"{CORE}/configmaps": [
            thing("kube-root-ca.crt", "prod", data={"ca.crt": "-----BEGIN CERTIFICATE-----"}),
            thing("settings", "prod", data={"NPM_TOKEN": token, "color": "blue"}),
        ],
        f"{CORE}/pods": [
            thing("web-1-abc", "prod", owner="ReplicaSet/web-1", spec=pod("app")),
            thing("bare", "default", spec=pod()),
            thing("build-x", "prod", owner="TaskRun/build", spec=pod("deployer")),
            thing("build-y", "prod", owner="TaskRun/build", spec=pod("deployer")),
        ],
        "apis/apps/v1/replicasets": [thing("web-1", "prod", owner="Deployment/web", spec=templated("app"))],
        "apis/apps/v1/deployments": [
            thing("web", "prod", spec=templated("app", env=[{"name": "DB_PASSWORD", "value": "S3kret-for-a-test"}])),
        ],
        "apis/batch/v1/cronjobs": [
            thing("nightly", "prod", spec={
                "schedule": "0 0 * * *", "jobTemplate": {"spec": {"template": {"spec": pod("app")}}},
            }),
        ],
        f"{RBAC}/clusterroles": [
            role("cluster-admin", everything, labels={"kubernetes.io/bootstrapping": "rbac-defaults"}),
            role(
                "system:controller:generic-garbage-collector", rule("*", "*", "delete get list patch update watch"),
                labels={"kubernetes.io/bootstrapping": "rbac-defaults"},
            ),
            role("view", rule("", "pods configmaps", "get list watch")),
            role("does-all", everything, labels={"kubernetes.io/bootstrapping": "rbac-defaults"}),
        ],
        f"{RBAC}/clusterrolebindings": [
            binding("cluster-admin", "ClusterRole/cluster-admin", "Group/system:masters"),
            binding(
                "system:controller:generic-garbage-collector", "ClusterRole/system:controller:generic-garbage-collector",
                "ServiceAccount/kube-system/generic-garbage-collector",
            ),
            binding("deploys", "ClusterRole/cluster-admin", "ServiceAccount/prod/deployer"),
        ],
    })  # fmt: skip
