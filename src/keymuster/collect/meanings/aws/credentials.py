"""Keys, passwords and certificates that AWS makes or keeps for a declared object. Their text stands
nowhere in the declaration; that such a thing will exist does."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws.names import alias, never_used, who
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    Observation,
    Resource,
    Storage,
)
from keymuster.model.secret import Secret


def access_key(one: Declared) -> Iterator[Observation]:
    user = who(one, one.text("UserName"), "user")
    status = _status(one) or CredentialStatus.ACTIVE
    yield _credential(one, CredentialKind.ACCESS_KEY, "access key", user, status=status)


def _status(one: Declared) -> CredentialStatus | None:
    """What IAM says of a credential of a user."""
    return {
        "Active": CredentialStatus.ACTIVE,
        "Inactive": CredentialStatus.DISABLED,
        "Expired": CredentialStatus.DISABLED,
    }.get(one.text("Status"))


def login_profile(one: Declared) -> Iterator[Observation]:
    """The console password of a user, inside the user or as Terraform has it."""
    node = one.get("LoginProfile")
    if node is not None:
        yield _credential(
            one, CredentialKind.PASSWORD, "console password", one.id, "#LoginProfile", node
        )
    elif user := who(one, one.text("user") or one.text("UserName"), "user"):
        yield _credential(one, CredentialKind.PASSWORD, "console password", user)


def _of_user(kind: CredentialKind, name: str) -> Callable[[Declared], Iterator[Observation]]:
    """What a user proves itself with beside its keys."""

    def meaning(one: Declared) -> Iterator[Observation]:
        text = one.text("UserName") or one.text("user_name") or one.text("username")
        status = _status(one) or CredentialStatus.UNKNOWN
        yield _credential(one, kind, name, who(one, text, "user"), status=status)

    return meaning


def server_certificate(one: Declared) -> Iterator[Observation]:
    """It proves a server, and no identity of IAM."""
    yield _credential(one, CredentialKind.CERTIFICATE, "server certificate", None)


def oidc_provider(one: Declared) -> Iterator[Observation]:
    """An issuer whose tokens roles may trust. It is known by its address, as trusts name it."""
    issuer = one.text("Url").removeprefix("https://").rstrip("/")
    yield Resource(
        id=one.id, type="aws:oidc-provider", name=issuer or one.name, location=one.location,
        aliases=alias(one, "oidc-provider", issuer),
        settings={"Url": one.text("Url"), "ClientIdList": one.texts("ClientIdList")},
    )  # fmt: skip


def saml_provider(one: Declared) -> Iterator[Observation]:
    name = one.text("Name")
    yield Resource(
        id=one.id, type="aws:saml-provider", name=name or one.name, location=one.location,
        aliases=alias(one, "saml-provider", name),
    )  # fmt: skip


def _credential(
    one: Declared, kind: CredentialKind, name: str, identity: str | None, part: str = "",
    node: Node | None = None, status: CredentialStatus = CredentialStatus.UNKNOWN,
    storage: Storage = Storage.OTHER,
) -> Credential:  # fmt: skip
    id = _key_id(one)
    return Credential(
        id=one.id + part,
        kind=kind,
        created_at=one.time("CreateDate") or one.time("UploadDate"),
        expires_at=one.time("ExpirationDate") or one.time("Expiration"),
        last_used_at=one.time("LastUsedDate"),
        never_used=never_used(one),
        name=_name(one, name),
        vendor="aws",
        location=node.location() if node else one.location,
        identity=identity or None,
        fingerprint=id.fingerprint(one.sealing.key) if id else "",
        preview=id.preview if id else "",
        status=status,
        storage=storage,
        tags={"type": one.type, **_says(one)},
    )


def _name(one: Declared, what: str) -> str:
    """`access key 2 of ci`; what code declares has a name of its own."""
    user = one.text("UserName")
    if not one.account or not user:
        return f"{what} {one.name}"
    number = one.name.rpartition("-")[2]
    which = f"{what} {number}" if number in ("1", "2") else what
    return f"{which} of {'the root user' if user == ROOT else user.rpartition('/')[2]}"


def _key_id(one: Declared) -> Secret | None:
    """What stands in files where this key is used, which makes it one with what is found there."""
    id = one.known("AccessKeyId") or one.known("ServiceSpecificCredentialId")
    return Secret(id.encode(), public=4) if id else None


_SAYS = {"AccessKeyId": "key_id", "ServiceName": "service", "LastUsedService": "last_used_service"}
"""What a credential of IAM says of itself -> what that is called in tags."""


def _says(one: Declared) -> dict[str, str]:
    said = {tag: text for key, tag in _SAYS.items() if (text := one.known(key))}
    if one.text("UserName") == ROOT:
        said["root"] = "yes"
    made, ends = one.time("CreateDate"), one.time("ExpirationDate")
    if made and ends:
        return {**said, "lifetime_days": str((ends - made).days)}
    if made and one.type == "aws_iam_service_specific_credential":
        return {**said, "lifetime": "unlimited"}
    return said


ROOT = "<root_account>"
"""What the credential report of an account calls its root user."""


OF_USERS = frozenset(
    (
        "AWS::IAM::AccessKey", "aws_iam_user_login_profile", "aws_iam_service_specific_credential",
        "aws_iam_user_ssh_key", "aws_iam_signing_certificate",
    )
)  # fmt: skip
"""What users of IAM sign in with."""

TYPES = {
    "AWS::IAM::AccessKey": access_key,
    "AWS::IAM::User": lambda one: login_profile(one) if one.get("LoginProfile") else iter(()),
    "aws_iam_user_login_profile": login_profile,
    "aws_iam_service_specific_credential": _of_user(
        CredentialKind.API_KEY, "service-specific credential"
    ),
    "aws_iam_user_ssh_key": _of_user(CredentialKind.SIGNING_KEY, "SSH key"),
    "aws_iam_signing_certificate": _of_user(CredentialKind.CERTIFICATE, "signing certificate"),
    "AWS::IAM::ServerCertificate": server_certificate,
    "AWS::IAM::OIDCProvider": oidc_provider,
    "AWS::IAM::SAMLProvider": saml_provider,
}
