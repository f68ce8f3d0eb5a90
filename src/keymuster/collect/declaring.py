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


def may_declare(path: str) -> bool:
    """Whether there may be a reader for it besides those that search for secrets."""
    if path.endswith(settings_file.FILE):
        return False
    if languages.of(path) not in _NEVER:
        return True
    lower = path.lower()
    if lower.endswith(".md") and any(name in lower for name in _DEFINITIONS):
        return True
    return any(name in lower for name in _NAMES)
