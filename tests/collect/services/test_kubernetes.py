"""A cluster as a fake on loopback plays it; what it has is held against Kubernetes' own client. A real one is asked in
`tests/collect/cluster/test_real_cluster.py`."""

from __future__ import annotations

import base64
import json
import logging
import ssl
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

pytest.importorskip("kubernetes")

from keymuster import pipeline, registry
from keymuster.collect.asking import rest
from keymuster.collect.base import Context, Selection
from keymuster.collect.cluster.shapes import SHAPES
from keymuster.collect.readers.kubernetes import Kubernetes as Manifests
from keymuster.detect import examples
from keymuster.errors import CollectError
from keymuster.inventory.build import build
from keymuster.model import Credential, Grant, Identity, Looked, Observation, Resource, Trouble, Use
from keymuster.rules.schema import RuleSet
from kubernetes_cluster import (
    CORE,
    MODELS,
    RBAC,
    UID,
    Cluster,
    Fault,
    acme,
    kubeconfig,
    pod,
    serving,
    thing,
)
from reading import read

HOME = f"kubernetes:{UID}:"


@pytest.fixture
def token(rules: RuleSet) -> str:
    """One that was made for this test."""
    format = next(one for one in rules.tokens if one.id == "npm-access-token")
    return examples.expand("{token:npm-access-token}", None, {format.id: format})


@pytest.fixture
def cluster(loopback: None, monkeypatch: pytest.MonkeyPatch, token: str) -> Iterator[Cluster]:
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_TOKEN", "made-up")
    with serving(acme(token)) as found:
        yield found


def service(rules: RuleSet, **options: Any) -> Any:
    context = Context(selection=Selection(root="/"), rules=rules)
    return registry.part("service", "kubernetes")(context, options)


def collected(cluster: Cluster, rules: RuleSet, **options: Any) -> list[Any]:
    return list(service(rules, **(options or {"api_server": cluster.url})).collect())


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in found if isinstance(one, Trouble)]


def problems(found: list[Any]) -> set[str]:
    return {one.part for one in found if isinstance(one, Looked) and one.problem}


def judged(rules: RuleSet, **options: Any) -> set[tuple[str, str]]:
    selection = Selection(root="/", services={"kubernetes": options})
    report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    return {
        (
            one.policy,
            one.subject.removeprefix("resource:").replace(HOME, "").partition(":secret")[0],
        )
        for one in report.findings
    }


# --- what is found -------------------------------------------------------------------------------


def test_a_cluster_is_judged_and_what_each_has_by_default_is_not(
    cluster: Cluster, rules: RuleSet
) -> None:
    assert cluster.mistakes() == []
    cluster.rules = None
    found = judged(rules, api_server=cluster.url)
    assert {one for one in found if not one[1].startswith("secret")} == {
        ("kubernetes-scanner-may-write", f"scanner:{cluster.user}"),
        ("kubernetes-scanner-with-static-token", f"scanner:{cluster.user}"),
        ("shared-service-account", "Deployment/prod/web#serviceaccount"),
        ("shared-service-account", "CronJob/prod/nightly#serviceaccount"),
        ("cluster-admin-bound", "ClusterRoleBinding/deploys#0"),
        ("rbac-grants-everything", "ClusterRole/does-all#0"),
        ("long-lived-service-account-token", "Secret/prod/deployer-token"),
        ("service-account-token-unused", "Secret/prod/deployer-token"),
        ("service-account-dangerous-everywhere", "ServiceAccount/prod/deployer"),
        ("default-service-account-mounts-tokens", "ServiceAccount/default/default"),
        ("default-service-account-used", "Pod/default/bare#workload"),
        ("service-account-token-mounted", "Pod/default/bare#workload"),
    }
    assert {one for one, subject in found if subject.startswith("secret")} == {
        "secret-in-cloud-setting", "password-in-pod-environment",
    }  # fmt: skip


