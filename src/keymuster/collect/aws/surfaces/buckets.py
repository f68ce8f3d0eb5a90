"""Buckets of S3: their policies, and what keeps the public out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from keymuster.collect.aws.objects import refused_value, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_GUARDS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_NO_BLOCK = "NoSuchPublicAccessBlockConfiguration"


def buckets(ask: Scope) -> Iterator[Told]:
    """Those of the region. Nothing tells of policies of several at once."""

    @cache
    def of_account() -> dict[str, Any] | None:
        return ask.answer_or_empty(
            "s3control:GetPublicAccessBlock", _NO_BLOCK, AccountId=ask.account
        )

    for one in ask.pages("s3:ListBuckets", "Buckets", BucketRegion=ask.region):
        name = one["Name"]
        found = ask.answer("s3:GetBucketPolicy", "NoSuchBucketPolicy", "NoSuchBucket", Bucket=name)
        own = ask.answer_or_empty("s3:GetPublicAccessBlock", _NO_BLOCK, "NoSuchBucket", Bucket=name)
        yield told(
            "AWS::S3::Bucket", f"arn:{ask.partition}:s3:::{name}",
            {
                "BucketName": name, "CreationDate": one.get("CreationDate"),
                "Policy": found["Policy"] if found else None,
                "PublicAccessBlockConfiguration": _guards(own, of_account),
            },
            account=ask.account,
        )  # fmt: skip


def _guards(
    own: dict[str, Any] | None, of_account: Callable[[], dict[str, Any] | None]
) -> dict[str, Any]:
    """What holds for a bucket: what it says itself, or its account."""
    found = {guard: _says(own, guard) for guard in _GUARDS}
    if all(said is True for said in found.values()):
        return found
    account = of_account()
    for guard, said in found.items():
        if said is not True and (more := _says(account, guard)) is not False:
            found[guard] = more
    return found


def _says(block: dict[str, Any] | None, guard: str) -> bool | str:
    if block is None:
        return refused_value("s3:GetPublicAccessBlock")
    return bool(block.get("PublicAccessBlockConfiguration", {}).get(guard)) if block else False


def of_account(ask: Scope) -> Iterator[Told]:
    """What keeps the public out of all buckets of the account, if it is set at all."""
    found = ask.answer("s3control:GetPublicAccessBlock", _NO_BLOCK, AccountId=ask.account)
    if found:
        yield told(
            "AWS::S3::AccountPublicAccessBlock",
            f"arn:{ask.partition}:s3::{ask.account}:public-access-block",
            {"PublicAccessBlockConfiguration": found["PublicAccessBlockConfiguration"]},
        )


SURFACES = (
    Surface(
        name="s3",
        calls=(
            "s3:ListBuckets",
            "s3:GetBucketPolicy",
            "s3:GetPublicAccessBlock",
            "s3control:GetPublicAccessBlock",
        ),
        types=("AWS::S3::Bucket",),
        look=buckets,
    ),
    Surface(
        name="s3-account",
        calls=("s3control:GetPublicAccessBlock",),
        types=("AWS::S3::AccountPublicAccessBlock",),
        look=of_account,
        regional=False,
    ),
)
