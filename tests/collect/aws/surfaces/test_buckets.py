"""What keeps the public out of buckets, and where buckets are asked for."""

from __future__ import annotations

from typing import Any

import aws_surfaces
import moto_server
from keymuster.rules.schema import RuleSet

GUARDS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


def closed(**more: bool) -> dict[str, bool]:
    return {**dict.fromkeys(GUARDS, True), **more}


def test_a_region_has_its_own_buckets_only(aws: str) -> None:
    moto_server.client("s3", aws).create_bucket(Bucket="here")
    moto_server.client("s3", aws, region="eu-west-1").create_bucket(
        Bucket="there", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    assert [one.name for one in aws_surfaces.told("s3")] == ["here"]
    [there] = aws_surfaces.told("s3", "eu-west-1")
    assert there.id == "arn:aws:s3:::there"
    assert there.account == moto_server.ACCOUNT


def test_a_bucket_without_guards_takes_public_policies(aws: str, rules: RuleSet) -> None:
    s3 = moto_server.client("s3", aws)
    s3.create_bucket(Bucket="open")
    s3.create_bucket(Bucket="closed")
    s3.put_public_access_block(Bucket="closed", PublicAccessBlockConfiguration=closed())
    found = aws_surfaces.judged(aws_surfaces.told("s3"), rules)
    assert found == {"aws-bucket-takes-public-policies": 1}


def test_the_account_guards_all_buckets(aws: str, rules: RuleSet) -> None:
    moto_server.client("s3", aws).create_bucket(Bucket="open")
    guard_account(aws, closed())
    assert aws_surfaces.judged(aws_surfaces.told("s3"), rules) == {}
    assert aws_surfaces.judged(aws_surfaces.told("s3-account"), rules) == {}
    guard_account(aws, closed(RestrictPublicBuckets=False))
    found = aws_surfaces.judged(aws_surfaces.told("s3-account"), rules)
    assert found == {"aws-bucket-takes-public-policies": 1}


def guard_account(aws: str, guards: dict[str, bool]) -> None:
    moto_server.client("s3control", aws).put_public_access_block(
        AccountId=moto_server.ACCOUNT, PublicAccessBlockConfiguration=guards
    )


def test_guards_that_were_not_told_are_unknown(aws: str, rules: RuleSet) -> None:
    moto_server.client("s3", aws).create_bucket(Bucket="open")
    ask = aws_surfaces.scope("s3")
    ask.access.client("s3control", ask.region).meta.events.register("before-call", refuse)
    [bucket] = ask.surface.look(ask)
    guards = bucket.settings.plain()["PublicAccessBlockConfiguration"]  # type: ignore[union-attr]
    assert guards == dict.fromkeys(GUARDS, "${refused.s3.GetPublicAccessBlock}")
    assert aws_surfaces.judged([bucket], rules) == {}  # type: ignore[list-item]
    [trouble] = ask.troubles()
    assert "s3control:GetPublicAccessBlock was denied" in trouble.message
    assert "s3:GetAccountPublicAccessBlock" in trouble.advice


def refuse(**_: Any) -> Any:
    return _Denied(), {"Error": {"Code": "AccessDenied", "Message": ""}}


class _Denied:
    status_code = 403


def test_calls_grow_with_buckets_by_two_each(aws: str) -> None:
    s3, buckets = moto_server.client("s3", aws), 4
    for number in range(buckets):
        s3.create_bucket(Bucket=f"bucket-{number}")
    ask = aws_surfaces.scope("s3")
    calls = aws_surfaces.counted(ask)
    assert len(list(ask.surface.look(ask))) == buckets
    assert calls == {
        "ListBuckets": 1, "GetBucketPolicy": buckets, "GetPublicAccessBlock": buckets + 1,
    }  # fmt: skip
