"""Who outside can become an identity."""

from __future__ import annotations

from typing import Any

import pytest

from analysis.issuers import GITHUB, answer, denial, federated, known, of_github, trust
from keymuster.analysis.outsiders import Audience
from keymuster.analysis.trusts import Defect, Surroundings, judge
from keymuster.model import Effect, TrustKind

OURS = {"github": ("acme",)}


# --- GitHub on AWS ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sub", "example"),
    [
        ("repo:acme*", "repo:acme-evil/x:ref:refs/heads/main"),
        ("repo:acme*/app:*", "repo:acme-evil/app:ref:refs/heads/main"),
        ("repo:*", "repo:evil/x:ref:refs/heads/main"),
        ("repo:*/app:ref:refs/heads/main", "repo:evil/app:ref:refs/heads/main"),
        ("*:pull_request", "repo:evil/x:environment:pull_request"),
        ("repo:?cme/*", "repo:bcme/x:ref:refs/heads/main"),
        ("repo:*acme/app:*", "repo:evil-acme/app:ref:refs/heads/main"),
        ("*", "repo:evil/x:ref:refs/heads/main"),
    ],
)
@pytest.mark.parametrize("settings", [OURS, {}])
def test_an_owner_that_is_left_open_lets_anybody_in(
    sub: str, example: str, settings: dict[str, tuple[str, ...]]
) -> None:
    found = of_github(sub, settings=settings)

    assert found.audience is Audience.ANYONE
    assert found.because == f"`{sub}`"
    if settings or "?" not in sub:
        assert found.example == example


def test_no_subject_lets_anybody_in() -> None:
    found = answer(federated(GITHUB, {"StringEquals": {f"{GITHUB}:aud": "sts.amazonaws.com"}}))

    assert found.audience is Audience.ANYONE
    assert found.because == "nothing is asked of `sub`"
    assert found.defects == (Defect.NO_SUBJECT,)


@pytest.mark.parametrize(
    "sub",
    ["repo:acme/*", "repo:ACME/app:*", "repo:acme/app:ref:refs/heads/main", "repo:acme@1/*"],
)
def test_what_is_ours_is_ours_however_wide(sub: str) -> None:
    assert of_github(sub, settings=OURS).audience is Audience.ESTATE
    assert of_github(sub, seen=OURS).audience is Audience.ESTATE


def test_another_owner_is_an_outsider_if_settings_say_who_is_not() -> None:
    sub = "repo:acme-labs/app:ref:refs/heads/main"

    assert of_github(sub, settings=OURS).audience is Audience.VENDOR
    assert of_github(sub, settings=OURS).example == sub
    assert of_github(sub, seen=OURS).audience is Audience.UNKNOWN
    assert of_github(sub).parties == ("acme-labs",)
    assert of_github(sub).reason == "no setting says whose `acme-labs` is (`ours.github`)"


def test_several_owners_that_are_named_are_not_anybody() -> None:
    subs = [f"repo:{name}/app:*" for name in ("acme", "acme-labs", "octo")]

    assert of_github(subs, settings=OURS).audience is Audience.VENDOR
    assert set(of_github(subs, settings=OURS).parties) == {"acme-labs", "octo"}


@pytest.mark.parametrize(
    ("sub", "open", "several", "forms"),
    [
        ("repo:acme/app:ref:refs/heads/main", set(), set(), {"branch"}),
        ("repo:acme/app:environment:prod", set(), set(), {"environment"}),
        ("repo:acme/app:pull_request", set(), set(), {"pull_request"}),
        ("repo:acme/app:ref:refs/heads/*", {"branch"}, set(), {"branch"}),
        ("repo:acme/app:ref:refs/heads/release/*", set(), {"branch"}, {"branch"}),
        ("repo:acme/app:ref:*", {"branch", "tag"}, set(), {"branch", "tag"}),
        ("repo:acme/app:environment:*", {"environment"}, set(), {"environment"}),
        (
            "repo:acme/app:*",
            {"branch", "tag", "environment"},
            set(),
            {"branch", "tag", "environment", "pull_request"},
        ),
        ("repo:acme/*:ref:refs/heads/main", {"repository"}, set(), {"branch"}),
        # an environment may be called `pull_request`
        ("repo:acme/app*:pull_request", set(), {"repository"}, {"pull_request", "environment"}),
        ("repo:acme@1/app@7:ref:refs/heads/main", set(), set(), {"branch"}),
    ],
)
def test_how_many_of_our_workflows_may(
    sub: str, open: set[str], several: set[str], forms: set[str]
) -> None:
    found = of_github(sub, settings=OURS)

    assert (set(found.open), set(found.several), set(found.forms) - {"customised"}) == (
        open,
        several,
        forms,
    )