def test_no_value_of_a_secret_comes_and_those_of_maps_and_variables_are_let_go(
    cluster: Cluster, rules: RuleSet, token: str, caplog: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = collected(cluster, rules)
    assert all("as=PartialObjectMetadataList" in one for one in cluster.accepted[f"{CORE}/secrets"])
    text = repr(found) + caplog.text
    for secret in (token, token[8:20], "S3kret", "never-sent", "made-up", "words that may be"):
        assert secret not in text
    by_name = {
        one.tags["setting"]: one for one in found if isinstance(one, Credential) and one.fingerprint
    }
    assert {"NPM_TOKEN", "DB_PASSWORD"} == set(by_name)
    assert {one.storage.value for one in by_name.values()} == {"service"}


def test_values_do_not_stay_in_what_a_policy_of_ones_own_asks_for(
    cluster: Cluster, rules: RuleSet, token: str
) -> None:
    from msgspec.structs import replace

    policy = next(one for one in rules.policies if one.id == "api-service-without-tls-check")
    own = replace(policy, id="own", types=("ConfigMap", "Deployment"))
    more = replace(rules, policies=[*rules.policies, own])
    found = [one for one in collected(cluster, more) if isinstance(one, Resource)]
    names = {one.type for one in found}
    assert {"ConfigMap", "Deployment"} <= names
    assert token not in repr(found)
    assert "S3kret" not in repr(found)


def test_accounts_tokens_and_workloads_are_told(cluster: Cluster, rules: RuleSet) -> None:
    found = collected(cluster, rules)
    by_id = {one.id: one for one in found if isinstance(one, Identity)}
    app = by_id[f"{HOME}ServiceAccount/prod/app"]
    assert (app.account, app.created_at and app.created_at.year) == ("prod", 2025)
    assert app.tags["team"] == "payments"
    assert "kubernetes.io/metadata.name" not in app.tags
    assert app.tags["cluster"] == cluster.url.removeprefix("http://")
    [standing] = [
        one for one in found if isinstance(one, Credential) and one.name == "deployer-token"
    ]
    assert standing.identity == f"{HOME}ServiceAccount/prod/deployer"
    assert standing.last_used_at is not None
    assert standing.last_used_at.day == 2
    uses = {(one.by, one.subject) for one in found if isinstance(one, Use)}
    assert (app.id, "arn:aws:iam::111122223333:role/app") in uses
    workloads = {one.name for one in found if isinstance(one, Resource) and one.type == "Workload"}
    assert workloads == {
        "Deployment/prod/web",
        "CronJob/prod/nightly",
        "Pod/default/bare",
        "Pod/prod/taskrun-build",
    }


@pytest.mark.parametrize(
    ("version", "told"), [("v1.22.17", True), ("v1.31.2", None), ("v0.0.0-x", None)]
)
def test_a_token_that_an_old_cluster_makes_by_itself_is_told_apart(
    cluster: Cluster, rules: RuleSet, version: str, told: bool | None
) -> None:
    cluster.version = version
    cluster.add(f"{CORE}/secrets", thing(
        "app-token-x7k2p", "prod", annotations={"kubernetes.io/service-account.name": "app"},
    ))  # fmt: skip
    found = collected(cluster, rules)
    [one] = [one for one in found if isinstance(one, Credential) and one.name == "app-token-x7k2p"]
    assert ("made_by_itself" in one.tags) is bool(told)


def test_a_token_that_was_made_after_the_cluster_began_to_note_use_was_never_used(
    cluster: Cluster, rules: RuleSet
) -> None:
    tracker = "kube-apiserver-legacy-service-account-token-tracking"
    cluster.add(f"{CORE}/configmaps", thing(tracker, "kube-system", data={"since": "2024-06-01"}))
    note = {"kubernetes.io/service-account.name": "app"}
    cluster.add(
        f"{CORE}/secrets", thing("new", "prod", annotations=note),
        thing("old", "prod", annotations=note, created="2023-01-01T00:00:00Z"),
    )  # fmt: skip
    found = {
        one.name: one.never_used for one in collected(cluster, rules) if isinstance(one, Credential)
    }
    assert (found["new"], found["old"], found["deployer-token"]) == (True, None, False)


def test_other_kinds_are_asked_for_in_the_version_that_the_cluster_has(
    cluster: Cluster, rules: RuleSet
) -> None:
    jobs = cluster.objects.pop("apis/batch/v1/cronjobs")
    cluster.objects["apis/batch/v1beta1/cronjobs"] = jobs
    cluster.objects["apis/argoproj.io/v1alpha1/rollouts"] = [
        thing("shop", "prod", spec={"template": {"spec": pod("app")}})
    ]
    cluster.groups = (("batch", ("v1", "v1beta1")), ("argoproj.io", ("v1alpha1",)))
    found = collected(cluster, rules)
    assert troubles(found) == []
    names = {one.name for one in found if isinstance(one, Resource) and one.type == "Workload"}
    assert {"CronJob/prod/nightly", "Rollout/prod/shop"} <= names


# --- how it is asked -----------------------------------------------------------------------------


def accounts(found: list[Any]) -> list[str]:
    return [one.name for one in found if isinstance(one, Identity)]


def many(cluster: Cluster, count: int) -> None:
    cluster.objects[f"{CORE}/serviceaccounts"] = [thing(f"sa{n}", "prod") for n in range(count)]


def test_all_pages_are_read(cluster: Cluster, rules: RuleSet) -> None:
    many(cluster, 45)
    cluster.largest = 10
    assert accounts(collected(cluster, rules)) == [f"sa{n}" for n in range(45)]
    assert cluster.counts[f"GET {CORE}/serviceaccounts"] == 5


def test_a_list_that_expires_on_the_way_is_begun_anew_and_told_once(
    cluster: Cluster, rules: RuleSet
) -> None:
    many(cluster, 45)
    cluster.largest = 10
    cluster.faults.append(Fault(r"serviceaccounts\?.*continue", 410, times=1))
    found = collected(cluster, rules)
    assert accounts(found) == [f"sa{n}" for n in range(45)]
    assert troubles(found) == []


def test_a_list_that_expires_each_time_is_a_hole(cluster: Cluster, rules: RuleSet) -> None:
    many(cluster, 45)
    cluster.largest = 10
    cluster.faults.append(Fault(r"serviceaccounts\?.*continue", 410, times=99))
    found = collected(cluster, rules)
    assert len(accounts(found)) == 10
    assert any("list serviceaccounts failed (Expired)" in one for one in troubles(found))
    assert problems(found) == {"service-accounts"}


def test_what_passes_is_tried_again(cluster: Cluster, rules: RuleSet) -> None:
    cluster.faults += [
        Fault("serviceaccounts", 429, {"Retry-After": "0"}), Fault("roles", 503), Fault("pods", 0),
    ]  # fmt: skip
    found = collected(cluster, rules)
    assert troubles(found) == []
    assert cluster.counts[f"GET {CORE}/serviceaccounts"] == 2


def test_one_list_that_is_denied_is_named_with_the_right_that_it_needs(
    cluster: Cluster, rules: RuleSet
) -> None:
    cluster.faults.append(Fault("rolebindings", 403, times=99))
    found = collected(cluster, rules)
    assert problems(found) == {"rolebindings", "clusterrolebindings"}
    [one, other] = [one for one in found if isinstance(one, Trouble)]
    assert (
        "list rbac.authorization.k8s.io/clusterrolebindings was denied (Forbidden)" in one.message
    )
    assert "Allow list on rolebindings of rbac.authorization.k8s.io" in other.advice
    assert accounts(found)


def test_what_uses_an_account_is_not_known_when_workloads_were_not_seen(
    cluster: Cluster, rules: RuleSet
) -> None:
    cluster.add(f"{CORE}/serviceaccounts", thing("idle", "prod"))
    unused = ("unused-service-account", "ServiceAccount/prod/idle")
    selection = {"api_server": cluster.url}
    assert unused in _with_low(rules, selection)
    cluster.faults.append(Fault("apps/v1/deployments", 403, times=99))
    assert unused not in _with_low(rules, selection)


def _with_low(rules: RuleSet, options: dict[str, Any]) -> set[tuple[str, str]]:
    from keymuster.evaluate.choice import Choice
    from keymuster.model import Confidence

    selection = Selection(root="/", services={"kubernetes": options})
    report = pipeline.scan(
        Context(selection=selection, rules=rules),
        "services",
        choice=Choice(confidence=Confidence.LOW),
    )
    return {(one.policy, one.subject.replace(HOME, "")) for one in report.findings}


def test_how_much_somebody_may_do_is_not_known_when_bindings_were_not_seen(
    cluster: Cluster, rules: RuleSet
) -> None:
    from keymuster.analysis import analysed
    from keymuster.settings import Settings

    def privilege() -> str:
        seen = [one for one in collected(cluster, rules) if isinstance(one, Observation)]
        inventory = analysed(build(seen), Settings(), rules)  # type: ignore[arg-type]
        return str(inventory.facts[f"{HOME}ServiceAccount/prod/app"]["privilege"])

    assert privilege() == "none"
    cluster.faults.append(Fault("/rolebindings", 403, times=99))
    assert privilege() == "unknown"


def test_a_session_that_ends_on_the_way_is_said_once(cluster: Cluster, rules: RuleSet) -> None:
    cluster.faults.append(Fault("(?:secrets|pods|roles|bindings|deployments|maps)", 401, times=99))
    found = collected(cluster, rules)
    assert 1 <= len(troubles(found)) < 10
    assert any("the sign-in is not valid" in one for one in troubles(found))
    assert {"secrets", "pods"} <= problems(found)


def test_fields_that_nobody_knows_are_let_go(cluster: Cluster, rules: RuleSet) -> None:
    cluster.add(
        f"{CORE}/pods", thing("new", "prod", spec={**pod("app"), "hologram": {"x": [1]}}, beyond={})
    )
    found = collected(cluster, rules)
    assert troubles(found) == []
    assert "hologram" not in repr(found)


def test_an_object_of_another_form_costs_itself_alone(cluster: Cluster, rules: RuleSet) -> None:
    cluster.add(
        f"{RBAC}/roles", {"metadata": {"name": "odd", "namespace": "prod"}, "rules": "text"}
    )
    cluster.add(
        f"{CORE}/configmaps", {"metadata": {"name": "odd", "namespace": "prod"}, "data": ["x"]}
    )
    assert accounts(collected(cluster, rules))


def test_only_the_namespaces_that_are_named(cluster: Cluster, rules: RuleSet) -> None:
    found = collected(cluster, rules, api_server=cluster.url, namespaces=("prod",))
    assert accounts(found) == ["default", "app", "deployer"]
    assert cluster.counts[f"GET {CORE}/serviceaccounts"] == 0
    assert cluster.counts[f"GET {RBAC}/clusterroles"] == 1


def test_a_namespace_that_is_not_there_is_not_clean(cluster: Cluster, rules: RuleSet) -> None:
    found = collected(cluster, rules, api_server=cluster.url, namespaces=("prod", "prdo"))
    [only] = troubles(found)
    assert "there is no namespace prdo" in only


def test_what_is_looked_at_is_what_kubernetes_has(cluster: Cluster) -> None:
    """Each field of a shape is one of the model of that kind."""
    from kubernetes.client import models

    def unknown(shape: Any, model: Any, path: str) -> Iterator[str]:
        fields = {name: model.openapi_types[key] for key, name in model.attribute_map.items()}
        for name, inner in shape.items():
            if name not in fields:
                yield f"{path}.{name}"
            elif isinstance(inner, dict):
                kind = fields[name].removeprefix("List[").removesuffix("]")
                yield from unknown(inner, getattr(models, kind), f"{path}.{name}")

    asked = {path.rpartition("/")[2]: model for path, model in MODELS.items()}
    assert set(SHAPES) - set(asked) == {
        "rollouts",
        "deploymentconfigs",
        "services",
        "configurations",
    }
    wrong = [
        one
        for name, model in asked.items()
        for one in unknown(SHAPES[name], getattr(models, model), name)
    ]
    assert wrong == []


# --- what is allowed -----------------------------------------------------------------------------


def printed(rules: RuleSet) -> list[dict[str, Any]]:
    return [
        one
        for one in yaml.safe_load_all(service(rules).permissions())
        if one["kind"] == "ClusterRole"
    ]


def test_what_is_said_to_be_needed_is_enough_and_looks_only(
    cluster: Cluster, rules: RuleSet
) -> None:
    [role] = printed(rules)
    assert {verb for one in role["rules"] for verb in one["verbs"]} == {"get", "list"}
    assert "*" not in str([one.get("resources") for one in role["rules"]])
    cluster.rules = role["rules"]
    found = collected(cluster, rules)
    assert troubles(found) == []
    assert problems(found) == set()
    [scanner] = [
        one for one in found if isinstance(one, Resource) and one.type == "keymuster:scanner"
    ]
    assert scanner.settings["may_write"] is False


@pytest.mark.parametrize("left_out", range(8))
def test_without_one_of_its_rights_a_hole_is_told(
    cluster: Cluster, rules: RuleSet, left_out: int
) -> None:
    cluster.groups = (
        *cluster.groups, ("argoproj.io", ("v1alpha1",)), ("apps.openshift.io", ("v1",)),
        ("serving.knative.dev", ("v1",)),
    )  # fmt: skip
    for path in (
        "argoproj.io/v1alpha1/rollouts",
        "apps.openshift.io/v1/deploymentconfigs",
        "serving.knative.dev/v1/services",
    ):
        cluster.objects[f"apis/{path}"] = []
    [role] = printed(rules)
    cluster.rules = [one for number, one in enumerate(role["rules"]) if number != left_out]
    assert troubles(collected(cluster, rules)), role["rules"][left_out]


def test_with_no_right_at_all_nothing_is_called_clean(cluster: Cluster, rules: RuleSet) -> None:
    cluster.rules = []
    selection = Selection(root="/", services={"kubernetes": {"api_server": cluster.url}})
    report = pipeline.scan(Context(selection=selection, rules=rules), "services")
    assert report.coverage
    clean = {one.policy for one in report.coverage if one.status == "clean"}
    assert clean <= {one.id for one in rules.policies if "keymuster:scanner" in one.types}
    assert any("which cluster this is was not told" in one.message for one in report.troubles)


# --- several clusters ----------------------------------------------------------------------------

OTHER = UID.replace("0f1e", "aaaa")


def test_clusters_are_told_apart_and_one_that_is_not_there_costs_the_others_nothing(
    cluster: Cluster, rules: RuleSet, tmp_path: Path
) -> None:
    second = acme()
    second.uid = OTHER
    second.objects[f"{RBAC}/clusterrolebindings"] = []
    with serving(second) as second:
        file = kubeconfig(
            tmp_path / "config",
            one=cluster.url,
            gone="http://127.0.0.1:1",
            two=second.url,
            again=cluster.url,
        )
        found = collected(cluster, rules, kubeconfig=str(file), contexts=("*",))
    [trouble] = [one for one in found if isinstance(one, Trouble)]
    assert (trouble.scope, "was not reached" in trouble.message) == ("gone", True)
    assert [
        one.name for one in found if isinstance(one, Resource) and one.type == "KubernetesCluster"
    ] == ["one", "two"]
    inventory = build([one for one in found if isinstance(one, Observation)])
    mine, others = (f"kubernetes:{uid}:ServiceAccount/prod/deployer" for uid in (UID, OTHER))
    assert [len(inventory.grants(one)) for one in (mine, others)] == [1, 0]


def test_ids_do_not_hang_on_what_somebody_calls_a_cluster(
    cluster: Cluster, rules: RuleSet, tmp_path: Path
) -> None:
    def ids(name: str) -> set[str]:
        file = kubeconfig(tmp_path / name, **{name: cluster.url})
        return {
            one.id
            for one in collected(cluster, rules, kubeconfig=str(file))
            if isinstance(one, Observation)
        }

    assert ids("mine") == ids("yours")


def test_a_cluster_that_does_not_say_which_it_is_is_known_by_its_address(
    cluster: Cluster, rules: RuleSet
) -> None:
    cluster.faults.append(Fault("namespaces/kube-system", 403, times=99))
    first, second = (
        {one.id for one in collected(cluster, rules) if isinstance(one, Identity)} for _ in range(2)
    )
    assert first == second
    assert not any(UID in one for one in first)


@pytest.mark.parametrize("uid", ["", "x:y", "0F1E6D2C-3B4A-4C5D-8E6F-7A8B9C0D1E2F", f"{UID}\n"])
def test_what_gives_itself_another_name_than_a_cluster_has_is_none(
    cluster: Cluster, rules: RuleSet, uid: str
) -> None:
    cluster.uid = uid
    with pytest.raises(CollectError, match="no API server"):
        collected(cluster, rules)


def test_a_site_of_somebody_else_is_no_cluster(
    cluster: Cluster, rules: RuleSet, monkeypatch: Any
) -> None:
    monkeypatch.setattr(cluster, "reply", lambda *_: (404, {"error": "no such page"}, {}))
    with pytest.raises(CollectError, match=r"no API server that is at work \(404\)"):
        collected(cluster, rules)


def test_a_file_and_a_cluster_that_have_one_name_do_not_lend_each_other_rights(
    cluster: Cluster, rules: RuleSet
) -> None:
    text = (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: app, namespace: prod}\n---\n"
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {name: b}\n"
        "roleRef: {kind: ClusterRole, name: cluster-admin, apiGroup: rbac.authorization.k8s.io}\n"
        "subjects: [{kind: ServiceAccount, name: app, namespace: prod}]\n"
    )
    files = [one for one in read(Manifests, "sa.yaml", text) if isinstance(one, Observation)]
    inventory = build(
        [*files, *(one for one in collected(cluster, rules) if isinstance(one, Observation))]
    )
    live = inventory.records[f"{HOME}ServiceAccount/prod/app"]
    assert inventory.grants(live.id) == []
    assert [str(one) for one in inventory.places(live)][1:] == ["sa.yaml:1"]
    [declared] = [
        one
        for one in inventory.of(Grant)
        if one.id.endswith("ClusterRoleBinding.default.b#0") or "sa.yaml" in one.id
    ]
    assert declared.identity == next(one.id for one in files if isinstance(one, Identity))


