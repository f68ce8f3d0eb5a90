"""Whether the name of an account is that of a person."""

from __future__ import annotations

import re

from keymuster import regex

_ADDRESS = regex.later(
    r"(?P<local>[A-Za-z0-9._%+'-]{1,64})@(?P<host>[A-Za-z0-9.-]{1,253}\.[A-Za-z]{2,24})"
)
_FULL_NAME = regex.later(r"[a-z]{2,20}[._][a-z]{2,30}")
_FUNCTIONS = frozenset(
    ("svc", "service", "srv", "bot", "agent", "agents", "ci", "cd", "automation", "auto", "noreply", "reply", "api", "app",
     "integration", "system", "robot", "machine", "admin", "administrator", "root", "support", "info", "dev", "team",
     "ops", "mail", "mcp", "reader", "user", "username", "test", "sales", "billing", "hello", "contact", "help", "notifications",
     "alerts", "alert", "security", "you", "your", "me", "name", "email", "someone", "example", "sa", "account", "build",
     "deploy", "jenkins", "github", "gitlab", "runner", "worker", "job", "task", "triage", "monitor", "monitoring", "sync",
     "backup", "data", "etl", "readonly", "ro", "rw", "assistant", "ai", "llm", "copilot", "claude", "cursor", "desk", "helpdesk",
     "office", "hr", "finance", "marketing", "engineering", "platform", "infra", "devops", "sre", "release", "postmaster",
     "webmaster", "hostmaster", "abuse", "my", "company", "firstname", "lastname", "first", "last", "default", "db", "client")
)  # fmt: skip


def is_person(text: str) -> bool:
    """Whether this is the address or the account of somebody: `jane.doe@acme.example`. One of a bot, a
    team or a service is none."""
    text = text.strip()
    found = _ADDRESS.fullmatch(text)
    local = found["local"] if found else text
    if found and found["host"].endswith("gserviceaccount.com"):
        return False
    words = [word for word in re.split(r"[^a-z]+", local.lower()) if word]
    if not words or _FUNCTIONS & set(words):
        return False
    if found:
        return True
    return _FULL_NAME.fullmatch(local.lower()) is not None and "." in local
