"""The commands by which what an outsider holds is taken away."""

from __future__ import annotations

import shlex
from typing import Any

import pytest

from analysis.third import OBJECT, TENANT, app, consent, place, trust
from keymuster.analysis import revocation
from keymuster.inventory.build import build
from keymuster.model import FileLocation, Grant, GrantKind, Trust, TrustKind

GRAPH = "https://graph.microsoft.com/v1.0"


def of(grant: Grant, *others: Any) -> list[str]:
    return list(revocation.of_grant(grant, build([grant, *others])))


def granted(provider: str, **more: Any) -> Grant:
    said: dict[str, Any] = {"id": "g", "identity": "x", "kind": GrantKind.ROLE_BINDING}
    return Grant(provider=provider, location=place(provider, "acme"), **said | more)


def test_a_consent_in_entra_is_deleted_and_the_application_stopped() -> None:
    holder = app()
    assert of(consent(holder, "Mail.Read"), holder) == [
        f"az rest --method DELETE --url {GRAPH}/oauth2PermissionGrants/g1",
        f"az rest --method PATCH --url {GRAPH}/servicePrincipals/{OBJECT} --body '{{\"accountEnabled\": false}}'",
    ]


def test_a_role_of_an_application_is_deleted_at_its_holder() -> None:
    holder = app()
    one = consent(holder, "Mail.Read", id=f"entra:{TENANT}/appRoleAssignments/r1#consent")
    path = f"servicePrincipals/{OBJECT}/appRoleAssignments/r1"
    assert of(one, holder)[0] == f"az rest --method DELETE --url {GRAPH}/{path}"


def test_an_installation_is_ended_in_the_settings_or_by_the_enterprise() -> None:
    holder = app("dd", "github", tags={"app_slug": "dd"})
    first, second = of(
        consent(holder, "contents:read", id="github:acme/installations/42#grant"), holder
    )
    assert "https://github.com/organizations/acme/settings/installations/42" in first
    assert second.startswith(
        "gh api -X DELETE /enterprises/ENTERPRISE/apps/organizations/acme/installations/42"
    )


def test_a_token_of_a_person_at_google_is_deleted() -> None:
    holder = app("x", "google-workspace", tags={"client_id": "1.apps.googleusercontent.com"})
    [command] = of(consent(holder, "openid"), holder)
    assert command.endswith("/users/ann@acme.example/tokens/1.apps.googleusercontent.com")


def test_delegation_of_a_whole_domain_is_ended_in_the_console() -> None:
    holder = app("x", "google-workspace", tags={"client_id": "1042"})
    [command] = of(consent(holder, "openid", conditions={"delegation": "domain-wide"}), holder)
    assert command.startswith("open https://admin.google.com/")
    assert command.endswith("delete the client 1042")


@pytest.mark.parametrize("kind", ["grants", "tokens"])
def test_what_an_app_of_okta_holds_is_deleted_by_itself(kind: str) -> None:
    holder = app("x", "okta")
    one = consent(holder, "okta.users.read", id=f"okta:acme.okta.com:apps/0oa1/{kind}/o1")
    [command] = of(one, holder)
    assert command.endswith(f"/api/v1/apps/0oa1/{kind}/o1")


@pytest.mark.parametrize(
    ("resource", "command"),
    [
        ("projects/acme", "gcloud projects remove-iam-policy-binding acme"),
        ("folders/45", "gcloud resource-manager folders remove-iam-policy-binding 45"),
        ("organizations/1", "gcloud organizations remove-iam-policy-binding 1"),
        ("storage_bucket/logs", "gcloud storage buckets remove-iam-policy-binding gs://logs"),
    ],
)
def test_a_member_is_taken_out_of_a_binding(resource: str, command: str) -> None:
    one = granted(
        "gcp", identity="gcp:x@y.iam.gserviceaccount.com", via="roles/viewer", resources=(resource,)
    )
    member = "--member=serviceAccount:x@y.iam.gserviceaccount.com --role=roles/viewer"
    assert of(one) == [f"{command} {member}"]


