"""`keymuster vendors`: who outside holds what on us, over code and services alike."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import click
import msgspec

from keymuster.analysis.holdings import Holding, OfFormat, Outsider, outsiders
from keymuster.analysis.scopes import Grade
from keymuster.cli.common_options import format_option, looking_options, services_of
from keymuster.cli.gathering import gathered
from keymuster.cli.output import stdout
from keymuster.errors import SettingsError
from keymuster.nearest import hint
from keymuster.report._vendors import (
    ActionV1,
    AnswerV1,
    HoldingV1,
    NamesakeV1,
    OwnCredentialV1,
    VendorsV1,
    VendorV1,
)
from keymuster.report.base import readable
from keymuster.rules.schema import RuleSet


@click.command("vendors")
@click.argument("words", nargs=-1, metavar="[NAME] [PATHS]...")
@format_option
@looking_options
def command(
    words: tuple[str, ...], format_: str, config: str | None, jobs: int, machine: bool, **options: Any
) -> int:  # fmt: skip
    """Grants, trusts and credentials that others hold on what PATHS (default: the folder you are in) and
    services tell of; with NAME, of one vendor and in full. NAME is an id or a name, `all` for everyone; the first
    word is one, unless a file or folder is called so.

    One vendor is one, wherever it is seen, if a platform vouches for it: by its account of AWS, a
    verified domain or publisher, the login that owns its app, a client id, its directory. What only
    calls itself like a vendor stands apart.

    Exit codes: 0 all was looked at; 2 could not run; 3 a part could not be looked at (standard error
    says which).

    \b
    Examples:
      keymuster vendors
      keymuster vendors datadog infra
      keymuster vendors all --service aws --service entra --service github
      keymuster vendors datadog --format json
    """
    name, paths = _told(words)
    looked = gathered(paths, config, jobs, machine=machine, services=services_of(options))
    rules = looked.context.rules
    found = outsiders(looked.seen.inventory, looked.configured, rules, _formats(rules))
    every = [looked.cleaned(one) for one in found]
    wanted = every if name in ("", "all") else _chosen(name, every, rules)
    with stdout() as out:
        if format_ == "json":
            out.write(msgspec.json.format(_json(wanted), indent=2).decode() + "\n")
        else:
            for line in _lines(wanted) if name else _table(wanted):
                out.write(line + "\n")
    return looked.tell_troubles()


def _told(words: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The name, if there is one, and the paths."""
    if words and not os.path.lexists(words[0]):
        return words[0], words[1:]
    return "", words


def _formats(rules: RuleSet) -> dict[str, OfFormat]:
    """Of each format of somebody in particular."""
    return {
        one.id: OfFormat(one.vendor, one.vendor_name, one.revoke)
        for one in rules.tokens
        if one.vendor not in _NOBODYS
    }


_NOBODYS = (
    "generic",
    "own",
    "url",
    "jwt",
    "json-web-key",
    "private-key",
    "kerberos",
    "age",
    "wireguard",
)


def _chosen(name: str, every: Sequence[Outsider], rules: RuleSet) -> list[Outsider]:
    """Those that a name may mean, and those that only take it; SettingsError for one that nobody has."""
    asked = name.casefold()
    names = {
        word.casefold(): vendor.id
        for vendor in rules.vendors.vendors
        for word in (vendor.id, vendor.name, *vendor.also)
    }
    id = names.get(asked, "")
    found = [one for one in every if (id and one.id == id) or one.name.casefold() == asked]
    claims = {vendor.name for vendor in rules.vendors.vendors if vendor.id == id}
    found += [one for one in every if one.takes_name_of in claims and one not in found]
    seen = [one.id or one.name for one in every]
    if not found and not id:
        raise SettingsError(f"vendors: nobody here is called {name!r}{hint(name, seen)}")
    return found


# --- output --------------------------------------------------------------------------------------


def _json(every: Sequence[Outsider]) -> bytes:
    told = VendorsV1(version=1, vendors=[_vendor(one) for one in every])
    return msgspec.json.encode(_encodable(msgspec.to_builtins(told)))


def _vendor(one: Outsider) -> VendorV1:
    return VendorV1(
        key=one.key, id=one.id, name=one.name, known_by=one.known_by, takes_name_of=one.takes_name_of,
        disguised=one.disguised, abused=one.abused, surfaces=one.surfaces, grade=one.grade.value,
        holdings=[_holding(holding) for holding in one.holdings],
        credentials=[
            OwnCredentialV1(
                id=credential.id, name=credential.name, preview=credential.preview,
                status=credential.status, places=list(credential.places),
                revoke=" ".join(credential.revoke.split()),
            )
            for credential in one.credentials
        ],
        namesakes=[
            NamesakeV1(
                id=same.id, name=same.name, kind=same.kind, surface=same.surface, account=same.account,
                grade=same.grade.value, credentials=same.credentials, last_used_at=same.last_used_at,
                places=list(same.places),
            )
            for same in one.namesakes
        ],
    )  # fmt: skip


def _holding(one: Holding) -> HoldingV1:
    return HoldingV1(
        id=one.id, kind=one.kind, surface=one.surface, account=one.account, holder=one.holder, status=one.status,
        on=list(one.on),
        actions=[
            ActionV1(name=name, grade=Grade(one.grades.get(name, one.grade)).value) for name in one.actions
        ],
        grade=one.grade.value, outside=_answer(one.outside), known_by=one.by, granted_by=one.granted_by,
        granted_at=one.granted_at, granter_left=_answer(one.granter_left) if one.granted_by else None,
        last_used_at=one.last_used_at, never_used=one.never_used, places=list(one.places),
        revoke=list(one.revoke),
    )  # fmt: skip


