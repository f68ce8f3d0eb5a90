"""Whether a file may declare identities: asked of its name alone, before a reader is loaded."""

from __future__ import annotations

from keymuster import settings_file
from keymuster.detect.values import languages

_NEVER = ("a script", "web code", "compiled code", "prose")
_NAMES = ("jenkinsfile", "dockerfile", "containerfile", "group_vars/", "host_vars/", "kubeconfig")
"""What marks a file wherever it stands in the path, whatever it ends in."""
_DEFINITIONS = (
    "agent", "command", "skill", "droid", "mode", "prompt", "check", "claude", "gemini", "instructions", "steering", "rules",
    "guidelines",
)  # fmt: skip
"""What stands in the path of prose that declares an agent in its first lines, or tells one what to do."""


_RULES = ("rules", "hints")
"""What files of rules end in that have no ending: `.cursorrules`."""


def may_declare(path: str) -> bool:
    """Whether there may be a reader for it besides those that search for secrets."""
    if path.endswith(settings_file.FILE):
        return False
    if languages.of(path) not in _NEVER:
        return True
    lower = path.lower()
    for name in _NAMES:  # each file is asked: `any` takes three times as long
        if name in lower:
            return True
    return _may_instruct(lower)


def may_instruct(path: str) -> bool:
    """Whether an agent may take it for orders, as far as its name tells."""
    return _may_instruct(path.lower())


def _may_instruct(lower: str) -> bool:
    if lower.endswith((".md", ".mdc")):
        return any(name in lower for name in _DEFINITIONS)
    name = lower.rpartition("/")[2]
    return name.startswith(".") and name.endswith(_RULES)
