"""`gitleaks.toml` read as it is, and written as a rule file of ours.

What has no counterpart here is never dropped in silence: each part comes back as `Unsupported`, and
a rule that cannot be searched safely is refused rather than weakened.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from keymuster.errors import RuleError
from keymuster.rules import re2
from keymuster.rules.loader import OWN_REVOKE


class Unsupported(Struct, frozen=True):
    """A part of a rule (or of the whole file: `rule` empty) that was not taken over, and why.
    `refused` means that the rule is missing altogether."""

    rule: str
    part: str
    why: str
    refused: bool = False


class Imported(Struct, kw_only=True):
    """The text of a file for `tokens/`, and what it does not hold."""

    text: str
    rules: int
    formats: int
    unsupported: list[Unsupported]


class _Allowlist(Struct, kw_only=True, rename="camel"):
    condition: str = "OR"
    regex_target: str = "secret"
    regexes: list[str] = []
    paths: list[str] = []
    stopwords: list[str] = []
    commits: list[str] = []
    target_rules: list[str] = []


class _Rule(Struct, kw_only=True, rename="camel"):
    id: str
    description: str = ""
    regex: str = ""
    path: str = ""
    secret_group: int = 0
    entropy: float = 0.0
    keywords: list[str] = []
    allowlist: _Allowlist | None = None
    allowlists: list[_Allowlist] = []
    required: list[dict[str, Any]] = []
    skip_report: bool = False


class _Extend(Struct, kw_only=True, rename="camel"):
    path: str = ""
    url: str = ""
    use_default: bool = False
    disabled_rules: list[str] = []


class _Config(Struct, kw_only=True, rename="camel"):
    extend: _Extend = field(default_factory=_Extend)
    rules: list[_Rule] = []
    allowlist: _Allowlist | None = None
    allowlists: list[_Allowlist] = []


def convert(
    path: Path, taken: Sequence[str], refusal: Callable[[str], str] = lambda pattern: ""
) -> Imported:
    """The rules of a `gitleaks.toml`. `taken` are the ids of other rules; `refusal` says why the
    search cannot take a pattern, if so. RuleError for a file that gitleaks would not read either."""
    unsupported: list[Unsupported] = []
    config = _read(path, unsupported, depth=0)
    formats: list[dict[str, Any]] = []
    ids, renamed = set(taken), []
    for rule in config.rules:
        made, wrong = _formats(rule, _allowlists(rule, config), refusal)
        unsupported += wrong
        for one in made:
            if one["id"] in ids:
                renamed.append(one["id"])
                one["id"] = _free(f"gitleaks-{one['id']}", ids)
            ids.add(one["id"])
        formats += made
    if renamed:
        why = "taken by another rule, so they begin with gitleaks- here: " + ", ".join(renamed)
        unsupported.append(Unsupported("", "rules.id", why))
    everywhere: list[dict[str, Any]] = []
    known = {rule.id for rule in config.rules}
    for allowlist in _listed(config):
        for target in set(allowlist.target_rules) - known:
            why = f"no rule of this file is called `{target}`"
            unsupported.append(Unsupported("", "allowlists.targetRules", why))
        if not allowlist.target_rules:
            exception, wrong = _unless("", allowlist)
            unsupported += wrong
            everywhere += exception
    text = _yaml(path, formats, everywhere) if formats else ""
    return Imported(
        text=text, rules=len(config.rules), formats=len(formats), unsupported=unsupported
    )


# --- reading -----------------------------------------------------------------------------------

_DEEPEST = 2
"""How many files may extend one another."""


def _read(path: Path, unsupported: list[Unsupported], depth: int) -> _Config:
    import tomllib

    if depth and path.exists() and not path.is_file():  # a device may have no end
        raise RuleError(path, "extend.path: is no file")
    try:
        parsed = tomllib.loads(path.read_text(encoding="utf-8"))
        config = msgspec.convert(_any_case(parsed), type=_Config)
    except OSError as error:
        raise RuleError(path, f"cannot be read: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:  # ValueError: also for a name with \0
        raise RuleError(path, str(error)) from error
    except RecursionError as error:
        raise RuleError(path, "has lists nested too deep") from error
    extend = config.extend
    if extend.use_default:
        why = "stands for the shipped formats, which always apply"
        unsupported.append(Unsupported("", "extend.useDefault", why))
    if extend.url:
        unsupported.append(Unsupported("", "extend.url", "no connection is made"))
    if extend.disabled_rules and not extend.path:
        why = "name the formats to leave out under `rules: skip:` in the settings: " + ", ".join(
            extend.disabled_rules
        )
        unsupported.append(Unsupported("", "extend.disabledRules", why))
    if not extend.path:
        return config
    if depth == _DEEPEST:
        raise RuleError(path, f"extend.path: more than {_DEEPEST} files deep")
    base = _read(path.parent / extend.path, unsupported, depth + 1)
    return _extended(config, base, extend.disabled_rules)


def _extended(config: _Config, base: _Config, disabled: Sequence[str]) -> _Config:
    """What a file says, over what the file says that it extends."""
    own = {rule.id: rule for rule in config.rules}
    inherited = {rule.id: rule for rule in base.rules if rule.id not in disabled}
    for id, rule in inherited.items():
        if id not in own:
            continue
        over = own.pop(id)
        rule.allowlists = [*_listed(rule), *_listed(over)]
        rule.allowlist = None
        rule.keywords = [*rule.keywords, *over.keywords]
        for name in ("description", "regex", "path", "secret_group", "entropy"):
            setattr(rule, name, getattr(over, name) or getattr(rule, name))
    return _Config(
        rules=[*inherited.values(), *own.values()],
        allowlists=[*_listed(base), *_listed(config)],
    )


_NAMES = {
    name.lower(): name
    for struct in (_Config, _Extend, _Rule, _Allowlist)
    for name in struct.__struct_encode_fields__
}


def _any_case(parsed: Any) -> Any:
    """gitleaks does not mind the case of keys."""
    if isinstance(parsed, list):
        return [_any_case(one) for one in parsed]
    if isinstance(parsed, dict):
        return {_NAMES.get(key.lower(), key): _any_case(one) for key, one in parsed.items()}
    return parsed


def _listed(holder: _Rule | _Config) -> list[_Allowlist]:
    return [*([holder.allowlist] if holder.allowlist else []), *holder.allowlists]


def _allowlists(rule: _Rule, config: _Config) -> list[_Allowlist]:
    aimed = [one for one in _listed(config) if rule.id in one.target_rules]
    return [*_listed(rule), *aimed]


# --- converting --------------------------------------------------------------------------------

_MANY = 8
"""Groups beyond which nobody meant each of them to be a secret."""


def _formats(
    rule: _Rule, allowlists: Sequence[_Allowlist], refusal: Callable[[str], str]
) -> tuple[list[dict[str, Any]], list[Unsupported]]:
    """The formats that one rule becomes: one for each group that may be the secret."""
    if problem := _hindrance(rule):
        return [], [Unsupported(rule.id, *problem, refused=True)]
    try:
        tree = re2.parse(rule.regex)
        numbers = [rule.secret_group] if rule.secret_group else re2.groups(tree) or [0]
        if len(numbers) > _MANY:
            numbers = [0]
        if numbers != [0]:
            tree = re2.without_optional_start(tree)
        inside = [re2.group(tree, number) for number in numbers]
    except (ValueError, StopIteration) as error:
        why = str(error) or f"there is no group {rule.secret_group}"
        return [], [Unsupported(rule.id, "regex", why, refused=True)]
    if re2.steps(tree) > re2.MOST_STEPS:
        return [], [Unsupported(rule.id, "regex", _TOO_MUCH, refused=True)]
    patterns = [re2.pattern(tree, number) for number in numbers]
    if why := refusal(patterns[0]):
        return [], [Unsupported(rule.id, "regex", why, refused=True)]
    unsupported: list[Unsupported] = []
    unless: list[dict[str, Any]] = []
    for allowlist in allowlists:
        exception, wrong = _unless(rule.id, allowlist, whole=numbers == [0])
        unsupported += wrong
        unless += exception
    if rule.keywords and not re2.needs(tree, rule.keywords):
        why = "the expression matches without them, and so does the format"
        unsupported.append(Unsupported(rule.id, "keywords", why))
    paths: list[str] = []
    if rule.path:
        paths, wrong = _expressions(rule.id, "path", [rule.path])
        unsupported += wrong
        if not paths:
            return [], [Unsupported(rule.id, "path", wrong[0].why, refused=True)]
    id = _id(rule.id)
    formats = [
        _format(rule, f"{id}-{count}" if count > 1 else id, pattern, node, paths, unless)
        for count, (pattern, node) in enumerate(zip(patterns, inside, strict=True), 1)
    ]
    return formats, unsupported


_TOO_MUCH = "could take too long on text made for it: repeats follow each other that match the same characters"


def _hindrance(rule: _Rule) -> tuple[str, str] | None:
    """(part, why) of what makes a rule mean something else than we can say."""
    if rule.required:
        return "required", "a rule that counts only beside another one is not supported"
    if rule.skip_report:
        return "skipReport", "is only a part of another rule"
    if not rule.regex:
        if rule.path:
            return "path", "without a regex it reports a file for its name; a format needs a value"
        return "regex", "has none: it changes a rule of gitleaks's own file"
    return None


def _format(
    rule: _Rule, id: str, pattern: str, secret: re2.Node, paths: list[str],
    unless: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """The format as a rule file has it."""
    marked = len(re2.begins_with(secret)) >= 3
    made: dict[str, Any] = {
        "id": id,
        "name": _name(rule),
        "kind": _kind(id),
        "pattern": pattern,
        "confidence": "high" if marked else "medium",
        "revoke": OWN_REVOKE,
        "examples": [],
        "counter_examples": [],
    }
    if rule.entropy:
        made["least_entropy"] = float(rule.entropy)
    if paths:
        made["paths"] = paths
    if unless:
        made["unless"] = unless
    return made


def _unless(
    id: str, allowlist: _Allowlist, *, whole: bool = False
) -> tuple[list[dict[str, Any]], list[Unsupported]]:
    """An allowlist as `unless`, and the parts of it that are none. What is left out of an allowlist
    makes for more findings, never for fewer."""
    unsupported: list[Unsupported] = []
    both = allowlist.condition.upper() in ("AND", "&&")
    target = {"secret": "values", "line": "lines", "match": "values" if whole else ""}.get(
        allowlist.regex_target or "secret", ""
    )
    kinds = [
        name for name in ("regexes", "paths", "stopwords", "commits") if getattr(allowlist, name)
    ]
    if both and len(kinds) > 1 and ("paths" in kinds or "commits" in kinds):
        why = "`and` of a path or commit with something else; the allowlist is left out"
        return [], [Unsupported(id, "allowlists.condition", why)]
    made: dict[str, Any] = {}
    if allowlist.regexes and target:
        made[target], wrong = _expressions(id, "allowlists.regexes", allowlist.regexes)
        unsupported += wrong
    elif allowlist.regexes:
        why = "`match`: only the secret and its line are kept; these expressions are left out"
        unsupported.append(Unsupported(id, "allowlists.regexTarget", why))
    made["paths"], wrong = _expressions(id, "allowlists.paths", allowlist.paths)
    unsupported += wrong
    made["words"] = list(allowlist.stopwords)
    made["commits"] = [commit.strip().lower() for commit in allowlist.commits]
    made = {name: value for name, value in made.items() if value}
    if both and len(kinds) > 1:
        if len(made) < len(kinds):
            return [], unsupported  # half of an `and` would except too much
        made["all"] = True
    return ([made] if made else []), unsupported


def _expressions(id: str, part: str, given: Sequence[str]) -> tuple[list[str], list[Unsupported]]:
    kept, unsupported = [], []
    for expression in given:
        try:
            re2.for_a_search(expression)
        except ValueError as error:
            unsupported.append(Unsupported(id, part, f"`{_short(expression)}`: {error}"))
        else:
            kept.append(expression)
    return kept, unsupported


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def _id(id: str) -> str:
    """The id in our spelling."""
    return re.sub(r"[^a-z0-9]+", "-", id.lower()).strip("-") or "rule"


def _free(id: str, taken: set[str]) -> str:
    numbers = (f"{id}-{number}" for number in range(2, len(taken) + 3))
    return next(one for one in (id, *numbers) if one not in taken)


def _name(rule: _Rule) -> str:
    short = rule.description.strip().rstrip(".")
    return (
        short if 0 < len(short) <= 50 else rule.id.replace("-", " ").replace("_", " ").capitalize()
    )


_KINDS = {
    "private-key": "private_key",
    "client-secret": "client_secret",
    "webhook": "webhook",
    "password": "password",
    "refresh-token": "refresh_token",
    "token": "access_token",
}


def _kind(id: str) -> str:
    return next((kind for words, kind in _KINDS.items() if f"-{words}-" in f"-{id}-"), "api_key")


def _yaml(path: Path, formats: list[dict[str, Any]], everywhere: list[dict[str, Any]]) -> str:
    import yaml

    file: dict[str, Any] = {
        "vendor": "own",
        "name": f"From {path.name}",
        "imported": path.name,
        "formats": formats,
    }
    if everywhere:
        file["unless"] = everywhere
    return yaml.dump(file, Dumper=_plain(), sort_keys=False, allow_unicode=True, width=10_000)


def _plain() -> Any:
    """Without anchors: what is said twice is written twice."""
    import yaml

    class Plain(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return Plain


def table(unsupported: Sequence[Unsupported]) -> Iterator[str]:
    """One line for each part, rules that are missing first."""
    for one in sorted(unsupported, key=lambda one: not one.refused):
        what = "not imported" if one.refused else "in part"
        yield f"{one.rule or '(file)':<36} {what:<13} {one.part:<22} {one.why}"