# --- signing in ----------------------------------------------------------------------------------


def signed_in(
    cluster: Cluster, rules: RuleSet, path: Path, user: dict[str, Any], **more: Any
) -> Any:
    file = kubeconfig(path / "config", c={"cluster": {"server": cluster.url, **more}, "user": user})
    found = collected(cluster, rules, kubeconfig=str(file))
    return next(
        one for one in found if isinstance(one, Resource) and one.type == "keymuster:scanner"
    )


def jwt(**claims: Any) -> str:
    parts = ({"alg": "none"}, claims)
    return (
        ".".join(
            base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts
        )
        + ".x"
    )


def test_a_token_with_an_end_does_not_last(
    cluster: Cluster, rules: RuleSet, tmp_path: Path
) -> None:
    text = jwt(sub="system:serviceaccount:a:b", exp=2_000_000_000)
    cluster.tokens = (text,)
    scanner = signed_in(cluster, rules, tmp_path, {"token": text})
    assert (scanner.settings["static"], scanner.settings["expires_at"][:4]) == (False, "2033")
    assert scanner.name == cluster.user
    cluster.tokens = (jwt(sub="x"),)
    assert signed_in(cluster, rules, tmp_path, {"token": jwt(sub="x")}).settings["static"] is True


def test_a_token_in_a_file(cluster: Cluster, rules: RuleSet, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("in-a-file")
    cluster.tokens = ("in-a-file",)
    scanner = signed_in(cluster, rules, tmp_path, {"tokenFile": "token"})
    assert scanner.settings["method"] == "token-file"


def plugin(path: Path, program: str) -> dict[str, Any]:
    (path / "plugin.py").write_text(program)
    return {"exec": {
        "apiVersion": "client.authentication.k8s.io/v1", "command": sys.executable, "args": [str(path / "plugin.py")],
        "interactiveMode": "Never",
    }}  # fmt: skip


def test_a_program_that_signs_in(cluster: Cluster, rules: RuleSet, tmp_path: Path) -> None:
    cluster.tokens = ("of-a-program",)
    user = plugin(tmp_path, "import json\nprint(json.dumps({'apiVersion': 'client.authentication.k8s.io/v1', "
                  "'kind': 'ExecCredential', 'status': {'token': 'of-a-program'}}))\n")  # fmt: skip
    scanner = signed_in(cluster, rules, tmp_path, user)
    assert (scanner.settings["method"], scanner.settings["static"]) == ("exec", False)


def test_what_a_program_that_fails_prints_is_told_to_nobody(
    cluster: Cluster, rules: RuleSet, tmp_path: Path, caplog: Any, capfd: Any
) -> None:
    user = plugin(tmp_path, "import sys\nprint('token-in-words', file=sys.stderr)\nsys.exit(3)\n")
    with caplog.at_level(logging.DEBUG), pytest.raises(CollectError) as error:
        signed_in(cluster, rules, tmp_path, user)
    printed = "".join(capfd.readouterr())
    assert "the program that signs in gave no credential" in str(error.value)
    assert "token-in-words" not in f"{error.value}{error.value.advice()}{caplog.text}{printed}"


def test_a_pod_signs_in_as_its_service_account(
    over_tls: tuple[Cluster, Path, Path], rules: RuleSet, tmp_path: Path, monkeypatch: Any
) -> None:
    from kubernetes.config import incluster_config

    cluster, authority, _ = over_tls
    text = jwt(sub="system:serviceaccount:scan:keymuster", exp=2_000_000_000)
    cluster.tokens = (text,)
    (tmp_path / "token").write_text(text)
    monkeypatch.setattr(incluster_config, "SERVICE_TOKEN_FILENAME", str(tmp_path / "token"))
    monkeypatch.setattr(incluster_config, "SERVICE_CERT_FILENAME", str(authority))
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    host, port = cluster.url.removeprefix("https://").split(":")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", host)
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", port)
    found = list(service(rules).collect())
    assert troubles(found) == []
    scanner = next(
        one for one in found if isinstance(one, Resource) and one.type == "keymuster:scanner"
    )
    assert (scanner.settings["method"], scanner.settings["static"]) == ("token-file", False)


def test_who_is_not_let_in_is_told(cluster: Cluster, rules: RuleSet, tmp_path: Path) -> None:
    cluster.tokens = ("another",)
    with pytest.raises(CollectError, match="does not let this credential in"):
        collected(cluster, rules)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"kubeconfig": "/nowhere/config"}, "there is no file /nowhere/config"),
        ({"api_server": "http://cluster.acme.test"}, "in plain text"),
        ({"api_server": "cluster.acme.test"}, "no address"),
        (
            {"api_server": "https://x.test", "contexts": ("a",)},
            "--contexts and --kubeconfig name others",
        ),
        (
            {"ca_file": "ca.pem", "contexts": ("a",)},
            "--ca-file is that of a cluster at --api-server",
        ),
        (
            {"api_server": "https://x.test", "ca_file": "/nowhere/ca.pem"},
            "certificates cannot be read",
        ),
    ],
)
def test_a_wrong_option_is_said(
    rules: RuleSet, options: dict[str, str], problem: str, monkeypatch: Any
) -> None:
    monkeypatch.setenv("KUBERNETES_TOKEN", "made-up")
    with pytest.raises(CollectError, match=problem):
        list(service(rules, **options).collect())