def test_width_is_told_by_an_example() -> None:
    found = of_github("repo:acme/*", settings=OURS)

    assert found.open["repository"] == "repo:acme/x:ref:refs/heads/main"
    assert found.forms["pull_request"] == "repo:acme/x:pull_request"


def test_any_branch_but_one_is_several() -> None:
    asks = {
        "StringLike": {f"{GITHUB}:sub": "repo:acme/app:ref:refs/heads/*"},
        "StringNotEquals": {f"{GITHUB}:sub": "repo:acme/app:ref:refs/heads/main"},
    }
    found = answer(federated(GITHUB, asks), settings=OURS)

    assert (found.open, set(found.several)) == ({}, {"branch"})


def test_a_branch_of_two_repositories_is_several() -> None:
    found = of_github(["repo:acme/a:pull_request", "repo:acme/b:pull_request"], settings=OURS)

    assert set(found.several) == {"repository"}
    assert found.open == {}


@pytest.mark.parametrize("sub", ["*", "repo:*", "repo:acme*", "repo:acme/app:*"])
def test_a_wildcard_that_is_none_is_never_met(sub: str) -> None:
    found = of_github(sub, "StringEquals", settings=OURS)

    assert found.audience is Audience.NOBODY
    assert Defect.NEVER_MATCHES in found.defects
    assert Defect.LITERAL_WILDCARD in found.defects
    assert found.meant is not None
    assert found.meant.audience == of_github(sub, settings=OURS).audience


def test_a_subject_that_is_none_is_never_met() -> None:
    found = of_github("acme/app", "StringEquals")

    assert found.audience is Audience.NOBODY
    assert found.defects == (Defect.NEVER_MATCHES,)


def test_a_key_of_another_issuer_is_never_met() -> None:
    asks = {"StringEquals": {f"{GITHUB}/acme:sub": "repo:acme/app:pull_request"}}

    assert answer(federated(GITHUB, asks)).audience is Audience.NOBODY


@pytest.mark.parametrize("operator", ["ForAllValues:StringLike", "StringLikeIfExists"])
def test_a_misspelt_claim_that_need_not_be_there_asks_nothing(operator: str) -> None:
    asks = {operator: {f"{GITHUB}:repo": "acme/app"}}

    assert answer(federated(GITHUB, asks), settings=OURS).audience is Audience.ANYONE


def test_claims_are_judged_together() -> None:
    asks = {
        "StringLike": {
            f"{GITHUB}:sub": "repo:*:environment:prod",
            f"{GITHUB}:repository": "acme/app",
        }
    }
    found = answer(federated(GITHUB, asks), settings=OURS)

    assert found.audience is Audience.ESTATE
    assert found.forms == {"environment": "repo:acme/app:environment:prod"}


def test_a_claim_that_aws_does_not_pass_cannot_be_decided() -> None:
    asks = {"StringEquals": {f"{GITHUB}:repository_owner": "acme"}}
    found = answer(federated(GITHUB, asks), settings=OURS)

    assert found.audience is Audience.UNKNOWN
    assert "repository_owner" in found.reason


