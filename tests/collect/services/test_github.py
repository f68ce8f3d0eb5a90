"""GitHub as a fake on loopback plays it, whose answers GitHub's own description has checked."""

from __future__ import annotations

import json
import logging
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("requests")

import github_acme
import json_fake
from described_api import Description
from json_fake import Fake, Fault, template_of
from keymuster import pipeline, registry
from keymuster.collect.asking import rest
from keymuster.collect.asking.surface import Surface, found
from keymuster.collect.base import Context, Selection
from keymuster.collect.github import access, permissions, surfaces
from keymuster.errors import CollectError
from keymuster.evaluate.choice import Choice
from keymuster.model import Credential, Grant, Identity, Looked, Resource, Trouble
from keymuster.rules.schema import RuleSet
from watched import Read, watched


@pytest.fixture
def github(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fake]:
    """It plays GitHub.com."""
    for name in ("GITHUB_TOKEN", "GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GH_TOKEN", "made-up")
    monkeypatch.setattr(access, "host_of", lambda address: "")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    with json_fake.serving(github_acme.fake()) as fake:
        yield fake


def collected(fake: Fake, rules: RuleSet, **options: Any) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    service = registry.part("service", "github")(context, {"api_url": fake.url, **options})
    return list(service.collect())


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in found if isinstance(one, Trouble)]


def problems(found: list[Any]) -> dict[str, str]:
    return {one.part: one.problem for one in found if isinstance(one, Looked) and one.problem}


def judged(fake: Fake, rules: RuleSet, **options: Any) -> Any:
    selection = Selection(root="/", services={"github": {"api_url": fake.url}})
    context = Context(selection=selection, rules=rules)
    return pipeline.scan(context, "services", now=github_acme.NOW, **options)


def test_an_organization_is_judged(github: Fake, rules: RuleSet) -> None:
    report = judged(github, rules)
    found = {
        (one.policy, one.subject.removeprefix("resource:").removeprefix("github:acme/"))
        for one in report.findings
    }
    assert found == {
        ("deploy-key-reused", "app/deploy-key/1"),
        ("deploy-key-reused", "site/deploy-key/3"),
        ("github-any-action-allowed", "actions-permissions"),
        ("github-app-suspended", "installations/3"),
        ("github-app-writes-everywhere", "installations/1"),
        ("github-authorization-unused", "credential-authorizations/12"),
        ("github-classic-token-authorized", "credential-authorizations/11"),
        ("github-cloud-key-as-secret", "app/actions-secret/AWS_SECRET_ACCESS_KEY"),
        ("github-deploy-key-of-leaver", "app/deploy-key/2"),
        ("github-deploy-key-old", "app/deploy-key/1"),
        ("github-deploy-key-old", "app/deploy-key/2"),
        ("github-deploy-key-old", "site/deploy-key/3"),
        ("github-deploy-key-unused", "app/deploy-key/2"),
        ("github-deploy-key-writes", "app/deploy-key/1"),
        ("github-environment-unprotected", "app/environment/production"),
        ("github-key-of-member-old", "credential-authorizations/12"),
        ("github-key-of-member-old", "github:user/jo/ssh-key/7"),
        ("github-machine-user", "member/acme-ci"),
        ("github-member-without-second-factor", "member/acme-ci"),
        ("github-oauth-apps-unrestricted", "oauth-app-policy"),
        ("github-runner-keeps-state", "runner/1"),
        ("github-runner-keeps-state", "site/runner/3"),
        ("github-runner-of-public-repository", "site/runner/3"),
        ("github-runners-for-all-repositories", "runner-group/1"),
        ("github-runners-for-public-repositories", "runner-group/1"),
        ("github-secret-for-all-repositories", "actions-secret/NPM_TOKEN"),
        ("github-secret-of-same-name", "app/actions-secret/NPM_TOKEN"),
        ("github-secret-unchanged", "actions-secret/NPM_TOKEN"),
        ("github-secret-unchanged", "app/environment/production/secret/DB_PASSWORD"),
        ("github-subject-by-name", "oidc-subject"),
        ("github-subject-without-repository", "site/oidc-subject"),
        ("github-token-of-leaver", "personal-access-tokens/3"),
        ("github-token-of-machine-user", "personal-access-tokens/1"),
        ("github-token-unused", "personal-access-tokens/1"),
        ("github-token-without-end", "personal-access-tokens/1"),
        ("github-token-writes-everywhere", "personal-access-tokens/1"),
        ("github-webhook-over-cleartext", "app/webhook/3"),
        ("github-webhook-without-secret", "app/webhook/2"),
        ("github-workflow-approves-changes", "workflow-permissions"),
        ("github-workflow-token-writes", "site/workflow-permissions"),
        ("github-workflow-token-writes", "workflow-permissions"),
        ("platform-scanner-may-write", "scanner:github:jo"),
    }


