"""What leads where, sort by sort."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import pytest
from msgspec.structs import replace

from analysis.aws import ACCOUNT, ADMINISTRATOR, Made
from analysis.reach.making import (
    PLACE,
    basis,
    grant,
    identity,
    key,
    place,
    resource,
    said,
    trust,
    use,
)
from keymuster.analysis import analysed
from keymuster.analysis.reach import edges as folder
from keymuster.analysis.reach.edges import (
    agents,
    aws,
    aws_data,
    azure_vaults,
    credentials,
    escalations,
    gcp,
    kubernetes,
    leaks,
    memberships,
    third_parties,
    trusts,
    uses,
    workflows,
)
from keymuster.analysis.reach.graph import Basis, Edge, Kind, Node, build
from keymuster.inventory.build import build as inventory
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    CredentialStatus,
    FileLocation,
    GrantKind,
    IdentityKind,
    Observation,
    ServiceLocation,
    Storage,
    TrustKind,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

NOW = datetime(2026, 1, 15, tzinfo=UTC)


def known(rules: RuleSet, *records: Observation) -> Basis:
    """With the facts that follow."""
    return Basis(analysed(inventory(records), Settings(), rules, NOW), Settings(), rules)


# --- credentials -----------------------------------------------------------------------------


def test_a_file_holds_a_key_which_proves_an_identity(rules: RuleSet) -> None:
    one = basis(rules, identity("ci"), key("1", "ci"))
    assert said(leaks.edges(one)) == {("file:app.env", "holds", "secret:1")}
    assert said(credentials.edges(one)) == {("secret:1", "proves", "ci")}


@pytest.mark.parametrize("status", ["disabled", "expired", "sample", "public", "invalid"])
def test_what_opens_nothing_leads_nowhere(status: str, rules: RuleSet) -> None:
    one = basis(rules, key("1", "ci", status=CredentialStatus(status)))
    assert said([*leaks.edges(one), *credentials.edges(one)]) == set()


def test_a_key_that_has_ended_leads_nowhere(rules: RuleSet) -> None:
    one = basis(rules, key("1", "ci", expires_at=datetime(2026, 1, 14, tzinfo=UTC)))
    one.inventory.now = NOW
    assert said(leaks.edges(one)) == set()
    one.inventory.now = datetime(2026, 1, 13, tzinfo=UTC)
    assert said(leaks.edges(one)) == {("file:app.env", "holds", "secret:1")}


def test_what_lies_on_one_machine_is_not_leaked_by_that(rules: RuleSet) -> None:
    assert said(leaks.edges(basis(rules, key("1", storage=Storage.AGENT_TOKENS)))) == set()


def test_an_encrypted_key_and_a_doubtful_one_are_assumed(rules: RuleSet) -> None:
    one = basis(
        rules,
        key("1", "ci", status=CredentialStatus.ENCRYPTED),
        key("2", confidence=Confidence.LOW),
    )
    assert said(leaks.edges(one)) == {
        ("file:app.env", "holds?", "secret:1"),
        ("file:app.env", "holds?", "secret:2"),
    }
    assert said(credentials.edges(one)) == {("secret:1", "proves?", "ci")}


def test_each_file_that_holds_a_key_leads_to_it(rules: RuleSet) -> None:
    one = basis(rules, key("1"), key("1", location=place("b.env")))
    assert said(leaks.edges(one)) == {
        ("file:app.env", "holds", "secret:1"),
        ("file:b.env", "holds", "secret:1"),
    }


def told_key(id: str, fingerprint: str, status: CredentialStatus) -> Credential:
    return Credential(
        id=id, kind=CredentialKind.ACCESS_KEY, name=id, location=PLACE, fingerprint=fingerprint,
        identity="ci", status=status, storage=Storage.SERVICE,
    )  # fmt: skip


def test_a_key_is_the_same_as_the_one_of_which_its_service_told(rules: RuleSet) -> None:
    one = known(rules, key("1"), told_key("live", "1", CredentialStatus.ACTIVE))
    assert ("secret:1", "is-the-same", "live") in said(credentials.edges(one))
    one = known(rules, key("1"), told_key("dead", "1", CredentialStatus.DISABLED))
    assert said(credentials.edges(one)) == set()


# --- trusts and third parties ----------------------------------------------------------------


def test_outsiders_are_let_in_by_trusts(rules: RuleSet) -> None:
    records = [
        identity("role"),
        *(trust(who, "role") for who in ("*", "vendor", "somebody", "ours")),
    ]
    facts = {
        "role trusts *": {"audience": "anyone", "anyone": "yes"},
        "role trusts vendor": {"audience": "vendor", "vendors": ["Datadog"]},
        "role trusts somebody": {"audience": "unknown"},
        "role trusts ours": {"audience": "same-account"},
    }
    assert said(trusts.edges(basis(rules, *records, facts=facts))) == {
        ("outside:anyone", "lets-in", "role"),
        ("outside:Datadog", "lets-in", "role"),
    }


def test_anyone_at_an_issuer_is_not_anyone(rules: RuleSet) -> None:
    one = trust("https://token.actions.githubusercontent.com", "role", kind=TrustKind.FEDERATION)
    facts = {one.id: {"audience": "anyone", "anyone": "unknown", "issuer": "github"}}
    assert said(trusts.edges(basis(rules, one, facts=facts))) == {
        ("outside:anyone@github", "lets-in?", "role")
    }


def test_a_trust_that_is_not_in_force_lets_nobody_in(rules: RuleSet) -> None:
    one = trust("*", "role")
    facts = {one.id: {"audience": "anyone", "anyone": "yes", "in_force": "no"}}
    assert said(trusts.edges(basis(rules, one, facts=facts))) == set()


def test_one_of_us_whom_another_trusts_leads_there(rules: RuleSet) -> None:
    one = basis(rules, identity("a"), identity("b"), trust("a", "b"))
    assert said(trusts.edges(one)) == {("a", "trusts", "b")}


def test_a_third_party_operates_what_was_granted_something(rules: RuleSet) -> None:
    app = identity("app", kind=IdentityKind.APPLICATION)
    given = grant("app", actions=("Mail.Read",), kind=GrantKind.OAUTH_CONSENT)
    facts = {
        "app": {"third_party": "yes", "vendor_name": "Acme"},
        given.id: {"third_party": "yes", "grade": "read"},
    }
    one = basis(rules, app, given, facts=facts)
    assert said(third_parties.edges(one)) == {("vendor:Acme", "operates", "app")}
    facts["app"]["third_party"] = facts[given.id]["third_party"] = "unknown"
    assert said(third_parties.edges(one)) == {("vendor:Acme", "operates?", "app")}


def test_a_principal_of_a_third_party_administers_what_it_was_granted(rules: RuleSet) -> None:
    given = grant(
        "gcp:user:ann@vendor.example",
        via="roles/owner",
        resources=("projects/acme",),
        provider="gcp",
    )
    facts = {given.id: {"third_party": "yes", "grade": "administer", "vendor_name": "Acme"}}
    assert said(third_parties.edges(basis(rules, given, facts=facts))) == {
        ("vendor:Acme", "operates", "gcp:user:ann@vendor.example"),
        ("gcp:user:ann@vendor.example", "administers", "rights:gcp:projects/acme"),
    }


# --- what is used ----------------------------------------------------------------------------


def test_what_runs_has_its_identity_and_its_credentials(rules: RuleSet) -> None:
    server = identity("mcp:x", kind=IdentityKind.MCP_SERVER)
    one = basis(
        rules, identity("role"), key("1"), server, use("pod", "role"), use("mcp:x", "secret:1", UseKind.AGENT),
        use("agent", "mcp:x", UseKind.AGENT),
    )  # fmt: skip
    assert said(uses.edges(one)) == {
        ("pod", "runs-as", "role"),
        ("mcp:x", "is-given", "secret:1"),
        ("agent", "calls", "mcp:x"),
    }


def test_what_the_platform_does_with_an_identity_is_not_the_workloads(rules: RuleSet) -> None:
    """An instance has what its profile hands on; a profile is no identity."""
    one = basis(
        rules, identity("role"), identity("puller"), use("machine", "profile"), use("profile", "role"),
        use("machine", "puller", UseKind.OTHER), use("cluster", "machine", UseKind.OTHER),
        use("machine", "${var.role}"),
    )  # fmt: skip
    assert said(uses.edges(one)) == {
        ("machine", "runs-as", "profile"),
        ("profile", "runs-as", "role"),
        ("cluster", "runs-as", "machine"),
    }


@pytest.mark.parametrize(
    ("told", "edge"), [("accepted", "signs-in"), ("unknown", "signs-in?"), ("refused", "")]
)
def test_a_job_signs_in_where_it_is_not_refused(told: str, edge: str, rules: RuleSet) -> None:
    login = use("job", "role", UseKind.WORKFLOW)
    one = basis(rules, identity("role"), login, facts={login.id: {"login": told}})
    assert said(uses.edges(one)) == ({("job", edge, "role")} if edge else set())


def test_a_pod_has_a_cloud_identity_if_that_trusts_it_by_name(rules: RuleSet) -> None:
    account = identity(
        "sa", kind=IdentityKind.SERVICE_ACCOUNT, provider="kubernetes",
        aliases=("kubernetes:ServiceAccount/prod/app",),
    )  # fmt: skip
    records = [account, identity("role"), use("sa", "role")]
    assert said(uses.edges(basis(rules, *records))) == {("sa", "runs-as?", "role")}
    conditions = {"StringEquals": {"oidc:sub": "system:serviceaccount:prod:app"}}
    trusting = trust("oidc", "role", kind=TrustKind.FEDERATION, conditions=conditions)
    assert said(uses.edges(basis(rules, *records, trusting))) == {("sa", "runs-as", "role")}


# --- members and owners ----------------------------------------------------------------------


def test_members_have_what_their_group_has_and_owners_what_they_own(rules: RuleSet) -> None:
    one = basis(
        rules, identity("group", kind=IdentityKind.GROUP), identity("app"), identity("principal"),
        grant("member", via="group"),
        grant("owner", provider="entra", resources=("app",), conditions={"owner": "Ann"}),
    )  # fmt: skip
    assert said(memberships.edges(one)) == {
        ("member", "is-member", "group"),
        ("owner", "owns", "app"),
    }


def test_an_application_and_its_service_principal_are_one(rules: RuleSet) -> None:
    pair = grant("principal", via="app", provider="entra", kind=GrantKind.OTHER)
    pair = replace(pair, id="principal#application")
    one = basis(rules, identity("principal"), identity("app"), pair)
    found = [edge for edge in memberships.edges(one) if isinstance(edge, Edge)]
    assert said(found) == {
        ("principal", "is-the-same", "app"),
        ("app", "is-the-same", "principal"),
    }
    assert not any(edge.kind.cut for edge in found)


def test_ways_to_every_right_lead_there(rules: RuleSet) -> None:
    one = basis(
        rules, identity("a", provider="gcp", account="acme"), identity("b", provider="gcp"),
        facts={"a": {"escalations": ["roles/editor"], "privilege": "write"},
               "b": {"escalations": ["roles/owner"], "privilege": "admin"}},
    )  # fmt: skip
    assert said(escalations.edges(one)) == {("a", "gains-every-right", "rights:gcp:acme")}


# --- workflows and agents --------------------------------------------------------------------

JOB = "github-actions:.github/workflows/ci.yml:build"


def step(type: str, key: str, **settings: Any) -> Observation:
    return resource(
        type, f"resource:{type}:github-actions:.github/workflows/ci.yml:{key}", **settings
    )


def workflow(rules: RuleSet, *parts: Observation) -> set[tuple[str, str, str]]:
    job = identity(JOB, kind=IdentityKind.WORKFLOW_JOB, provider="github", name="build")
    return said(workflows.edges(basis(rules, job, *parts)))


TARGET = step("GitHub::Actions::Trigger", "x", event="pull_request_target", privileged=True)


def test_a_job_that_checks_out_a_pull_request_runs_its_code(rules: RuleSet) -> None:
    checkout = step("GitHub::Actions::Checkout", "build.1", untrusted=True, privileged=True)
    assert workflow(rules, TARGET, checkout) == {("outside:contributor", "runs-code", JOB)}
    harmless = step("GitHub::Actions::Checkout", "build.1", untrusted=False, privileged=True)
    assert workflow(rules, TARGET, harmless) == {("outside:contributor", "starts?", JOB)}
    other = step("GitHub::Actions::Checkout", "built.1", untrusted=True, privileged=True)
    assert workflow(rules, other) == set()


def test_a_step_finds_its_job_without_a_look_at_every_workflow() -> None:
    """An estate has thousands of them."""

    class Jobs(dict[str, list[str]]):
        def items(self) -> Any:
            raise AssertionError("it looks at all of them")

    jobs = Jobs({JOB.rpartition(":")[0]: [JOB]})
    checkout = step("GitHub::Actions::Checkout", "build.git://host:1/x", untrusted=True)
    assert workflows._job(checkout, jobs) == JOB


def test_a_comment_that_is_expanded_into_a_script_runs(rules: RuleSet) -> None:
    comment = step("GitHub::Actions::Trigger", "x", event="issue_comment", privileged=False)
    script = step(
        "GitHub::Actions::Expansion", "build.2.x", controlled_by="anyone", certainly_code=True
    )
    assert workflow(rules, comment, script) == {("outside:commenter", "runs-code", JOB)}
    push = step("GitHub::Actions::Trigger", "x", event="push", privileged=False)
    assert workflow(rules, push, script) == set()


def test_only_what_shows_that_an_agent_reads_of_strangers_proves_it(rules: RuleSet) -> None:
    agent = identity("agent:a", kind=IdentityKind.AGENT, provider="claude-code")
    assert said(agents.edges(basis(rules, agent))) == {("prompt:agent:a", "steers?", "agent:a")}
    web = grant(
        "agent:a", kind=GrantKind.TOOL_PERMISSION, actions=("WebFetch(domain:example.com)",)
    )
    assert said(agents.edges(basis(rules, agent, web))) == {("prompt:agent:a", "steers", "agent:a")}
    shell = grant("agent:a", kind=GrantKind.TOOL_PERMISSION, actions=("Bash(make test)",))
    assert said(agents.edges(basis(rules, agent, shell))) == {
        ("prompt:agent:a", "steers?", "agent:a")
    }


def test_what_stands_in_the_entry_of_a_server_is_given_to_it(rules: RuleSet) -> None:
    entry = FileLocation(path=".mcp.json", line=2, end_line=6, column=5, end_column=6)
    server = identity("mcp:x", kind=IdentityKind.MCP_SERVER, location=entry)
    inside, outside = place(".mcp.json", 4), place(".mcp.json", 7)
    one = basis(rules, server, key("1", location=inside), key("2", location=outside))
    assert said(agents.edges(one)) == {("mcp:x", "is-given", "secret:1")}


# --- clouds ----------------------------------------------------------------------------------


def of(made: Made) -> tuple[Observation, ...]:
    return (*made.identities, *made.grants, *made.trusts, *made.uses)


def test_in_aws_roles_are_assumed_with_the_statements_that_allow_it(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ci"), made.role("boss")
    made.allow(user, "sts:AssumeRole", role)
    made.trust(role, user)
    made.has(role, ADMINISTRATOR)
    found = list(aws.edges(known(rules, *of(made))))
    [edge] = [one for one in found if isinstance(one, Edge) and one.kind.id == "assumes"]
    assert (edge.start, edge.to, edge.is_proved) == (user, role, True)
    assert edge.evidence() == ("grant-1", "trust-2")
    whole = f"rights:aws:{ACCOUNT}"
    assert (role, "is-administrator", whole) in said(found)
    assert (whole, "administers", user) in said(found)


def test_in_aws_what_depends_on_an_unknown_condition_is_assumed(rules: RuleSet) -> None:
    made = Made()
    user, role = made.user("ci"), made.role("boss")
    made.allow(user, "sts:AssumeRole", role, Condition={"StringEquals": {"aws:SourceVpc": "vpc-1"}})
    made.trust(role, f"arn:aws:iam::{ACCOUNT}:root")
    assert (user, "assumes?", role) in said(aws.edges(known(rules, *of(made))))


def test_in_aws_a_known_way_leads_to_every_right(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ci")
    made.allow(user, "iam:PutUserPolicy")
    whole = f"rights:aws:{ACCOUNT}"
    assert (user, "gains-every-right", whole) in said(aws.edges(known(rules, *of(made))))


def test_many_roles_that_are_alike_are_reached_by_one_edge(rules: RuleSet) -> None:
    made = Made()
    user = made.user("ci")
    roles = [made.role(f"role{number}") for number in range(20)]
    made.allow(user, "sts:AssumeRole")
    for role in roles:
        made.trust(role, f"arn:aws:iam::{ACCOUNT}:root")
    found = list(aws.edges(known(rules, *of(made))))
    [edge] = [one for one in found if isinstance(one, Edge) and one.kind.id == "assumes"]
    assert edge.to == "aws:alike:0"
    assert set(roles) <= {one.to for one in found if isinstance(one, Edge) and one.start == edge.to}
    assert edge.evidence(roles[3]) == ("grant-1", "trust-5")


def secret(name: str) -> Observation:
    id = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:{name}-AbCdEf"
    return resource("AWS::SecretsManager::Secret", f"resource:{id}", name, Name=name)


def reads(rules: RuleSet, on: str | list[str], **more: Any) -> set[tuple[str, str, str]]:
    made = Made()
    user = made.user("ci")
    made.allow(user, "secretsmanager:GetSecretValue", on, **more)
    one = known(rules, *of(made), secret("prod/db"), secret("test/db"))
    return {
        (kind, to.rpartition("secret:")[2], "")
        for start, kind, to in said(aws_data.edges(one))
        if start == user
    }


def test_in_aws_secrets_are_read_that_a_policy_names(rules: RuleSet) -> None:
    arn = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:"
    assert reads(rules, f"{arn}prod/*") == {("reads", "prod/db-AbCdEf", "")}
    assert reads(rules, f"{arn}prod/db-AbCdEf") == {("reads", "prod/db-AbCdEf", "")}
    assert reads(rules, f"{arn}stage/*") == set()
    assert reads(rules, "arn:aws:secretsmanager:*:*:*t/db-*") == {("reads", "test/db-AbCdEf", "")}
    assert reads(rules, "*") == {("reads", f"secrets:aws:{ACCOUNT}", "")}
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1"}}
    assert ("reads?", "prod/db-AbCdEf", "") in reads(rules, f"{arn}prod/*", Condition=condition)


def test_in_aws_what_is_declared_together_is_read_by_its_reference(rules: RuleSet) -> None:
    """The same address in another root module means another secret."""
    made = Made()
    user = made.identity(
        "user", "ci", account="", id="terraform:a:aws_iam_user.ci", aliases=("aws:user/ci",)
    )
    made.allow(user, "secretsmanager:GetSecretValue", "${aws_secretsmanager_secret.db.arn}")
    type = "AWS::SecretsManager::Secret"
    secrets = [
        replace(
            resource(type, f"resource:terraform:{root}:aws_secretsmanager_secret.db"),
            location=place("x.tf"),
        )
        for root in ("a", "b")
    ]
    found = said(aws_data.edges(known(rules, *of(made), *secrets)))
    assert {to for start, _, to in found if start == user} == {
        "resource:terraform:a:aws_secretsmanager_secret.db"
    }
    whole = "secrets:aws:terraform:b"
    assert (whole, "of-account?", "resource:terraform:b:aws_secretsmanager_secret.db") in found


def sa(name: str) -> Observation:
    email = f"{name}@acme.iam.gserviceaccount.com"
    return identity(
        f"gcp:{email}", provider="gcp", name=name, account="acme", aliases=(email,),
        location=ServiceLocation(service="iam", account="acme", resource=email),
    )  # fmt: skip


def email(name: str) -> str:
    return f"gcp:{name}@acme.iam.gserviceaccount.com"


def test_in_google_cloud_accounts_are_become_over_levels(rules: RuleSet) -> None:
    maker = grant(
        email("ci"),
        provider="gcp",
        via="roles/iam.serviceAccountTokenCreator",
        resources=("projects/acme",),
    )
    found = said(gcp.edges(known(rules, sa("ci"), sa("boss"), maker)))
    assert (email("ci"), "impersonates", "projects/acme") in found
    assert ("projects/acme", "in-level", email("boss")) in found


def test_in_google_cloud_secrets_are_read_by_name_or_by_project(rules: RuleSet) -> None:
    one = resource("google_secret_manager_secret", "resource:s", project="acme")
    whole = grant(
        email("ci"),
        provider="gcp",
        via="roles/secretmanager.secretAccessor",
        resources=("projects/acme",),
    )
    named = grant(
        email("run"), provider="gcp", via="roles/secretmanager.secretAccessor", resources=("s",)
    )
    viewer = grant(email("ann"), provider="gcp", via="roles/viewer", resources=("projects/acme",))
    found = said(gcp.edges(known(rules, sa("ci"), sa("run"), sa("ann"), one, whole, named, viewer)))
    assert (email("ci"), "reads-secrets", "secrets:gcp:projects/acme") in found
    assert ("secrets:gcp:projects/acme", "in-level", "resource:s") in found
    assert (email("run"), "reads-secrets", "resource:s") in found
    assert not [edge for edge in found if edge[0] == email("ann")]


def account(name: str, space: str) -> Observation:
    return identity(
        f"{space}/{name}", provider="kubernetes", account=space, name=name,
        aliases=(f"kubernetes:ServiceAccount/{space}/{name}",),
    )  # fmt: skip


def test_in_kubernetes_rights_hold_in_their_namespace(rules: RuleSet) -> None:
    rule = grant(
        "role", provider="kubernetes", kind=GrantKind.POLICY, actions=("get", "create"),
        resources=("/secrets", "/pods"),
    )  # fmt: skip
    role = resource("RoleHolder", "role", labels={}, aggregates=[])
    bound = grant("prod/ci", provider="kubernetes", via="role", conditions={"namespace": "prod"})
    records = (
        account("ci", "prod"),
        account("app", "prod"),
        account("app", "test"),
        rule,
        role,
        bound,
    )
    found = said(kubernetes.edges(known(rules, *records, use("pod", "prod/app"))))
    assert ("prod/ci", "takes-over-accounts", "accounts:kubernetes:prod") in found
    assert ("accounts:kubernetes:prod", "in-namespace", "prod/app") in found
    assert ("accounts:kubernetes:test", "in-namespace?", "test/app") in found
    assert ("prod/ci", "reads-secrets", "secrets:kubernetes:prod") in found
    assert not [edge for edge in found if edge[0] == "prod/ci" and edge[2].endswith(":test")]


def test_in_kubernetes_a_right_to_some_accounts_leads_to_these(rules: RuleSet) -> None:
    def allows(role: str, resource: str, verb: str) -> Observation:
        return grant(
            role, provider="kubernetes", kind=GrantKind.POLICY, actions=(verb,), resources=(resource,),
            conditions={"resourceNames": ["app"]},
        )  # fmt: skip

    records = (
        account("ci", "prod"),
        account("ops", "prod"),
        account("app", "prod"),
        account("app", "test"),
        allows("mints", "/serviceaccounts/token", "create"),
        allows("acts", "/serviceaccounts", "impersonate"),
        resource("RoleHolder", "mints", labels={}, aggregates=[]),
        resource("RoleHolder", "acts", labels={}, aggregates=[]),
        grant("prod/ci", provider="kubernetes", via="mints", conditions={"namespace": "prod"}),
        grant("prod/ops", provider="kubernetes", via="acts"),
    )
    found = said(kubernetes.edges(known(rules, *records)))
    assert {edge for edge in found if edge[0] in ("prod/ci", "prod/ops")} == {
        ("prod/ci", "takes-over-accounts", "prod/app"),
        ("prod/ops", "takes-over-accounts", "prod/app"),
        ("prod/ops", "takes-over-accounts", "test/app"),
    }


def test_in_kubernetes_secrets_hold_tokens_and_kubelets_lead_to_what_runs(rules: RuleSet) -> None:
    records = (
        account("ci", "prod"),
        grant(
            "role", provider="kubernetes", kind=GrantKind.POLICY, actions=("get",), resources=("/nodes/proxy",)
        ),
        resource("RoleHolder", "role", labels={}, aggregates=[]),
        grant("prod/ci", provider="kubernetes", via="role"),
        replace(
            key("token"), identity="kubernetes:ServiceAccount/prod/app", tags={"declared_as": "service-account-token"}
        ),
        replace(key("other"), identity="kubernetes:ServiceAccount/prod/app"),
    )  # fmt: skip
    found = said(kubernetes.edges(known(rules, *records)))
    assert ("secrets:kubernetes:prod", "token-in-secret", "secret:token") in found
    assert ("secrets:kubernetes:", "token-in-secret", "secret:token") in found
    assert not [edge for edge in found if edge[2] == "secret:other"]
    assert ("prod/ci", "takes-over-accounts", "accounts:kubernetes:") in found


def test_in_azure_those_read_a_vault_who_have_a_role_on_it(rules: RuleSet) -> None:
    id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.KeyVault/vaults/v"
    vault = resource(
        "Microsoft.KeyVault/vaults",
        f"resource:{id}",
        "v",
        properties={"enableRbacAuthorization": True},
    )
    reader = grant(
        "app", provider="azure", via="azure:role/Key Vault Secrets User", resources=(id,)
    )
    viewer = grant("ann", provider="azure", via="azure:role/Reader", resources=(id,))
    one = basis(rules, vault, reader, viewer)
    assert said(azure_vaults.edges(one)) == {("app", "reads-vault", f"resource:{id}")}


def test_every_sort_says_how_it_is_cut_or_that_it_is_one_thing(rules: RuleSet) -> None:
    """A sentence may only name what is filled in."""
    kinds = [
        one
        for module in iter_modules(folder.__path__)
        for one in vars(import_module(f"{folder.__name__}.{module.name}")).values()
        if isinstance(one, Kind)
    ]
    assert len(kinds) > 20
    for kind in kinds:
        for text in (kind.says, kind.cut):
            text.format(start="a", to="b", way="c")


def test_only_what_is_proved_is_kept_if_only_that_is_asked_for(rules: RuleSet) -> None:
    one = basis(rules, key("1", "ci", status=CredentialStatus.ENCRYPTED), identity("ci"))
    assert len(build(one).edges) == 2
    assert build(one, proved=True).edges == []
    assert all(isinstance(node, Node) for node in build(one).made.values())