def _answer(text: str) -> AnswerV1:
    return "yes" if text == "yes" else "no" if text == "no" else "unknown"


def _encodable(value: Any) -> Any:
    match value:
        case str():
            return readable(value)
        case dict():
            return {_encodable(key): _encodable(one) for key, one in value.items()}
        case list() | tuple():
            return [_encodable(one) for one in value]
        case _:
            return value


def _table(every: Sequence[Outsider]) -> Iterator[str]:
    """One line for each who holds something, and one for all of whom we only have credentials."""
    holding = [one for one in every if one.holdings]
    rows = [("VENDOR", "ON", "MAY", "HOLDS", "LAST USED", "KNOWN BY")]
    rows += [
        (
            _title(one), ", ".join(one.surfaces), one.grade.spoken, _counted(one), _last_used(one.holdings),
            ", ".join(one.known_by) or "nothing but its name",
        )
        for one in holding
    ]  # fmt: skip
    if holding:
        widths = [max(len(readable(cell)) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            cells = [readable(cell) for cell in row]
            padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
            yield "  ".join(padded).rstrip()
    else:
        yield "Nobody outside was seen to hold anything."
    ours = [one for one in every if one.credentials]
    if ours:
        told = ", ".join(f"{one.name} ({len(one.credentials)})" for one in ours)
        yield ""
        yield f"Credentials of ours for others, which give them nothing: {readable(told)}"
    same = [f"{one.name} ({vendor.name})" for vendor in every for one in vendor.namesakes]
    if same:
        yield ""
        more = f" and {len(same) - _MOST} more" if len(same) > _MOST else ""
        told = readable(", ".join(same[:_MOST]))
        yield f"Called after a vendor, whom its key may have been given to: {told}{more}"


def _title(one: Outsider) -> str:
    if one.takes_name_of:
        return f"{one.name} (calls itself {one.takes_name_of}, unverified)"
    return one.name


def _counted(one: Outsider) -> str:
    kinds: dict[str, int] = {}
    for holding in one.holdings:
        word = _WORDS.get(holding.kind, holding.kind.replace("_", " "))
        kinds[word] = kinds.get(word, 0) + 1
    return ", ".join(f"{number} {word}" for word, number in kinds.items())


_WORDS = {
    "oauth_consent": "consent",
    "app_installation": "installation",
    "resource_policy": "policy of a resource",
    "role_binding": "role",
    "application": "app without grants",
    "issuer": "trusted issuer",
}


def _last_used(holdings: Sequence[Holding]) -> str:
    times = [one.last_used_at for one in holdings if one.last_used_at]
    if times:
        return f"{max(times):%Y-%m-%d}"
    return "never" if all(one.never_used for one in holdings) else "not known"


def _lines(every: Sequence[Outsider]) -> Iterator[str]:
    """Each with all that it holds."""
    if not every:
        yield "It was not seen to hold anything."
    for number, one in enumerate(every):
        if number:
            yield ""
        known = ", ".join(one.known_by)
        unsure = "nothing tells whose it is" if one.holdings else "holds nothing that was seen"
        whose = f"known by {known}" if known else unsure
        yield readable(f"{_title(one)}: {whose}")
        if one.disguised:
            yield readable(
                f"  It writes the name of {one.takes_name_of} with letters that only look so."
            )
        if one.abused:
            yield readable(f"  {one.abused}")
        for holding in one.holdings:
            yield from _of_holding(holding)
        if one.credentials:
            yield "  credentials of ours for it, which give it nothing:"
        for credential in one.credentials:
            yield readable(f"    {credential.name} {credential.preview} ({credential.status})")
            if credential.revoke:
                yield readable(f"      revoke: {' '.join(credential.revoke.split())}")
        if one.namesakes:
            yield "  called after it, which proves nothing; a key of these may have been given to it:"
        for same in one.namesakes:
            where = f"{same.surface} {same.account}".strip()
            yield readable(
                f"    {where}: {same.kind.replace('_', ' ')} {same.name}, may {same.grade.spoken}, credentials: {same.credentials}"
            )


def _of_holding(one: Holding) -> Iterator[str]:
    word = _WORDS.get(one.kind, one.kind.replace("_", " "))
    where = f"{one.surface} {one.account}".strip()
    on = f" on {', '.join(one.on[:_MOST])}" if one.on else ""
    status = f" ({one.status})" if one.status else ""
    yield readable(f"  {where}: {word} of {one.holder}{status}{on}")
    doubt = (
        "; nothing tells whether it is yours (`ours` in the settings)"
        if one.outside == "unknown"
        else ""
    )
    yield readable(f"    may: {one.grade.spoken}{doubt}")
    if one.actions:
        yield readable(f"    by: {', '.join(_graded(one))}")
    if one.granted_by or one.granted_at:
        when = f" on {one.granted_at:%Y-%m-%d}" if one.granted_at else ""
        gone = ", who has left" if one.granter_left == "yes" else ""
        yield readable(f"    granted: by {one.granted_by or 'somebody'}{when}{gone}")
    yield readable(f"    last used: {_last_used([one])}")
    for step in one.revoke:
        yield readable(f"    revoke: {step}")


_MOST = 12


def _graded(one: Holding) -> Iterator[str]:
    for action in one.actions[:_MOST]:
        grade = one.grades.get(action)
        yield f"{action} ({Grade(grade).spoken})" if grade and len(one.actions) > 1 else action
    if len(one.actions) > _MOST:
        yield f"{len(one.actions) - _MOST} more"
