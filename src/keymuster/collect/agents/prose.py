"""Which prose an agent takes for orders, or for a definition, by its path: asked before what reads such is loaded,
for most prose is neither."""

from __future__ import annotations

import re

from keymuster import regex


def client(path: str) -> str:
    """The client that would take a file for one of its definitions; empty if there is none."""
    if not any(folder in path for folder in _FOLDERS):
        return ""
    return next((name for name, form in _PLACES if form.search(path)), "")


def defines_or_instructs(path: str) -> bool:
    """Whether it is a definition, or tells an agent what to do wherever it works."""
    return _INSTRUCTIONS.search(path) is not None or bool(client(path))


def instructs(path: str) -> bool:
    """Whether an agent takes what a file says for orders: rules and prompts, too."""
    return defines_or_instructs(path) or _OTHER.search(path) is not None


_PLACES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (client, regex.later(pattern))
    for client, pattern in (
        ("claude-code", r"(?:\A|/)\.claude/(?:agents|commands|skills)/.+\.md\Z"),
        (
            "opencode",
            r"(?:\A|/)\.?(?:config/)?opencode/(?:agents?|commands?|skills?|modes?)/.+\.md\Z",
        ),
        (
            "copilot",
            r"(?:\A|/)\.github/(?:agents|chatmodes|prompts|skills)/.+\.md\Z|\.(?:agent|chatmode|prompt)\.md\Z",
        ),
        ("cursor", r"(?:\A|/)\.cursor/(?:agents|commands|skills)/.+\.mdc?\Z"),
        ("gemini-cli", r"(?:\A|/)\.gemini/(?:agents|skills)/.+\.md\Z"),
        ("qwen-code", r"(?:\A|/)\.qwen/(?:agents|skills)/.+\.md\Z"),
        ("codex", r"(?:\A|/)\.codex/(?:agents|prompts|skills)/.+\.md\Z"),
        ("kiro", r"(?:\A|/)\.kiro/(?:agents|skills)/.+\.md\Z"),
        ("factory", r"(?:\A|/)\.factory/(?:droids|commands|skills)/.+\.md\Z"),
        ("augment", r"(?:\A|/)\.augment/(?:agents|commands|skills)/.+\.md\Z"),
        ("roo-code", r"(?:\A|/)\.roo/(?:commands|skills)/.+\.md\Z"),
        ("amp", r"(?:\A|/)\.agents/(?:agents|commands|skills|checks)/.+\.md\Z"),
        ("claude-code", r"(?:\A|/)(?:agents|commands)/[^/]+\.md\Z|(?:\A|/)SKILL\.md\Z"),
    )
)
"""Where each client looks for them; the last is where plugins have theirs."""

_FOLDERS = (
    ".claude/", "opencode/", ".github/", ".agent.md", ".chatmode.md", ".prompt.md", ".cursor/", ".gemini/", ".qwen/", ".codex/",
    ".kiro/", ".factory/", ".augment/", ".roo/", ".agents/", "agents/", "commands/", "SKILL.md",
)  # fmt: skip
"""One of these is in every path that `_PLACES` finds, and in few others."""

_INSTRUCTIONS = regex.later(
    r"(?i)(?:\A|/)(?:CLAUDE(?:\.local)?|AGENTS?|GEMINI|QWEN|CODEX|copilot-instructions|CONVENTIONS|guidelines)\.md\Z|"
    r"(?:\A|/)\.(?:cursor|windsurf|roo|cline|clinerules|amazonq|kilocode|trae|continue|claude|augment)[\w-]*/(?:rules|steering)?[^/]*/?.*\.mdc?\Z|"
    r"(?:\A|/)\.kiro/steering/.+\.md\Z|\.instructions\.md\Z"
)
"""Files that tell an agent what to do."""

_OTHER = regex.later(
    r"(?i)(?:\A|/)(?:\.(?:cursor|windsurf|cline|roo|kilocode|goose|junie)(?:rules|hints)(?:-[\w-]+)?|\.rules)\Z|"
    r"(?:\A|/)\.(?:clinerules|roo|cursor|windsurf|junie|kiro|amazonq)/.+\.(?:md|mdc|txt)\Z|"
    r"(?:\A|/)(?:skills?|agents|prompts|commands)/.+\.(?:md|mdc)\Z|(?:\.prompt|\.agent|\.chatmode)\.md\Z|\.mdc\Z"
)