@pytest.mark.parametrize("policy", ["deploy-key-reused", "github-secret-of-same-name"])
def test_a_policy_that_is_wanted_alone_finds_what_it_finds_among_others(
    policy: str, github: Fake, rules: RuleSet
) -> None:
    found = [
        {one.id for one in judged(github, rules, choice=choice).findings if one.policy == policy}
        for choice in (Choice(), Choice(only=(policy,)))
    ]
    assert found[0] == found[1] != set()


def test_what_others_hold_is_told_in_one_vocabulary(github: Fake, rules: RuleSet) -> None:
    found = collected(github, rules)
    apps = {
        one.name: one for one in found if isinstance(one, Identity) and one.kind == "application"
    }
    assert apps["Writer"].tags["publisher"] == "buildkit"
    assert apps["Writer"].tags["homepage"] == "https://buildkit.example"
    [grant] = [one for one in found if isinstance(one, Grant) and one.identity == apps["Writer"].id]
    assert (grant.kind, grant.actions) == ("app_installation", ("contents:write", "metadata:read"))
    assert grant.resources == ("acme/*",)
    assert grant.granted_at is not None
    assert apps["gone"].status == "suspended"
    [token] = [one for one in found if isinstance(one, Credential) and "tool-2" in one.name]
    assert (token.expires_at is not None, token.last_used_at is not None) == (True, True)
    assert {one.id for one in found if isinstance(one, Identity)} >= {token.identity}


def test_no_secret_and_no_part_of_one_is_told(github: Fake, rules: RuleSet, caplog: Any) -> None:
    with caplog.at_level(logging.DEBUG):
        found = collected(github, rules)
    text = repr(found) + caplog.text
    for secret in ("made-up", "12345678", "a-path", "********"):
        assert secret not in text


def test_calls_are_as_few_as_they_can_be(github: Fake, rules: RuleSet) -> None:
    collected(github, rules)
    counts = github.counts
    once = [call for call in counts if call.startswith("GET /orgs/") or call == "POST /graphql"]
    assert {call: counts[call] for call in once if counts[call] != 1} == {
        "GET /orgs/{org}/audit-log": 2,
        "GET /orgs/{org}/members": 3,  # of each role, and those without a second factor
    }
    assert counts["GET /repos/{owner}/{repo}/keys"] == 2
    assert counts["GET /repos/{owner}/{repo}/environments"] == 1
    assert counts["GET /apps/{app_slug}"] == 3


def many(github: Fake, repositories: int, members: int = 1) -> None:
    state = github_acme.organization()
    state["repos"] = [github_acme.repository(f"r{number}") for number in range(repositories)]
    state["members"]["member"] = [f"m{number}" for number in range(members)]
    github.handlers = github_acme.handlers(state, github.largest)


def test_calls_grow_with_pages_where_they_can(github: Fake, rules: RuleSet) -> None:
    github.largest = 10
    many(github, 5)
    collected(github, rules)
    few = github.counts
    github.asked.clear()
    many(github, 25)
    collected(github, rules)
    each = {
        f"GET /repos/{{owner}}/{{repo}}/{one}"
        for one in (
            "hooks", "actions/secrets", "dependabot/secrets", "codespaces/secrets", "actions/runners",
            "actions/permissions/workflow", "actions/oidc/customization/sub",
        )
    }  # fmt: skip
    assert github.counts - few == {
        "GET /orgs/{org}/repos": 2, "POST /graphql": 2, **dict.fromkeys(each, 20),
    }  # fmt: skip


