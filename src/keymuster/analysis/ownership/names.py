"""What people and teams are called in different places, and which of it is nobody's name.

`@acme/payments` (GitHub), `group:default/payments` (Backstage), `#payments` (Slack) and `payments` (a tag) are
one team, `@jane` and `user:default/jane` one person. That `jane@acme.example` is the same only a directory knows.
"""

from __future__ import annotations

import re

from keymuster import regex

_MAIL = regex.later(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+")
_NOREPLY = regex.later(r"(?:\d+[+-])?(?P<login>[^@+]+)@users\.noreply\.(?:github|gitlab)\.[\w.-]+")
_GUID = regex.later(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_REFERENCE = regex.later(r"(?P<kind>group|user|team):(?:(?P<space>[\w.-]+)/)?(?P<name>[\w .-]+)")
_CREATOR = regex.later(r"(?:IAMUser|AssumedRole|FederatedUser|Root):[^:]+:(?P<name>.+)")
"""How AWS writes its own tag `aws:createdBy`."""
_ARN = regex.later(r"arn:[\w-]+:(?:iam|sts)::\d*:(?:user|assumed-role)/(?:[^/]+/)*(?P<name>[^/]+)")

_BOTS = frozenset(
    ("dependabot", "renovate", "github-actions", "web-flow", "gitlab-bot", "semantic-release-bot", "greenkeeper",
     "snyk-bot", "pre-commit-ci", "allcontributors", "imgbot", "mergify", "copilot", "root", "admin", "administrator",
     "jenkins", "terraform", "ci", "automation", "cloudformation", "system")
)  # fmt: skip
_NOBODY = frozenset(
    ("", "none", "n/a", "na", "nobody", "unknown", "tbd", "todo", "null", "nil", "-", "--", "?", "not committed yet", "not.committed.yet",
     "changeme", "change-me", "unassigned", "noone", "no one", "no-owner")
)  # fmt: skip
_MACHINE_MAIL = regex.later(
    r"(?:.*[._+-])?(?:no-?reply|do-?not-?reply|bot|actions|jenkins|gitlab-ci|buildkite)(?:[._+-].*)?@.*|.*@localhost(?:\..*)?|.*\.local"
)


def plain(text: str) -> str:
    """A name without what stands around it: `Jane <jane@acme.example>` is the address, and the address that
    GitHub makes up for somebody is their login."""
    text = text.strip().strip("\"'").removeprefix("mailto:").strip()
    for form in (_CREATOR, _ARN):
        if (found := form.fullmatch(text)) is not None:
            text = found["name"]
    inside = re.search(r"<([^<>]+)>\s*$", text)
    if inside is not None and _MAIL.fullmatch(inside[1]):
        text = inside[1]
    if (made_up := _NOREPLY.fullmatch(text.casefold())) is not None:
        return f"@{made_up['login']}"
    return text


def is_nobody(text: str) -> bool:
    """Whether a name is that of a machine, or stands for no name: neither can be asked."""
    name = plain(text).casefold()
    if name in _NOBODY:
        return True
    if "@" in name[1:]:
        return _MACHINE_MAIL.fullmatch(name) is not None or "[bot]" in name
    word = slug(name)
    return "[bot]" in name or word in _BOTS or word in _NOBODY or word.endswith("-bot")


def is_mail(text: str) -> bool:
    return _MAIL.fullmatch(text) is not None


def is_team(text: str) -> bool:
    """Whether it is surely a group by its form."""
    text = plain(text)
    return (text.startswith("@") and "/" in text) or text.startswith(("#", "group:", "team:"))


def slug(text: str) -> str:
    """The name alone, without what says where it is one: what different places agree on."""
    name = plain(text).casefold()
    if is_mail(name):
        return name
    if (found := _REFERENCE.fullmatch(name)) is not None:
        name = found["name"]
    elif name.startswith("@"):
        name = name.rpartition("/")[2].removeprefix("@")
    name = name.removeprefix("#").removeprefix("@")
    return re.sub(r"[^\w.]+|_", "-", name).strip("-") or name


def keys(text: str) -> list[str]:
    """How a directory may know somebody by this, the surest first."""
    name = plain(text).casefold()
    if is_mail(name):
        return [f"mail:{name}"]
    if (guid := _GUID.search(name)) is not None:
        return [f"id:{guid[0]}", f"id:{name}"]
    found = [f"id:{name}"]
    if (reference := _REFERENCE.fullmatch(name)) is not None:
        space = reference["space"] or "default"
        found.append(f"ref:{reference['kind']}:{space}/{reference['name']}")
    if name.startswith("@"):
        found.append(f"{'team' if '/' in name else 'login'}:{name.removeprefix('@')}")
    else:
        found += [f"login:{name}", f"name:{name}"]
    return [*found, f"slug:{slug(name)}"]
