"""`.keymuster.yaml`: what a team writes down once, so that hook, CI and estate scan agree."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta, Struct

from keymuster import settings_file
from keymuster.errors import SettingsError
from keymuster.model import Confidence, Environment
from keymuster.model.secret import PUBLIC_KEY

if TYPE_CHECKING:
    from pathlib import Path

DEFAULT_MAX_FILE_BYTES = 256 * 1024 * 1024

_ENVIRONMENTS = tuple(one.value for one in Environment if one is not Environment.UNKNOWN)

FAIL_ON = ("critical", "high", "medium", "low", "never")


class RuleSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which rules apply, and folders with more of them (relative to the settings file)."""

    folders: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    skip: tuple[str, ...] = ()


class Exclude(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is not reported: files, by globs as in a `.gitignore`; values that are assigned to a name,
    given as its words or as a glob; and values, as `sha256:` of their bytes, as the id that a report
    gives them (`secret:`), or in the clear where they are no secret, globs allowed."""

    paths: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


class Containers(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far archives, images, documents and databases are opened. `depth` is how many may lie
    inside each other (0: none are opened); the others hold for one outermost file: members, bytes
    unpacked, how many times its size that may be, and seconds."""

    depth: Annotated[int, Meta(ge=0, le=20)] = 3
    members: Annotated[int, Meta(ge=1)] = 100_000
    bytes: str | int = 2 * 1024 * 1024 * 1024
    ratio: Annotated[int, Meta(ge=1)] = 250
    seconds: Annotated[float, Meta(gt=0)] = 120


class Owners(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The names of tags and labels that say who answers for an identity, and what it is for. `directory` is an
    export of those who work here, in CSV; if `directory_is_complete`, who has an address of one
    of its domains and is not in it has left. `blame` asks git who wrote the lines that declare something."""

    tags: tuple[str, ...] = ("owner", "owned-by", "team", "contact", "maintainer", "squad")
    purpose_tags: tuple[str, ...] = ("purpose", "description", "service", "application", "app")
    directory: str = ""
    directory_is_complete: bool = False
    blame: bool = False


class AgentSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The registry of agents, if it does not stand in `.keymuster/agents.yaml` of what is scanned."""

    registry: str = ""


class Lifetimes(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """From when on a thing is too old, unused for too long, or valid for too long."""

    key_age_days: Annotated[int, Meta(ge=1)] = 90
    unused_days: Annotated[int, Meta(ge=1)] = 90
    session_hours: Annotated[float, Meta(gt=0)] = 4
    exception_days: Annotated[int, Meta(ge=1)] = 180
    """How long an exception may hold at most."""


class ExceptionSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may accept findings, and how. Without `approvers`, anybody may; without `inline`, comments in
    files accept nothing."""

    approvers: tuple[str, ...] = ()
    inline: bool = True


class JewelTag(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tag or label, and a glob for its value, of what is worth going for."""

    tag: Annotated[str, Meta(min_length=1)]
    value: str = "*"


class ReachSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which data `keymuster reach` takes for precious, by its tags."""

    jewels: tuple[JewelTag, ...] = ()


class Settings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every setting, with its default. Command-line options win over the file."""

    fail_on: str = "medium"
    confidence: Confidence = Confidence.MEDIUM
    """The least sure findings that are reported."""
    fail_confidence: Confidence = Confidence.HIGH
    """The least sure findings that end with exit code 1."""
    exclude: Exclude = Exclude()
    formats: tuple[dict[str, Any], ...] = ()
    """Token formats of one's own, in the fields of `rules/tokens`; `rules.loader` reads them."""
    max_file_size: str | int = DEFAULT_MAX_FILE_BYTES
    containers: Containers = Containers()
    jobs: Annotated[int, Meta(ge=0)] = 0
    strict: bool = False
    rules: RuleSettings = RuleSettings()
    extensions: tuple[str, ...] = ()
    fingerprint_key_env: str = ""
    owners: Owners = Owners()
    limits: Lifetimes = Lifetimes()
    agents: AgentSettings = AgentSettings()
    exceptions: ExceptionSettings = ExceptionSettings()
    reach: ReachSettings = ReachSettings()
    baseline: str = ""
    """A file that `keymuster baseline write` has made: what it has is not reported again."""
    ours: dict[str, tuple[str, ...]] = {}
    """Provider -> what of it is ours: organisations of GitHub, accounts of AWS, projects ..."""
    environments: dict[str, tuple[str, ...]] = {}
    """Environment -> further words for it in tags, names and folders; or what is wholly of it, as in
    `aws:111122223333`, `gcp:acme-prod`, `namespace:payments`, `cluster:eu-1`, `path:deploy/live`."""

    def fingerprint_key(self) -> bytes:
        """The key of secret fingerprints, from the environment variable that the settings name."""
        if not self.fingerprint_key_env:
            return PUBLIC_KEY
        key = os.environ.get(self.fingerprint_key_env, "")
        if not key:
            raise SettingsError(
                f"fingerprint_key_env: the environment variable {self.fingerprint_key_env} is not set",
                "Set it to the estate's fingerprint key, or remove the setting.",
            )
        return key.encode()


def load(chosen: str | None, start: str) -> tuple[Settings, str | None]:
    """The settings and the file they come from: the chosen one, or the nearest upward of a folder."""
    path = chosen or settings_file.nearest(start)
    if path is None:
        return Settings(), None
    try:
        with open(path, "rb") as file:
            content = file.read()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    return _from_here(_decode(path, content), os.path.dirname(path)), path


def _from_here(configured: Settings, folder: str) -> Settings:
    """With files where they are: settings name them from where the settings stand."""
    changes: dict[str, Any] = {}
    if configured.agents.registry:
        registry = os.path.abspath(os.path.join(folder, configured.agents.registry))
        changes["agents"] = AgentSettings(registry=registry)
    if configured.owners.directory:
        directory = os.path.abspath(os.path.join(folder, configured.owners.directory))
        changes["owners"] = msgspec.structs.replace(configured.owners, directory=directory)
    if configured.baseline:
        changes["baseline"] = os.path.abspath(os.path.join(folder, configured.baseline))
    return msgspec.structs.replace(configured, **changes) if changes else configured


_NOT_PLAIN = (
    "formats",
    "rules",
    "extensions",
    "containers",
    "max_file_size",
    "fingerprint_key_env",
)


def remember_if_plain(configured: Settings, file: str, key: str) -> None:
    """Note of a settings file that held for the rules of this key, and that asks for nothing which
    could make a finding of what is none by default: a hook need not read it to see nothing."""
    plain = Settings()
    asks = any(getattr(configured, field) != getattr(plain, field) for field in _NOT_PLAIN)
    if not asks and configured.confidence is not Confidence.LOW:
        settings_file.note_as_plain(file, key)


def rule_folders(
    configured: Settings, file: str | None, given: Sequence[str | Path] = ()
) -> list[Path]:
    """Where rules are besides the shipped ones: in the folders that the settings name, in those that
    were given, and in the settings file itself."""
    if not (configured.rules.folders or configured.formats or given):
        return []
    from pathlib import Path  # slow to import

    base = Path(file).parent if file else Path()
    own = [Path(file)] if file and configured.formats else []
    return [*(base / folder for folder in configured.rules.folders), *map(Path, given), *own]


_UNITS = {
    "": 1,
    "B": 1,
    "K": 1024,
    "KB": 1024,
    "M": 1024**2,
    "MB": 1024**2,
    "G": 1024**3,
    "GB": 1024**3,
}


def size_in_bytes(text: str | int, name: str = "max_file_size") -> int:
    """`10MB` or `500k` or a plain number, as bytes."""
    if isinstance(text, int) and text > 0:
        return text
    found = re.fullmatch(r"(\d+)\s*([A-Za-z]*)", str(text).strip())
    unit = _UNITS.get(found[2].upper()) if found else None
    if found is None or unit is None or int(found[1]) * unit <= 0:
        raise SettingsError(f"{name}: `{text}` is not a size", "Write bytes, or 500KB, 10MB, 2GB.")
    return int(found[1]) * unit


def _decode(path: str, content: bytes) -> Settings:
    import yaml

    try:
        parsed = yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date or a number there is not
        raise SettingsError(f"{path}: {' '.join(str(error).split())}") from error
    try:
        settings = msgspec.convert(_with_paths({} if parsed is None else parsed), type=Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {_with_hint(str(error))}") from error
    if settings.fail_on not in FAIL_ON:
        raise SettingsError(
            f"{path}: fail_on: `{settings.fail_on}` is not one of {', '.join(FAIL_ON)}"
            + _nearest(settings.fail_on, FAIL_ON)
        )
    size_in_bytes(settings.max_file_size, f"{path}: max_file_size")
    size_in_bytes(settings.containers.bytes, f"{path}: containers.bytes")
    for name in settings.environments:
        if name not in _ENVIRONMENTS:
            raise SettingsError(
                f"{path}: environments: there is no `{name}`{_nearest(name, _ENVIRONMENTS)}"
            )
    if problem := _scope_problem(settings.environments):
        raise SettingsError(f"{path}: environments: {problem}")
    for field in ("paths", "names", "values"):
        for number, entry in enumerate(getattr(settings.exclude, field)):
            if problem := _entry_problem(field, entry):
                raise SettingsError(f"{path}: exclude.{field}[{number}]: {problem}")
    return settings


_SCOPES = (
    "aws", "azure", "gcp", "github", "gitlab", "entra", "okta", "slack", "google-workspace",
    "namespace", "cluster", "path",
)  # fmt: skip
"""What an entry of `environments` may name as a whole."""


def _scope_problem(environments: Mapping[str, Sequence[str]]) -> str:
    """What is wrong with the entries that name something as a whole; empty if nothing is."""
    said: dict[str, str] = {}
    for environment, entries in environments.items():
        for entry in entries:
            sort, colon, name = entry.partition(":")
            if colon and sort not in _SCOPES:
                return f"`{entry}`: there is no `{sort}:`{_nearest(sort, _SCOPES)}"
            if colon and not name.strip():
                return f"`{entry}` names nothing: write a name after the colon, or in quotes"
            if colon and said.setdefault(entry, environment) != environment:
                return f"`{entry}` cannot be {said[entry]} and {environment}"
    return ""


def environment_scopes(environments: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, str]]:
    """The entries of `environments` that name something as a whole: environment, sort, name or glob."""
    for environment, entries in environments.items():
        for entry in entries:
            sort, colon, name = entry.partition(":")
            if colon and sort in _SCOPES:
                yield environment, sort, name


def _with_paths(parsed: Any) -> Any:
    """A plain list under `exclude` means paths."""
    if isinstance(parsed, dict) and isinstance(parsed.get("exclude"), list):
        return {**parsed, "exclude": {"paths": parsed["exclude"]}}
    return parsed


def _entry_problem(field: str, entry: str) -> str:
    """What is wrong with an entry. It is not repeated: it may be a secret."""
    if field == "paths":
        return ""
    if field == "values" and entry.startswith(HASHES):
        kind, _, digits = entry.partition(":")
        size = 64 if kind == "sha256" else 32
        if not re.fullmatch(f"[0-9a-f]{{{size}}}", digits):
            return f"`{kind}:` needs {size} digits of hexadecimal in lower case after it"
    elif sum(char.isalnum() for char in entry) < 2:
        return "would leave out nearly everything: it needs two letters or digits at least"
    return ""


HASHES = ("sha256:", "secret:")
"""How a value begins that is given by its hash, or by its id in reports."""


def _with_hint(problem: str) -> str:
    unknown = re.search(r"unknown field `([^`]+)`", problem)
    if unknown is None:
        is_number = "Expected `str`, got `int`" in problem
        return f"{problem}; write it in quotes" if is_number else problem
    within = problem.partition("`$.")[2].partition("`")[0].partition(".")[0]
    struct: Any = type(getattr(Settings(), within)) if within else Settings
    return problem + _nearest(unknown[1], struct.__struct_fields__)


def _nearest(name: str, known: Sequence[str]) -> str:
    from keymuster.nearest import hint  # only for what is wrong

    return hint(name, known)