def test_what_an_organization_forbids_is_not_asked_of_its_repositories(
    github: Fake, rules: RuleSet
) -> None:
    state = github_acme.organization()
    state["own_runners"] = "none"
    state["workflow"] = {
        "default_workflow_permissions": "read", "can_approve_pull_request_reviews": False,
    }  # fmt: skip
    github.handlers = github_acme.handlers(state)
    collected(github, rules)
    asked = set(github.asked)
    assert "GET /repos/{owner}/{repo}/actions/runners" not in asked
    assert "GET /repos/{owner}/{repo}/actions/permissions/workflow" not in asked


def test_a_bound_on_calls_is_said(github: Fake, rules: RuleSet) -> None:
    many(github, 20)
    found = collected(github, rules, most_repositories="5")
    assert github.counts["GET /repos/{owner}/{repo}/hooks"] == 5
    [said] = [one for one in troubles(found) if "webhooks of" in one]
    assert "15 of its 20 repositories" in said
    assert "webhooks-of-repositories" in problems(found)
    assert not [one for one in troubles(found) if "deploy keys" in one]  # none has any


def test_which_repositories_there_are_is_told_with_those_that_are_archived(
    github: Fake, rules: RuleSet
) -> None:
    [told] = [one for one in collected(github, rules) if _is_list(one)]
    assert {"app", "site"} <= set(told.settings["names"])
    assert set(told.settings["archived"]) <= set(told.settings["names"])
    assert told.settings["organization"] == "acme"


def test_who_wants_some_repositories_is_not_told_that_the_others_are_gone(
    github: Fake, rules: RuleSet
) -> None:
    assert not [one for one in collected(github, rules, repositories=("app",)) if _is_list(one)]


def _is_list(one: Any) -> bool:
    return isinstance(one, Resource) and one.type == "GitHub::Repositories"


def test_only_the_repositories_that_are_named(github: Fake, rules: RuleSet) -> None:
    collected(github, rules, repositories=("acme/app",))
    assert github.counts["GET /repos/{owner}/{repo}/hooks"] == 1


def test_without_graphql_every_repository_is_asked(github: Fake, rules: RuleSet) -> None:
    del github.handlers["POST /graphql"]
    found = collected(github, rules)
    assert github.counts["GET /repos/{owner}/{repo}/keys"] == 2
    assert github.counts["GET /repos/{owner}/{repo}/environments"] == 2
    assert problems(found) == {}


def needed(rules: RuleSet) -> dict[str, Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    told: dict[str, Any] = json.loads(registry.part("service", "github")(context, {}).permissions())
    return told


def test_what_is_said_to_be_needed_is_enough(github: Fake, rules: RuleSet) -> None:
    allowed = needed(rules)["default_permissions"]
    assert set(allowed.values()) == {"read"}
    github.may = lambda call: permissions.NEEDS[call].permission in {"", *allowed}
    assert troubles(collected(github, rules)) == []


def test_without_permissions_nothing_is_taken_for_absent(github: Fake, rules: RuleSet) -> None:
    github.may = lambda call: not permissions.NEEDS[call].permission
    found = collected(github, rules)
    needing = {
        one.part
        for one in found
        if isinstance(one, Looked)
        and any(permissions.NEEDS[call].permission for call in one.calls if "/repos/" not in call)
    }
    assert needing
    assert needing <= set(problems(found))


def test_less_is_needed_for_fewer_policies(rules: RuleSet) -> None:
    wanted = tuple(one for one in rules.policies if one.id == "github-app-suspended")
    context = Context(selection=Selection(root="/"), rules=rules, wanted=wanted)
    told = json.loads(registry.part("service", "github")(context, {}).permissions())
    assert told["default_permissions"] == {"organization_administration": "read"}


def test_every_call_has_a_permission() -> None:
    calls = {call for one in found(surfaces, Surface) for call in one.calls}
    assert calls <= set(permissions.NEEDS)


def test_a_refused_call_costs_its_part_alone(github: Fake, rules: RuleSet) -> None:
    refused = "GET /orgs/{org}/installations"
    github.may = lambda call: call != refused
    found = collected(github, rules)
    assert set(problems(found)) == {"apps"}
    [trouble] = [one for one in found if isinstance(one, Trouble)]
    assert "was denied" in trouble.message
    assert "organization_administration: read" in trouble.advice


def test_who_is_a_member_is_not_guessed(github: Fake, rules: RuleSet) -> None:
    github.faults.append(Fault("/members", status=403, times=99))
    report = judged(github, rules)
    assert not [one for one in report.findings if one.policy.endswith("-of-leaver")]
    assert [one for one in report.troubles if "/members" in one.message]


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/hooks", status=429, headers={"Retry-After": "0"}),
        Fault("/hooks", status=403, headers={"Retry-After": "0"}, body={"message": "slow down"}),
        Fault("/hooks", status=403, body={"message": "You have exceeded a secondary rate limit"}),
        Fault("/hooks", status=502),
        Fault("/hooks", status=0),
    ],
)
def test_what_may_pass_is_tried_again(github: Fake, rules: RuleSet, fault: Fault) -> None:
    github.faults.append(fault)
    found = collected(github, rules)
    assert fault.times == 0
    assert troubles(found) == []
    hooks = [one for one in found if isinstance(one, Resource) and "webhook" in one.type]
    assert len(hooks) == 3