def test_a_context_that_is_not_there_is_said_with_those_that_are(
    rules: RuleSet, tmp_path: Path
) -> None:
    file = kubeconfig(tmp_path / "config", east="http://127.0.0.1:1", west="http://127.0.0.1:1")
    with pytest.raises(CollectError, match="no context north") as error:
        list(service(rules, kubeconfig=str(file), contexts=("north",)).collect())
    assert "east, west" in error.value.advice()


@pytest.mark.parametrize(
    "content",
    [
        b"users: [{name: x, user: {token: very-secret",
        b"very-secret",
        b"- very-secret",
        b"\xff\xfevery-secret",
        b"contexts: very-secret\ncurrent-context: very-secret",
        b"contexts: [{name: east, context: very-secret}]\ncurrent-context: east",
        b"contexts: [{name: east, context: {user: [], cluster: {}}}]\ncurrent-context: east\nusers: {very-secret: 1}",
        b"contexts: [{name: east, context: {user: x, cluster: y}}]\ncurrent-context: east\n"
        b"users: [{name: x, user: {auth-provider: very-secret}}]\nclusters: [{name: y, cluster: very-secret}]",
    ],
)
def test_a_broken_kubeconfig_is_said_without_its_words(
    rules: RuleSet, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "config").write_bytes(content)
    said: list[Any] = []
    try:
        said += service(rules, kubeconfig=str(tmp_path / "config")).collect()
    except CollectError as error:
        said.append((str(error), error.advice()))
    assert said
    assert "very-secret" not in repr(said)


