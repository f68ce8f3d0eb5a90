"""Keys and certificates that stand until somebody takes them away: of instances, file servers and
devices."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_GONE = "ResourceNotFoundException"


def key_pairs(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("ec2:DescribeKeyPairs", "KeyPairs"):
        yield told(
            "AWS::EC2::KeyPair", ask.arn("ec2", f"key-pair/{one['KeyPairId']}"),
            {
                "KeyName": one.get("KeyName"), "KeyType": one.get("KeyType"), "CreateTime": one.get("CreateTime"),
                "KeyFingerprint": one.get("KeyFingerprint"), "Tags": one.get("Tags"),
            },
            name=one.get("KeyName", ""),
        )  # fmt: skip


def file_server_users(ask: Scope) -> Iterator[Told]:
    """Those whom the server knows itself; of their keys only the user tells."""
    for server in ask.pages("transfer:ListServers", "Servers"):
        id = server["ServerId"]
        if server.get("IdentityProviderType") != "SERVICE_MANAGED" or not server.get("UserCount"):
            continue
        for listed in ask.pages("transfer:ListUsers", "Users", ServerId=id):
            name = listed["UserName"]
            found = ask.answer("transfer:DescribeUser", _GONE, ServerId=id, UserName=name)
            user = found["User"] if found else listed
            keys = user.get("SshPublicKeys") or [] if found else []
            yield told(
                "AWS::Transfer::User", listed["Arn"],
                {
                    "ServerId": id, "UserName": name, "Role": user.get("Role"),
                    "SshPublicKeys": [key["SshPublicKeyBody"] for key in keys],
                },
                name=name,
            )  # fmt: skip
            for key in keys:
                yield told(
                    "AWS::Transfer::SshPublicKey", f"{listed['Arn']}/{key['SshPublicKeyId']}",
                    {
                        "ServerId": id, "UserName": name, "SshPublicKeyBody": key["SshPublicKeyBody"],
                        "DateImported": key["DateImported"],
                    },
                    name=f"{key['SshPublicKeyId']} of {name}",
                )  # fmt: skip


def device_certificates(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("iot:ListCertificates", "certificates"):
        yield told(
            "AWS::IoT::Certificate", one["certificateArn"],
            {
                "Status": one.get("status"), "CertificateMode": one.get("certificateMode"),
                "CreationDate": one.get("creationDate"),
            },
        )  # fmt: skip


SURFACES = (
    Surface(
        name="key-pairs",
        calls=("ec2:DescribeKeyPairs",),
        types=("AWS::EC2::KeyPair",),
        look=key_pairs,
    ),
    Surface(
        name="transfer",
        calls=("transfer:ListServers", "transfer:ListUsers", "transfer:DescribeUser"),
        types=("AWS::Transfer::User", "AWS::Transfer::SshPublicKey"),
        look=file_server_users,
    ),
    Surface(
        name="iot-certificates",
        calls=("iot:ListCertificates",),
        types=("AWS::IoT::Certificate",),
        look=device_certificates,
    ),
)