def test_a_used_up_limit_ends_the_scan_of_an_organization(github: Fake, rules: RuleSet) -> None:
    far = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "99999999999"}
    body = {"message": "API rate limit exceeded for user"}
    many(github, 200)
    github.faults.append(Fault("^/repos/", status=403, headers=far, body=body, times=10_000))
    found = collected(github, rules)
    assert any("limit of calls is used up" in one for one in troubles(found))
    assert len([one for one in github.asked if one.startswith("GET /repos/")]) < 50


def test_a_token_that_ends_ends_the_scan(github: Fake, rules: RuleSet) -> None:
    github.faults.append(Fault("/orgs/acme/hooks", status=401, times=10_000))
    found = collected(github, rules)
    assert any("sign-in is not valid" in one for one in troubles(found))


def test_a_page_that_fails_leaves_what_was_told_before(github: Fake, rules: RuleSet) -> None:
    state = github_acme.organization()
    state["hooks"] = [github_acme.hook(number, "Organization") for number in range(150)]
    github.handlers = github_acme.handlers(state)
    github.faults.append(Fault("/orgs/acme/hooks", status=400, skip=1))
    found = collected(github, rules)
    assert (
        len([one for one in found if getattr(one, "type", "") == "github_organization_webhook"])
        == 100
    )
    assert set(problems(found)) == {"webhooks"}


def test_unknown_words_and_fields_go_on(github: Fake, rules: RuleSet) -> None:
    state = github_acme.organization()
    state["installations"][0] |= {"repository_selection": "most", "new": {"a": [1]}}
    state["environments"]["app"][0]["protection_rules"] = [
        {"id": 1, "node_id": "x", "type": "quorum"}
    ]
    state["authorizations"][0]["credential_type"] = "passkey"
    github.handlers = github_acme.handlers(state)
    found = collected(github, rules)
    assert troubles(found) == []
    report = judged(github, rules)
    assert not [one for one in report.findings if one.policy == "github-environment-unprotected"]


def test_an_empty_organization_has_no_troubles(github: Fake, rules: RuleSet) -> None:
    state = github_acme.organization()
    for key, value in state.items():
        if isinstance(value, list) and key != "audit":
            state[key] = []
    state["members"] = {"admin": [], "member": []}
    state["secrets"] = {name: [] for name in state["secrets"]}
    github.handlers = github_acme.handlers(state)
    assert troubles(collected(github, rules)) == []


def test_what_no_audit_log_tells_is_said(github: Fake, rules: RuleSet) -> None:
    state = github_acme.organization()
    state["audit"] = []
    github.handlers = github_acme.handlers(state)
    assert any("OAuth apps" in one for one in troubles(collected(github, rules)))


