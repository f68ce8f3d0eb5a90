"""What the names of tools and the rules about them allow an agent to do."""

from __future__ import annotations

import re

from keymuster import regex
from keymuster.collect.agents import shown as words

_TOKEN = regex.later(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_ALWAYS = frozenset(
    ("delete", "remove", "execute", "exec", "run", "write", "manage", "drop", "deploy", "shell", "bash",
     "command", "commands", "push", "merge", "send", "terminate", "destroy", "kill", "install", "publish", "grant",
     "revoke", "truncate", "eval", "evaluate", "rollback", "restart", "reboot", "purge", "wipe", "transfer", "pay",
     "refund", "terminal", "mutate", "mutation", "overwrite", "apply", "assume", "impersonate", "powershell"),
)  # fmt: skip
_FIRST = frozenset(
    ("create", "update", "insert", "put", "post", "set", "modify", "edit", "start", "stop", "upload", "move",
     "rename", "add", "patch", "cancel", "close", "approve", "invite", "import", "restore", "replace", "upsert",
     "fork", "commit", "reset", "rotate", "attach", "detach", "assign", "enable", "disable", "submit", "scale",
     "trigger", "invoke", "click", "type", "fill", "alter", "save", "archive", "comment", "reply", "schedule",
     "provision", "launch", "cordon", "drain", "register", "deregister", "tag", "untag", "share", "unshare"),
)  # fmt: skip
_READS = frozenset(
    ("get", "list", "search", "read", "describe", "find", "fetch", "show", "view", "check", "count", "explain",
     "resolve", "lookup", "is", "has", "status", "download", "inspect", "validate", "ping", "help", "browse", "tail",
     "watch", "diff", "whoami", "version", "summarize", "suggest", "recommend", "preview", "estimate"),
)  # fmt: skip

_SHELLS = frozenset(
    ("bash", "shell", "run_shell_command", "shelltool", "execute_bash", "execute_command", "terminal", "exec",
     "run_command", "execute", "run_terminal_cmd", "runinterminal", "run_in_terminal", "powershell", "developer__shell",
     "launch-process", "local_shell", "command", "executecommand", "run", "shell_command", "@builtin/shell")
)  # fmt: skip
_ANY = regex.later(
    r"\s*(?:\*{1,2}|:\*|\*:\*|/?\.\*/?|/\^?\.[*+]\$?/[a-z]{0,3}|\^?\.[*+]\$?|all|any)?\s*"
)
_OPEN_PROGRAM = regex.later(
    r"(?ix)\A\s*(?:sudo|su|doas|sh|bash|zsh|dash|fish|pwsh|powershell|cmd|env|eval|exec|xargs|python[\d.]*|node|deno|bun|ruby|"
    r"perl|php|lua|osascript|npx|bunx|uvx|pipx|ssh|docker|podman|kubectl\ exec|nsenter|chroot|nohup|curl|wget|nc|ncat|socat|"
    r"aws|gcloud|az|terraform\ apply|rm|rm\ -rf|dd|chmod|chown)\s*(?:(?:\ |:)?\*|:\*|\ \*\*)\s*\Z"
)
_RULE = regex.later(r"(?P<tool>[^()]{1,200})(?:\((?P<pattern>.*)\))?\s*", re.DOTALL)


def changes(name: str) -> bool:
    """Whether a tool of this name changes something, as far as its words tell."""
    words = [word.lower() for word in _TOKEN.findall(name.rpartition("__")[2][:200])]
    if not words:
        return False
    verb = next(
        (word for word in words[:3] if word in _READS or word in _FIRST or word in _ALWAYS), ""
    )
    if verb in _READS and not {"and", "or"} & set(words):
        return False
    return verb in _FIRST or bool(_ALWAYS & set(words))


def split(rule: str) -> tuple[str, str | None]:
    """Tool and pattern of `Bash(git *)`; a pattern that is not there is None."""
    found = _RULE.fullmatch(rule[:10_000])
    if found is None:
        return rule[:200].strip(), None
    return found["tool"].strip(), found["pattern"]


def reach(rule: str) -> str:
    """How far a rule goes: `any-tool`, `any-command`, `any-program` (one that runs others, or what it
    is given), `any-path` of files to write, `any-tool-of-server`, `changing-tool` of a server, or `narrow`."""
    tool, pattern = split(rule)
    name = tool.lower()
    if _ANY.fullmatch(tool) and tool and not pattern:
        return "any-tool"
    if name in ("mcp__*", "mcp__", "mcp(*)", "mcp", "mcp(*:*)") or (
        name == "mcp" and pattern in ("*", "*:*")
    ):
        return "any-tool"
    if is_shell(name):
        return command_reach(pattern or "")
    if name.startswith("mcp__"):
        parts = name.split("__")
        if len(parts) == 2 or parts[2] in ("", "*"):
            return "any-tool-of-server"
        return "changing-tool" if changes(tool) else "narrow"
    if name.startswith("@") and "/" not in name.removeprefix("@builtin/") and name != "@builtin":
        return "any-tool-of-server"
    if name in ("@builtin", "@builtin/*"):
        return "any-tool"
    if (
        name in ("write", "edit", "multiedit", "read", "fs_write", "write_file")
        and pattern is not None
    ):
        return (
            "any-path"
            if re.fullmatch(r"/{1,2}\*{0,2}|~/?\*{0,2}|/{1,2}\*\*/\*", pattern.strip())
            else "narrow"
        )
    return "narrow"


def is_shell(tool: str) -> bool:
    name = tool.lower()
    return name in _SHELLS or name.rpartition("/")[2] in ("bash", "shell", "execute_bash")


def command_reach(pattern: str) -> str:
    """The same of a pattern of commands alone."""
    if _ANY.fullmatch(pattern):
        return "any-command"
    return "any-program" if _OPEN_PROGRAM.match(pattern) else "narrow"


_SHOWN = regex.later(r"[\w ./:*@,=~^$|?+\\\[\]-]{0,60}")
_SECRET = regex.later(
    r"(?i)auth|bearer|token|secret|passw|pwd|key|credential|[A-Za-z0-9_+/-]{24,}|=\S{6,}"
)


def shown(rule: str) -> str:
    """A rule as it may be shown: without its arguments, if a secret could be in them."""
    tool, pattern = split(rule)
    if pattern is None:
        return (
            words.text(tool)[:80]
            if not _SECRET.search(tool) or len(tool) < 60
            else words.text(tool)[:20] + "…"
        )
    if _SHOWN.fullmatch(pattern) and not _SECRET.search(pattern):
        return f"{words.text(tool)[:80]}({pattern})"
    first = pattern.split(maxsplit=1)[0] if pattern.split() else ""
    plain = first if re.fullmatch(r"[\w./-]{1,20}", first) else ""
    return f"{words.text(tool)[:80]}({words.text(plain)}…)"
