"""Commands that a client runs by itself at events."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any, NamedTuple

from keymuster import regex
from keymuster.collect.agents.launchers import is_piped, launch
from keymuster.collect.agents.servers import Word, split
from keymuster.collect.syntax.node import Node

MOST = 500


class Hook(NamedTuple):
    """One command. `shown` is its program; the rest could hold a secret."""

    event: str
    shown: str
    node: Node
    facts: dict[str, Any]


_SENDS = regex.later(
    r"(?i)\b(?:curl|wget|nc|ncat|http(?:ie)?|invoke-webrequest|iwr|irm|scp|rsync|ssh)\b|requests\.post|urllib|fetch\("
)
_SECRETS = regex.later(
    r"(?i)\.env\b|\bprintenv\b|(?:^|[|;&\s])env(?:\s*(?:$|[|;>]))|process\.env\b(?!\.)|os\.environ\b(?!\[|\.get)|\.aws/credentials|\.ssh/|id_rsa|\.netrc|\.npmrc|"
    r"\.claude\.json|\.claude/\.credentials|auth\.json|gh auth token|get-session-token|security find-generic-password|\.kube/config|"
    r"\$\{?\w*(?:TOKEN|SECRET|API_?KEY|PASSWORD|CREDENTIALS?)\w*"
)


def of(node: Node, event: str = "") -> Iterator[Hook]:
    """Every command in a tree of hooks: text, or a map with a `command`."""
    waiting = deque([(event, node)])
    count = 0
    while waiting and count < MOST:
        event, one = waiting.popleft()
        if isinstance(one.value, list):
            strings = [item for item in one.value if isinstance(item.value, str)]
            if strings and len(strings) == len(one.value):  # one command, word by word
                count += 1
                yield _hook(event, " ".join(item.text() for item in strings), one)
                continue
            waiting.extendleft((event, item) for item in reversed(one.value))
        elif isinstance(one.value, dict):
            for key in ("command", "bash", "powershell", "script"):
                command = one.get(key)
                if command is not None and command.text():
                    count += 1
                    yield _hook(event, command.text(), command)
            address = one.get("url")
            if address is not None and address.text():
                count += 1
                yield _hook(event, f"curl {address.text()}", address)
            inside = [
                (event or key, value)
                for key, value in one.entries()
                if isinstance(value.value, dict | list) and key not in ("headers", "env", "args")
            ]
            waiting.extendleft(reversed(inside))


def _is_fetched(kind: str, command: str) -> bool:
    """Whether a package comes from a registry: `npx` takes that of the project, if there is one and it
    is not told to fetch."""
    return (
        kind != "npm"
        or re.search(r"\s(?:-y|--yes)\b|@latest\b|\bdlx\b|\bbunx\b", command) is not None
    )


def _hook(event: str, command: str, node: Node) -> Hook:
    text = command[:10_000]
    words = split(text)
    started = launch([Word(word, node) for word in ["sh", "-c", text]])
    facts = {
        "event": event[:60],
        "downloads": is_piped(text),
        "unpinned": started.pinned == "no" and _is_fetched(started.kind, text),
        "sends": bool(_SENDS.search(text)),
        "secrets": bool(_SECRETS.search(text)),
    }
    program = words[0] if words and re.fullmatch(r"[\w./$\{}~-]{1,60}", words[0]) else "a command"
    return Hook(event[:60], program, node, facts)
