"""What is demanded of single words of estate.yaml. None of the problems repeats a value that may be a secret."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from keymuster import registry
from keymuster.errors import KeymusterError, SettingsError
from keymuster.estate.addresses import Address, address
from keymuster.nearest import hint
from keymuster.settings import size_in_bytes


def store_problem(url: str) -> str:
    scheme, colon, _ = url.partition("://")
    try:
        parts = urlsplit(url)
        password = parts.password is not None or "password=" in parts.query
    except ValueError:
        return "is no URL of a database"
    if not colon or scheme.partition("+")[0] not in ("sqlite", "postgresql"):
        return "is no URL of a database: sqlite:///FILE or postgresql://HOST/NAME"
    return "has a password in it" if password else ""


def schedule_problem(cron: str, zone: str) -> str:
    from zoneinfo import ZoneInfo

    try:
        ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        return "zone: there is no such time zone; they are called as in Europe/Berlin"
    croniter = _croniter()
    if len(cron.split()) != 5 or not croniter.is_valid(cron):
        return "is no cron expression of five fields, as in `0 3 * * *`"
    try:
        croniter(cron).get_next()
    except ValueError:
        return "never comes: there is no such day in such a month"
    return ""


def _croniter() -> Any:
    try:
        from croniter import croniter  # type: ignore[import-untyped]
    except ModuleNotFoundError:
        raise SettingsError(
            "a schedule needs croniter, which is not installed",
            "Install it: pip install 'keymuster[estate]'.",
        ) from None
    return croniter


def check_size(said: str | int | None, name: str) -> None:
    if said is None:
        return
    try:
        size_in_bytes(said, name)
    except SettingsError:
        raise ValueError(f"{name} is not a size: write bytes, or 500MB, 4GB") from None


def check_refs(refs: tuple[str, ...]) -> None:
    for one in refs:
        if (
            not re.fullmatch(r"refs(?:/[^\s:*?\[\\^~/]+)*(?:/\*)?(?:/[^\s:*?\[\\^~/]+)*", one)
            or ".." in one
        ):
            raise ValueError("refs are such as refs/heads/* or refs/pull/*/head")


def parsed_address(url: str) -> Address:
    try:
        return address(url)
    except KeymusterError as error:
        raise ValueError(error.message) from None


def check_service(name: str) -> None:
    known = registry.names("service")
    if name not in known:
        raise ValueError(f"there is no such service{hint(name, known)}")


def check_options(service: str, said: Mapping[str, Any]) -> None:
    known = {one.name: one for one in registry.part("service", service).options}
    for name, value in said.items():
        option = known.get(name)
        if option is None:
            raise ValueError(f"options: {service} has no such option{hint(name, known)}")
        if any(_has_user(one) for one in (value if isinstance(value, list) else [value])):
            raise ValueError(f"options: {name} has a user or a password in the URL")
        fits = isinstance(value, bool) if not option.value else isinstance(value, str | int | list)
        if (
            not fits
            or (isinstance(value, list) and not option.several)
            or isinstance(value, bool) == bool(option.value)
        ):
            kind = "a list" if option.several else "a word" if option.value else "true or false"
            raise ValueError(f"options: {name} is {kind}")


def _has_user(value: Any) -> bool:
    try:
        return isinstance(value, str) and "://" in value and "@" in urlsplit(value).netloc
    except ValueError:
        return True
