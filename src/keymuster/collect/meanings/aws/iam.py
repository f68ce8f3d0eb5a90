"""Users, roles, groups and policies of IAM, who has which policy, and who may become a role."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws import documents
from keymuster.collect.meanings.aws.names import alias, never_used, tags, who
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    Resource,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.model.unknown import is_unknown


def role(one: Declared) -> Iterator[Observation]:
    yield _identity(one, IdentityKind.ROLE, "role", one.text("RoleName"))
    yield from documents.trusts(one, one.get("AssumeRolePolicyDocument"))
    yield from policies(one)


def user(one: Declared) -> Iterator[Observation]:
    yield _identity(one, IdentityKind.USER, "user", one.text("UserName"))
    yield from policies(one)
    for group in _nodes(one, "Groups"):
        yield _attached(one, one.id, who(one, group.text(), "group"), group)


def group(one: Declared) -> Iterator[Observation]:
    yield _identity(one, IdentityKind.GROUP, "group", one.text("GroupName"))
    yield from policies(one)


def policies(one: Declared) -> Iterator[Grant]:
    """What is granted by the policies inside an object, by those it names, and by its boundary."""
    names: set[str] = set()
    for index, node in enumerate(_nodes(one, "Policies")):
        name = node.get("PolicyName")
        label = name.text() if name and name.text() not in names else f"policy-{index}"
        names.add(label)
        yield from documents.grants(one, node.get("PolicyDocument"), label)
    for node in _nodes(one, "ManagedPolicyArns"):
        yield _attached(one, one.id, who(one, node.text(), "policy"), node)
    boundary = one.get("PermissionsBoundary")
    if boundary is not None and (via := who(one, boundary.text(), "policy")):
        yield Grant(
            id=f"{one.id}#boundary",
            identity=one.id,
            kind=GrantKind.BOUNDARY,
            provider="aws",
            location=boundary.location(),
            via=via,
        )


def policy(one: Declared) -> Iterator[Observation]:
    """A policy that stands by itself, managed or not, and those whom it names as having it."""
    managed = one.text("ManagedPolicyName")
    name = one.text("PolicyName") or managed
    yield Resource(
        id=one.id, type="aws:policy", name=name or one.name, location=one.location,
        aliases=alias(one, "policy", managed),
    )  # fmt: skip
    yield from documents.grants(one, one.get("PolicyDocument"), name or "policy")
    for kind, key in (("role", "Roles"), ("user", "Users"), ("group", "Groups")):
        for node in _nodes(one, key):
            yield _attached(one, who(one, node.text(), kind), one.id, node)


def inline_policy(one: Declared) -> Iterator[Observation]:
    """An inline policy that is an object of its own."""
    for kind, key in (("role", "RoleName"), ("user", "UserName"), ("group", "GroupName")):
        if identity := who(one, one.text(key), kind):
            name = one.text("PolicyName") or "policy"
            yield from documents.grants(one, one.get("PolicyDocument"), name, identity=identity)


def attachment(one: Declared) -> Iterator[Observation]:
    """Terraform's objects that attach a managed policy to one or to many."""
    via = who(one, one.text("policy_arn"), "policy")
    for kind in ("role", "user", "group"):
        for node in (*_nodes(one, kind), *_nodes(one, f"{kind}s")):
            yield _attached(one, who(one, node.text(), kind), via, node)


def membership(one: Declared) -> Iterator[Observation]:
    """Users that are in groups, in CloudFormation's and in Terraform's words."""
    users = [*_nodes(one, "Users"), *_nodes(one, "user"), *_nodes(one, "users")]
    groups = [*_nodes(one, "GroupName"), *_nodes(one, "group"), *_nodes(one, "groups")]
    for member in users:
        for within in groups:
            identity, via = who(one, member.text(), "user"), who(one, within.text(), "group")
            yield _attached(one, identity, via, member, f"{identity}/{via}")


def instance_profile(one: Declared) -> Iterator[Observation]:
    """What hands a role to instances. They name it, and it the role."""
    name = one.text("InstanceProfileName")
    yield Resource(
        id=one.id, type="aws:instance-profile", name=name or one.name, location=one.location,
        aliases=alias(one, "instance-profile", name),
    )  # fmt: skip
    for node in (*_nodes(one, "Roles"), *_nodes(one, "role")):
        if subject := who(one, node.text(), "role"):
            yield Use(
                id=f"{one.id}#{subject}",
                subject=subject,
                by=one.id,
                kind=UseKind.WORKLOAD,
                location=node.location(),
            )


def service_linked_role(one: Declared) -> Iterator[Observation]:
    service = one.text("AWSServiceName")
    yield _identity(one, IdentityKind.ROLE, "role", one.text("CustomSuffix"))
    yield Trust(
        id=f"{one.id}#trust/{service}",
        identity=one.id,
        principal=service,
        kind=TrustKind.SERVICE,
        provider="aws",
        location=one.location,
        actions=("sts:AssumeRole",),
    )


