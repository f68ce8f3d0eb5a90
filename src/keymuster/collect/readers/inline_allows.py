"""Comments that accept a finding: `allow[rule] until=2027-01-31 reason=test key`, behind the name of
the tool and a colon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import ClassVar

from msgspec.structs import replace

from keymuster import regex
from keymuster.collect.base import Blob, Context, Reader
from keymuster.collect.marks import has
from keymuster.collect.together import Together
from keymuster.detect.loops import fastest
from keymuster.model import InlineAllow, Storage
from keymuster.model.ids import in_id
from keymuster.rules.schema import RuleSet

_MARK = b"keymuster:"
_DIRECTIVE = regex.later(
    rb"(?<!\w)keymuster:[ \t]{0,4}allow(?![\w-])(?:\[(?P<rules>[^\]\n]{0,300})\])?(?P<rest>[^\n]{0,1000})"
)
_UNTIL = regex.later(r"\buntil=(\S+)")
_REASON = regex.later(r"\breason=(.*)")
_COMMENT_END = regex.later(r"\s*(?:\*/|--%?>|%>|\]\]>|#\}|%\}|-\}|\*\)|=#|\"\"\"|''').*")
"""What ends a comment, and the code behind it."""
_LEAST_REASON = 3


class InlineAllows(Reader):
    """Finds the comments in any syntax, and says what is wrong with those it refuses."""

    name: ClassVar[str] = "inline-allows"
    past: ClassVar[bool] = True

    def __init__(self, context: Context) -> None:
        self._rules = context.rules
        self._stands_anew = fastest().stands_anew

    def reads(self, path: str) -> bool:
        return True

    def _is_marked(self, blob: Blob, content: bytes) -> bool:
        """Whether the mark stands anywhere. Where none stood in the version before, it is looked for
        where that was not kept."""
        if blob.notes is None or content is not blob.data:
            return has(content, _MARK)
        kept = blob.kept if blob.before.get(self.name) is False else ()
        marked = blob.notes[self.name] = self._stands_anew(content, kept, _MARK)
        return marked

    def among(self, together: Together) -> list[int]:
        return together.having((_MARK,))

    def read(self, blob: Blob) -> Iterator[InlineAllow]:
        text = blob.text
        if not self._is_marked(blob, text.content) or text.binary:
            return iter(())
        if blob.storage is Storage.AGENT_TRANSCRIPT:  # what is quoted there was written elsewhere
            return iter(())
        return self._allows(blob, text.content)

    def _allows(self, blob: Blob, content: bytes) -> Iterator[InlineAllow]:
        positions = blob.positions()
        for found in _DIRECTIVE.finditer(content):
            begin, end = positions.at(found.start()), positions.at(found.end())
            if blob.owns(found.start()):
                allow = _allow(blob, found, begin, end)
                if not allow.problem and (problem := _unknown(allow.rules, self._rules)):
                    allow = replace(allow, problem=problem)
                # an old comment beside a change still covers it, but is not judged with it
                judged = blob.counts(begin[0], end[0])
                yield allow if judged else replace(allow, location=replace(allow.location, path=""))


def _allow(
    blob: Blob,
    found: re.Match[bytes],
    begin: tuple[int, int],
    end: tuple[int, int],
) -> InlineAllow:
    rest = _COMMENT_END.sub("", found["rest"].decode("utf-8", "replace"))
    rules = tuple(
        filter(None, re.split(r"[,\s]+", (found["rules"] or b"").decode("utf-8", "replace")))
    )
    reason_at = _REASON.search(rest)
    until_at = _UNTIL.search(rest[: reason_at.start()] if reason_at else rest)
    until = _day(until_at[1]) if until_at else None
    reason = _unquoted(reason_at[1]) if reason_at else ""
    if until_at is None and reason_at and (late := _UNTIL.search(reason)):
        until_at, until = late, _day(late[1])
        reason = _unquoted(_UNTIL.sub("", reason))
    return InlineAllow(
        id=f"allow:{in_id(blob.path)}:{blob.object or ''}:{begin[0]}:{begin[1]}",
        location=blob.location(begin, end),
        rules=rules,
        until=until,
        reason=reason,
        problem=_problem(rules, until_at, until, reason),
    )


def _problem(
    rules: tuple[str, ...],
    until_at: re.Match[str] | None,
    until: date | None,
    reason: str,
) -> str:
    if not rules:
        return "it names no rule: write allow[rule-id]"
    if until_at is None:
        return "it has no date: add until=YYYY-MM-DD"
    if until is None:
        return "its date is not one: write until=YYYY-MM-DD"
    if sum(char.isalnum() for char in reason) < _LEAST_REASON:
        return "it has no reason: add reason=why this is acceptable"
    return ""


def _unknown(named: tuple[str, ...], rules: RuleSet) -> str:
    """What is wrong with a comment that names a rule there is not: a typo must not look like an
    exception."""
    policies, formats = {*rules.policy_ids}, {*rules.token_ids}
    for name in named:
        policy, _, format = name.partition("/")
        if name in policies or name in formats or (policy in policies and format in formats):
            continue
        from keymuster.nearest import nearest

        close = nearest(name, [*policies, *formats])
        return f"there is no rule `{name}`" + (f"; did you mean `{close}`?" if close else "")
    return ""


def _unquoted(text: str) -> str:
    """The text inside quotes, if it begins with one; all of it otherwise."""
    text = text.strip()
    if text[:1] in ("'", '"') and (end := text.find(text[0], 1)) > 0:
        return text[1:end].strip()
    return text.strip("\"'")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.rstrip(".,;"))
    except ValueError:
        return None
