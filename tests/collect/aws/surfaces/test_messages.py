"""Queues and topics: one call for each, and pages of lists."""

from __future__ import annotations

import aws_surfaces
import moto_server


def test_a_queue_costs_one_call(aws: str) -> None:
    sqs = moto_server.client("sqs", aws)
    for number in range(5):
        sqs.create_queue(QueueName=f"jobs-{number}")
    ask = aws_surfaces.scope("sqs")
    calls = aws_surfaces.counted(ask)
    found = list(ask.surface.look(ask))
    assert sorted(one.name for one in found) == [f"jobs-{number}" for number in range(5)]  # type: ignore[union-attr]
    assert calls == {"ListQueues": 1, "GetQueueAttributes": 5}


def test_a_queue_that_is_gone_is_no_trouble(aws: str) -> None:
    sqs = moto_server.client("sqs", aws)
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    ask = aws_surfaces.scope("sqs")
    client = ask.access.client("sqs", ask.region)
    client.meta.events.register(
        "before-call.sqs.GetQueueAttributes", lambda **_: sqs.delete_queue(QueueUrl=url) and None
    )
    assert list(ask.surface.look(ask)) == []
    assert list(ask.troubles()) == []
