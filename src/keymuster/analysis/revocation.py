"""How to take away what somebody outside holds: the command that the vendor of the platform offers for it.

Each function names the page that says so. What services told stands in these commands, so every word of
it is quoted: a name must not become a command.
"""

from __future__ import annotations

import re
from shlex import quote

from keymuster.inventory.build import Inventory
from keymuster.model import FileLocation, Grant, GrantKind, Identity, Trust, TrustKind
from keymuster.model.unknown import is_unknown


def of_grant(grant: Grant, inventory: Inventory) -> tuple[str, ...]:
    """The steps, the first one first. What code declares goes there first, or it comes back."""
    steps = _OF_PROVIDER.get(grant.provider, _unknown)(grant, inventory)
    return (*_in_code(grant), *steps)


def of_trust(trust: Trust, inventory: Inventory, party: str) -> tuple[str, ...]:
    """The same for one of those who may become an identity."""
    match trust.provider:
        case "aws":
            steps = _role(trust, inventory, party)
        case "gcp":
            steps = _impersonation(trust, inventory)
        case "entra" | "azure" if trust.kind is TrustKind.FEDERATION:
            steps = _federated(trust, inventory)
        case _:
            steps = ()
    return (*_in_code(trust), *steps)


def _in_code(record: Grant | Trust) -> tuple[str, ...]:
    if not isinstance(record.location, FileLocation):
        return ()
    return (f"take it out of {record.location.name}:{record.location.line}, and apply that",)


def _unknown(grant: Grant, _: Inventory) -> tuple[str, ...]:
    return ()


def _holder(record: Grant | Trust, inventory: Inventory) -> Identity | None:
    found = inventory.records.get(record.identity)
    return found if isinstance(found, Identity) else None


def _said(text: str, word: str) -> str:
    """A value for a command: quoted, or what to put in its place where it is not known."""
    return word if not text or is_unknown(text) else quote(text)


# --- AWS ----------------------------------------------------------------------------------------


def _role(trust: Trust, inventory: Inventory, party: str) -> tuple[str, ...]:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html"""
    role = _holder(trust, inventory)
    name = _said(role.name if role else "", "ROLE")
    without = f"  # the same, without {party}" if party else ""
    return (
        f"aws iam update-assume-role-policy --role-name {name} --policy-document file://trust.json{without}",
        f"aws iam put-role-policy --role-name {name} --policy-name AWSRevokeOlderSessions"
        " --policy-document file://deny-older-sessions.json",
    )


_POLICIES = {
    "s3": "aws s3api put-bucket-policy --bucket {name} --policy file://policy.json",
    "kms": "aws kms put-key-policy --key-id {arn} --policy-name default --policy file://policy.json",
    "sns": "aws sns remove-permission --topic-arn {arn} --label STATEMENT_ID",
    "sqs": "aws sqs set-queue-attributes --queue-url QUEUE_URL --attributes file://policy.json",
    "lambda": "aws lambda remove-permission --function-name {arn} --statement-id STATEMENT_ID",
    "secretsmanager": "aws secretsmanager put-resource-policy --secret-id {arn} --resource-policy file://policy.json",
    "ecr": "aws ecr set-repository-policy --repository-name {name} --policy-text file://policy.json",
    "dynamodb": "aws dynamodb put-resource-policy --resource-arn {arn} --policy file://policy.json",
}
"""Service -> how the policy of one of its resources is written anew, without the statement.
https://docs.aws.amazon.com/cli/latest/reference/"""


def _aws(grant: Grant, _: Inventory) -> tuple[str, ...]:
    arn = next((one for one in grant.resources if one.startswith("arn:")), "")
    if found := re.search(r"^(arn:[\w-]+:kms:[^#]+)/grant/(\w{1,128})", grant.id):
        key, id = map(quote, found.groups())
        return (f"aws kms revoke-grant --key-id {key} --grant-id {id}",)
    service, rest = _parts(arn)
    form = _POLICIES.get(service)
    if form is None or grant.kind is not GrantKind.RESOURCE_POLICY:
        return ()
    name = rest.removeprefix("repository/") if service == "ecr" else rest.partition("/")[0]
    return (form.format(name=_said(name, "NAME"), arn=_said(arn, "ARN")),)


def _parts(arn: str) -> tuple[str, str]:
    """The service and the name in it: `s3`, `data/*`."""
    parts = arn.split(":", 5)
    return (parts[2], parts[5]) if len(parts) > 5 else ("", "")


# --- Google Cloud -------------------------------------------------------------------------------

