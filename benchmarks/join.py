"""What the join over an estate costs: seconds of CPU and bytes of memory for each record, of repositories that are made of
one template and of accounts of AWS. Each run is one process, so that its memory is its own."""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from keymuster import gathering, pipeline
from keymuster.collect.base import Context, Selection
from keymuster.estate.joining import Joined, Seen, joined
from keymuster.estate.keys import Keys, keys
from keymuster.evaluate.choice import Choice
from keymuster.model import (
    Credential,
    CredentialKind,
    CredentialStatus,
    FileLocation,
    Finding,
    Grant,
    GrantKind,
    Identity,
    IdentityKind,
    Observation,
    ServiceLocation,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.model.secret import Secret
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings

NOW = datetime(2026, 1, 1, tzinfo=UTC)

TEMPLATE = {
    "main.tf": """
resource "aws_iam_role" "ci" {
  name = "ci"
  assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = aws_iam_role.other.arn } }] })
}
resource "aws_iam_role" "other" { name = "other" }
resource "aws_iam_role_policy_attachment" "ci" {
  role       = aws_iam_role.ci.name
  policy_arn = aws_iam_policy.all.arn
}
resource "aws_iam_policy" "all" {
  policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "*", Resource = "*" }] })
}
""",
    "infra/prod/role.yaml": """
AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Action: "sts:AssumeRole", Principal: {Service: lambda.amazonaws.com}}]}
  Job:
    Type: AWS::Lambda::Function
    Properties: {Role: !GetAtt Role.Arn}
""",
    "deploy/app.yaml": """
apiVersion: v1
kind: ServiceAccount
metadata: {name: app, namespace: shop}
---
apiVersion: v1
kind: Pod
metadata: {name: app, namespace: shop}
spec: {serviceAccountName: app, containers: [{name: a, image: "a:1"}]}
""",
    ".github/workflows/ci.yml": """
on: push
permissions: {contents: write}
jobs:
  build:
    runs-on: ubuntu-latest
    steps:
      - run: make
        env: {TOKEN: "${{ secrets.GITHUB_TOKEN }}"}
""",
    ".cursor/mcp.json": '{"mcpServers": {"docs": {"command": "npx", "args": ["docs"], "env": {"KEY": "${env:DOCS_KEY}"}}}}',
    "CODEOWNERS": "*.tf @acme/platform\n/deploy/ @acme/apps\n",
}


class Made:
    """An estate that is made anew whenever it is read."""

    def __init__(self, asked: argparse.Namespace, rules: RuleSet) -> None:
        self._asked = asked
        with tempfile.TemporaryDirectory() as folder:
            for path, text in TEMPLATE.items():
                file = Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            selection = Selection(root=folder, paths=(folder,))
            seen = gathering.gather(Context(selection=selection, rules=rules), "worktree", now=NOW)
        self._template = list(seen.observations)
        self.targets = [f"repository:{one:06}" for one in range(asked.repositories)]
        self.targets += [f"service:{one:06}" for one in range(asked.accounts)]

    def observations(self, target: str) -> list[Observation]:
        kind, _, number = target.partition(":")
        return self._repository(int(number)) if kind == "repository" else self._account(int(number))

    def _repository(self, number: int) -> list[Observation]:
        asked = self._asked
        found = [*self._template, _found(f"own {number}")]
        if number < asked.pairs:
            found.append(_found(f"pair {number // 2}"))
        if number < asked.together:
            found.append(_found("all"))
        if number < asked.linked and asked.accounts:
            found.append(_found(f"key {number % asked.accounts}/0", "aws-access-key-id"))
        return found

    def _account(self, number: int) -> list[Observation]:
        """Users with keys, and roles of functions with policies of their own; one that the next account trusts, if
        accounts are chained."""
        account = f"{100_000_000_000 + number}"
        found: list[Observation] = []
        count = 0
        while len(found) < self._asked.records:
            found += _user(account, number, count)
            found += _role(account, count)
            count += 1
        if number < self._asked.chained:
            found += _deploy(account, f"{100_000_000_000 + max(0, number - 1)}")
        return found


def _found(text: str, format: str = "github-pat") -> Credential:
    print_ = Secret(text.encode()).fingerprint()
    return Credential(
        id=f"secret:{print_}", kind=CredentialKind.API_KEY, name="token", format=format, fingerprint=print_,
        location=FileLocation(path="app.env", line=1),
    )  # fmt: skip


def _at(account: str, arn: str) -> ServiceLocation:
    return ServiceLocation(service="aws", account=account, resource=arn)


def _user(account: str, number: int, count: int) -> Iterator[Observation]:
    arn = f"arn:aws:iam::{account}:user/u{count}"
    place = _at(account, arn)
    age = NOW - timedelta(days=count % 900)
    yield Identity(
        id=arn, kind=IdentityKind.USER, provider="aws", name=f"u{count}", location=place, account=account,
        aliases=(f"aws:{account}:user/u{count}",), created_at=age, tags={"team": f"t{count % 20}"},
    )  # fmt: skip
    yield Credential(
        id=f"{arn}/access-key-1", kind=CredentialKind.ACCESS_KEY, name=f"key of u{count}", location=place, vendor="aws",
        identity=arn, fingerprint=Secret(f"key {number}/{count}".encode()).fingerprint(), created_at=age,
        status=CredentialStatus.ACTIVE, tags={"type": "AWS::IAM::AccessKey"},
    )  # fmt: skip
    yield Grant(
        id=f"{arn}#inline/x/0", identity=arn, kind=GrantKind.POLICY, provider="aws", location=place,
        actions=("s3:GetObject", "s3:ListBucket"), resources=(f"arn:aws:s3:::b{count}", f"arn:aws:s3:::b{count}/*"),
    )  # fmt: skip


def _role(account: str, count: int) -> Iterator[Observation]:
    arn, policy = (f"arn:aws:iam::{account}:{kind}{count}" for kind in ("role/r", "policy/p"))
    place = _at(account, arn)
    yield Identity(
        id=arn, kind=IdentityKind.ROLE, provider="aws", name=f"r{count}", location=place, account=account,
        aliases=(f"aws:{account}:role/r{count}",), created_at=NOW, last_used_at=NOW,
    )  # fmt: skip
    yield Trust(
        id=f"{arn}#trust/0", identity=arn, principal="lambda.amazonaws.com", kind=TrustKind.SERVICE, provider="aws",
        location=place, actions=("sts:AssumeRole",),
    )  # fmt: skip
    yield Grant(
        id=f"{arn}#attached/0", identity=arn, kind=GrantKind.POLICY, provider="aws", location=place, via=policy
    )  # fmt: skip
    yield Grant(
        id=f"{policy}#0", identity=policy, kind=GrantKind.POLICY, provider="aws", location=_at(account, policy),
        actions=("dynamodb:Query", "logs:PutLogEvents"),
        resources=(f"arn:aws:dynamodb:eu-west-1:{account}:table/t{count}",),
    )  # fmt: skip
    function = f"arn:aws:lambda:eu-west-1:{account}:function:f{count}"
    yield Use(
        id=f"use:{function}", subject=arn, by=function, kind=UseKind.WORKLOAD, location=_at(account, function)
    )  # fmt: skip


def _deploy(account: str, trusted: str) -> Iterator[Observation]:
    arn = f"arn:aws:iam::{account}:role/deploy"
    place = _at(account, arn)
    yield Identity(
        id=arn, kind=IdentityKind.ROLE, provider="aws", name="deploy", location=place, account=account,
        created_at=NOW, last_used_at=NOW,
    )  # fmt: skip
    yield Grant(
        id=f"{arn}#inline/0", identity=arn, kind=GrantKind.POLICY, provider="aws", location=place, actions=("*",),
        resources=("*",),
    )  # fmt: skip
    yield Trust(
        id=f"{arn}#trust/0", identity=arn, principal=f"arn:aws:iam::{trusted}:user/u0", kind=TrustKind.ASSUME,
        provider="aws", location=place, actions=("sts:AssumeRole",),
    )  # fmt: skip


def measured(asked: argparse.Namespace) -> None:
    rules = pipeline.load_rules()
    made = Made(asked, rules)

    def read(targets: Collection[str]) -> Iterator[Seen]:
        for one in sorted(targets):
            yield Seen(one, one.replace(":", "/"), made.observations(one))

    def known(target: str) -> dict[str, Finding]:
        return {}

    begun = time.process_time()
    keyed: dict[str, Keys] = {}
    for one in made.targets:
        keyed[one] = keys(made.observations(one))
    keying = time.process_time() - begun
    found: Joined = joined(
        keyed, read, known, rules=rules, choice=Choice(), configured=Settings(), now=NOW, most=0
    )
    total = time.process_time() - begun
    records = sum(one.records for one in keyed.values())
    size = sum(len(one.meets) + len(one.offers) + len(one.asks) for one in keyed.values())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{records:,} records of {len(made.targets):,} targets: {found.size}")
    print(
        f"keys:  {keying:.1f} s, {1e6 * keying / records:.0f} µs and {size / records:.0f} bytes a record"
    )
    print(f"join:  {total - keying:.1f} s more, {1e6 * (total - keying) / records:.0f} µs a record")
    print(f"peak:  {peak:,} MiB; {len(found.verdict.findings):,} findings")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repositories", type=int, default=0, help="of one template")
    parser.add_argument(
        "--pairs", type=int, default=0, help="so many have a secret that another one has, too"
    )
    parser.add_argument("--together", type=int, default=0, help="so many have all the same secret")
    parser.add_argument(
        "--linked", type=int, default=0, help="so many have the key of a user of an account"
    )
    parser.add_argument("--accounts", type=int, default=0)
    parser.add_argument("--records", type=int, default=5000, help="of each account")
    parser.add_argument(
        "--chained", type=int, default=0, help="so many have a role that the one before may assume"
    )
    measured(parser.parse_args())
    return 0


if __name__ == "__main__":
    sys.exit(main())