def permission_set(one: Declared) -> Iterator[Observation]:
    """A role of Identity Center, which people and applications get in accounts."""
    yield _identity(one, IdentityKind.ROLE, "permission-set", one.text("Name"))
    yield from documents.grants(one, one.get("InlinePolicy"), "InlinePolicy")
    for node in _nodes(one, "ManagedPolicies"):
        yield _attached(one, one.id, who(one, node.text(), "policy"), node)
    for node in _nodes(one, "CustomerManagedPolicyReferences"):
        if via := _in_each_account(node):
            yield _attached(one, one.id, via, node)
    boundary = one.get("PermissionsBoundary")
    if boundary is not None:
        named, managed = (
            boundary.get("CustomerManagedPolicyReference"),
            boundary.get("ManagedPolicyArn"),
        )
        via = _in_each_account(named) if named else managed.text() if managed else ""
        yield Grant(
            id=f"{one.id}#boundary", identity=one.id, kind=GrantKind.BOUNDARY, provider="aws",
            location=boundary.location(), via=via or "${PermissionsBoundary}",
        )  # fmt: skip


def _in_each_account(reference: Node) -> str:
    """A policy of this name in every account that the permission set is for: each may have another."""
    name = reference.get("Name")
    return f"aws:each-account:policy/{name.text()}" if name and name.text() else ""


def permission_set_part(one: Declared) -> Iterator[Observation]:
    """Terraform's objects that add a policy to a permission set."""
    identity = who(one, one.text("permission_set_arn"), "permission-set")
    yield from documents.grants(
        one, one.get("inline_policy"), "inline_policy", identity=identity or one.id
    )
    for node in _nodes(one, "managed_policy_arn"):
        yield _attached(one, identity, who(one, node.text(), "policy"), node)


def services(one: Declared) -> Iterator[Observation]:
    """Which of the services that an identity may use it has used, by what AWS remembers."""
    yield Resource(
        id=one.id, type=one.type, name=one.name, location=one.location, settings=one.settings.plain(),
    )  # fmt: skip


def sam_role(one: Declared) -> Iterator[Observation]:
    """A function or state machine of SAM: without a role of its own it gets one, with its policies.
    Beside a role they sleep, and come to life when somebody takes that away."""
    if one.get("Role") is None:
        yield Identity(
            id=f"{one.id}Role", kind=IdentityKind.ROLE, provider="aws", name=f"{one.name}Role",
            location=one.location, tags=tags(one),
        )  # fmt: skip
    made = Declared(
        type="AWS::IAM::Role", name=f"{one.name}Role", scope=one.scope, settings=one.settings
    )
    for index, node in enumerate(_nodes(one, "Policies")):
        if node.get("Statement") is not None:
            yield from documents.grants(made, node, f"policy-{index}")
        elif isinstance(node.value, dict):
            for template, _ in node.entries():  # one of SAM's own, narrow by design
                yield _attached(made, made.id, f"aws:sam-template/{template}", node)
        elif text := node.text():
            via = who(made, text, "policy")
            if via.startswith("aws:policy/"):  # SAM takes the bare name of a policy of AWS's own
                via = f"arn:aws:iam::aws:policy/{text}"
            yield _attached(made, made.id, via, node)


def _identity(one: Declared, kind: IdentityKind, word: str, name: str) -> Identity:
    known = name if name and not is_unknown(name) else ""
    labels = tags(one)
    return Identity(
        id=one.id,
        kind=kind,
        provider="aws",
        name=known or one.name,
        location=one.location,
        aliases=alias(one, word, known),
        account=one.account,
        created_at=one.time("CreateDate"),
        last_used_at=one.time("LastUsedDate"),
        never_used=never_used(one),
        tags=labels,
        purpose=one.known("Description"),
    )


def _attached(one: Declared, identity: str, via: str, node: Node, label: str = "") -> Grant:
    return Grant(
        id=f"{one.id}#{label or f'{identity}/{via}'}",
        identity=identity,
        kind=GrantKind.POLICY,
        provider="aws",
        location=node.location(),
        via=via,
    )


def _nodes(one: Declared, key: str) -> list[Node]:
    node = one.get(key)
    return node.items() if node else []


TYPES = {
    "iam:ServiceLastAccessed": services,
    "AWS::IAM::Role": role,
    "AWS::IAM::User": user,
    "AWS::IAM::Group": group,
    "AWS::IAM::Policy": policy,
    "AWS::IAM::ManagedPolicy": policy,
    "AWS::IAM::RolePolicy": inline_policy,
    "AWS::IAM::UserPolicy": inline_policy,
    "AWS::IAM::GroupPolicy": inline_policy,
    "AWS::IAM::UserToGroupAddition": membership,
    "AWS::IAM::InstanceProfile": instance_profile,
    "AWS::IAM::ServiceLinkedRole": service_linked_role,
    "AWS::SSO::PermissionSet": permission_set,
    "AWS::Serverless::Function": sam_role,
    "AWS::Serverless::StateMachine": sam_role,
    "aws_ssoadmin_managed_policy_attachment": permission_set_part,
    "aws_ssoadmin_permission_set_inline_policy": permission_set_part,
    "aws_iam_role_policy_attachment": attachment,
    "aws_iam_user_policy_attachment": attachment,
    "aws_iam_group_policy_attachment": attachment,
    "aws_iam_policy_attachment": attachment,
    "aws_iam_user_group_membership": membership,
    "aws_iam_group_membership": membership,
}