_BINDINGS = {
    "projects": "gcloud projects remove-iam-policy-binding {name}",
    "folders": "gcloud resource-manager folders remove-iam-policy-binding {name}",
    "organizations": "gcloud organizations remove-iam-policy-binding {name}",
    "storage_bucket": "gcloud storage buckets remove-iam-policy-binding gs://{name}",
    "secret_manager_secret": "gcloud secrets remove-iam-policy-binding {name}",
    "pubsub_topic": "gcloud pubsub topics remove-iam-policy-binding {name}",
    "pubsub_subscription": "gcloud pubsub subscriptions remove-iam-policy-binding {name}",
    "service_account": "gcloud iam service-accounts remove-iam-policy-binding {name}",
}
"""What a policy is on -> how a member is taken out of it.
https://cloud.google.com/sdk/gcloud/reference/projects/remove-iam-policy-binding and its siblings"""


def _gcp(grant: Grant, inventory: Inventory) -> tuple[str, ...]:
    kind, _, name = next(iter(grant.resources), "").partition("/")
    form = _BINDINGS.get(kind)
    if form is None:
        return ()
    command = form.format(name=_said(name, "NAME"))
    return (f"{command} {_binding(grant.identity, grant.via, bool(grant.conditions))}",)


def _impersonation(trust: Trust, inventory: Inventory) -> tuple[str, ...]:
    """https://cloud.google.com/sdk/gcloud/reference/iam/workload-identity-pools/providers/delete"""
    if found := _PROVIDER.search(trust.id):
        project, pool, name = map(quote, found.groups())
        return (
            f"gcloud iam workload-identity-pools providers delete {name} --workload-identity-pool={pool}"
            f" --location=global --project={project}",
        )
    if trust.kind is not TrustKind.IMPERSONATION:
        return ()
    account = trust.identity.removeprefix("gcp:")
    role = next(iter(trust.actions), "")
    account = _said(account if "@" in account else "", "ACCOUNT")
    command = f"gcloud iam service-accounts remove-iam-policy-binding {account}"
    return (f"{command} {_binding(trust.principal, role, bool(trust.conditions))}",)


_PROVIDER = re.compile(
    r"projects/([^/#]+)/locations/global/workloadIdentityPools/([^/#]+)/providers/([^/#]+)"
)


def _binding(member: str, role: str, is_conditional: bool) -> str:
    text = member.removeprefix("gcp:")
    if text.endswith(".gserviceaccount.com") and ":" not in text:
        text = f"serviceAccount:{text}"
    anyhow = " --all" if is_conditional else ""
    return f"--member={_said(text, 'MEMBER')} --role={_said(role.removeprefix('gcp:role/'), 'ROLE')}{anyhow}"


# --- Microsoft ----------------------------------------------------------------------------------

_GRAPH = "https://graph.microsoft.com/v1.0"


def _entra(grant: Grant, inventory: Inventory) -> tuple[str, ...]:
    """https://learn.microsoft.com/graph/api/oauth2permissiongrant-delete,
    https://learn.microsoft.com/graph/api/serviceprincipal-delete-approleassignments,
    https://learn.microsoft.com/graph/api/unifiedroleassignment-delete and, to stop an application as a whole,
    https://learn.microsoft.com/entra/identity/enterprise-apps/disable-user-sign-in-portal"""
    holder = _object(grant.identity, inventory)
    found = _ENTRA.search(grant.id)
    steps = []
    if found:
        kind, id = found[1], quote(found[2])
        path = {
            "approleassignments": f"servicePrincipals/{holder}/appRoleAssignments/{id}",
            "oauth2permissiongrants": f"oauth2PermissionGrants/{id}",
            "roleassignments": f"roleManagement/directory/roleAssignments/{id}",
        }[kind.lower()]
        steps.append(f"az rest --method DELETE --url {_GRAPH}/{path}")
    return (*steps, _stop(holder))


_ENTRA = re.compile(
    r"/(appRoleAssignments|oauth2PermissionGrants|roleAssignments)/([^/#]+)", re.IGNORECASE
)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


def _object(id: str, inventory: Inventory) -> str:
    """The object id of a service principal, as records of what exists end with it."""
    last = id.rpartition("/")[2].rpartition(":")[2]
    return last if _GUID.fullmatch(last) else "SERVICE_PRINCIPAL"


def _stop(holder: str) -> str:
    body = quote('{"accountEnabled": false}')
    return f"az rest --method PATCH --url {_GRAPH}/servicePrincipals/{holder} --body {body}"


def _azure(grant: Grant, _: Inventory) -> tuple[str, ...]:
    """https://learn.microsoft.com/cli/azure/role/assignment#az-role-assignment-delete; of another directory
    https://learn.microsoft.com/azure/lighthouse/how-to/remove-delegation"""
    id = grant.id.partition("#")[0]
    if not id.startswith("/"):
        id = ""
    if "managedByTenantId" in grant.conditions:
        taken = grant.conditions.get("assignments") or [""]
        return tuple(
            f"az managedservices assignment delete --assignment {_said(str(one), 'ASSIGNMENT_ID')}"
            for one in taken
        )
    return (f"az role assignment delete --ids {_said(id, 'ASSIGNMENT_ID')}",)