def test_nobody_signed_in_ends_the_scan(
    github: Fake, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GH_TOKEN")
    with pytest.raises(CollectError, match="nobody is signed in"):
        collected(github, rules)


def test_a_token_that_is_not_let_in_ends_the_scan(github: Fake, rules: RuleSet) -> None:
    github.tokens = {"another"}
    with pytest.raises(CollectError, match="does not let this token in"):
        collected(github, rules)


def test_an_app_signs_in_with_its_key_and_gets_a_token_per_organization(
    github: Fake, rules: RuleSet, tmp_path: Path
) -> None:
    pytest.importorskip("google.auth")
    key = tmp_path / "app.pem"
    key.write_bytes(made_key())
    said: list[str] = []
    real = github.reply

    def reply(method: str, target: str, body: Any, token: str) -> Any:
        said.append(token)
        return real(method, target, body, token)

    github.reply = reply  # type: ignore[method-assign]
    github.handlers |= github_acme.as_app()
    found = collected(github, rules, app_id="77", private_key=str(key))
    claims = json.loads(b64decode(said[0].split(".")[1] + "=="))
    assert claims["iss"] == "77"
    assert 0 < claims["exp"] - claims["iat"] <= 600
    assert github.counts["POST /app/installations/{installation_id}/access_tokens"] == 1
    assert said[-1] == "of-the-installation"
    [scanner] = [one for one in found if getattr(one, "type", "") == "keymuster:scanner"]
    assert scanner.settings["method"] == "app"
    [hook] = [one for one in found if getattr(one, "type", "") == "GitHub::AppWebhook"]
    assert "secret" not in hook.settings


def test_a_token_of_an_app_is_renewed_before_it_ends(
    github: Fake, rules: RuleSet, tmp_path: Path
) -> None:
    pytest.importorskip("google.auth")
    key = tmp_path / "app.pem"
    key.write_bytes(made_key())
    github.handlers |= github_acme.as_app()
    made = "POST /app/installations/{installation_id}/access_tokens"
    github.handlers[made] = lambda **_: {
        "token": "short", "expires_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip
    assert troubles(collected(github, rules, app_id="77", private_key=str(key))) == []
    assert github.counts[made] > 1


def made_key() -> bytes:
    serialization = pytest.importorskip("cryptography.hazmat.primitives.serialization")
    rsa = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.rsa")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    made: bytes = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    return made


def test_a_key_that_signs_nothing_ends_the_scan(
    github: Fake, rules: RuleSet, tmp_path: Path
) -> None:
    pytest.importorskip("google.auth")
    key = tmp_path / "app.pem"
    key.write_text("none")
    with pytest.raises(CollectError, match="does not sign"):
        collected(github, rules, app_id="77", private_key=str(key))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://api.github.com", ""),
        ("https://api.acme.ghe.com", "acme.ghe.com"),
        ("https://git.acme.example/api/v3", "git.acme.example"),
    ],
)
def test_things_of_another_server_have_other_names(address: str, host: str) -> None:
    assert access.host_of(address) == host


def test_a_server_of_ones_own_is_asked_below_its_folder(
    github: Fake, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access, "host_of", lambda address: "git.acme.example")
    monkeypatch.setenv("GH_ENTERPRISE_TOKEN", "for-the-server")
    github.tokens = {"for-the-server"}
    github.prefix = "/api/v3"
    real = github.reply
    asked: list[str] = []

    def reply(method: str, target: str, body: Any, token: str) -> Any:
        asked.append(target)
        return real(method, target.replace("/api/graphql", "/api/v3/graphql"), body, token)

    github.reply = reply  # type: ignore[method-assign]
    context = Context(selection=Selection(root="/"), rules=rules)
    options = {"api_url": f"{github.url}/api/v3"}
    found = list(registry.part("service", "github")(context, options).collect())
    assert troubles(found) == []
    assert "/api/graphql" in asked
    ids = [one.id for one in found if isinstance(one, Credential)]
    assert "github:git.acme.example:acme/app/deploy-key/1" in ids
    assert not [one for one in github.asked if "codespaces" in one or "authorizations" in one]


def test_answers_and_what_is_read_of_them_are_githubs(
    github: Fake, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = Description("github", whole=True)
    reads: set[Read] = set()
    real = rest.Rest.ask

    def ask(self: Any, asking: Any) -> Any:
        answer = real(self, asking)
        path = urlsplit(asking.url).path.lstrip("/")
        call = template_of(f"{asking.method} /{path}", iter(github.handlers))
        return rest.Answer(watched(call, (), answer.body, reads), answer.headers)

    monkeypatch.setattr(rest.Rest, "ask", ask)
    found = collected(github, rules)
    assert troubles(found) == []
    checked = {call for call, _ in github.answers if described.describes(call)}
    assert len(checked) > 20
    read = {one for one in reads if one[0] in checked}
    assert len(read) > 100
    assert sorted(one for one in read if not described.has(*one)) == []
    wrong = [
        problem
        for call, body in github.answers
        if call in checked
        for problem in described.problems(call, body)
    ]
    assert wrong == []
