"""Which services principals may use, and which of these they have used: a job for each principal, so only
those that have the widest of AWS's own policies are asked about, or all if somebody wants it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

LAST_ACCESSED = "last_accessed"
"""The option to ask about every user and role."""

MOST_ASKED = 100
"""Principals that are asked about without that option."""

_WIDEST = ("AdministratorAccess", "PowerUserAccess", "IAMFullAccess")
_OF_AWS = (":role/aws-service-role/", ":role/aws-reserved/")

_PAUSES = (0.2, 0.5, 1, 2, 4, 8, 8)
"""Seconds to wait for a job."""


def services(ask: Scope) -> Iterator[Told]:
    if LAST_ACCESSED in ask.surface.wants:
        arns = [*filter(_is_own, dict.fromkeys(_all(ask)))]
    else:
        names = iter(dict.fromkeys(_widest(ask)))  # each takes a call: no more than are asked about
        arns = list(islice(filter(_is_own, _known(ask, names)), MOST_ASKED))
        if left := len(list(names)):
            ask.unseen(
                f"{left} principals with all rights were not asked about",
                "Scan with --last-accessed.",
            )
    # Jobs take some seconds each, and run side by side: but not all at the same time.
    waiting = iter(arns)
    while some := list(islice(waiting, _TOGETHER)):
        jobs = {arn: _job(ask, arn) for arn in some}
        for arn, job in jobs.items():
            if job and (said := _finished(ask, job)):
                yield told("iam:ServiceLastAccessed", f"{arn}#services", _told(said))


_TOGETHER = 50


def _all(ask: Scope) -> Iterator[str]:
    for one in ask.pages("iam:ListUsers", "Users"):
        yield one["Arn"]
    for one in ask.pages("iam:ListRoles", "Roles"):
        yield one["Arn"]


def _widest(ask: Scope) -> Iterator[tuple[str, str]]:
    """What they are, and their names."""
    for name in _WIDEST:
        policy = f"arn:{ask.partition}:iam::aws:policy/{name}"
        for page in ask.whole_pages("iam:ListEntitiesForPolicy", PolicyArn=policy):
            yield from (("User", one["UserName"]) for one in page.get("PolicyUsers", ()))
            yield from (("Role", one["RoleName"]) for one in page.get("PolicyRoles", ()))


def _known(ask: Scope, names: Iterable[tuple[str, str]]) -> Iterator[str]:
    """The ARNs of those that there still are."""
    for kind, name in names:
        found = ask.answer(f"iam:Get{kind}", "NoSuchEntity", **{f"{kind}Name": name})
        if found:
            yield found[kind]["Arn"]


def _is_own(arn: str) -> bool:
    """Whether it is not AWS's."""
    return not any(path in arn for path in _OF_AWS)


def _job(ask: Scope, arn: str) -> str:
    made = ask.answer("iam:GenerateServiceLastAccessedDetails", "NoSuchEntity", Arn=arn)
    return str(made["JobId"]) if made else ""


def _finished(ask: Scope, job: str) -> list[dict[str, Any]]:
    """What a job found, when it has."""
    for pause in _PAUSES:
        pages = list(ask.marked_pages("iam:GetServiceLastAccessedDetails", JobId=job))
        if not pages:
            return []
        if pages[0]["JobStatus"] == "COMPLETED":
            return [one for page in pages for one in page.get("ServicesLastAccessed", ())]
        if pages[0]["JobStatus"] == "FAILED":
            break
        time.sleep(pause)
    ask.unseen(
        "a job of iam:GenerateServiceLastAccessedDetails came to no end", "Scan again later."
    )
    return []


def _told(said: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "Used": sorted(one["ServiceNamespace"] for one in said if one.get("LastAuthenticated")),
        "Unused": sorted(
            one["ServiceNamespace"] for one in said if not one.get("LastAuthenticated")
        ),
    }


SURFACES = (
    Surface(
        name="iam-last-accessed",
        calls=(
            "iam:ListEntitiesForPolicy", "iam:GetUser", "iam:GetRole", "iam:ListUsers", "iam:ListRoles",
            "iam:GenerateServiceLastAccessedDetails", "iam:GetServiceLastAccessedDetails",
        ),
        types=("iam:ServiceLastAccessed",),
        look=services,
        regional=False,
    ),
)  # fmt: skip
