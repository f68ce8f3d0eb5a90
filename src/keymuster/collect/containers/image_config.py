"""The configuration of container images (Docker, OCI)."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, ClassVar

import msgspec

from keymuster.collect.containers.base import Budget, Container, Content, Form, Member

_MOST = 16 * 1024 * 1024
"""Bytes of a configuration; registries take 4 MiB."""


class ImageConfig(Container):
    """Environment, commands, labels and the history of the build, a line each and without the
    quoting of JSON."""

    name: ClassVar[str] = "image-config"
    form: ClassVar[Form] = Form.VIEW
    streams: ClassVar[bool] = False

    def recognizes(self, data: bytes) -> bool:
        return data[:1] == b"{" and len(data) <= _MOST and b'"rootfs"' in data

    def members(self, content: Content, budget: Budget) -> Iterator[Member]:
        try:
            said = msgspec.json.decode(content.whole)
        except msgspec.DecodeError:
            return  # JSON of another kind; it is searched as the text it is
        config = _object(said, "config")
        labels = [f"{name}={value}" for name, value in _object(config, "Labels").items()]
        commands = [*_words(config, "Entrypoint"), *_words(config, "Cmd")]
        history = [
            str(step.get("created_by", ""))
            for step in said.get("history") or ()
            if isinstance(step, dict)
        ]
        for name, lines in (
            ("env", _words(config, "Env")),
            ("command", commands),
            ("labels", labels),
            ("history", history),
        ):
            if lines:
                yield Member(name, BytesIO("".join(f"{line}\n" for line in lines).encode()))


def _object(parent: dict[str, Any], key: str) -> dict[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _words(parent: dict[str, Any], key: str) -> list[str]:
    value = parent.get(key)
    return [str(one) for one in value] if isinstance(value, list) else []
