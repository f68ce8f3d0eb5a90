"""What is one across surfaces, what proves whom, and what is only like it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from keymuster.inventory.build import build
from keymuster.inventory.linking.keys import SORTS, in_words, keys
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Identity,
    IdentityKind,
    Location,
    ServiceLocation,
    Storage,
)

EMAIL = "ci@acme-prod.iam.gserviceaccount.com"
KEY = f"{0x0A1B2C3D4E5F60718293:040x}"
TENANT = "99999999-1111-4222-8333-444444444444"
APP = "00000000-0000-4000-8000-000000000001"
PUBLIC = "SHA256:734EjklXjC8iKjoSSEml+XkIwqZB5pNJ4MUtFTgiWCs"
THEN = datetime(2025, 1, 1, tzinfo=UTC)


def found(fingerprint: str = "1", path: str = "a.env", **more: Any) -> Credential:
    said: dict[str, Any] = {"kind": CredentialKind.ACCESS_KEY, "name": "Key", "format": "acme"}
    said["location"] = FileLocation(path=path)
    return Credential(id=f"secret:{fingerprint}", fingerprint=fingerprint, **said | more)


def told(id: str, service: str = "aws", account: str = "111122223333", **more: Any) -> Credential:
    said: dict[str, Any] = {
        "kind": CredentialKind.ACCESS_KEY,
        "name": f"key {id}",
        "vendor": service,
    }
    said["location"] = _at(service, account, id)
    return Credential(id=id, **said | more)


def identity(id: str, location: Location | None = None, **more: Any) -> Identity:
    said: dict[str, Any] = {
        "kind": IdentityKind.USER, "provider": "aws", "name": id, "location": location or _at("aws", "1", id),
    }  # fmt: skip
    return Identity(id=id, **said | more)


def _at(service: str, account: str, id: str) -> ServiceLocation:
    return ServiceLocation(service=service, account=account, resource=id)


# --- one credential ------------------------------------------------------------------------------

GOOGLE = {"client_email": EMAIL, "private_key_id": KEY}


@pytest.mark.parametrize(
    ("one", "other", "key"),
    [
        pytest.param(
            found(format="aws-access-key-id"),
            told("arn:1", fingerprint="1", tags={"type": "AWS::IAM::AccessKey"}), "aws-access-key:1",
            id="access-key",
        ),
        pytest.param(
            found(tags=GOOGLE, format="private-key-pem"), told("gcp:1", tags=GOOGLE),
            f"gcp-key:{EMAIL}/{KEY}", id="google-key",
        ),
        pytest.param(
            found(tags={"ssh_fingerprint": PUBLIC}), told("github:1", tags={"ssh_fingerprint": PUBLIC}),
            f"ssh:{PUBLIC}", id="ssh-key",
        ),
        pytest.param(
            found(tags={"ssh_fingerprint": PUBLIC}), told("entra:1", tags={"public_key": PUBLIC}),
            f"ssh:{PUBLIC}", id="certificate-of-a-key",
        ),
        pytest.param(
            told("entra:1", "entra", tags={"key_id": APP}),
            told("terraform:x.tfstate:a.b", "entra", tags={"key_id": APP}), f"entra-key:{APP}", id="entra-key",
        ),
        pytest.param(
            found(format="google-hmac-key-id"),
            told("gcp:hmac/1", fingerprint="1", tags={"declared_as": "google_storage_hmac_key"}),
            "gcp-hmac-key:1", id="hmac-key",
        ),
    ],
)  # fmt: skip
def test_two_records_of_one_credential_share_a_key(
    one: Credential, other: Credential, key: str
) -> None:
    inventory = build([one, other])
    assert [(link.to, link.key) for link in inventory.links.same[one.id]] == [(other.id, key)]
    assert inventory.counterparts(inventory.records[other.id]) == [inventory.records[one.id]]
    assert inventory.elsewhere(other) == [one.location]
    assert in_words(key) in str(inventory.links.same[one.id][0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param(
            found(tags=GOOGLE), told("gcp:1", tags=GOOGLE | {"client_email": f"x{EMAIL}"}),
            id="same-id-of-another-account",
        ),
        pytest.param(
            found(tags=GOOGLE), told("gcp:1", tags=GOOGLE | {"private_key_id": KEY[::-1]}),
            id="another-key-of-the-account",
        ),
        pytest.param(
            found(tags=GOOGLE | {"private_key_id": "0" * 40}),
            told("gcp:1", tags=GOOGLE | {"private_key_id": "0" * 40}), id="an-id-of-documentation",
        ),
        pytest.param(
            found(format="aws-access-key-id"),
            told("arn:1", fingerprint="2", tags={"type": "AWS::IAM::AccessKey"}), id="another-id",
        ),
        pytest.param(
            found(tags={"name": "DEPLOY_TOKEN"}), told("x:1", tags={"setting": "DEPLOY_TOKEN"}), id="a-name"
        ),
        pytest.param(
            found(kind=CredentialKind.CLIENT_SECRET, tags={"hint": "abc"}),
            told("entra:1", "entra", kind=CredentialKind.CLIENT_SECRET, tags={"hint": "abc"}), id="a-hint",
        ),
        pytest.param(
            found(preview="ghp_****", format="github-pat"), found("2", preview="ghp_****", format="github-pat"),
            id="a-prefix",
        ),
        pytest.param(
            told("x:1", "gitlab", tags={"key_id": APP}), told("x:2", "okta", tags={"key_id": APP}),
            id="ids-of-vendors-that-number-alike",
        ),
    ],
)  # fmt: skip
def test_what_is_only_alike_is_not_one(one: Credential, other: Credential) -> None:
    inventory = build([one, other])
    assert not inventory.links.same
    assert inventory.counterparts(one) == []


def test_a_chain_of_links_is_one_credential() -> None:
    """Code knows the address, the state the address and the id, the service the id."""
    code = told(
        "terraform:infra:aws_iam_access_key.ci", location=FileLocation(path="infra/main.tf")
    )
    state = told(
        "terraform:infra/terraform.tfstate:aws_iam_access_key.ci", fingerprint="1",
        tags={"type": "AWS::IAM::AccessKey"}, location=FileLocation(path="infra/terraform.tfstate"),
    )  # fmt: skip
    live = told("arn:1", fingerprint="1", tags={"type": "AWS::IAM::AccessKey"})
    secret = found(format="aws-access-key-id")
    inventory = build([code, state, live, secret])
    assert {one.id for one in inventory.counterparts(secret)} == {code.id, state.id, live.id}
    other = told("terraform:lab:aws_iam_access_key.ci", location=FileLocation(path="lab/main.tf"))
    assert build([state, other]).counterparts(state) == []


def test_what_a_hundred_share_is_still_one() -> None:
    several = [told(f"x:{number}", tags={"ssh_fingerprint": PUBLIC}) for number in range(100)]
    inventory = build(several)
    assert len(inventory.counterparts(several[99])) == 99
    assert sum(map(len, inventory.links.same.values())) == 2 * 99


# --- whom it proves ------------------------------------------------------------------------------


def test_a_found_key_knows_its_user_and_its_last_use() -> None:
    user = identity("arn:aws:iam::111122223333:user/ci")
    live = told(
        "arn:key", fingerprint="1", identity=user.id, tags={"type": "AWS::IAM::AccessKey"}, created_at=THEN,
        last_used_at=THEN,
    )  # fmt: skip
    inventory = build([found(format="aws-access-key-id"), user, live])
    secret = inventory.records["secret:1"]
    assert isinstance(secret, Credential)
    assert (secret.identity, secret.created_at, secret.last_used_at) == (user.id, THEN, THEN)


def test_each_credential_of_an_identity_counts_once() -> None:
    user = identity("arn:user")
    live = told("arn:key", fingerprint="1", identity=user.id, tags={"type": "AWS::IAM::AccessKey"})
    secrets = [found(format="aws-access-key-id"), found("2", identity=user.id)]
    counted = build([*secrets, user, live]).credentials(user.id)
    assert [one.id for one in counted] == ["secret:2", "arn:key"]


PROOFS = [
    pytest.param(
        {"client_email": EMAIL}, "private-key", identity(f"gcp:{EMAIL}", provider="gcp"), id="key-file"
    ),
    pytest.param(
        {"issuer": EMAIL, "subject": EMAIL}, "jwt", identity(f"gcp:{EMAIL}", provider="gcp"), id="signed-by-itself"
    ),
    pytest.param(
        {"issuer": f"https://sts.windows.net/{TENANT}/", "client_id": APP}, "jwt",
        identity("entra:1", provider="entra", aliases=(f"azure:{APP}",)), id="token-of-an-application",
    ),
    pytest.param(
        {"client_id": APP.upper()}, "azure", identity("entra:1", provider="entra", aliases=(f"azure:{APP}",)),
        id="secret-beside-its-application",
    ),
    pytest.param(
        {"key_name": "BedrockAPIKey-x1y2-at-111122223333"}, "aws",
        identity("arn:u", aliases=("aws:111122223333:user/BedrockAPIKey-x1y2",)), id="bedrock-key",
    ),
    pytest.param(
        {"client_id": "1-x.apps.googleusercontent.com"}, "google",
        identity("w:1", provider="google-workspace", tags={"client_id": "1-x.apps.googleusercontent.com"}),
        id="oauth-client",
    ),
    pytest.param(
        {"app_id": "77"}, "github", identity("github:app/77", provider="github", tags={"app_id": "77"}),
        id="github-app",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("tags", "vendor", "who"), PROOFS)
def test_what_a_credential_says_of_itself_tells_whom_it_proves(
    tags: dict[str, str], vendor: str, who: Identity
) -> None:
    inventory = build([found(tags=tags, vendor=vendor), who])
    assert inventory.links.proves["secret:1"].to == who.id
    [proof] = inventory.credentials(who.id)
    assert proof.id == "secret:1"


@pytest.mark.parametrize(("tags", "vendor", "who"), PROOFS)
def test_of_two_identities_none_is_meant(tags: dict[str, str], vendor: str, who: Identity) -> None:
    from msgspec.structs import replace

    alias = () if who.provider != "gcp" else (who.id,)
    other = replace(who, id=f"{who.id}-other", aliases=(*who.aliases, *alias))
    inventory = build([found(tags=tags, vendor=vendor), who, other])
    assert inventory.links.proves == {}


def test_what_exists_goes_before_what_declares_it() -> None:
    code = identity(
        "terraform:x", FileLocation(path="a.tf"), provider="gcp", aliases=(f"gcp:{EMAIL}",)
    )
    live = identity(f"gcp:{EMAIL}", provider="gcp")
    inventory = build([found(tags={"client_email": EMAIL}), code, live])
    assert inventory.links.proves["secret:1"].to == live.id


def test_two_tokens_of_one_subject_are_two_that_prove_the_same() -> None:
    tags = {"issuer": "https://id.acme.example/", "subject": "build"}
    links = build([found(tags=tags), found("2", tags=tags)]).links
    assert not links.same
    assert [link.to for link in links.alike["secret:1"]] == ["secret:2"]


def test_whom_another_issuer_speaks_of_is_not_proved() -> None:
    tags = {"issuer": "https://id.acme.example", "subject": EMAIL}
    assert not build([found(tags=tags), identity(f"gcp:{EMAIL}", provider="gcp")]).links.proves
    tags = {"issuer": "https://id.acme.example", "client_id": APP}
    app = identity("entra:1", provider="entra", aliases=(f"azure:{APP}",))
    assert not build([found(tags=tags), app]).links.proves


def test_a_name_that_cloudformation_made_suggests_its_template() -> None:
    code = identity("cloudformation:web.yaml:Deploy", FileLocation(path="web.yaml"), **ROLE)
    made = identity("arn:1", name="billing-Deploy-1A2B3C4D5E6F", **ROLE)
    plain = identity("arn:2", name="billing-Deploy-productiondb", **ROLE)
    assert build([code, made, plain]).links.suggested.keys() == {"arn:1", code.id}


def test_an_issuer_that_every_cluster_has_says_nothing() -> None:
    tags = {"issuer": "kubernetes/serviceaccount", "subject": "system:serviceaccount:default:ci"}
    assert not build([found(tags=tags), found("2", tags=tags)]).links


def test_a_secret_is_within_an_account_that_was_looked_at() -> None:
    secret = found(vendor="aws", tags={"account": "111122223333"})
    assert build([secret, told("arn:other")]).links.within == {
        "secret:1": ("aws-account:111122223333",)
    }
    assert not build([secret, told("arn:other", account="444455556666")]).links.within


# --- what declares what --------------------------------------------------------------------------

ROLE = {"kind": IdentityKind.ROLE}


def test_a_live_role_is_where_state_and_code_declare_it() -> None:
    arn = "arn:aws:iam::111122223333:role/ci"
    live = identity(arn, **ROLE)
    state = identity(
        "terraform:infra/terraform.tfstate:aws_iam_role.x", FileLocation(path="infra/terraform.tfstate"),
        aliases=("aws:role/ci", arn), **ROLE,
    )  # fmt: skip
    code = identity("terraform:infra:aws_iam_role.x", FileLocation(path="infra/main.tf"), **ROLE)
    inventory = build([live, state, code])
    assert inventory.places(live)[1:] == [state.location, code.location]


def test_a_workspace_has_its_state_in_a_folder_of_its_own() -> None:
    path = "infra/terraform.tfstate.d/prod/terraform.tfstate"
    state = identity(f"terraform:{path}:aws_iam_role.x", FileLocation(path=path), **ROLE)
    code = identity("terraform:infra:aws_iam_role.x", FileLocation(path="infra/main.tf"), **ROLE)
    assert build([state, code]).links.same[code.id][0].to == state.id


def test_a_stack_says_which_of_its_resources_something_is() -> None:
    tags = {"aws:cloudformation:stack-name": "billing", "aws:cloudformation:logical-id": "Deploy"}
    live = identity("arn:1", tags=tags, **ROLE)
    code = identity(
        "cloudformation:stacks/billing.yaml:Deploy",
        FileLocation(path="stacks/billing.yaml"),
        **ROLE,
    )
    assert build([live, code]).places(live)[1:] == [code.location]
    cdk = identity(
        "cloudformation:cdk.out/billing.template.json:Deploy",
        FileLocation(path="cdk.out/billing.template.json"),
        **ROLE,
    )
    assert build([live, cdk]).places(live)[1:] == [cdk.location]
    assert build([live, code, cdk]).places(live)[1:] == []


def test_the_same_logical_id_elsewhere_is_only_suggested() -> None:
    tags = {"aws:cloudformation:stack-name": "billing", "aws:cloudformation:logical-id": "Deploy"}
    live = identity("arn:1", tags=tags, **ROLE)
    code = identity("cloudformation:web.yaml:Deploy", FileLocation(path="web.yaml"), **ROLE)
    inventory = build([live, code])
    assert inventory.places(live)[1:] == []
    assert [link.to for link in inventory.links.suggested["arn:1"]] == [code.id]


def test_a_trace_that_a_tool_wrote_is_exact() -> None:
    tags = {"yor_trace": "8b0d0ee3-0b1b-4f0e-9a7f-0f3c0b0d0ee3"}
    live = identity("arn:1", tags=tags, **ROLE)
    code = identity("terraform:.:aws_iam_role.x", FileLocation(path="main.tf"), tags=tags, **ROLE)
    assert build([live, code]).places(live)[1:] == [code.location]


# --- what only suggests --------------------------------------------------------------------------


def test_a_hint_suggests_and_says_so() -> None:
    one = found(kind=CredentialKind.CLIENT_SECRET, tags={"hint": "abc"})
    other = told("entra:1", "entra", kind=CredentialKind.CLIENT_SECRET, tags={"hint": "abc"})
    inventory = build([one, other])
    [link] = inventory.links.suggested["secret:1"]
    assert (link.to, "hint" in link.why) == ("entra:1", True)
    assert inventory.records["secret:1"] == one


def test_a_name_that_a_pipeline_has_suggests_what_is_in_it() -> None:
    one = found(tags={"setting": "BILLING_DEPLOY_KEY"})
    other = told(
        "github:s/1", "github", storage=Storage.CI_VARIABLE, tags={"setting": "billing-deploy-key"}
    )
    assert [link.to for link in build([one, other]).links.suggested["secret:1"]] == ["github:s/1"]


@pytest.mark.parametrize("name", ["PASSWORD", "api_key", "X"])
def test_names_that_everything_has_suggest_nothing(name: str) -> None:
    other = told("github:s/1", "github", storage=Storage.CI_VARIABLE, tags={"setting": name})
    assert not build([found(tags={"setting": name}), other]).links.suggested


def test_what_many_share_suggests_nothing() -> None:
    others = [
        told(f"github:s/{number}", "github", storage=Storage.CI_VARIABLE, tags={"setting": "DEPLOY_KEY"})
        for number in range(6)
    ]  # fmt: skip
    assert not build([found(tags={"setting": "DEPLOY_KEY"}), *others]).links.suggested


def test_an_id_suggests_the_secret_right_below_it() -> None:
    id = found(format="aws-access-key-id", location=FileLocation(path="a.env", line=3))
    secret = found("2", format="aws-secret-access-key", location=FileLocation(path="a.env", line=4))
    far = found("3", format="aws-secret-access-key", location=FileLocation(path="a.env", line=40))
    links = build([id, secret, far]).links
    assert [link.to for link in links.suggested["secret:1"]] == ["secret:2"]
    near = found("3", format="aws-secret-access-key", location=FileLocation(path="a.env", line=5))
    assert not build([id, secret, near]).links.suggested


# --- the table -----------------------------------------------------------------------------------


def test_each_sort_has_a_name_of_its_own_and_words() -> None:
    names = [sort.name for sort in SORTS]
    assert len(set(names)) == len(names)
    assert all(in_words(f"{sort.name}:x") == sort.what for sort in SORTS)


def test_no_key_holds_the_text_of_a_secret() -> None:
    """Keys are in reports: the fingerprint of an access key id is, and not the id."""
    one = told(
        "arn:1", fingerprint="f1", tags={"type": "AWS::IAM::AccessKey", "key_id": "AKIA-the-id"}
    )
    assert [key for _, key in keys(one)] == ["aws-access-key:f1", "aws-account:111122223333"]
