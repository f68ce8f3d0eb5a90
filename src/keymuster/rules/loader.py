"""From rule files to a `RuleSet`. Parsing happens once per content; later runs read a cache."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from re import search
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import msgspec
from msgspec.structs import replace

from keymuster import __version__, cache, settings_file
from keymuster.digests import blake2b
from keymuster.errors import RuleError, SettingsError
from keymuster.model.issuers import KnownTrusts
from keymuster.model.vendors import ApiScopes, KnownScopes, KnownVendors, Vendor
from keymuster.rules.schema import (
    AgentClient,
    AgentClientsFile,
    AwsAccountsFile,
    AzurePrivilegesFile,
    AzureRolesFile,
    Case,
    EscalationsFile,
    EscalationWay,
    FrameworkEntryFile,
    FrameworkFile,
    GcpRolesFile,
    MappingFile,
    OwnFormats,
    Policy,
    PublishedPoliciesFile,
    PublishedPolicy,
    PulumiFile,
    RuleSet,
    SamplesFile,
    ScannersFile,
    TerraformFile,
    TerraformType,
    TokenFile,
    TokenFormat,
)

if TYPE_CHECKING:
    from pathlib import Path

_T = TypeVar("_T")
_Checks: TypeAlias = Sequence[Callable[[RuleSet], None]]


def builtin_root() -> Path:
    """The shipped rules: inside the wheel, or at the top of a checkout."""
    from pathlib import Path  # slow to import

    return Path(_shipped())


def _shipped() -> str:
    checkout = os.path.dirname(os.path.dirname(_PACKAGE))
    return _PACKAGED if os.path.isdir(_PACKAGED) else os.path.join(checkout, "rules")


_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_PACKAGED = os.path.join(_PACKAGE, "_rules")


def load(extra: Sequence[Path] = (), checks: Sequence[Callable[[RuleSet], None]] = ()) -> RuleSet:
    """The shipped rules and those of the user's own folders and settings files (their `formats:`);
    RuleError for a file that is wrong.

    `checks` are what later steps demand of rules; each raises RuleError. They run when rules are
    new, not when they come from the cache.
    """
    own = [found for root in extra for found in _files(root)]
    if own:
        return _stored(_key(own), lambda key: _joined(own, key, checks))
    if _kept and _kept[0].key == _key(()):
        return _kept.pop()
    return _alone(checks)


def _alone(checks: _Checks) -> RuleSet:
    """The shipped rules, as a set that may be changed."""
    return _stored(_key(()), lambda key: _checked((), key, checks))


def keep(rules: RuleSet) -> None:
    """These are the shipped rules, for whoever asks for them next: to read them a second time is a
    twentieth of what a hook takes that finds something."""
    _kept[:] = [rules]


_kept: list[RuleSet] = []


def built(key: str) -> RuleSet:
    """The shipped rules under another key, for what is built."""
    return _stored(key, lambda key: _checked((), key, ()))


def _stored(key: str, make: Callable[[str], RuleSet]) -> RuleSet:
    from keymuster.rules import stored

    return stored.load(key, lambda: make(key))


def _checked(own: Sequence[tuple[Path, bytes]], key: str, checks: _Checks) -> RuleSet:
    """All rules, from their files."""
    rules, origins = _read([*_files(builtin_root())], own, key)
    _run(checks, rules, origins)
    return rules


def _joined(own: Sequence[tuple[Path, bytes]], key: str, checks: _Checks) -> RuleSet:
    """The user's rules beside the shipped ones, of which nothing is read or checked again."""
    from keymuster.rules import lint, stored

    rules = stored.whole(_alone(checks))
    tokens, policies = len(rules.tokens), len(rules.policies)
    if all(_part(path) == "policies" for path, _ in own):
        rules.searched = rules.search_key
    rules.shipped, rules.key = tokens, key
    origins = _put(rules, own)
    if next(lint.set_problems(rules), None) is not None:
        return _checked(own, key, checks)  # says between which files it is
    new = replace(rules, tokens=rules.tokens[tokens:], policies=rules.policies[policies:], key="")
    _run(checks, new, origins)
    return rules


def _run(checks: _Checks, rules: RuleSet, origins: dict[str, list[Path]]) -> None:
    for check in checks:
        try:
            check(rules)
        except RuleError as error:
            raise _with_file(error, origins) from error


