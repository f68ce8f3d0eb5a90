"""Whom an account trusts beside its own principals: providers of identities, certificates, products that
ask for rights, and who may trust the account's own tokens."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import name_of, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def providers(ask: Scope) -> Iterator[Told]:
    """Issuers of OIDC and SAML."""
    for each in ask.pages("iam:ListOpenIDConnectProviders", "OpenIDConnectProviderList"):
        arn = each["Arn"]
        one = ask.answer(
            "iam:GetOpenIDConnectProvider", "NoSuchEntity", OpenIDConnectProviderArn=arn
        )
        said = one or {}
        yield told(
            "AWS::IAM::OIDCProvider", arn,
            {
                "Url": said.get("Url") or arn.partition("oidc-provider/")[2],
                "ClientIdList": said.get("ClientIDList"), "ThumbprintList": said.get("ThumbprintList"),
                "CreateDate": said.get("CreateDate"), "Tags": said.get("Tags"),
            },
        )  # fmt: skip
    for each in ask.pages("iam:ListSAMLProviders", "SAMLProviderList"):
        yield told(
            "AWS::IAM::SAMLProvider", each["Arn"],
            {
                "Name": name_of(each["Arn"]), "CreateDate": each.get("CreateDate"), "ValidUntil": each.get("ValidUntil"),
            },
        )  # fmt: skip


def certificates(ask: Scope) -> Iterator[Told]:
    """Those that IAM keeps for servers."""
    for one in ask.pages("iam:ListServerCertificates", "ServerCertificateMetadataList"):
        yield told(
            "AWS::IAM::ServerCertificate", one["Arn"],
            {
                "ServerCertificateName": one["ServerCertificateName"], "Path": one.get("Path"),
                "UploadDate": one.get("UploadDate"), "Expiration": one.get("Expiration"),
            },
        )  # fmt: skip


def delegations(ask: Scope) -> Iterator[Told]:
    """Products of others that ask for rights in the account for a while, or have got them."""
    for page in ask.marked_pages("iam:ListDelegationRequests"):
        for one in page.get("DelegationRequests", ()):
            yield told(
                "iam:DelegationRequest", ask.arn("iam", f"delegation-request/{one['DelegationRequestId']}"),
                {
                    "RequestorName": one.get("RequestorName"), "RequestorId": one.get("RequestorId"),
                    "OwnerId": one.get("OwnerId"), "ApproverId": one.get("ApproverId"),
                    "State": one.get("State"), "CreateDate": one.get("CreateDate"),
                    "ExpirationTime": one.get("ExpirationTime"), "SessionDuration": one.get("SessionDuration"),
                    "PermissionPolicy": one.get("PermissionPolicy"),
                    "RolePermissionRestrictionArns": one.get("RolePermissionRestrictionArns"),
                },
            )  # fmt: skip


def own_tokens(ask: Scope) -> Iterator[Told]:
    """Whether the account's identities may have tokens for services outside."""
    said = ask.answer(
        "iam:GetOutboundWebIdentityFederationInfo", "FeatureDisabledException", "FeatureDisabled"
    )
    if said is not None:
        yield told(
            "aws_iam_outbound_web_identity_federation", ask.arn("iam", "outbound-web-identity-federation"),
            {
                "IssuerIdentifier": said.get("IssuerIdentifier"), "JwtVendingEnabled": said.get("JwtVendingEnabled"),
            },
        )  # fmt: skip


SURFACES = (
    Surface(
        name="iam-providers",
        calls=(
            "iam:ListOpenIDConnectProviders", "iam:GetOpenIDConnectProvider", "iam:ListSAMLProviders",
        ),
        types=("AWS::IAM::OIDCProvider", "AWS::IAM::SAMLProvider"),
        look=providers,
        regional=False,
    ),
    Surface(
        name="iam-server-certificates",
        calls=("iam:ListServerCertificates",),
        types=("AWS::IAM::ServerCertificate",),
        look=certificates,
        regional=False,
    ),
    Surface(
        name="iam-delegation-requests",
        calls=("iam:ListDelegationRequests",),
        types=("iam:DelegationRequest",),
        look=delegations,
        regional=False,
    ),
    Surface(
        name="iam-outbound-federation",
        calls=("iam:GetOutboundWebIdentityFederationInfo",),
        types=("aws_iam_outbound_web_identity_federation",),
        look=own_tokens,
        regional=False,
    ),
)  # fmt: skip
