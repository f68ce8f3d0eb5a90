"""A real API server: its RBAC, its pages, its metadata, its default policy. It is asked where an environment variable
names a folder with kube-apiserver, kube-controller-manager and etcd (kubebuilder's `setup-envtest` brings all but the
second, and so do the packages of distributions)."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

pytest.importorskip("kubernetes")

from keymuster import pipeline, registry
from keymuster.collect.base import Context, Selection
from keymuster.model import Report
from keymuster.rules.schema import RuleSet
from kubernetes_cluster import binding, kubeconfig, pod, role, rule, templated, thing

_VARIABLE = "KEYMUSTER_KUBERNETES_BIN"
_PROGRAMS = os.environ.get(_VARIABLE, "")  # a test has no such variables any more

pytestmark = pytest.mark.skipif(
    not _PROGRAMS,
    reason=f"{_VARIABLE} names no folder with kube-apiserver and kube-controller-manager",
)

RBAC = "apis/rbac.authorization.k8s.io/v1"


class Real:
    """A cluster without nodes. `token` is an administrator's; `weak` that of a user who was granted nothing."""

    def __init__(self, folder: Path, url: str, token: str, weak: str) -> None:
        self.folder, self.url, self.token, self.weak = folder, url, token, weak
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"
        self._session.verify = str(folder / "certs/apiserver.crt")
        self._session.trust_env = False

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self._session.request(method, f"{self.url}/{path}", json=body, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def make(self, path: str, one: dict[str, Any]) -> None:
        metadata = {
            key: value
            for key, value in one["metadata"].items()
            if key not in ("uid", "creationTimestamp")
        }
        space = metadata.get("namespace")
        group, _, resource = path.rpartition("/")
        where = f"{group}/namespaces/{space}/{resource}" if space else path
        self.ask("POST", where, {**one, "metadata": metadata})


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    with ExitStack() as stack:
        yield stack.enter_context(_running(tmp_path_factory.mktemp("cluster")))


@contextmanager
def _running(folder: Path) -> Iterator[Real]:
    programs = Path(_PROGRAMS)
    etcd = programs / "etcd" if (programs / "etcd").exists() else shutil.which("etcd")
    store, peers, port, manager = (_free() for _ in range(4))
    token, weak = secrets.token_hex(16), secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f'{token},admin,1,"system:masters"\n{weak},weak,2\n')
    subprocess.run(
        ["openssl", "genrsa", "-out", str(folder / "sa.key"), "2048"],
        check=True,
        capture_output=True,
    )
    public = [
        "openssl",
        "rsa",
        "-in",
        str(folder / "sa.key"),
        "-pubout",
        "-out",
        str(folder / "sa.pub"),
    ]
    subprocess.run(public, check=True, capture_output=True)
    url = f"https://127.0.0.1:{port}"
    admin = kubeconfig(folder / "admin", admin={
        "cluster": {"server": url, "insecure-skip-tls-verify": True}, "user": {"token": token},
    })  # fmt: skip
    commands = (
        [
            str(etcd), "--data-dir", str(folder / "etcd"), f"--listen-client-urls=http://127.0.0.1:{store}",
            f"--advertise-client-urls=http://127.0.0.1:{store}", f"--listen-peer-urls=http://127.0.0.1:{peers}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
            f"--initial-cluster=default=http://127.0.0.1:{peers}", "--unsafe-no-fsync",
        ],
        [
            str(programs / "kube-apiserver"), f"--etcd-servers=http://127.0.0.1:{store}", "--bind-address=127.0.0.1",
            "--advertise-address=192.0.2.10", f"--secure-port={port}", f"--cert-dir={folder}/certs",
            f"--service-account-key-file={folder}/sa.pub", f"--service-account-signing-key-file={folder}/sa.key",
            "--service-account-issuer=https://issuer.acme.test", "--service-cluster-ip-range=10.0.0.0/24",
            f"--token-auth-file={folder}/tokens.csv", "--authorization-mode=RBAC",
            "--disable-admission-plugins=ServiceAccount",
        ],
        [
            str(programs / "kube-controller-manager"), f"--kubeconfig={admin}", f"--cert-dir={folder}/manager",
            f"--service-account-private-key-file={folder}/sa.key", "--use-service-account-credentials=true",
            "--controllers=serviceaccount,serviceaccount-token,clusterrole-aggregation,namespace,garbagecollector",
            "--leader-elect=false", "--bind-address=127.0.0.1", f"--secure-port={manager}",
        ],
    )  # fmt: skip
    (folder / "certs").mkdir()
    with ExitStack() as stack:
        for command in commands[:2]:
            stack.enter_context(_process(command, folder))
        found = _until(lambda: _ready(folder, url, token, weak))
        stack.enter_context(_process(commands[2], folder))
        _until(
            lambda: len(found.ask("GET", "api/v1/namespaces/default/serviceaccounts")["items"]) > 0
        )
        yield found


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[None]:
    with (folder / f"{Path(command[0]).name}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)


def _ready(folder: Path, url: str, token: str, weak: str) -> Real | None:
    if not (folder / "certs/apiserver.crt").exists():
        return None
    try:
        found = Real(folder, url, token, weak)
        found.ask("GET", "api/v1/namespaces/kube-system")
        found.ask("GET", f"{RBAC}/clusterroles/cluster-admin")
        found.ask(
            "GET", f"{RBAC}/namespaces/kube-system/rolebindings/system:controller:token-cleaner"
        )
    except (requests.RequestException, ssl.SSLError):
        return None
    return found


def _until(find: Any, seconds: float = 60) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := find():
            return found
        time.sleep(0.2)
    raise AssertionError("the cluster did not start")


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@pytest.fixture
def as_(real: Real, loopback: None, rules: RuleSet, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A scan, by whoever has a token."""

    def scanned(token: str) -> Report:
        monkeypatch.setenv("KUBERNETES_TOKEN", token)
        options = {"api_server": real.url, "ca_file": str(real.folder / "certs/apiserver.crt")}
        selection = Selection(root="/", services={"kubernetes": options})
        return pipeline.scan(Context(selection=selection, rules=rules), "services")

    return scanned


def found(report: Report) -> set[tuple[str, str]]:
    return {(one.policy, one.subject.rpartition(":")[2]) for one in report.findings}


def test_a_cluster_is_seen_as_it_is(real: Real, as_: Any, rules: RuleSet) -> None:
    """One after the other, as each needs what the one before has left: a cluster as it comes, without any right, with
    those that are printed, and with what people do in one."""
    fresh = as_(real.token)
    assert fresh.troubles == ()
    assert {policy for policy, _ in found(fresh)} <= {
        "kubernetes-scanner-may-write", "kubernetes-scanner-with-static-token",
        # a version before 1.24 that does not tell so; one that does says it once
        "long-lived-service-account-token", "cluster-makes-endless-tokens",
    }  # fmt: skip

    blind = as_(real.weak)
    assert {policy for policy, _ in found(blind)} == {"kubernetes-scanner-with-static-token"}
    unseen = {one.policy for one in blind.coverage if one.status == "unseen"}
    assert {"cluster-admin-bound", "long-lived-service-account-token"} <= unseen
    assert any("list secrets was denied (Forbidden)" in one.message for one in blind.troubles)

    reader = _as_it_is_printed(real, rules)
    seen = as_(reader)
    assert seen.troubles == ()
    assert "kubernetes-scanner-may-write" not in {policy for policy, _ in found(seen)}

    _people_at_work(real)
    report = as_(reader)
    assert report.troubles == ()
    assert {
        ("cluster-admin-bound", "ClusterRoleBinding/deploys#0"),
        ("rbac-grants-everything", "ClusterRole/does-all#0"),
        ("role-bound-to-everybody", "RoleBinding/prod/everybody#0"),
        ("long-lived-service-account-token", "Secret/prod/deployer-token"),
        ("service-account-dangerous-everywhere", "ServiceAccount/prod/deployer"),
        ("password-in-pod-environment", _secret(report, "password-in-pod-environment")),
    } <= found(report)
    shown = json.dumps([str(one) for one in report.findings])
    assert "never-seen" not in shown
    assert len([one for one in report.findings if one.policy == "unused-service-account"]) == 0


def _secret(report: Report, policy: str) -> str:
    return next(
        (one.subject.rpartition(":")[2] for one in report.findings if one.policy == policy), "none"
    )


def _as_it_is_printed(real: Real, rules: RuleSet) -> str:
    """A token of the service account that `services permissions` makes."""
    context = Context(selection=Selection(root="/"), rules=rules)
    printed = registry.part("service", "kubernetes")(context, {}).permissions()
    paths = {
        "Namespace": "api/v1/namespaces", "ServiceAccount": "api/v1/namespaces/keymuster/serviceaccounts",
        "ClusterRole": f"{RBAC}/clusterroles", "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    }  # fmt: skip
    for one in yaml.safe_load_all(printed):
        real.ask("POST", paths[one["kind"]], one)
    request = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "spec": {"expirationSeconds": 3600},
    }
    path = "api/v1/namespaces/keymuster/serviceaccounts/keymuster/token"
    token: str = real.ask("POST", path, request)["status"]["token"]
    return token


def _people_at_work(real: Real) -> None:
    everything = rule("*", "*", "*")
    real.make("api/v1/namespaces", thing("prod"))
    real.make("api/v1/serviceaccounts", thing("deployer", "prod"))
    note = {"kubernetes.io/service-account.name": "deployer"}
    token = thing(
        "deployer-token", "prod", annotations=note, type="kubernetes.io/service-account-token"
    )
    real.make("api/v1/secrets", token)
    real.make(
        "api/v1/secrets",
        thing("db", "prod", stringData={"one": f"never-seen-{secrets.token_hex(8)}"}),
    )
    label = {"kubernetes.io/bootstrapping": "rbac-defaults"}
    real.make(f"{RBAC}/clusterroles", role("does-all", everything, labels=label))
    real.make(f"{RBAC}/clusterrolebindings", binding(
        "deploys", "ClusterRole/cluster-admin", "ServiceAccount/prod/deployer"
    ))  # fmt: skip
    everybody = binding("everybody", "ClusterRole/edit", "Group/system:authenticated", space="prod")
    everybody["subjects"][0]["apiGroup"] = "rbac.authorization.k8s.io"
    real.make(f"{RBAC}/rolebindings", everybody)
    variables = [{"name": "DB_PASSWORD", "value": secrets.token_hex(12)}]
    web = templated("deployer", env=variables)
    web["template"]["metadata"] = {"labels": {"a": "b"}}
    real.make("apis/apps/v1/deployments", thing("web", "prod", spec=web))
    real.make("api/v1/pods", thing("bare", "prod", spec=pod("deployer")))