def later(load: Callable[[], RuleSet]) -> RuleSet:
    """The shipped rules, loaded when more than their key is asked: to find nothing takes no more."""
    return cast(RuleSet, _Later(load))


class _Later:
    """Stands for rules that are not loaded yet."""

    def __init__(self, load: Callable[[], RuleSet]) -> None:
        self.key = self.search_key = _key(())
        self._load = load

    def __getattr__(self, name: str) -> Any:
        rules = self._load()
        self.__dict__.update({field: getattr(rules, field) for field in rules.__struct_fields__})
        return getattr(rules, name)


def read(files: Sequence[tuple[Path, bytes]], key: str = "") -> RuleSet:
    """Parse and lint rule files, given with their content."""
    return _read((), files, key)[0]


def _read(
    shipped: Sequence[tuple[Path, bytes]], own: Sequence[tuple[Path, bytes]], key: str
) -> tuple[RuleSet, dict[str, list[Path]]]:
    """The rules, and the files that each id comes from."""
    from keymuster.rules import lint

    rules = RuleSet(tokens=[], policies=[], frameworks=[], mapping={}, samples={}, key=key)
    origins = _put(rules, shipped)
    rules.shipped = len(rules.tokens)
    for id, paths in _put(rules, own).items():
        origins.setdefault(id, []).extend(paths)
    for id, problem in lint.set_problems(rules):
        raise _with_file(RuleError(id, problem), origins)
    return rules, origins


def _put(rules: RuleSet, files: Sequence[tuple[Path, bytes]]) -> dict[str, list[Path]]:
    """Add what files hold; id -> the files that it comes from."""
    from keymuster.rules import lint

    origins: dict[str, list[Path]] = {}
    for path, content in files:
        for added in _add(rules, path, content):
            origins.setdefault(added.id, []).append(path)
            for problem in lint.problems(added):
                raise RuleError(path, problem)
    return origins


def _with_file(error: RuleError, origins: dict[str, list[Path]]) -> RuleError:
    """An error that is told of a rule, told of its file or files."""
    paths = dict.fromkeys(origins.get(error.path, ()))
    if not paths:
        return error
    *others, last = map(str, paths)
    also = f" (also in {', '.join(others)})" if others else ""
    return RuleError(last, f"{error.path}: {error.problem}{also}")


def one_folder(root: Path) -> RuleSet:
    """The shipped frameworks and samples with the tokens and policies of one folder, or the formats
    of one settings file, only."""
    shipped = [(path, text) for path, text in _files(builtin_root()) if _part(path) not in _JUDGING]
    return read([*shipped, *_files(root)])


_JUDGING = ("tokens", "policies")


def _files(root: Path) -> Iterator[tuple[Path, bytes]]:
    if root.is_file():
        yield root, _content(root)
        return
    if not root.is_dir():
        raise SettingsError(
            f"{root} is not a folder of rules",
            "Give a folder that holds tokens/ or policies/, or a settings file with formats.",
        )
    for base, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            if name.endswith((".yaml", ".yml")):
                path = root / os.path.relpath(base, root) / name
                yield path, _content(path)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise RuleError(path, f"cannot be read: {error.strerror}") from error


def _key(own: Sequence[tuple[Path, bytes]]) -> str:
    """Covers the shipped rules and those of the user."""
    key = _built_key() or stamped_key()
    if not own:
        return key
    digest = blake2b(f"{key} {msgspec.__version__}".encode(), digest_size=16)
    for path, content in own:
        told = os.fsencode(f"{path.parent.name}/{path.name}")
        digest.update(b"%d %d\0%b%b" % (len(told), len(content), told, content))
    return digest.hexdigest()


def _built_key() -> str:
    """The key of the rules in a wheel, which was made from their content, as they will not change; or
    nothing: in a checkout they may at any time."""
    return _built(cache.KEY)


def _built(name: str) -> str:
    if not os.path.isdir(_PACKAGED):
        return ""
    return (cache.built(name) or b"").decode()


def stamped_key() -> str:
    """Covers, by size and time, the shipped rules and the code that derives something from them: to
    read a thousand files takes longer than all else that a hook does."""
    digest = blake2b(f"{__version__} {msgspec.__version__}".encode(), digest_size=16)
    for name, size, time in _deriving():
        digest.update(b"%d %d %b\0" % (size, time, os.fsencode(name)))
    return digest.hexdigest()


def content_key() -> str:
    """The same by content, wherever it lies."""
    return _of_content(_deriving())


