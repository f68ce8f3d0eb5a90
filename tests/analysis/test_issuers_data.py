"""The issuers of `rules/known/issuers.yaml` say what their documentation shows."""

from __future__ import annotations

import re

import pytest

from analysis.issuers import known
from keymuster.analysis.claims import Tokens, accepted, claim
from keymuster.analysis.expressions import whole
from keymuster.analysis.languages import is_empty
from keymuster.model.issuers import Issuer

ISSUERS = {one.id: one for one in known().issuers}


@pytest.fixture(params=sorted(ISSUERS))
def issuer(request: pytest.FixtureRequest) -> Issuer:
    return ISSUERS[request.param]


def test_every_claim_is_made_of_fields_in_their_order(issuer: Issuer) -> None:
    names = Tokens(issuer).claims

    for space in Tokens(issuer).spaces(names):
        for name in space.claims:
            assert space.meeting(claim(name, ["x"])) is not None
        assert not is_empty(space.words), space.form.name


def test_fields_that_are_named_are_there(issuer: Issuer) -> None:
    named = {*issuer.owners, *issuer.breadth, *issuer.such_as}

    assert named <= set(issuer.fields)
    assert set(issuer.aws) <= Tokens(issuer).claims


def test_what_is_good_to_read_can_be(issuer: Issuer) -> None:
    for name, text in issuer.such_as.items():
        assert not is_empty(whole(text) & whole(issuer.fields[name])), name


def test_addresses_are_expressions_that_name_fields(issuer: Issuer) -> None:
    for url in issuer.urls:
        assert set(re.compile(url).groupindex) <= set(issuer.fields)


UUID = "f1e2d3c4-0000-4000-8000-abcdefabcdef"

DOCUMENTED = [
    ("github", "repo:octo-org/octo-repo:environment:Production", "environment"),
    ("github", "repo:octo-org/octo-repo:environment:Production%3AV1", "environment"),
    ("github", "repo:octo-org/octo-repo:pull_request", "pull_request"),
    ("github", "repo:octo-org/octo-repo:ref:refs/heads/demo-branch", "branch"),
    ("github", "repo:octo-org/octo-repo:ref:refs/tags/demo-tag", "tag"),
    ("github", "repo:octo-org@123456/octo-repo@456789:ref:refs/heads/main", "branch"),
    ("github", "repository_owner:monalisa:repository_visibility:private", "customised"),
    (
        "github",
        "job_workflow_ref:octo-org/auto/.github/workflows/oidc.yml@refs/heads/main",
        "customised",
    ),
    (
        "github",
        "repo:octo-org/octo-repo:environment:prod:job_workflow_ref:octo-org/a/.github/workflows/o.yml@refs/heads/main",
        "customised",
    ),
    ("github", "repository_id:456789", "customised"),
    ("gitlab", "project_path:group/sub/project:ref_type:branch:ref:main", "branch"),
    ("gitlab", "project_path:group/project:ref_type:tag:ref:v4.2.0", "tag"),
    (
        "terraform-cloud",
        "organization:acme:project:Default Project:workspace:net:run_phase:apply",
        "run",
    ),
    ("circleci", f"org/{UUID}/project/{UUID}/user/{UUID}", "job"),
    (
        "circleci",
        f"org/{UUID}/project/{UUID}/user/{UUID}/vcs-origin/github.com/a/b/vcs-ref/refs/heads/main",
        "job",
    ),
    (
        "buildkite",
        f"organization:acme-inc:pipeline:app:ref:refs/heads/main:commit:{'9f' * 20}:step:build",
        "branch",
    ),
    ("buildkite", UUID, "identifier"),
    ("bitbucket", f"{{{UUID}}}:{{{UUID}}}", "step"),
    ("bitbucket", f"{{{UUID}}}:{{{UUID}}}:{{{UUID}}}", "environment"),
    ("azure-devops", "sc://acme/My Project/my connection", "service_connection"),
    ("kubernetes", "system:serviceaccount:kube-system:aws-node", "service_account"),
    ("spiffe", "spiffe://prod.acme.com/billing/payments", "workload"),
    ("google", "1" * 21, "account"),
]


@pytest.mark.parametrize(("id", "subject", "form"), DOCUMENTED)
def test_a_documented_subject_is_one(id: str, subject: str, form: str) -> None:
    found = accepted(Tokens(ISSUERS[id]), claim("sub", [subject]))

    assert form in {one.space.form.name for one in found if not is_empty(one.words.least)}


@pytest.mark.parametrize(
    ("id", "subject"),
    [
        ("github", "*"),
        ("github", "repo:octo-org/*"),
        ("github", "repo:-octo/x:pull_request"),
        ("github", "octo-org/octo-repo"),
        ("gitlab", "project_path:group:ref_type:branch:ref:main"),
        ("kubernetes", "system:serviceaccount:Default:x"),
        ("terraform-cloud", "organization:acme:project:x:workspace:y:run_phase:destroy"),
        ("spiffe", "spiffe://Acme/x"),
    ],
)
def test_what_no_issuer_says_is_none(id: str, subject: str) -> None:
    found = accepted(Tokens(ISSUERS[id]), claim("sub", [subject]))

    assert all(is_empty(one.words.most) for one in found)
