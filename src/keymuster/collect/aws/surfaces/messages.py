"""Queues of SQS and topics of SNS, and who may send to them and take from them."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def queues(ask: Scope) -> Iterator[Told]:
    for url in ask.pages("sqs:ListQueues", "QueueUrls"):
        found = ask.answer(
            "sqs:GetQueueAttributes", "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist",
            QueueUrl=url, AttributeNames=["QueueArn", "Policy"],
        )  # fmt: skip
        if found:
            told_of = found["Attributes"]
            name = url.rpartition("/")[2]
            yield told(
                "AWS::SQS::Queue", told_of["QueueArn"],
                {"QueueName": name, "Policy": told_of.get("Policy")}, name=name,
            )  # fmt: skip


def topics(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("sns:ListTopics", "Topics"):
        arn = one["TopicArn"]
        found = ask.answer("sns:GetTopicAttributes", "NotFound", TopicArn=arn)
        if found:
            yield told("AWS::SNS::Topic", arn, {"Policy": found["Attributes"].get("Policy")})


SURFACES = (
    Surface(
        name="sqs",
        calls=("sqs:ListQueues", "sqs:GetQueueAttributes"),
        types=("AWS::SQS::Queue",),
        look=queues,
    ),
    Surface(
        name="sns",
        calls=("sns:ListTopics", "sns:GetTopicAttributes"),
        types=("AWS::SNS::Topic",),
        look=topics,
    ),
)