def test_a_conditional_binding_is_named_as_such() -> None:
    one = granted(
        "gcp", identity="gcp:user:a@b.example", via="roles/viewer", resources=("projects/p",),
        conditions={"condition": {"expression": "true"}},
    )  # fmt: skip
    assert of(one)[0].endswith("--role=roles/viewer --all")


@pytest.mark.parametrize(
    ("arn", "command"),
    [
        ("arn:aws:s3:::logs/*", "aws s3api put-bucket-policy --bucket logs --policy file://policy.json"),
        (
            "arn:aws:ecr:eu-west-1:111122223333:repository/team/app",
            "aws ecr set-repository-policy --repository-name team/app --policy-text file://policy.json",
        ),
        (
            "arn:aws:sns:eu-west-1:111122223333:alarms",
            "aws sns remove-permission --topic-arn arn:aws:sns:eu-west-1:111122223333:alarms --label STATEMENT_ID",
        ),
    ],
)  # fmt: skip
def test_policies_of_resources(arn: str, command: str) -> None:
    assert of(granted("aws", kind=GrantKind.RESOURCE_POLICY, resources=(arn,))) == [command]


def test_an_assignment_in_azure_is_named_by_its_id() -> None:
    id = "/subscriptions/1/providers/microsoft.authorization/roleassignments/a"
    assert of(granted("azure", id=f"{id}#role")) == [f"az role assignment delete --ids {id}"]


def test_trust_in_an_account_is_taken_out_of_the_role_and_its_sessions_end() -> None:
    role, one = trust()
    first, second = revocation.of_trust(one, build([role, one]), "464622532012")
    assert first.startswith("aws iam update-assume-role-policy --role-name monitoring ")
    assert first.endswith("without 464622532012")
    assert "AWSRevokeOlderSessions" in second


def test_a_provider_of_a_pool_is_deleted() -> None:
    one = Trust(
        id="//iam.googleapis.com/projects/4711/locations/global/workloadIdentityPools/ci/providers/gh#trust",
        identity="gcp:workloadIdentityPools/ci", principal="https://oidc.circleci.com/org/1",
        kind=TrustKind.FEDERATION, provider="gcp", location=place("gcp", "acme"),
    )  # fmt: skip
    [command] = revocation.of_trust(one, build([one]), "")
    assert command == (
        "gcloud iam workload-identity-pools providers delete gh --workload-identity-pool=ci"
        " --location=global --project=4711"
    )


def test_what_code_declares_is_taken_out_of_it_first() -> None:
    one = granted("gcp", resources=("projects/p",), via="roles/viewer")
    there = Grant(
        id="h", identity="gcp:user:a@b.example", kind=GrantKind.ROLE_BINDING, provider="gcp", via="roles/viewer",
        resources=("projects/p",), location=FileLocation(path="main.tf", line=7),
    )  # fmt: skip
    assert of(there)[0] == "take it out of main.tf:7, and apply that"
    assert not of(one)[0].startswith("take it out")


@pytest.mark.parametrize("provider", ["gcp", "okta", "entra", "github", "google-workspace", "slack", "azure", "aws"])  # fmt: skip
def test_no_name_becomes_a_command(provider: str) -> None:
    bad = "x; touch /tmp/owned `id` $(id) ' \""
    holder = app(
        bad, provider, account=bad, tags={"client_id": bad, "app_slug": bad}, id=f"{provider}:{bad}"
    )
    for id in (
        f"{provider}:{bad}/installations/42", f"/{bad}", f"{provider}:t/oauth2PermissionGrants/{bad}",
        f"okta:acme/apps/{bad}/grants/{bad}", f"//x/projects/{bad}",
    ):  # fmt: skip
        one = Grant(
            id=id, identity=holder.id, kind=GrantKind.OAUTH_CONSENT, provider=provider, granted_by=bad, via=bad,
            resources=(f"projects/{bad}", f"arn:aws:s3:::{bad}"), location=holder.location,
        )  # fmt: skip
        for command in of(one, holder):
            words = shlex.split(command.partition("  #")[0])
            assert "touch" not in words
            assert not {one for one in words if one.startswith(("`", "$(id"))}
