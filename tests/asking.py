"""Surfaces of AWS asked by themselves: of moto's server, or of answers that botocore has checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from botocore.stub import Stubber
from msgspec.structs import replace

import moto_server
from keymuster.collect.aws.access import Access, own_session
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface
from keymuster.collect.declared import Declared

NOWHERE = "http://127.0.0.1:9"


def access() -> Access:
    return Access(
        own_session(""), moto_server.ACCOUNT, f"arn:aws:iam::{moto_server.ACCOUNT}:user/test"
    )


def told(surface: Surface) -> tuple[list[Declared], Scope]:
    """What a surface tells of moto's account, and what it was asked through."""
    ask = Scope(access(), moto_server.REGION, surface)
    return cast("list[Declared]", list(surface.look(ask))), ask


@contextmanager
def asking(
    surface: Surface, service: str, wants: Iterable[str] = ()
) -> Iterator[tuple[Scope, Stubber]]:
    """A scope of which one service answers what the stub is told, in that order."""
    ask = Scope(access(), moto_server.REGION, replace(surface, wants=frozenset(wants)))
    client: Any = moto_server.client(service, NOWHERE)
    ask.access._clients[service, moto_server.REGION] = client
    with Stubber(client) as stub:
        yield ask, stub
