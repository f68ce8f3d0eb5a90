"""What one outsider holds over all surfaces, put together."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from analysis.third import DATADOG, OBJECT, ROLE, TENANT, app, consent, known, place, trust
from keymuster.analysis.holdings import OfFormat, Outsider, outsiders
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    FileLocation,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Resource,
    TrustKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

FORMATS = {
    "datadog-api-key": OfFormat("datadog", "Datadog", "Revoke it in Datadog."),
    "acme-key": OfFormat("acme", "Acme", "Revoke it."),
}


def listed(rules: RuleSet, *records: Any, **ours: tuple[str, ...]) -> list[Outsider]:
    return outsiders(known(rules, *records, **ours), Settings(ours=ours), rules, FORMATS)


def datadog(name: str = "Datadog", **tags: str) -> Identity:
    said = {"verified": "true", "publisher_domain": "datadoghq.com", **tags}
    return app(name, tags={key: value for key, value in said.items() if value})


def key(
    status: CredentialStatus = CredentialStatus.UNKNOWN, format: str = "datadog-api-key"
) -> Credential:
    return Credential(
        id="secret:1", kind=CredentialKind.API_KEY, name="Datadog API key", format=format, preview="dd_****",
        location=FileLocation(path="a.py", line=1), status=status,
    )  # fmt: skip


def test_one_vendor_over_three_surfaces_with_the_command_for_each(rules: RuleSet) -> None:
    entra = datadog()
    github = app("datadog", "github", tags={"app_slug": "dd", "publisher": "DataDog"})
    installation = consent(
        github, "contents:read", "metadata:read", id="github:acme/installations/42",
        kind=GrantKind.APP_INSTALLATION,
    )  # fmt: skip
    [one] = listed(
        rules, entra, github, consent(entra, "User.Read", "Mail.Send"), installation, *trust()
    )

    assert (one.id, one.surfaces) == ("datadog", ["entra", "github", "aws"])
    assert one.known_by == [
        "verified domain datadoghq.com", "GitHub login DataDog", f"account {DATADOG}",
    ]  # fmt: skip
    assert [holding.revoke[0].split()[0] for holding in one.holdings] == ["az", "open", "aws"]
    assert [holding.account for holding in one.holdings] == [TENANT, "acme", "111122223333"]
    of_mail = one.holdings[0]
    assert (of_mail.grade, of_mail.grades["User.Read"], of_mail.granted_by) == (
        "write", "identity", "ann@acme.example",
    )  # fmt: skip


def test_what_only_calls_itself_so_stands_apart(rules: RuleSet) -> None:
    real, false = (
        datadog(),
        app("Datadog", id="entra:false", tags={"verified": "false", "owner_tenant": OBJECT}),
    )
    both = listed(
        rules, real, false, consent(real, "User.Read"), consent(false, "Mail.Read", id="g2")
    )

    assert [(one.id, one.takes_name_of) for one in both] == [("", "Datadog"), ("datadog", "")]
    assert len(both[0].holdings) == 1


def test_a_credential_of_ours_is_no_grant(rules: RuleSet) -> None:
    [one] = listed(rules, key())

    assert (one.id, one.holdings, one.surfaces, one.grade) == ("datadog", [], [], "none")
    assert [(held.preview, held.revoke) for held in one.credentials] == [
        ("dd_****", "Revoke it in Datadog.")
    ]


def test_credentials_of_ours_stand_beside_what_the_vendor_holds(rules: RuleSet) -> None:
    [one] = listed(rules, key(), *trust())
    assert (len(one.holdings), len(one.credentials)) == (1, 1)


def test_samples_are_no_credentials(rules: RuleSet) -> None:
    assert listed(rules, key(CredentialStatus.SAMPLE)) == []
    assert listed(rules, key(format="generic-secret")) == []


def test_a_vendor_of_formats_alone_has_the_name_of_its_file(rules: RuleSet) -> None:
    [one] = listed(rules, key(format="acme-key"))
    assert (one.key, one.name, one.id) == ("format:acme", "Acme", "")


def test_an_application_without_grants_is_told_once(rules: RuleSet) -> None:
    [one] = listed(rules, datadog())
    assert [(held.kind, held.grade) for held in one.holdings] == [("application", "none")]


def test_secrets_of_an_application_of_theirs_are_theirs(rules: RuleSet) -> None:
    holder = datadog()
    secret = Credential(
        id="c", kind=CredentialKind.CLIENT_SECRET, name="client secret", identity=holder.id, location=holder.location,
    )  # fmt: skip
    [one] = listed(rules, holder, secret, consent(holder, "User.Read"))
    assert [held.kind for held in one.holdings] == ["oauth_consent", "credential"]
    assert one.credentials == []


def test_our_own_applications_are_no_outsiders(rules: RuleSet) -> None:
    own = app(tags={"owner_tenant": TENANT})
    assert listed(rules, own, consent(own, "Mail.Read")) == []


def test_who_makes_the_tokens_of_a_trust_is_told_as_such(rules: RuleSet) -> None:
    role, one = trust("arn:aws:iam::111122223333:oidc-provider/oidc.circleci.com/org/1")
    [found] = listed(rules, role, replace(one, kind=TrustKind.FEDERATION))
    assert (found.id, [held.kind for held in found.holdings]) == ("circleci", ["issuer"])


def test_an_account_that_may_be_ours_is_told_as_unknown(rules: RuleSet) -> None:
    [one] = listed(rules, *trust("arn:aws:iam::999988887777:root"))
    assert (one.name, one.holdings[0].outside) == ("AWS account 999988887777", "unknown")
    [same] = listed(rules, *trust("arn:aws:iam::999988887777:root"), aws=("111122223333",))
    assert same.holdings[0].outside == "yes"


def test_the_gravest_come_first_and_what_is_not_known_is_not_nothing(rules: RuleSet) -> None:
    role, other = ROLE, "arn:aws:iam::111122223333:role/other"
    admin = Grant(
        id="p", identity=role, kind=GrantKind.POLICY, provider="aws", actions=("*",), resources=("*",),
        location=trust()[0].location,
    )  # fmt: skip
    snyk = trust("arn:aws:iam::198361731867:root", other)
    found = listed(rules, *snyk, *trust(), admin)
    assert [(one.id, one.grade) for one in found] == [("datadog", "administer"), ("snyk", "none")]


def thing(type: str, name: str, **settings: Any) -> Resource:
    arn = f"arn:aws:x::111122223333:{name}"
    return Resource(
        id=f"resource:{arn}",
        type=type,
        name=name,
        location=place("aws", "111122223333", arn),
        settings=settings,
    )


def test_a_share_is_told_for_each_account_outside(rules: RuleSet) -> None:
    share = thing(
        "AWS::RAM::ResourceShare", "share", Principals=[DATADOG, "111122223333", "999988887777"],
        ExternalPrincipals=[DATADOG], ResourceArns=["arn:aws:ec2:eu-west-1:111122223333:subnet/s"],
    )  # fmt: skip
    found = {one.name: one.holdings[0] for one in listed(rules, share, aws=("111122223333",))}

    assert set(found) == {"Datadog", "AWS account 999988887777"}
    assert found["Datadog"].revoke == (
        f"aws ram disassociate-resource-share --resource-share-arn arn:aws:x::111122223333:share --principals {DATADOG}",
    )
    assert found["Datadog"].on == ("arn:aws:ec2:eu-west-1:111122223333:subnet/s",)


def test_rights_for_a_while_are_graded_by_their_policy(rules: RuleSet) -> None:
    policy = '{"Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"}]}'
    said = {"RequestorId": DATADOG, "RequestorName": "Datadog", "PermissionPolicy": policy}
    for state, kind in (("FINALIZED", "temporary_delegation"), ("ASSIGNED", "delegation_request")):
        [one] = listed(rules, thing("iam:DelegationRequest", "dr-1", State=state, **said))
        [held] = one.holdings
        assert (one.id, held.kind, held.grade) == ("datadog", kind, "write")
    assert listed(rules, thing("iam:DelegationRequest", "dr-1", State="REJECTED", **said)) == []


def test_a_policy_that_is_none_is_no_crash(rules: RuleSet) -> None:
    for policy in ("{", "[1]", '{"Statement": "x"}', "", None):
        said = {"RequestorId": DATADOG, "State": "ACCEPTED", "PermissionPolicy": policy}
        [one] = listed(rules, thing("iam:DelegationRequest", "dr-1", **said))
        assert one.holdings[0].grade == "unknown"


def test_what_is_called_after_a_vendor_is_suggested_and_no_grant(rules: RuleSet) -> None:
    role, one = trust(role="arn:aws:iam::111122223333:role/datadog-reader")
    user = replace(
        role, id="arn:aws:iam::111122223333:user/datadog", name="datadog", kind=IdentityKind.USER
    )
    [found] = listed(rules, role, one, user)

    assert [same.name for same in found.namesakes] == ["datadog"]
    assert [held.on for held in found.holdings] == [("datadog-reader",)]


def test_what_is_suspended_is_told_as_such(rules: RuleSet) -> None:
    holder = replace(datadog(), status="suspended")
    [one] = listed(rules, holder, consent(holder, "User.Read"))
    assert [held.status for held in one.holdings] == ["suspended"]