def test_a_denial_takes_off() -> None:
    wide = federated(GITHUB, {"StringLike": {f"{GITHUB}:sub": "repo:*"}})
    narrow = federated(GITHUB, {"StringNotLike": {f"{GITHUB}:sub": "repo:acme/*"}})

    assert answer(wide, denial(narrow), settings=OURS).audience is Audience.ESTATE
    assert answer(wide, settings=OURS).audience is Audience.ANYONE


def test_a_customised_subject_names_its_owner() -> None:
    assert of_github("repository_owner:acme:*", settings=OURS).audience is Audience.ESTATE
    assert of_github("repository_owner:acme*", settings=OURS).audience is Audience.ANYONE
    assert of_github("repository_owner_id:123", settings=OURS).parties == ("123",)


@pytest.mark.parametrize(
    ("sub", "is_open"),
    [
        ("repository_owner:acme", True),
        ("repository_owner:acme:*", True),
        ("repository_owner_id:12:environment:prod", True),
        ("repository_owner:acme:repository_id:7", False),
        ("environment:prod:repository:acme/app", False),
    ],
)
def test_a_customised_subject_of_the_owner_alone_leaves_the_repository_open(
    sub: str, is_open: bool
) -> None:
    assert ("repository" in of_github(sub).open) is is_open


def test_a_customised_subject_that_names_nobody_is_anybodys() -> None:
    found = of_github("environment:prod", settings=OURS)

    assert found.audience is Audience.ANYONE
    assert found.example == "environment:prod"


def test_who_may_call_a_reusable_workflow_cannot_be_told() -> None:
    sub = "job_workflow_ref:acme/w/.github/workflows/deploy.yml@refs/heads/main"

    assert of_github(sub, settings=OURS).audience is Audience.UNKNOWN


def test_an_enterprise_of_its_own_tells_whose_its_tokens_are() -> None:
    issuer = f"{GITHUB}/acme-inc"
    asks = {"StringLike": {f"{issuer}:sub": "repo:*:environment:prod"}}

    found = answer(federated(issuer, asks), settings={"github": ("acme-inc",)})

    assert found.audience is Audience.ESTATE
    assert found.open == {"repository": "repo:a/x:environment:prod"}


# --- what is not known ------------------------------------------------------------------------


