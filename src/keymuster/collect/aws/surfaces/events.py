"""Event buses and who may put events on them, and connections with what they sign in with elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told


def buses(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("events:ListEventBuses", "EventBuses"):
        yield told(
            "AWS::Events::EventBus", one["Arn"],
            {"Name": one["Name"], "Policy": one.get("Policy")}, name=one["Name"],
        )  # fmt: skip


def connections(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("events:ListConnections", "Connections"):
        yield told(
            "AWS::Events::Connection", one["ConnectionArn"],
            {
                "Name": one["Name"], "AuthorizationType": one.get("AuthorizationType"),
                "ConnectionState": one.get("ConnectionState"), "CreationTime": one.get("CreationTime"),
                "LastModifiedTime": one.get("LastModifiedTime"),
                "LastAuthorizedTime": one.get("LastAuthorizedTime"),
            },
            name=one["Name"],
        )  # fmt: skip


SURFACES = (
    Surface(
        name="event-buses",
        calls=("events:ListEventBuses",),
        types=("AWS::Events::EventBus",),
        look=buses,
    ),
    Surface(
        name="event-connections",
        calls=("events:ListConnections",),
        types=("AWS::Events::Connection",),
        look=connections,
    ),
)