@pytest.mark.parametrize("scheme", ["https", "http", "ftp"])
def test_a_password_in_an_address_is_not_told(
    rules: RuleSet, monkeypatch: Any, scheme: str
) -> None:
    monkeypatch.delenv("KUBERNETES_TOKEN", raising=False)
    said: list[Any] = []
    try:
        said += service(rules, api_server=f"{scheme}://me:very-secret@cluster.test:6443").collect()
    except CollectError as error:
        said.append((str(error), error.advice()))
    assert "cluster.test" in repr(said)
    assert "very-secret" not in repr(said)


def test_nobody_is_signed_in(rules: RuleSet, monkeypatch: Any, tmp_path: Path) -> None:
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(CollectError, match="nobody is signed in"):
        list(service(rules).collect())


# --- over TLS ------------------------------------------------------------------------------------


@pytest.fixture
def over_tls(
    loopback: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Cluster, Path, Path]]:
    """A cluster with a certificate of its own authority, which asks for certificates of clients; that authority's
    file, and one with a client's certificate and key."""
    import trustme

    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    client = authority.issue_cert("client.acme.test")
    client.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "client.pem"))
    with serving(acme(), context) as cluster:
        yield cluster, tmp_path / "ca.pem", tmp_path / "client.pem"


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def test_the_authority_of_the_kubeconfig_is_trusted_whatever_the_environment_says(
    over_tls: tuple[Cluster, Path, Path], rules: RuleSet, tmp_path: Path, monkeypatch: Any
) -> None:
    from certifi import where

    cluster, authority, client = over_tls
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", where())
    user = {"client-certificate-data": encoded(client), "client-key-data": encoded(client)}
    more = {"certificate-authority-data": encoded(authority)}
    scanner = signed_in(cluster, rules, tmp_path, user, **more)
    assert (scanner.settings["method"], scanner.settings["static"]) == ("certificate", False)