def code_key() -> str:
    """Covers all of our code, by content."""
    return _of_content(sorted(stamps(_PACKAGE, ".py")))


def built_code_key() -> str:
    """The same as it was when the wheel was built, so that nobody need look at a thousand files; nothing
    in a checkout, whose code may change."""
    return _built(cache.CODE)


def conditions_key() -> str:
    """Covers the code that takes conditions apart, by size and time where it may change."""
    if key := built_code_key():
        return key
    digest = blake2b(__version__.encode(), digest_size=16)
    for part in ("evaluate", "inventory", "model"):
        for name, size, time in sorted(stamps(os.path.join(_PACKAGE, part), ".py")):
            digest.update(b"%d %d %b\0" % (size, time, os.fsencode(name)))
    return digest.hexdigest()


def _of_content(files: Iterable[tuple[str, int, int]]) -> str:
    digest = blake2b(__version__.encode(), digest_size=16)
    for name, size, _ in files:
        root = _shipped() if name.startswith(_shipped()) else _PACKAGE
        told = os.path.relpath(name, root).replace(os.sep, "/").encode()
        with open(name, "rb") as file:
            digest.update(b"%d %d\0%b%b" % (len(told), size, told, file.read()))
    return digest.hexdigest()


def _deriving() -> Iterator[tuple[str, int, int]]:
    """Name, size and time of the shipped rules and of the code that derives something from them."""
    code = (os.path.join(_PACKAGE, part) for part in ("rules", "detect"))
    for folder, ending in (*((one, ".py") for one in code), (_shipped(), "")):
        for one in sorted(stamps(folder)):
            if one[0].endswith(ending):
                yield one


def stamps(folder: str, ending: str = "") -> Iterator[tuple[str, int, int]]:
    """Name, size and time of every file below a folder whose name has an ending."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir():
                yield from stamps(entry.path, ending)
            elif entry.name.endswith(ending):
                about = entry.stat()
                yield entry.path, about.st_size, about.st_mtime_ns


def _part(path: Path) -> str:
    """Which kind of rule file this is: the nearest folder that names one."""
    if path.name == settings_file.FILE:
        return ""
    known = ("tokens", "policies", "frameworks", "known")
    return next((name for name in reversed(path.parts[:-1]) if name in known), "")


def _add(rules: RuleSet, path: Path, content: bytes) -> Sequence[TokenFormat | Policy]:
    """Put one file's rules into the set; returns those that lint looks at."""
    match _part(path):
        case "tokens":
            file = _decode(path, content, TokenFile)
            for token in file.formats:
                token.vendor, token.vendor_name = file.vendor, file.name
                token.imported = file.imported
                token.unless += file.unless
            rules.tokens += file.formats
            return file.formats
        case "policies":
            rules.policies.append(_decode(path, content, Policy))
            return rules.policies[-1:]
        case "frameworks" if path.stem == "mapping":
            rules.mapping.update(_decode(path, content, MappingFile).kinds)
        case "frameworks":
            rules.frameworks.append(_decode(path, content, FrameworkFile))
        case "known" if path.stem.startswith("samples"):
            rules.samples.update(_decode(path, content, SamplesFile).samples)
        case "known" if path.stem.startswith("issuers"):
            rules.trusts = _decode(path, content, KnownTrusts)
        case "known" if path.stem == "aws-escalations":
            known = _decode(path, content, EscalationsFile)
            rules.aws = replace(rules.aws, ways=known.ways, kinds=known.kinds)
        case "known" if path.stem == "aws-policies":
            listed = _decode(path, content, PublishedPoliciesFile)
            rules.aws = replace(rules.aws, policies=listed.all(), covers=listed.covers)
        case "known" if path.stem == "aws-accounts":
            named = _decode(path, content, AwsAccountsFile)
            rules.aws = replace(rules.aws, accounts=rules.aws.accounts | named.names())
        case "known" if path.stem.startswith("vendors"):
            named_vendors = _decode(path, content, KnownVendors).vendors
            rules.vendors = replace(rules.vendors, vendors=rules.vendors.vendors + named_vendors)
        case "known" if path.stem.startswith("scopes"):
            graded = _decode(path, content, KnownScopes).apis
            rules.scopes = replace(rules.scopes, apis=rules.scopes.apis + graded)
        case "known" if path.stem == "azure-roles":
            _decode(path, content, AzureRolesFile)  # read by `azure_roles`, where it is asked for
        case "known" if path.stem == "azure-privileges":
            rules.azure = _decode(path, content, AzurePrivilegesFile)
        case "known" if path.stem == "gcp-roles":
            rules.gcp = _decode(path, content, GcpRolesFile)
        case "known" if path.stem.startswith("scanners"):
            for scanner, formats in _decode(path, content, ScannersFile).scanners.items():
                rules.scanners[scanner] = rules.scanners.get(scanner, {}) | formats
        case "known" if path.stem == "pulumi":
            rules.pulumi = _decode(path, content, PulumiFile)
        case "known" if path.stem.startswith("terraform"):
            rules.terraform.append(_decode(path, content, TerraformFile))
        case "known" if path.stem == "agent-clients":
            rules.agents = _decode(path, content, AgentClientsFile).clients
        case _ if (own := _own_formats(path, content)) is not None:
            rules.tokens += own
            return own
        case _:
            raise RuleError(path, "is in none of tokens/, policies/, frameworks/, known/")
    return ()


