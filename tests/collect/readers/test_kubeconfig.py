"""Users and clusters of kubeconfig files."""

from __future__ import annotations

from hypothesis import given

from keymuster.collect.readers.kubeconfig import Kubeconfig
from keymuster.model import Credential, Resource
from reading import only, read, said, structures, survives

CONFIG = """\
apiVersion: v1
kind: Config
clusters:
  - name: prod
    cluster:
      server: https://prod.example.com
      insecure-skip-tls-verify: true
users:
  - name: admin
    user:
      token: some-token
      client-key-data: bm90IGEga2V5
  - name: oidc
    user:
      auth-provider: {name: oidc, config: {refresh-token: another, client-id: kube}}
  - name: plugin
    user: {exec: {command: kubelogin}}
  - name: shown
    user: {client-key-data: DATA+OMITTED, password: REDACTED, token: "${TOKEN}"}
"""


def test_each_secret_of_a_user_is_a_credential() -> None:
    assert said(read(Kubeconfig, ".kube/config", CONFIG)) == [
        ("token of admin", 11),
        ("client-key-data of admin", 12),
        ("refresh-token of oidc", 15),
    ]


def test_a_cluster_says_whether_it_is_checked() -> None:
    [cluster] = only(Resource, read(Kubeconfig, "admin.conf", CONFIG))
    assert (cluster.type, cluster.settings["insecure_skip_tls_verify"]) == (
        "KubeconfigCluster",
        True,
    )


def test_nothing_shows_a_secret() -> None:
    found = read(Kubeconfig, "kubeconfig.yaml", CONFIG)
    assert len(only(Credential, found)) == 3
    assert "some-token" not in repr(found)


def test_other_files_are_left_alone() -> None:
    assert read(Kubeconfig, "a.yaml", "users: [{user: {token: some-token}}]") == []
    assert read(Kubeconfig, "config", "[core]\n  bare = false\n") == []


@given(structures("kind", "Config", "users", "user", "clusters", "cluster", "token"))
def test_anything_is_read(value: object) -> None:
    survives(Kubeconfig, "a.yaml", {"kind": "Config", "users": value, "clusters": value})
