"""GitLab as a fake on loopback plays it. GitLab publishes no description of its API that is whole: the fields of
answers are those of its sources."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

pytest.importorskip("requests")

import gitlab_acme
import json_fake
from json_fake import Fake, Fault, template_of
from keymuster import pipeline, registry
from keymuster.collect.asking import rest
from keymuster.collect.asking.surface import found as parts
from keymuster.collect.base import Context, Selection
from keymuster.collect.gitlab import permissions, surfaces
from keymuster.collect.gitlab.surface import Surface
from keymuster.detect import examples
from keymuster.errors import CollectError
from keymuster.model import Credential, Grant, Identity, Looked, Trouble
from keymuster.rules.schema import RuleSet
from watched import Read, watched


@pytest.fixture
def value(rules: RuleSet) -> str:
    """A token that was made for this test."""
    format = next(one for one in rules.tokens if one.id == "npm-access-token")
    return examples.expand("{token:npm-access-token}", None, {format.id: format})


@pytest.fixture
def gitlab(loopback: None, monkeypatch: pytest.MonkeyPatch, value: str) -> Iterator[Fake]:
    monkeypatch.setenv("GITLAB_TOKEN", "made-up")
    monkeypatch.setattr(rest, "_FIRST_PAUSE_SECONDS", 0.001)
    with json_fake.serving(gitlab_acme.fake(gitlab_acme.group(value))) as fake:
        yield fake


def collected(fake: Fake, rules: RuleSet, **options: Any) -> list[Any]:
    context = Context(selection=Selection(root="/"), rules=rules)
    service = registry.part("service", "gitlab")(context, {"gitlab_url": fake.url, **options})
    return list(service.collect())


def troubles(found: list[Any]) -> list[str]:
    return [one.message for one in found if isinstance(one, Trouble)]


def problems(found: list[Any]) -> dict[str, str]:
    return {one.part: one.problem for one in found if isinstance(one, Looked) and one.problem}


def test_a_group_is_judged(gitlab: Fake, rules: RuleSet) -> None:
    selection = Selection(root="/", services={"gitlab": {"gitlab_url": gitlab.url}})
    context = Context(selection=selection, rules=rules)
    report = pipeline.scan(context, "services", now=gitlab_acme.NOW)
    home = "gitlab:127.0.0.1:"
    found = {
        (one.policy, one.subject.removeprefix("resource:").removeprefix(home))
        for one in report.findings
    }
    assert found == {
        ("deploy-key-reused", "project/1/deploy-key/1"),
        ("deploy-key-reused", "project/2/deploy-key/1"),
        ("gitlab-application-may-do-all", "application/1"),
        ("gitlab-cloud-key-as-variable", "project/1/variable/AWS_SECRET_ACCESS_KEY/production"),
        ("gitlab-deploy-key-without-end", "project/1/deploy-key/1"),
        ("gitlab-deploy-key-without-end", "project/2/deploy-key/1"),
        ("gitlab-deploy-key-writes", "project/1/deploy-key/2"),
        ("gitlab-deploy-token-writes", "deploy-token/2"),
        ("gitlab-job-token-open", "project/2/job-token-scope"),
        ("gitlab-runner-gone", "runner/2"),
        ("gitlab-runner-takes-any-job", "runner/2"),
        ("gitlab-runner-takes-untagged-jobs", "runner/1"),
        ("gitlab-token-lives-long", "access-token/4"),
        ("gitlab-token-may-do-all", "access-token/1"),
        ("gitlab-token-may-do-all", "access-token/20"),
        ("gitlab-token-of-owner", "access-token/1"),
        ("gitlab-token-unused", "access-token/2"),
        ("gitlab-variable-for-every-branch", "project/1/variable/NPM_TOKEN/*"),
        ("gitlab-variable-shown-in-logs", "group/acme/variable/DEPLOY_TOKEN/production"),
        ("gitlab-variable-shown-in-logs", "server/variable/PLAIN_PASSWORD"),
        ("gitlab-webhook-unchecked", "project/1/hook/2"),
        ("gitlab-webhook-unchecked", "project/1/hook/3"),
        ("saas-token-without-end", "access-token/9"),
        ("saas-token-without-end", "deploy-token/1"),
    }


def test_values_of_variables_are_let_go(
    gitlab: Fake, rules: RuleSet, value: str, caplog: Any
) -> None:
    with caplog.at_level(logging.DEBUG):
        found = collected(gitlab, rules)
    text = repr(found) + caplog.text
    for secret in (value, value[8:20], "made-up", "a-path", "'short'"):
        assert secret not in text
    [token] = [one for one in found if isinstance(one, Credential) and one.fingerprint]
    assert (token.format, token.storage) == ("npm-access-token", "ci_variable")
    assert token.tags["setting"] == "AWS_SECRET_ACCESS_KEY"
    assert "VariableValue" not in text


def test_tokens_keys_and_apps_are_told(gitlab: Fake, rules: RuleSet) -> None:
    found = collected(gitlab, rules)
    by_name = {one.name: one for one in found if isinstance(one, Credential)}
    unused = by_name["project access token idle of acme/app"]
    assert (unused.never_used, unused.expires_at is not None) == (True, True)
    assert by_name["deploy token pull of acme/app"].never_used is None  # nobody is told
    assert by_name["deploy key mirror of acme/app"].tags["ssh_fingerprint"].startswith("SHA256:")
    names = {one.name for one in found if isinstance(one, Identity)}
    assert {"svc", "all", "boards"} <= names
    scopes = {one.identity: one.actions for one in found if isinstance(one, Grant)}
    assert scopes["gitlab:127.0.0.1:user/101"] == ("api",)


def many(gitlab: Fake, projects: int) -> None:
    state = gitlab_acme.group()
    state["projects"] = [gitlab_acme.project(n, f"acme/p{n}") for n in range(100, 100 + projects)]
    gitlab.handlers = gitlab_acme.handlers(state)


def test_calls_grow_with_projects_by_one_of_each_kind(gitlab: Fake, rules: RuleSet) -> None:
    gitlab.largest = 10
    many(gitlab, 5)
    collected(gitlab, rules)
    few = gitlab.counts
    gitlab.asked.clear()
    many(gitlab, 25)
    collected(gitlab, rules)
    kinds = (
        "access_tokens", "deploy_tokens", "deploy_keys", "variables", "hooks", "runners", "job_token_scope",
    )  # fmt: skip
    assert gitlab.counts - few == {
        "GET /groups/{id}/projects": 2, **{f"GET /projects/{{id}}/{kind}": 20 for kind in kinds},
    }  # fmt: skip


def test_a_runner_of_several_projects_is_asked_once(gitlab: Fake, rules: RuleSet) -> None:
    collected(gitlab, rules)
    assert gitlab.counts["GET /runners/{id}"] == 2


def test_a_bound_on_calls_is_said(gitlab: Fake, rules: RuleSet) -> None:
    many(gitlab, 20)
    found = collected(gitlab, rules, most_repositories="5")
    assert gitlab.counts["GET /projects/{id}/hooks"] == 5
    assert any("webhooks of 15 of its 20 projects" in one for one in troubles(found))
    assert "webhooks" in problems(found)


def test_only_the_groups_and_projects_that_are_named(gitlab: Fake, rules: RuleSet) -> None:
    collected(gitlab, rules, groups=("acme",), repositories=("acme/app",))
    assert gitlab.counts["GET /groups"] == 0
    assert gitlab.counts["GET /projects/{id}/hooks"] == 1


def test_what_is_said_to_be_needed_is_enough(gitlab: Fake, rules: RuleSet) -> None:
    context = Context(selection=Selection(root="/"), rules=rules)
    told = json.loads(registry.part("service", "gitlab")(context, {}).permissions())
    assert (told["scopes"], told["access_level"]) == (["read_api"], 50)
    state = gitlab_acme.group()
    state["administrator"] = False
    gitlab.handlers = gitlab_acme.handlers(state)
    level = told["access_level"]
    gitlab.may = lambda call: permissions.NEEDS.get(call, 0) <= level
    [only] = troubles(collected(gitlab, rules))
    assert "administrators alone" in only
    gitlab.may = lambda call: permissions.NEEDS.get(call, 0) < level
    assert len(troubles(collected(gitlab, rules))) > 1


def test_less_is_needed_for_fewer_policies(rules: RuleSet) -> None:
    wanted = tuple(one for one in rules.policies if one.id == "gitlab-job-token-open")
    context = Context(selection=Selection(root="/"), rules=rules, wanted=wanted)
    told = json.loads(registry.part("service", "gitlab")(context, {}).permissions())
    assert told["access_level"] == permissions.MAINTAINER


def test_every_call_has_a_role() -> None:
    calls = {call for one in parts(surfaces, Surface) for call in one.calls}
    assert calls == set(permissions.NEEDS)


def test_a_refused_call_costs_its_part_alone(gitlab: Fake, rules: RuleSet) -> None:
    gitlab.may = lambda call: call != "GET /groups/{id}/hooks"
    found = collected(gitlab, rules)
    assert set(problems(found)) == {"webhooks"}
    [trouble] = [one for one in found if isinstance(one, Trouble)]
    assert "was denied" in trouble.message
    assert "the role Owner" in trouble.advice


def test_projects_that_are_not_told_are_no_empty_group(gitlab: Fake, rules: RuleSet) -> None:
    gitlab.may = lambda call: call != "GET /groups/{id}/projects"
    found = collected(gitlab, rules)
    assert {"deploy-keys", "webhooks", "job-tokens"} <= set(problems(found))
    assert gitlab.counts["GET /groups/{id}/projects"] == 1


@pytest.mark.parametrize(
    "fault",
    [
        Fault("/hooks", status=429, headers={"Retry-After": "0"}),
        Fault("/hooks", status=503),
        Fault("/hooks", status=0),
    ],
)
def test_what_may_pass_is_tried_again(gitlab: Fake, rules: RuleSet, fault: Fault) -> None:
    gitlab.faults.append(fault)
    found = collected(gitlab, rules)
    assert fault.times == 0
    assert troubles(found) == []


def test_a_token_that_ends_ends_the_scan(gitlab: Fake, rules: RuleSet) -> None:
    many(gitlab, 100)
    gitlab.faults.append(Fault("/projects/1", status=401, times=10_000))
    found = collected(gitlab, rules)
    assert any("sign-in is not valid" in one for one in troubles(found))
    assert len([one for one in gitlab.asked if one.startswith("GET /projects/")]) < 50


def test_a_page_that_fails_leaves_what_was_told_before(gitlab: Fake, rules: RuleSet) -> None:
    state = gitlab_acme.group()
    state["variables"]["1"] = [gitlab_acme.variable(f"V{n}", None) for n in range(150)]
    gitlab.handlers = gitlab_acme.handlers(state)
    gitlab.faults.append(Fault("/projects/1/variables", status=400, skip=1))
    found = collected(gitlab, rules)
    told = [one for one in found if getattr(one, "type", "") == "gitlab_project_variable"]
    assert len(told) == 100
    assert set(problems(found)) == {"variables"}


def test_unknown_words_and_fields_go_on(gitlab: Fake, rules: RuleSet) -> None:
    state = gitlab_acme.group()
    state["access_tokens"]["1"][0] |= {
        "access_level": 77,
        "new": {"a": [1]},
        "created_at": "lately",
    }
    state["runner"]["1"]["access_level"] = "tuesdays"
    gitlab.handlers = gitlab_acme.handlers(state)
    assert troubles(collected(gitlab, rules)) == []


def test_an_empty_group_has_no_troubles(gitlab: Fake, rules: RuleSet) -> None:
    state = {key: type(value)() for key, value in gitlab_acme.group().items()}
    gitlab.handlers = gitlab_acme.handlers({**state, "administrator": True})
    assert troubles(collected(gitlab, rules)) == []


def test_nobody_signed_in_ends_the_scan(
    gitlab: Fake, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITLAB_TOKEN")
    monkeypatch.delenv("GITLAB_ACCESS_TOKEN", raising=False)
    with pytest.raises(CollectError, match="nobody is signed in"):
        collected(gitlab, rules)


def test_a_token_that_is_not_let_in_ends_the_scan(gitlab: Fake, rules: RuleSet) -> None:
    gitlab.tokens = {"another"}
    with pytest.raises(CollectError, match="does not let this token in"):
        collected(gitlab, rules)


def test_answers_and_what_is_read_of_them_are_gitlabs(
    gitlab: Fake, rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: set[Read] = set()
    real = rest.Rest.ask

    def ask(self: Any, asking: Any) -> Any:
        answer = real(self, asking)
        path = urlsplit(asking.url).path.removeprefix("/api/v4").lstrip("/")
        call = template_of(f"{asking.method} /{path}", iter(gitlab.handlers))
        for one in answer.body if isinstance(answer.body, list) else [answer.body]:
            assert set(one) <= gitlab_acme.FIELDS[call], call
        return rest.Answer(watched(call, (), answer.body, reads), answer.headers)

    monkeypatch.setattr(rest.Rest, "ask", ask)
    assert troubles(collected(gitlab, rules)) == []
    read = {(call, path[0] if path[0] != "[]" else path[1]) for call, path in reads}
    assert len(read) > 60
    assert sorted(one for one in read if one[1] not in gitlab_acme.FIELDS[one[0]]) == []
