"""What a team has decided to live with, `.keymuster/exceptions/*.yaml`: one file for each decision, so that
two decisions never meet in a merge."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from keymuster.collect.base import Blob
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import Broken, File
from keymuster.collect.syntax.typed import typed
from keymuster.model import FileLocation, InlineAllow, RiskException, Storage, Trouble
from keymuster.model.ids import in_id
from keymuster.settings import ExceptionSettings

FOLDER = ".keymuster/exceptions"
_SUFFIXES = (".yaml", ".yml")


class Covers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Either a `finding`, by the id that reports give it, and the `fingerprint` that it keeps when it is
    moved; or a `rule` and the id of one `identity`, or of another subject."""

    finding: str = ""
    fingerprint: str = ""
    rule: str = ""
    identity: str = ""


class ExceptionFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One decision to accept something for a time. It holds as long as what it covers may do no more,
    and is held back by no less, than `bound_to` says; `keymuster exceptions add` writes that.
    `seen_in` is what must be looked at to see it: `code`, `history`, `imports`, names of services, or several of
    these with commas between. One in `review` is a draft: it accepts nothing until somebody has decided."""

    covers: Covers
    reason: str
    owner: str
    approver: str
    created: date
    expires: date
    status: Literal["", "review"] = ""
    bound_to: dict[str, tuple[str, ...]] = {}
    seen_in: str = "code"
    compensating_control: str = ""


def exception(blob: Blob) -> RiskException:
    """That of a file; one with a problem if the file is wrong."""
    first = blob.location((1, 1), (1, 1))
    id = f"exception:{in_id(blob.path)}"
    try:
        documents = yaml.parse(blob.text.content.decode("utf-8", "replace"), File.of(blob))
        node = documents[0] if documents else None
        if node is None or not isinstance(node.value, dict):
            raise Broken(1, "it says nothing")
        said = typed(node, ExceptionFile)
    except Broken as error:
        return RiskException(id=id, location=first, problem=error.message)
    place = node.location()
    assert isinstance(place, FileLocation)
    covers = said.covers
    return RiskException(
        id=id, location=place, finding=covers.finding, fingerprint=covers.fingerprint,
        rule=covers.rule, identity=covers.identity, bound_to=said.bound_to, seen_in=said.seen_in,
        reason=said.reason.strip(), owner=said.owner.strip(), approver=said.approver.strip(),
        created=said.created, expires=said.expires,
        compensating_control=said.compensating_control, problem=_problem(said),
    )  # fmt: skip


_LEAST_REASON = 3


def _problem(said: ExceptionFile) -> str:
    covers = said.covers
    if said.status == "review":
        return "it is a draft: who accepts it names an owner and an approver and takes `status: review` away"
    if not covers.finding and not (covers.rule and covers.identity):
        return "it covers nothing definite: name a finding, or a rule and an identity"
    if covers.finding and (covers.rule or covers.identity):
        return "it names a finding and more: choose one"
    if len(said.reason.strip()) < _LEAST_REASON:
        return "it gives no reason"
    if not said.owner.strip() or not said.approver.strip():
        return "it needs an owner and an approver"
    if said.expires < said.created:
        return "it ends before it begins"
    return ""


def standing(root: str) -> Iterator[RiskException | Trouble]:
    """Those of a project, though they were perhaps not among the files of the scan."""
    folder = os.path.join(root, *FOLDER.split("/"))
    try:
        names = sorted(os.listdir(folder))
    except FileNotFoundError:
        return
    except OSError as error:
        yield _unreadable(FOLDER, error)
        return
    for name in names:
        path = f"{FOLDER}/{name}"
        if not name.endswith(_SUFFIXES):
            continue
        try:
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
        except OSError as error:
            yield _unreadable(path, error)
            continue
        yield exception(Blob(path=path, data=data, storage=Storage.OTHER))


def governed(
    record: InlineAllow | RiskException, settings: ExceptionSettings, today: date
) -> InlineAllow | RiskException:
    """An exception under what settings allow: refused if it may not be, or not yet. One that was made in the
    future could hold longer than any may."""
    if record.problem:
        return record
    if isinstance(record, InlineAllow):
        refused = "" if settings.inline else "the settings allow no comments that accept findings"
    elif record.created is not None and record.created > today + _ZONES:
        refused = f"it begins on {record.created}, which is to come"
    else:
        refused = _unapproved(record.approver, settings)
    return replace(record, problem=refused) if refused else record


_ZONES = timedelta(days=1)
"""Somewhere it is tomorrow already."""


def refusal(said: ExceptionFile, settings: ExceptionSettings) -> str:
    """Why one that is to be written would accept nothing; empty if it would."""
    return _problem(said) or _unapproved(said.approver, settings)


def _unapproved(approver: str, settings: ExceptionSettings) -> str:
    if settings.approvers and approver not in settings.approvers:
        return f"{approver} may not approve exceptions"
    return ""


def _unreadable(path: str, error: OSError) -> Trouble:
    return Trouble(
        part="exceptions", scope=path, message=f"cannot be read: {error.strerror}",
        advice="Make it readable: what it accepts is reported.",
    )  # fmt: skip


def written(said: ExceptionFile) -> str:
    """The text of a file, for people to read and to change."""
    import yaml as library

    plain: dict[str, Any] = msgspec.to_builtins(said, builtin_types=(date,))
    plain["covers"] = {key: value for key, value in plain["covers"].items() if value}
    shown = ("owner", "approver") if said.status == "review" else ()  # for somebody to fill in
    kept = {key: one for key, one in plain.items() if key in shown or one not in ("", {}, [])}
    text: str = library.safe_dump(kept, sort_keys=False, allow_unicode=True, width=100)
    return text
