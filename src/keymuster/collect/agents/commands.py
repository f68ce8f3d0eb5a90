"""Agents that workflows, compose files and tasks start, with their checks off or with whatever version
there is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from keymuster import regex
from keymuster.collect.agents import tools
from keymuster.collect.agents.launchers import launch
from keymuster.collect.agents.servers import Word
from keymuster.collect.ci.things import Thing
from keymuster.collect.marks import has_one
from keymuster.collect.syntax.node import File, Node

_NAMES = (
    b"claude", b"codex", b"gemini", b"qwen", b"copilot", b"opencode", b"cursor-agent", b"aider", b"goose", b"droid", b"kiro-cli",
    b"dangerously", b"--yolo", b"trust-all-tools", b"allow-all-tools",
)  # fmt: skip
_SHORT_NAMES = (b"amp", b"q chat")
"""Those that are parts of other words, too."""
_MARKS = tuple(
    regex.later(rb"%b\b(?<=\b%b)" % (re.escape(name), re.escape(name))) for name in _SHORT_NAMES
)
"""What a file holds that starts one of the agents we know, is one of these or of the longer names."""

_PROGRAM = (
    r"(?:claude(?:-code)?(?:-action)?|codex(?:-action)?|gemini(?:-cli)?|qwen(?:-code)?|copilot(?:-cli)?|opencode|cursor-agent|amp|aider|goose|droid|"
    r"kiro-cli|q|cline|crush|openhands|iflow|auggie)"
)
_OFF = regex.later(
    r"""(?x)
    (?P<alone>--dangerously-skip-permissions | --dangerously-bypass-approvals-and-sandbox | --dangerously-allow-all |
      --allow-dangerously-skip-permissions | --skip-permissions-unsafe | --trust-all-tools | --allow-all-tools | --allow-all-paths |
      --permission-mode[\ =]["']?bypassPermissions | --sandbox[\ =]["']?danger-full-access |
      sandbox_mode\s?=\s?\\?["']?danger-full-access | approval_policy\s?=\s?\\?["']?never |
      --approval-mode[\ =]["']?yolo | --ask-for-approval[\ =]["']?never | --yes-always ) |
    \b"""
    + _PROGRAM
    + r"""\b[^\n]{0,300}?[\s"'](?P<named>--yolo | -y(?=\s|$) | --force | --full-auto | -a[\ ]never | --allow-all | --auto-approve)(?=[\s"'\]]|$)"""
)
_INPUT = regex.later(
    r"""(?xi)^\s{0,60}(?:-\s+)?["']?(?:
    (?P<sandbox>sandbox|sandbox[_-]mode|safety[_-]strategy)["']?\s*[:=]\s*["']?(?:danger-full-access|unsafe)\b |
    (?P<mode>permission[_-]?mode|approval[_-]?mode|default_?approval_?mode|GOOSE_MODE|approval_policy)["']?\s*[:=]\s*["']?(?:bypassPermissions|yolo|never|auto)(?=["'\s,}]|$) |
    (?P<yolo>yolo|skip[_-]permissions|dangerously[_-]skip[_-]permissions|auto[_-]approve)["']?\s*[:=]\s*["']?true\b |
    (?P<anyone>allowed_non_write_users|allow-users|allow-bots|allowed_bots)["']?\s*[:=]\s*["']?\*["']? )"""
)
_TOOLS = regex.later(
    r"""(?x) (?:--allowed-?[tT]ools | --allow-tool | allowed_tools | allowedTools)["']?[\ =:]{1,4}(?P<list>"[^"\n]{1,2000}"|'[^'\n]{1,2000}'|[^\s"'\n][^\n]{0,500})"""
)
_SPLIT_TOOLS = regex.later(r"[,\s]+(?![^()]*\))")
_PACKAGE = regex.later(
    r"(?i)@anthropic-ai/claude-code|@openai/codex|@google/gemini-cli|@github/copilot|opencode-ai|@sourcegraph/amp|@qwen-code/qwen-code|"
    r"aider-chat|@augmentcode/auggie|claude\.ai/install|cursor\.com/install|opencode\.ai/install|openclaw|@charmland/crush"
)
_FORBIDS = regex.later(
    r"(?i)\b(?:never|do not|don't|must not|forbid\w*|den(?:y|ied)|reject\w*|block\w*|disallow\w*|grep|without)\b"
)
_LONGEST = 2_000
MOST = 500


class Started(NamedTuple):
    """One thing that is said of an agent that a line starts: `means` is `checks-off`, `anyone`, `rule` or
    `unpinned`."""

    means: str
    shown: str
    node: Node
    value: str = ""


def may_start_one(lower: bytes) -> bool:
    """Whether a file, in small letters, names an agent that we know."""
    if has_one(lower, _NAMES):
        return True
    return any(
        name in lower and mark.search(lower)
        for name, mark in zip(_SHORT_NAMES, _MARKS, strict=True)
    )


def of(text: str, file: File) -> Iterator[Started]:
    """What each line says of an agent that it starts."""
    count = 0
    lines = [raw[:_LONGEST] for raw in text.splitlines()]
    first = _first_that_names_one(lines)
    for number, line in enumerate(lines[first:], first + 1):
        stripped = line.lstrip()
        if stripped.startswith(("#", "//")) or _FORBIDS.search(line):
            continue
        node = Node(
            value=None, file=file, line=number, column=len(line) - len(stripped) + 1, end_line=number,
            end_column=len(line) + 1,
        )  # fmt: skip
        for one in _said(line, node):
            yield one
            count += 1
            if count >= MOST:
                return


def _first_that_names_one(lines: list[str]) -> int:
    """How many lines there are before the first that names an agent, and is no comment: mostly all. One
    look for each name through all of them takes a hundredth of a look at each line for any name."""
    text = "\n".join(lines).encode("utf-8", "replace").lower()
    if not may_start_one(text):
        return len(lines)
    places = [at for name in _NAMES if (at := text.find(name)) >= 0]
    places += [found.start() for mark in _MARKS if (found := mark.search(text))]
    first = text.count(b"\n", 0, min(places))
    for number, line in enumerate(lines[first:], first):
        if not line.lstrip().startswith(("#", "//")) and _names_one(line):
            return number
    return len(lines)


def _names_one(line: str) -> bool:
    return may_start_one(line.encode("utf-8", "replace").lower())


_ORDER = regex.later(rf"(?i)\b{_PROGRAM}\s[^\n]{{0,400}}?--?[a-z]")


def orders(text: str, file: File) -> Iterator[Thing]:
    """The lines of instructions that tell to start an agent without its checks."""
    for one in of(
        "\n".join(line if _ORDER.search(line[:_LONGEST]) else "" for line in text.splitlines()),
        file,
    ):
        if one.means == "checks-off":
            yield Thing(
                "agent_command", one.shown, one.shown, one.node.location(), {"means": one.means}
            )


def _said(line: str, node: Node) -> Iterator[Started]:
    if found := _OFF.search(line):
        yield Started("checks-off", (found["alone"] or found["named"]).strip(), node)
    elif found := _INPUT.search(line):
        means = "anyone" if found["anyone"] else "checks-off"
        yield Started(means, found[0].strip(" -\"'")[:60], node)
    for listed in _TOOLS.finditer(line):
        for rule in _SPLIT_TOOLS.split(listed["list"].strip("\"'"))[:100]:
            rule = rule.strip("\"'\\")
            if rule and (reach := tools.reach(rule)) in ("any-tool", "any-command"):
                yield Started("rule", tools.shown(rule), node, reach)
    if _PACKAGE.search(line):
        command = re.sub(
            r"\A\s*(?:-\s+|RUN\s+|CMD\s+)?(?:--mount=\S+\s+)?(?:[\w-]{1,40}\s*:\s+)?(?:[|>][-+]?\s*)?[\"']?",
            "",
            line,
        ).rstrip("\"',")
        started = launch([Word(word, node) for word in ("sh", "-c", command)])
        if started.pinned == "no" and (_PACKAGE.search(started.name) or started.kind == "script"):
            yield Started(
                "unpinned", f"{started.name}, {started.because}"[:120], node, started.kind
            )