def _own_formats(path: Path, content: bytes) -> list[TokenFormat] | None:
    """The `formats:` of a settings file, short as a user may write them; None for another file."""
    parsed = _parsed(path, content)
    if not isinstance(parsed, dict) or "formats" not in parsed or "vendor" in parsed:
        return None
    formats = parsed["formats"]
    if isinstance(formats, list):
        formats = [_filled(one) if isinstance(one, dict) else one for one in formats]
    return _converted(path, {"formats": formats}, OwnFormats).formats


def _filled(given: dict[str, Any]) -> dict[str, Any]:
    """A format with what its user need not say. The examples follow from its facts."""
    id, shape, context = given.get("id"), given.get("shape"), given.get("context")
    lead = f"{context[0]} = " if isinstance(context, list) and context else ""
    defaults = {
        "name": id.replace("-", " ").capitalize() if isinstance(id, str) else "",
        "kind": "api_key",
        "revoke": OWN_REVOKE,
        "examples": [f"{lead}{{token}}"] if shape else [],
        "counter_examples": [f"{lead}{{short}}"] if shape else [],
        "vendor": "own",
        "vendor_name": "Own formats",
    }
    pattern = given.get("pattern")
    if isinstance(pattern, str) and "(?P<secret>" not in pattern:
        given = {**given, "pattern": f"(?P<secret>{pattern})"}
    return {**defaults, **given}


OWN_REVOKE = "Revoke it where it was issued, and issue a new one."


def _decode(path: Path, content: bytes, kind: type[_T]) -> _T:
    return _converted(path, _parsed(path, content), kind)


def _parsed(path: Path, content: bytes) -> Any:
    import yaml

    try:
        return yaml.load(content, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (yaml.YAMLError, ValueError) as error:  # ValueError: a date or a number there is not
        raise RuleError(path, " ".join(str(error).split())) from error


def _converted(path: Path, parsed: Any, kind: type[_T]) -> _T:
    try:
        return msgspec.convert(_normal(parsed), type=kind)
    except msgspec.ValidationError as error:
        raise RuleError(path, _with_hint(str(error), kind)) from error


def _normal(parsed: Any) -> Any:
    """NHI ids in any published spelling become ours."""
    if isinstance(parsed, dict) and isinstance(parsed.get("nhi"), list):
        from keymuster.rules.frameworks import nhi_id

        return {**parsed, "nhi": [nhi_id(str(one)) or one for one in parsed["nhi"]]}
    return parsed


_INSIDE: dict[type[Any], type[Any]] = {
    TokenFile: TokenFormat,
    OwnFormats: TokenFormat,
    Policy: Case,
    FrameworkFile: FrameworkEntryFile,
    EscalationsFile: EscalationWay,
    PublishedPoliciesFile: PublishedPolicy,
    TerraformFile: TerraformType,
    AgentClientsFile: AgentClient,
    KnownVendors: Vendor,
    KnownScopes: ApiScopes,
}


def _with_hint(problem: str, kind: type[Any]) -> str:
    unknown = search(r"unknown field `([^`]+)`", problem)
    if unknown is None:
        return problem
    structs = [kind, _INSIDE[kind]] if kind in _INSIDE else [kind]
    fields = [field for struct in structs for field in struct.__struct_fields__]
    from keymuster.nearest import nearest  # only for what is wrong

    close = nearest(unknown[1], fields)
    return f"{problem}; did you mean `{close}`?" if close else problem