def test_a_certificate_of_another_authority_is_refused_unless_the_kubeconfig_says_otherwise(
    over_tls: tuple[Cluster, Path, Path], rules: RuleSet, tmp_path: Path
) -> None:
    import trustme

    cluster, _, _ = over_tls
    other = base64.b64encode(trustme.CA().cert_pem.bytes()).decode()
    user = {"token": "made-up"}
    for more in ({}, {"certificate-authority-data": other}):
        with pytest.raises(CollectError, match=r"was not reached \(SSLError\)"):
            signed_in(cluster, rules, tmp_path, user, **more)
    assert cluster.asked == []
    signed_in(cluster, rules, tmp_path, user, **{"insecure-skip-tls-verify": True})


def test_a_cluster_that_goes_by_another_name_is_looked_for_by_that(
    loopback: None, rules: RuleSet, tmp_path: Path
) -> None:
    import trustme

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("cluster.acme.test").configure_cert(context)
    more = {"certificate-authority-data": base64.b64encode(authority.cert_pem.bytes()).decode()}
    with serving(acme(), context) as cluster:
        with pytest.raises(CollectError, match="was not reached"):
            signed_in(cluster, rules, tmp_path, {"token": "made-up"}, **more)
        signed_in(
            cluster,
            rules,
            tmp_path,
            {"token": "made-up"},
            **more,
            **{"tls-server-name": "cluster.acme.test"},
        )


def test_a_proxy_of_the_kubeconfig_goes_before_that_of_the_environment(
    cluster: Cluster, rules: RuleSet, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", "")
    with pytest.raises(CollectError, match="was not reached"):
        signed_in(cluster, rules, tmp_path, {"token": "made-up"})
    signed_in(cluster, rules, tmp_path, {"token": "made-up"}, **{"proxy-url": cluster.url})


def test_keys_that_the_library_wrote_into_files_are_gone_at_once(
    over_tls: tuple[Cluster, Path, Path], rules: RuleSet, tmp_path: Path, monkeypatch: Any
) -> None:
    import tempfile

    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    seen: list[list[str]] = []
    cluster, authority, client = over_tls
    real: Callable[..., Any] = cluster.reply

    def reply(*args: Any) -> Any:
        seen.append([one.name for one in (tmp_path / "tmp").iterdir()])
        return real(*args)

    monkeypatch.setattr(cluster, "reply", reply)
    user = {"client-certificate-data": encoded(client), "client-key-data": encoded(client)}
    signed_in(cluster, rules, tmp_path, user, **{"certificate-authority-data": encoded(authority)})
    assert seen
    assert not any(seen)
