"""What deny policies take off, whatever roles give.

https://cloud.google.com/iam/docs/deny-overview
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from msgspec import Struct

from keymuster import regex
from keymuster.analysis.answers import Answer, answer, every, negated, some
from keymuster.analysis.gcp_conditions import Conditions
from keymuster.analysis.gcp_hierarchy import Hierarchy
from keymuster.model import Effect, Grant
from keymuster.model.unknown import is_unknown

PROVIDER = "gcp"

_SUBJECT = "principal://goog/subject/"
_GROUP = "principalSet://goog/group/"
_EVERYBODY = "principalSet://goog/public:all"
_CUSTOMER = "principalSet://goog/cloudIdentityCustomerId/"
_ACCOUNT = regex.later(
    r"principal://iam\.googleapis\.com/projects/[^/]+/serviceAccounts/(?P<email>[^/]+)"
)
_ACCOUNTS_OF = regex.later(
    r"principalSet://cloudresourcemanager\.googleapis\.com/(?P<level>(?:projects|folders|organizations)/[^/]+)"
    r"/type/ServiceAccount"
)
_POOL = regex.later(r"principalSet://(?P<pool>iam\.googleapis\.com/.+)/\*")
_EMAIL_PROJECT = regex.later(r"gcp:[^@]+@(?P<project>[^.@]+)\.iam\.gserviceaccount\.com")


class _Rule(Struct, frozen=True):
    principal: str
    spared: tuple[str, ...]
    permissions: tuple[str, ...]
    but: tuple[str, ...]
    condition: Answer


class Denials:
    """The deny policies of the levels of a hierarchy. `emails` says what a service account that code
    declares is called by its address."""

    def __init__(
        self,
        grants: Iterable[Grant],
        hierarchy: Hierarchy,
        conditions: Conditions,
        emails: dict[str, str],
    ) -> None:
        self._hierarchy = hierarchy
        self._emails = emails
        self._rules: dict[str, list[_Rule]] = {}
        self._known: dict[tuple[str, str, str], Answer] = {}
        for one in grants:
            if one.effect is not Effect.DENY:
                continue
            rule = _Rule(
                one.identity,
                tuple(str(text) for text in one.conditions.get("except", ())),
                one.actions,
                one.not_actions,
                conditions.holds({k: v for k, v in one.conditions.items() if k == "condition"}),
            )
            for place in one.resources:
                self._rules.setdefault(hierarchy.name(place), []).append(rule)

    def concern(self, level: str) -> bool:
        """Whether there is any for what is in a level."""
        return bool(self._rules) and any(one in self._rules for one in self._hierarchy.above(level))

    def denies(self, holder: str, permission: str, level: str) -> Answer:
        """Whether somebody may not use a permission on what is in a level."""
        key = (holder, permission, level)
        if key not in self._known:
            self._known[key] = some(
                self._denies(rule, holder, permission)
                for place in self._hierarchy.above(level)
                for rule in self._rules.get(place, ())
            )
        return self._known[key]

    def _denies(self, rule: _Rule, holder: str, permission: str) -> Answer:
        text = _as_denied(permission)
        if not _covers(rule.permissions, text) or _covers(rule.but, text):
            return Answer.NO
        spared = some(self._is(one, holder) for one in rule.spared)
        return every((self._is(rule.principal, holder), negated(spared), rule.condition))

    def _is(self, principal: str, holder: str) -> Answer:
        """Whether a principal, as deny policies write it, is or holds whoever has a role."""
        holder = self._emails.get(holder, holder)
        if principal in (_EVERYBODY, holder):
            return Answer.YES
        if is_unknown(principal) or is_unknown(holder):
            return Answer.UNKNOWN
        kind, _, rest = holder.removeprefix("gcp:").rpartition(":")
        if principal.startswith(_SUBJECT):
            return answer(
                kind == "user" and rest.casefold() == unquote(principal[len(_SUBJECT) :]).casefold()
            )
        if principal.startswith(_GROUP):
            if kind == "group":
                return answer(rest.casefold() == unquote(principal[len(_GROUP) :]).casefold())
            return Answer.UNKNOWN  # nobody tells who is in it
        if principal.startswith(_CUSTOMER):
            return Answer.UNKNOWN
        if account := _ACCOUNT.fullmatch(principal):
            return answer(holder == f"gcp:{account['email']}")
        if accounts := _ACCOUNTS_OF.fullmatch(principal):
            of = _EMAIL_PROJECT.fullmatch(holder)
            above = (
                self._hierarchy.above(self._hierarchy.name(f"projects/{of['project']}"))
                if of
                else ()
            )
            return answer(self._hierarchy.name(accounts["level"]) in above)
        if pool := _POOL.fullmatch(principal):
            return answer(holder.partition("://")[2].startswith(f"{pool['pool']}/"))
        return Answer.NO


def _as_denied(permission: str) -> str:
    """`iam.roles.update` as deny policies call it: `iam.googleapis.com/roles.update`."""
    if "/" in permission:
        return permission
    service, _, rest = permission.partition(".")
    return f"{_SERVICES.get(service, service)}.googleapis.com/{rest}"


_SERVICES = {"resourcemanager": "cloudresourcemanager"}


def _covers(listed: Iterable[str], permission: str) -> bool:
    return any(
        permission.startswith(one[:-1]) if one.endswith("*") else permission == one
        for one in listed
    )