def test_nothing_is_said_of_how_many_where_a_condition_on_the_token_cannot_be_judged() -> None:
    asks = {"StringLike": {f"{GITHUB}:sub": "repo:acme/*"}}
    elsewhere = {**asks, "IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}
    odd = {**asks, "StringAlmost": {f"{GITHUB}:sub": "repo:acme/app"}}

    assert "repository" in answer(federated(GITHUB, elsewhere)).open
    assert answer(federated(GITHUB, odd)).open == {}


def test_what_is_not_known_is_said() -> None:
    found = of_github("repo:${var.org}/app:*", settings=OURS)

    assert found.audience is Audience.UNKNOWN
    assert found.depends_on == ("var.org",)
    assert found.open["branch"] == "repo:${var.org}/app:ref:refs/heads/main"


@pytest.mark.parametrize("sub", ["repo:acme/${var.app}:*", "repo:acme/*${var.rest}"])
def test_an_unknown_that_makes_no_difference_makes_none(sub: str) -> None:
    assert of_github(sub, settings=OURS).audience is Audience.ESTATE


def test_what_is_known_to_be_open_is_open_whatever_else() -> None:
    assert of_github(["repo:${var.org}/*", "repo:*"], settings=OURS).audience is Audience.ANYONE


def test_what_an_unknown_refuses_is_not_known() -> None:
    asks = {
        "StringLike": {f"{GITHUB}:sub": "repo:*"},
        "StringNotLike": {f"{GITHUB}:sub": "repo:${var.org}/*"},
    }

    assert answer(federated(GITHUB, asks), settings=OURS).audience is Audience.UNKNOWN


def test_a_whole_list_or_block_may_be_unknown() -> None:
    assert of_github("${var.subjects}", settings=OURS).audience is Audience.UNKNOWN
    asks: dict[str, Any] = {"StringLike": "${var.asks}"}
    assert answer(federated(GITHUB, asks), settings=OURS).depends_on == ("var.asks",)


def test_the_keys_tell_the_issuer_of_a_reference() -> None:
    one = trust(
        "${aws_iam_openid_connect_provider.x.arn}",
        "aws",
        {"StringLike": {f"{GITHUB}:sub": "repo:acme*"}},
        kind=TrustKind.FEDERATION,
    )

    assert answer(one).audience is Audience.ANYONE


def test_a_key_that_is_not_known_cannot_be_decided() -> None:
    one = federated(GITHUB, {"StringEquals": {"${Key}": "x", f"{GITHUB}:sub": "repo:acme/app:*"}})

    assert answer(one).audience is Audience.NOBODY  # a literal `*`
    one = federated(GITHUB, {"StringEquals": {"${Key}": "x"}})
    assert (answer(one).audience, answer(one).depends_on) == (Audience.UNKNOWN, ("Key",))


def test_an_address_may_come_from_elsewhere() -> None:
    name = "aws_iam_openid_connect_provider.x.arn"
    one = trust(f"${{{name}}}", "aws", {}, kind=TrustKind.FEDERATION)

    found = answer(one, addresses={name: f"https://{GITHUB}"})

    assert (found.audience, found.issuer) == (Audience.ANYONE, "github")


def test_a_cluster_that_is_not_known_still_has_service_accounts() -> None:
    key = "${module.eks.oidc_provider}:sub"
    one = trust(
        "${module.eks.oidc_provider_arn}",
        "aws",
        {"StringLike": {key: "system:serviceaccount:*:deploy"}},
        kind=TrustKind.FEDERATION,
    )

    found = answer(one)

    assert (found.audience, found.issuer) == (Audience.UNKNOWN, "kubernetes")
    assert found.open == {"namespace": "system:serviceaccount:x:deploy"}


# --- other issuers ----------------------------------------------------------------------------

UUID = "f1e2d3c4-0000-4000-8000-abcdefabcdef"


@pytest.mark.parametrize(
    ("issuer", "sub", "audience", "example"),
    [
        ("gitlab.com", "project_path:acme/*", Audience.ESTATE, ""),
        (
            "gitlab.com",
            "project_path:acme*:ref_type:branch:ref:main",
            Audience.ANYONE,
            "project_path:acme-evil/x:ref_type:branch:ref:main",
        ),
        ("app.terraform.io", "organization:acme:project:*", Audience.ESTATE, ""),
        (
            "app.terraform.io",
            "organization:*:workspace:prod:run_phase:apply",
            Audience.ANYONE,
            "organization:evil:project:x:workspace:prod:run_phase:apply",
        ),
        ("agent.buildkite.com", "organization:acme:*", Audience.ESTATE, ""),
        (
            "agent.buildkite.com",
            "organization:acme*",
            Audience.ANYONE,
            f"organization:acme-evil:pipeline:x:ref:refs/heads/main:commit:{'a' * 40}:step:",
        ),
        (f"oidc.circleci.com/org/{UUID}", f"org/{UUID}/project/*", Audience.ESTATE, ""),
        (
            "api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
            "{*}:{*}",
            Audience.ESTATE,
            "",
        ),
        (
            "oidc.eks.eu-west-1.amazonaws.com/id/ABCDEF",
            "system:serviceaccount:*:*",
            Audience.ESTATE,
            "",
        ),
        ("spire.acme.com", "spiffe://prod.acme.com/*", Audience.ESTATE, ""),
        ("spire.acme.com", "spiffe://prod.acme.com*", Audience.ANYONE, "spiffe://prod.acme.coma/x"),
        ("login.acme.com", "ci-*", Audience.ESTATE, ""),
        ("login.other.com", "ci-*", Audience.VENDOR, "ci-"),
    ],
)
def test_every_issuer_says_whose_its_tokens_are(
    issuer: str, sub: str, audience: Audience, example: str
) -> None:
    ours = {
        "gitlab": ("acme",),
        "terraform_cloud": ("acme",),
        "buildkite": ("acme",),
        "circleci": (UUID,),
        "bitbucket": ("acme",),
        "clusters": ("ABCDEF",),
        "trust_domains": ("prod.acme.com",),
        "issuers": ("login.acme.com",),
    }

    found = answer(federated(issuer, {"StringLike": {f"{issuer}:sub": sub}}), settings=ours)

    assert (found.audience, found.example) == (audience, example)


def test_guests_of_an_identity_pool_are_anybody() -> None:
    pool = f"us-east-1:{UUID}"
    issuer = "cognito-identity.amazonaws.com"

    def asking(*logins: str) -> Audience:
        asks: dict[str, Any] = {"StringEquals": {f"{issuer}:aud": pool}}
        if logins:
            asks["ForAnyValue:StringLike"] = {f"{issuer}:amr": list(logins)}
        one = trust(issuer, "aws", asks, kind=TrustKind.FEDERATION)
        return answer(one, settings={"cognito": (pool,)}).audience

    assert asking("authenticated") is Audience.ESTATE
    assert asking("unauthenticated") is Audience.ANYONE
    assert asking() is Audience.ANYONE


def test_saml_without_an_audience() -> None:
    one = trust(
        "arn:aws:iam::111122223333:saml-provider/acme",
        "aws",
        {},
        kind=TrustKind.FEDERATION,
        actions=("sts:AssumeRoleWithSAML",),
    )

    assert answer(one).defects == (Defect.NO_AUDIENCE,)


# --- principals of AWS ------------------------------------------------------------------------

ESTATE = {"aws": ("111122223333", "444455556666", "o-acme123456")}


@pytest.mark.parametrize(
    ("principal", "asks", "audience"),
    [
        ("*", {}, Audience.ANYONE),
        ("111122223333", {}, Audience.SAME_ACCOUNT),
        ("arn:aws:iam::111122223333:root", {}, Audience.SAME_ACCOUNT),
        ("arn:aws:iam::${AWS::AccountId}:root", {}, Audience.SAME_ACCOUNT),
        ("${data.aws_caller_identity.current.account_id}", {}, Audience.SAME_ACCOUNT),
        ("${aws_iam_role.ci.arn}", {}, Audience.ESTATE),
        ("arn:aws:iam::444455556666:role/ci", {}, Audience.ESTATE),
        ("arn:aws:sts::444455556666:assumed-role/ci/x", {}, Audience.ESTATE),
        ("999999999999", {}, Audience.VENDOR),
        ("${var.account}", {}, Audience.UNKNOWN),
        ("*", {"StringEquals": {"aws:PrincipalOrgID": "o-acme123456"}}, Audience.ESTATE),
        ("*", {"StringEquals": {"aws:principalorgid": "o-other12345"}}, Audience.VENDOR),
        ("*", {"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-acme123456"}}, Audience.ANYONE),
        ("*", {"StringLike": {"aws:PrincipalOrgPaths": "o-acme123456/*"}}, Audience.ESTATE),
        ("*", {"StringEquals": {"aws:PrincipalAccount": ["111122223333"]}}, Audience.SAME_ACCOUNT),
        (
            "*",
            {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::444455556666:role/*"}},
            Audience.ESTATE,
        ),
        ("*", {"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/ci"}}, Audience.ANYONE),
        ("*", {"StringEquals": {"sts:ExternalId": "a long external id"}}, Audience.NOBODY),
        ("*", {"StringEquals": {"sts:ExternalId": "a-long-external-id"}}, Audience.ANYONE),
        ("*", {"StringEquals": {"sts:RoleSessionName": "ci"}}, Audience.ANYONE),
        ("*", {"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}, Audience.UNKNOWN),
    ],
)
def test_who_a_principal_is(principal: str, asks: dict[str, Any], audience: Audience) -> None:
    found = answer(
        trust(principal, "aws", asks), settings=ESTATE, accounts={"role": "111122223333"}
    )

    assert found.audience is audience


def test_a_vendor_is_called_by_its_name() -> None:
    found = answer(trust("777788889999", "aws", {}), vendors={"777788889999": "Observers Ltd"})

    assert found.audience is Audience.VENDOR
    assert found.reason == "`777788889999` is an account of Observers Ltd"


def test_what_an_external_id_is_worth() -> None:
    def defects(principal: str, *ids: str) -> set[Defect]:
        asks = {"StringEquals": {"sts:ExternalId": list(ids)}} if ids else {}
        return set(answer(trust(principal, "aws", asks), settings=ESTATE).defects)

    assert Defect.EXTERNAL_ID_MISSING in defects("999999999999")
    assert Defect.EXTERNAL_ID_MISSING not in defects("arn:aws:iam::999999999999:role/x")
    assert Defect.EXTERNAL_ID_GUESSABLE in defects("999999999999", "111122223333")
    assert Defect.EXTERNAL_ID_GUESSABLE in defects("999999999999", "acme")
    assert defects("999999999999", "5f1c8e2a-7d") == {Defect.WHOLE_ACCOUNT}
    assert defects("111122223333") == {Defect.WHOLE_ACCOUNT}


def test_an_external_id_of_two_principals_tells_neither_apart() -> None:
    asks = {"StringEquals": {"sts:ExternalId": "5f1c8e2a-7d"}}
    one = trust("999999999999", "aws", asks)
    other = trust("888888888888", "aws", asks, id="other", identity="other")

    assert Defect.EXTERNAL_ID_SHARED in answer(one, other).defects
    assert Defect.EXTERNAL_ID_SHARED not in answer(one).defects


def test_a_denied_account_gets_nobody_in() -> None:
    one = trust("arn:aws:iam::444455556666:role/ci", "aws", {})
    deny = trust("444455556666", "aws", {}, id="deny", effect=Effect.DENY)

    assert answer(one, deny).audience is Audience.NOBODY


def test_what_is_left_of_a_deleted_principal() -> None:
    found = answer(trust("AIDA" + "Q" * 17, "aws", {}))

    assert (found.audience, found.defects) == (Audience.NOBODY, (Defect.DELETED_PRINCIPAL,))


def test_an_action_that_gives_no_credentials_lets_nobody_in() -> None:
    assert answer(trust("*", "aws", {}, actions=("sts:TagSession",))).audience is Audience.NOBODY
    assert answer(trust("*", "aws", {}, actions=("sts:*",))).audience is Audience.ANYONE


def test_a_service_and_whom_it_acts_for() -> None:
    def of(asks: dict[str, Any], principal: str = "sns.amazonaws.com") -> Any:
        one = trust(principal, "aws", asks, kind=TrustKind.SERVICE)
        return answer(one, settings=ESTATE, accounts={"role": "111122223333"})

    assert of({}).audience is Audience.SAME_ACCOUNT
    assert of({}).defects == (Defect.NO_SOURCE,)
    assert of({"StringEquals": {"aws:SourceAccount": "111122223333"}}).defects == ()
    assert of({"StringEquals": {"aws:SourceAccount": "999999999999"}}).audience is Audience.VENDOR
    arn = {"ArnLike": {"aws:SourceArn": "arn:aws:sns:*:444455556666:*"}}
    assert of(arn).audience is Audience.ESTATE
    assert Defect.NO_CERTIFICATE in of({}, "rolesanywhere.amazonaws.com").defects


# --- Google Cloud -----------------------------------------------------------------------------

POOL = "projects/1/locations/global/workloadIdentityPools/ci"
MAPPING = {
    "google.subject": "assertion.sub",
    "attribute.repository": "assertion.repository",
    "attribute.owner": "assertion['repository_owner']",
}


def pool(condition: str, issuer: str = f"https://{GITHUB}", **mapping: str) -> Any:
    told = {"attribute_mapping": {**MAPPING, **mapping}, "attribute_condition": condition}
    return trust(
        issuer,
        "gcp",
        told,
        id="pool",
        identity=f"{POOL}/providers/x",
        kind=TrustKind.FEDERATION,
    )


@pytest.mark.parametrize(
    ("condition", "audience"),
    [
        ("", Audience.ANYONE),
        ("assertion.repository_owner == 'acme'", Audience.ESTATE),
        ("'acme' == assertion.repository_owner", Audience.ESTATE),
        ("attribute.owner == 'acme'", Audience.ESTATE),
        ("assertion.repository_owner in ['acme', \"other\"]", Audience.VENDOR),
        ("assertion.repository.startsWith('acme/')", Audience.ESTATE),
        ("assertion.repository.startsWith('acme')", Audience.ANYONE),
        ("assertion.repository.contains('acme/')", Audience.ANYONE),
        ("assertion.repository.matches('^acme/.*$')", Audience.ESTATE),
        ("assertion.repository.matches('acme/')", Audience.ANYONE),
        ("google.subject.startsWith('repo:acme/')", Audience.ESTATE),
        ("!(assertion.repository_owner != 'acme')", Audience.ESTATE),
        ("assertion.ref == 'refs/heads/main'", Audience.ANYONE),
        (
            "assertion.ref == 'refs/heads/main' && assertion.repository_owner == 'acme'",
            Audience.ESTATE,
        ),
        (
            "assertion.ref == 'refs/heads/main' || assertion.repository_owner == 'acme'",
            Audience.ANYONE,
        ),
        ("assertion.repository_owner == '${var.org}'", Audience.UNKNOWN),
        ("assertion.repository_owner == '${var.org}' || true", Audience.ANYONE),
        ("assertion.repository_owner.size() == 4", Audience.UNKNOWN),
        ("assertion.repository_owner == 'acme' && assertion.new_claim == 'x'", Audience.UNKNOWN),
        ("${var.condition}", Audience.UNKNOWN),
        ("false", Audience.NOBODY),
        (
            "has(assertion.environment) ? assertion.repository_owner == 'acme' : false",
            Audience.ESTATE,
        ),
        (
            "has(assertion.environment) ? assertion.repository_owner == 'acme' : true",
            Audience.ANYONE,
        ),
        ("(" * 12 + "true" + " ? true : true)" * 12, Audience.UNKNOWN),
    ],
)
def test_whom_a_pool_admits(condition: str, audience: Audience) -> None:
    assert answer(pool(condition), settings=OURS).audience is audience


def member(text: str) -> Any:
    return trust(text, "gcp", {}, kind=TrustKind.IMPERSONATION, id="member")


@pytest.mark.parametrize(
    ("part", "audience"),
    [
        ("attribute.repository/acme/app", Audience.ESTATE),
        ("attribute.owner/other", Audience.VENDOR),
        ("subject/repo:acme/app:ref:refs/heads/main", Audience.ESTATE),
        ("*", Audience.ANYONE),
        ("attribute.missing/x", Audience.UNKNOWN),
    ],
)
def test_which_part_of_a_pool_a_member_is(part: str, audience: Audience) -> None:
    one = member(f"principalSet://iam.googleapis.com/{POOL}/{part}")

    assert answer(one, pool(""), settings=OURS).audience is audience


def test_a_member_of_a_guarded_pool_is_guarded() -> None:
    one = member(f"principalSet://iam.googleapis.com/{POOL}/*")

    assert answer(one, pool("assertion.repository_owner == 'acme'"), settings=OURS).audience is (
        Audience.ESTATE
    )
    assert answer(one, settings=OURS).open == {"identity": one.principal}


@pytest.mark.parametrize(
    ("principal", "audience"),
    [
        ("allUsers", Audience.ANYONE),
        ("allAuthenticatedUsers", Audience.ANYONE),
        ("serviceAccount:ci@acme-build.iam.gserviceaccount.com", Audience.ESTATE),
        ("serviceAccount:ci@elsewhere.iam.gserviceaccount.com", Audience.VENDOR),
        ("serviceAccount:acme-build.svc.id.goog[default/ci]", Audience.ESTATE),
        ("user:anna@example.com", Audience.UNKNOWN),
    ],
)
def test_other_members(principal: str, audience: Audience) -> None:
    assert answer(member(principal), settings={"gcp": ("acme-build",)}).audience is audience


# --- Entra ------------------------------------------------------------------------------------


def credential(issuer: str = f"https://{GITHUB}", **told: Any) -> Any:
    return trust(issuer, "azuread", told, kind=TrustKind.FEDERATION)


def test_a_credential_takes_its_subject_as_it_is() -> None:
    exact = answer(credential(subject="repo:acme/app:ref:refs/heads/main"), settings=OURS)
    wild = answer(credential(subject="repo:*"), settings=OURS)

    assert (exact.audience, exact.open, exact.defects) == (Audience.ESTATE, {}, ())
    assert wild.audience is Audience.NOBODY
    assert wild.defects == (Defect.NEVER_MATCHES, Defect.LITERAL_WILDCARD)
    assert wild.meant is not None
    assert wild.meant.audience is Audience.ANYONE
    assert answer(credential()).audience is Audience.NOBODY


@pytest.mark.parametrize(
    ("expression", "audience", "open"),
    [
        ("claims['sub'] matches 'repo:acme/app:ref:refs/heads/*'", Audience.ESTATE, {"branch"}),
        ("claims['sub'] matches 'repo:acme*'", Audience.ANYONE, None),
        ("claims['sub'] eq 'repo:acme/app:pull_request'", Audience.ESTATE, set()),
        (
            "claims['sub'] matches 'repo:*' and claims['job_workflow_ref'] matches 'acme/w/*'",
            Audience.ANYONE,
            None,
        ),
        ("claims['sub'] matches 'repo:${var.org}/*'", Audience.UNKNOWN, None),
        ("claims['sub'] startsWith 'repo:acme/'", Audience.UNKNOWN, None),
    ],
)
@pytest.mark.parametrize("wrapped", [True, False])
def test_a_flexible_credential(
    expression: str, audience: Audience, open: set[str] | None, wrapped: bool
) -> None:
    if wrapped:
        told: dict[str, Any] = {
            "claimsMatchingExpression": {"languageVersion": 1, "value": expression}
        }
    else:
        told = {"claims_matching_expression": expression}

    found = answer(credential(**told), settings=OURS)

    assert found.audience is audience
    assert open is None or set(found.open) == open


def test_service_connections_of_azure_devops() -> None:
    issuer = f"https://vstoken.dev.azure.com/{UUID}"
    found = answer(
        credential(issuer, subject="sc://acme/app/prod"), settings={"azure_devops": ("acme",)}
    )

    assert (found.audience, found.issuer) == (Audience.ESTATE, "azure-devops")


# --- all of them ------------------------------------------------------------------------------


def test_every_trust_that_allows_has_an_answer_of_its_own() -> None:
    same = [federated(GITHUB, {}, id=name, identity=name) for name in ("a", "b")]
    deny = denial(federated(GITHUB, {}, identity="b"))
    strange = trust("x", "elsewhere", {}, id="strange")

    answers = judge([*same, deny, strange], Surroundings(known()))

    assert {name: one.audience for name, one in answers.items()} == {
        "a": Audience.ANYONE,
        "b": Audience.NOBODY,
        "strange": Audience.UNKNOWN,
    }
    assert all(name == one.trust for name, one in answers.items())


def test_conditions_that_are_made_to_take_long_are_given_up() -> None:
    sub = ["*".join("abcdefgh"[i:] + "?" * 30) for i in range(8)]

    found = of_github(["*" + "?" * 40 + "a" * 20 + "*", *sub], settings=OURS)

    assert found.audience in (Audience.UNKNOWN, Audience.ANYONE)