def _federated(trust: Trust, inventory: Inventory) -> tuple[str, ...]:
    """https://learn.microsoft.com/cli/azure/ad/app/federated-credential#az-ad-app-federated-credential-delete"""
    owner = _object(trust.identity, inventory).replace("SERVICE_PRINCIPAL", "APPLICATION")
    found = re.search(r"/federatedIdentityCredentials/([^/#]+)", trust.id)
    id = quote(found[1]) if found else "CREDENTIAL_ID"
    return (f"az ad app federated-credential delete --id {owner} --federated-credential-id {id}",)


# --- developer platforms and other services -----------------------------------------------------


def _github(grant: Grant, inventory: Inventory) -> tuple[str, ...]:
    """An installation is ended by the organisation's owners in its settings, by its enterprise, or by the app
    itself: https://docs.github.com/apps/using-github-apps/reviewing-and-modifying-installed-github-apps,
    https://docs.github.com/enterprise-cloud@latest/rest/enterprise-admin/organization-installations.
    Tokens: https://docs.github.com/rest/orgs/personal-access-tokens"""
    holder = _holder(grant, inventory)
    organization = _said(holder.account if holder else "", "ORGANIZATION")
    if found := re.search(r"/installations/(\d{1,20})", grant.id):
        return (
            f"open https://github.com/organizations/{organization}/settings/installations/{found[1]}"
            " and choose Uninstall",
            f"gh api -X DELETE /enterprises/ENTERPRISE/apps/organizations/{organization}/installations/{found[1]}"
            "  # the same, for an organisation of an enterprise",
        )
    if grant.kind is GrantKind.APP_INSTALLATION:
        return (
            f"open https://github.com/organizations/{organization}/settings/installations"
            " and choose Uninstall",
        )
    if found := re.search(r"/personal-access-tokens/(\d{1,20})", grant.id):
        return (
            f"gh api -X POST /orgs/{organization}/personal-access-tokens/{found[1]} -f action=revoke",
        )
    if found := re.search(r"/credential-authorizations/(\d{1,20})", grant.id):
        return (f"gh api -X DELETE /orgs/{organization}/credential-authorizations/{found[1]}",)
    return ()


def _google(grant: Grant, inventory: Inventory) -> tuple[str, ...]:
    """https://developers.google.com/workspace/admin/directory/reference/rest/v1/tokens/delete"""
    holder = _holder(grant, inventory)
    client = _said(holder.tags.get("client_id", "") if holder else "", "CLIENT_ID")
    if grant.conditions.get("delegation"):
        return (
            f"open https://admin.google.com/ac/owl/domainwidedelegation and delete the client {client}",
        )
    user = _said(grant.granted_by or "", "USER")
    return (
        'curl -X DELETE -H "Authorization: Bearer $(gcloud auth print-access-token)"'
        f" https://admin.googleapis.com/admin/directory/v1/users/{user}/tokens/{client}",
    )


def _slack(grant: Grant, inventory: Inventory) -> tuple[str, ...]:
    """https://docs.slack.dev/reference/methods/admin.apps.uninstall"""
    holder = _holder(grant, inventory)
    app = _said(holder.tags.get("client_id", "") if holder else "", "APP_ID")
    team = _said(holder.account if holder else "", "TEAM_ID")
    return (
        'curl -X POST -H "Authorization: Bearer $SLACK_ADMIN_TOKEN"'
        f" https://slack.com/api/admin.apps.uninstall -d app_id={app} -d team_ids={team}",
    )


def _okta(grant: Grant, _: Inventory) -> tuple[str, ...]:
    """https://developer.okta.com/docs/api/openapi/okta-management/management/tag/ApplicationGrants,
    .../tag/UserGrant, .../tag/ApiServiceIntegrations"""
    found = _OKTA.search(grant.id)
    path = "/".join(map(quote, found[0].strip("/").split("/"))) if found else ""
    if not path:
        return ()
    root = "" if path.startswith("integrations/") else "api/v1/"
    return (
        f'curl -X DELETE -H "Authorization: SSWS $OKTA_API_TOKEN" https://$OKTA_ORG/{root}{path}',
    )


_OKTA = re.compile(
    r"apps/[^/#]+/(?:grants|tokens)/[^/#]+|users/[^/#]+/(?:clients/[^/#]+/)?grants(?:/[^/#]+)?"
    r"|integrations/api/v1/api-services/[^/#]+"
)

_OF_PROVIDER = {
    "aws": _aws,
    "gcp": _gcp,
    "entra": _entra,
    "azure": _azure,
    "github": _github,
    "google": _google,
    "google-workspace": _google,
    "slack": _slack,
    "okta": _okta,
}
