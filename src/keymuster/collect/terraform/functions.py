"""Terraform's functions, so far as a declared identity may depend on them. Of values that are not
known comes one that is not known, except where the function only passes values on."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from hashlib import md5, sha1, sha256, sha512
from typing import Any

from keymuster import regex
from keymuster.collect.syntax.hcl_tree import Call
from keymuster.collect.syntax.json import parse as parse_json
from keymuster.collect.syntax.node import Broken, Node
from keymuster.collect.syntax.yaml import parse as parse_yaml
from keymuster.collect.terraform.evaluation import Place, attempt, element, evaluate, same
from keymuster.collect.terraform.values import (
    LONGEST_TEXT,
    SET,
    Exhausted,
    Wrong,
    derived,
    encoded,
    from_plain,
    is_made,
    json_text,
    plain,
    text_of,
    unknown,
    unknown_at,
    wholly_known,
)


def call(one: Call, place: Place, at: Node) -> Node:
    """The value of a function call."""
    name = one.name.removeprefix("core::")
    if name in ("try", "can"):
        return _tried(one, place, at, name)
    arguments = [attempt(argument, place) for argument in one.arguments]
    if one.spread and arguments:
        last = arguments.pop()
        if unknown(last):
            return derived(at, name, [*arguments, last])
        if not isinstance(last.value, list):
            raise Wrong
        arguments += last.value
    place.budget.spend(len(arguments))
    if name in _PASSING:
        return _PASSING[name](arguments, place, at)
    if name not in _KNOWING or not all(wholly_known(one, place.budget) for one in arguments):
        return derived(at, name, arguments)
    values = [_native(argument, place) for argument in arguments]
    try:
        result = _KNOWING[name](*values)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
        raise Wrong from None
    if isinstance(result, str) and len(result) > LONGEST_TEXT:
        raise Exhausted
    return from_plain(at, result) if not isinstance(result, str) else at.holding(result)


def _native(node: Node, place: Place) -> Any:
    return text_of(node, place.budget) if is_made(node) else plain(node, place.budget)


def _tried(one: Call, place: Place, at: Node, name: str) -> Node:
    for argument in one.arguments:
        try:
            value = evaluate(argument, place)
        except Wrong:
            continue
        if name == "try":
            return value
        return derived(at, "can", [value]) if unknown(value) else at.holding(True)
    if name == "can":
        return at.holding(False)
    raise Wrong


# --- functions that pass values on, known or not -------------------------------------------------


def _only(arguments: list[Node]) -> Node:
    if len(arguments) != 1:
        raise Wrong
    return arguments[0]


def _same(arguments: list[Node], place: Place, at: Node) -> Node:
    return _only(arguments)


def _text(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if is_made(value) or isinstance(value.value, str) or value.value is None:
        return value
    text = text_of(value, place.budget)
    if text is None:
        raise Wrong
    return at.holding(text)


def _truth(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if value.value in ("true", "false"):
        return at.holding(value.value == "true")
    return value


def _number(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value) or not isinstance(value.value, str):
        return value
    try:
        number = float(value.value[:40])
    except ValueError:
        raise Wrong from None
    return at.holding(int(number) if number.is_integer() else number)


def _encode(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "jsonencode", [value])
    return encoded(at, value)


def _decode(arguments: list[Node], place: Place, at: Node) -> Node:
    from keymuster.collect.terraform.documents import document

    value = _only(arguments)
    tree = document(value, place.budget)
    if tree is not None:
        return tree
    if unknown(value):
        return derived(at, "jsondecode", [value])
    return _parsed(lambda text: parse_json(text, at.file), value, at)


def _decode_yaml(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if is_made(value) and value.tree is not None:
        return value.tree
    if unknown(value):
        return derived(at, "yamldecode", [value])
    return _parsed(lambda text: (parse_yaml(text, at.file) or [at.holding(None)])[0], value, at)


def _parsed(parse: Callable[[str], Node], value: Node, at: Node) -> Node:
    if not isinstance(value.value, str):
        raise Wrong
    try:
        return from_plain(at, parse(value.value).plain())
    except Broken:
        raise Wrong from None


def _merge(arguments: list[Node], place: Place, at: Node) -> Node:
    if any(map(unknown, arguments)):
        return derived(at, "merge", arguments)
    merged: dict[str, Node] = {}
    for argument in arguments:
        if argument.value is None:
            continue
        if not isinstance(argument.value, dict):
            raise Wrong
        merged |= argument.value
    place.budget.spend(len(merged))
    return at.holding(merged)


def _lists(arguments: list[Node]) -> list[list[Node]]:
    lists = [one.value for one in arguments]
    if not all(isinstance(one, list) for one in lists):
        raise Wrong
    return lists  # type: ignore[return-value]


def _concat(arguments: list[Node], place: Place, at: Node) -> Node:
    if any(map(unknown, arguments)):
        return derived(at, "concat", arguments)
    items = [item for one in _lists(arguments) for item in one]
    place.budget.spend(len(items))
    return at.holding(items)


def _flatten(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value) or not isinstance(value.value, list):
        return derived(at, "flatten", [value])
    items: list[Node] = []
    waiting = [iter(value.value)]
    while waiting:
        for item in waiting[-1]:
            place.budget.spend()
            if unknown(item) and not _is_scalar_hint(item):
                return derived(at, "flatten", [value])
            if isinstance(item.value, list):
                waiting.append(iter(item.value))
                break
            items.append(item)
        else:
            waiting.pop()
    return at.holding(items)


def _is_scalar_hint(item: Node) -> bool:
    """Whether an unknown value is surely no list: a text with known parts, or an instance."""
    return is_made(item) and (item.instance is not None or item.runs is not None)


def _set(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value) or value.value is None:
        return value
    if not isinstance(value.value, list):
        raise Wrong
    kept = _distinct_items(value.value, place)
    made = at.holding(kept)
    made.tag = SET
    return made


def _distinct_items(items: list[Node], place: Place) -> list[Node]:
    seen: dict[str, Node] = {}
    for item in items:
        seen.setdefault(json_text(item, place.budget), item)
    return list(seen.values())


def _list(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value) or not isinstance(value.value, list):
        return value
    return at.holding(value.value)


def _distinct(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "distinct", [value])
    return at.holding(_distinct_items(_lists([value])[0], place))


def _union(arguments: list[Node], place: Place, at: Node) -> Node:
    joined = _concat(arguments, place, at)
    return joined if unknown(joined) else _set([joined], place, at)


def _lookup(arguments: list[Node], place: Place, at: Node) -> Node:
    if len(arguments) not in (2, 3):
        raise Wrong
    if unknown(arguments[0]) or unknown(arguments[1]):
        return derived(at, "lookup", arguments)
    try:
        return element(arguments[0], arguments[1].value)
    except Wrong:
        if len(arguments) == 3:
            return arguments[2]
        raise


def _element(arguments: list[Node], place: Place, at: Node) -> Node:
    if len(arguments) != 2:
        raise Wrong
    if any(map(unknown, arguments)):
        return derived(at, "element", arguments)
    (items,) = _lists(arguments[:1])
    index = arguments[1].value
    if not items or not isinstance(index, int | float):
        raise Wrong
    return items[int(index) % len(items)]


def _one(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "one", [value])
    (items,) = _lists([value])
    if len(items) > 1:
        raise Wrong
    return items[0] if items else at.holding(None)


def _coalesce(arguments: list[Node], place: Place, at: Node) -> Node:
    for argument in arguments:
        if unknown(argument):
            runs = is_made(argument) and argument.runs is not None
            return argument if runs else derived(at, "coalesce", arguments)
        if argument.value not in (None, "") or (is_made(argument) and argument.tree is not None):
            return argument
    raise Wrong


def _coalesce_list(arguments: list[Node], place: Place, at: Node) -> Node:
    for argument in arguments:
        if unknown(argument):
            return derived(at, "coalescelist", arguments)
        if argument.value:
            return argument
    raise Wrong


def _compact(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "compact", [value])
    (items,) = _lists([value])
    return at.holding([one for one in items if one.value not in (None, "") or is_made(one)])


def _keys(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "keys", [value])
    if not isinstance(value.value, dict):
        raise Wrong
    return at.holding([one.holding(key) for key, one in sorted(value.value.items(), key=_first)])


def _values(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "values", [value])
    if not isinstance(value.value, dict):
        raise Wrong
    return at.holding([one for _, one in sorted(value.value.items(), key=_first)])


def _first(pair: tuple[str, Node]) -> str:
    return pair[0]


def _length(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "length", [value])
    if isinstance(value.value, dict | list | str):
        return at.holding(len(value.value))
    raise Wrong


def _contains(arguments: list[Node], place: Place, at: Node) -> Node:
    if len(arguments) != 2:
        raise Wrong
    if any(map(unknown, arguments)):
        return derived(at, "contains", arguments)
    (items,) = _lists(arguments[:1])
    if any(not unknown(one) and same(one, arguments[1], place.budget) for one in items):
        return at.holding(True)
    if any(map(unknown, items)):
        return derived(at, "contains", arguments)
    return at.holding(False)


def _zipmap(arguments: list[Node], place: Place, at: Node) -> Node:
    if any(map(unknown, arguments)):
        return derived(at, "zipmap", arguments)
    keys, values = _lists(arguments)
    if any(map(unknown, keys)):
        return derived(at, "zipmap", keys)
    return at.holding(
        {str(plain(key, place.budget)): one for key, one in zip(keys, values, strict=False)}
    )


def _product(arguments: list[Node], place: Place, at: Node) -> Node:
    if any(map(unknown, arguments)):
        return derived(at, "setproduct", arguments)
    rows: list[list[Node]] = [[]]
    for items in _lists(arguments):
        place.budget.spend(len(rows) * len(items))
        rows = [[*row, item] for row in rows for item in items]
    return at.holding([at.holding(row) for row in rows])


def _slice(arguments: list[Node], place: Place, at: Node) -> Node:
    if any(map(unknown, arguments)):
        return derived(at, "slice", arguments)
    (items,) = _lists(arguments[:1])
    first, last = (one.value for one in arguments[1:3])
    if not isinstance(first, int) or not isinstance(last, int):
        raise Wrong
    return at.holding(items[first:last])


def _reverse(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    if unknown(value):
        return derived(at, "reverse", [value])
    return at.holding(_lists([value])[0][::-1])


def _join(arguments: list[Node], place: Place, at: Node) -> Node:
    if len(arguments) < 2 or any(map(unknown, arguments)):
        return derived(at, "join", arguments)
    items = [item for one in _lists(arguments[1:]) for item in one]
    texts = [text_of(one, place.budget) for one in items]
    if None in texts or not isinstance(arguments[0].value, str):
        raise Wrong
    separator = arguments[0].value
    if sum(len(one or "") + len(separator) for one in texts) > LONGEST_TEXT:
        raise Exhausted
    return from_plain(at, separator.join(one or "" for one in texts))


def _format(arguments: list[Node], place: Place, at: Node) -> Node:
    if not arguments or unknown(arguments[0]):
        return derived(at, "format", arguments)
    texts = [text_of(one, place.budget) for one in arguments[1:]]
    return from_plain(at, _formatted(str(arguments[0].value), texts))


_VERB = regex.later(r"%(?:%|(?:\[(\d{1,3})\])?([-+ #0]{0,3})(\d{0,3})(?:\.(\d{1,3}))?([a-zA-Z]))")


def _formatted(form: str, texts: list[str | None]) -> str:
    """`format` with the verbs that texts are made with; Wrong for others."""
    following = iter(texts)

    def one(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return "%"
        text = texts[int(found[1]) - 1] if found[1] else next(following)
        if text is None:
            raise Wrong
        if found[5] == "q":
            return json.dumps(text)
        if found[5] == "d" and found[3] and "${" not in text:
            return (
                f"{int(text):0{int(found[3])}d}" if "0" in found[2] else text.rjust(int(found[3]))
            )
        if found[5] not in "svd":
            raise Wrong
        return text

    try:
        return _VERB.sub(one, form)
    except (StopIteration, RuntimeError, IndexError, ValueError):
        raise Wrong from None


def _format_list(arguments: list[Node], place: Place, at: Node) -> Node:
    if not arguments or any(map(unknown, arguments)):
        return derived(at, "formatlist", arguments)
    lists = [one.value for one in arguments[1:] if isinstance(one.value, list)]
    rows = []
    for number in range(min(map(len, lists), default=1)):
        row = [one.value[number] if isinstance(one.value, list) else one for one in arguments[1:]]
        rows.append(_format([arguments[0], *row], place, at))
    return at.holding(rows)


def _replace(arguments: list[Node], place: Place, at: Node) -> Node:
    if len(arguments) != 3 or not all(wholly_known(one, place.budget) for one in arguments):
        return derived(at, "replace", arguments)
    text, old, new = (text_of(one, place.budget) for one in arguments)
    if text is None or old is None or new is None:
        raise Wrong
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        made = _substituted(text, old[1:-1], new)
        return at.holding(made) if made is not None else derived(at, "replace", arguments)
    if old and text.count(old) * len(new) > LONGEST_TEXT:
        raise Exhausted
    return at.holding(text.replace(old, new) if old else text)


_REPEATED = regex.later(r"[*+}]")
_NESTED = regex.later(r"\)[*+?{]|\\[^.\-/\\sdwSDW]|\(\?")


def _substituted(text: str, pattern: str, new: str) -> str | None:
    """A text with what an expression finds replaced; None if its groups are asked for, too."""
    if len(new) > 1000 or "$" in new or not _is_plain(pattern, text):
        return None
    return re.sub(pattern, lambda found: new, text, flags=re.ASCII)


def _is_plain(pattern: str, text: str) -> bool:
    """Whether an expression takes no long time, and means the same here as in Go's dialect."""
    if len(text) > 1000 or len(pattern) > 60:
        return False
    if _NESTED.search(pattern) or len(_REPEATED.findall(pattern)) > 2:
        return False
    try:
        re.compile(pattern, re.ASCII)
    except re.error:
        return False
    return True


def _regex(arguments: list[Node], place: Place, at: Node) -> Node:
    found = _found("regex", arguments, at)
    if not isinstance(found, list):
        return found
    if not found:
        raise Wrong
    return from_plain(at, found[0])


def _regex_all(arguments: list[Node], place: Place, at: Node) -> Node:
    found = _found("regexall", arguments, at)
    return from_plain(at, found) if isinstance(found, list) else found


def _found(name: str, arguments: list[Node], at: Node) -> list[Any] | Node:
    """What an expression finds: the groups of each place if it has some, its text otherwise."""
    if len(arguments) != 2 or any(map(unknown, arguments)):
        return derived(at, name, arguments)
    pattern, text = (one.value for one in arguments)
    if not isinstance(pattern, str) or not isinstance(text, str) or not _is_plain(pattern, text):
        return derived(at, name, arguments)
    places = re.finditer(pattern, text, re.ASCII)
    return [list(one.groups()) if one.re.groups else one[0] for one in places]


def _file(arguments: list[Node], place: Place, at: Node) -> Node:
    path = _only(arguments)
    if unknown(path) or not isinstance(path.value, str):
        return derived(at, "file", [path])
    content = place.module.work.file_text(path.value, place.module)
    return content if content is not None else _unseen(at, "file", path.value)


def _template_file(arguments: list[Node], place: Place, at: Node) -> Node:
    if len(arguments) != 2:
        raise Wrong
    path, names = arguments
    if unknown(path) or not isinstance(path.value, str):
        return derived(at, "templatefile", [path])
    if isinstance(names.value, dict):
        made = place.module.work.file_template(path.value, place.module, names.value)
        if made is not None:
            return made
    return _unseen(at, "templatefile", path.value)


def _unseen(at: Node, name: str, path: str) -> Node:
    """What a file holds that was not among those seen."""
    shown = path.translate({ord(char): None for char in "${}()"})
    return unknown_at(at, "${" + f"{name}({shown})" + "}")


def _exists(arguments: list[Node], place: Place, at: Node) -> Node:
    return derived(at, "fileexists", arguments)


def _base64(arguments: list[Node], place: Place, at: Node) -> Node:
    value = _only(arguments)
    text = text_of(value, place.budget)
    if text is None or not wholly_known(value, place.budget):
        return derived(at, "base64encode", [value])
    return at.holding(base64.b64encode(text.encode()).decode())


_PASSING: dict[str, Callable[[list[Node], Place, Node], Node]] = {
    "sensitive": _same,
    "nonsensitive": _same,
    "ephemeralasnull": _same,
    "tostring": _text,
    "tobool": _truth,
    "tonumber": _number,
    "tomap": _same,
    "toset": _set,
    "tolist": _list,
    "jsonencode": _encode,
    "jsondecode": _decode,
    "yamlencode": _encode,
    "yamldecode": _decode_yaml,
    "merge": _merge,
    "concat": _concat,
    "flatten": _flatten,
    "distinct": _distinct,
    "setunion": _union,
    "lookup": _lookup,
    "element": _element,
    "one": _one,
    "coalesce": _coalesce,
    "coalescelist": _coalesce_list,
    "compact": _compact,
    "keys": _keys,
    "values": _values,
    "length": _length,
    "contains": _contains,
    "zipmap": _zipmap,
    "setproduct": _product,
    "slice": _slice,
    "reverse": _reverse,
    "join": _join,
    "format": _format,
    "formatlist": _format_list,
    "replace": _replace,
    "regex": _regex,
    "regexall": _regex_all,
    "file": _file,
    "templatefile": _template_file,
    "fileexists": _exists,
    "base64encode": _base64,
}


# --- functions of known values -------------------------------------------------------------------


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError from None


def _substring(text: str, offset: int, length: int) -> str:
    begin = offset if offset >= 0 else len(text) + offset
    return text[begin:] if length == -1 else text[begin : begin + length]


def _title(text: str) -> str:
    return re.sub(r"(^|\s)(\w)", lambda found: found[1] + found[2].upper(), text)


def _range(*numbers: int) -> list[int]:
    made = range(*map(int, numbers))
    if len(made) > 1000:
        raise Exhausted
    return list(made)


def _chunks(items: list[Any], size: int) -> list[Any]:
    return [items[at : at + size] for at in range(0, len(items), size)]


def _trim_prefix(text: str, prefix: str) -> str:
    return text.removeprefix(prefix)


def _trim_suffix(text: str, suffix: str) -> str:
    return text.removesuffix(suffix)


def _transposed(value: dict[str, list[str]]) -> dict[str, list[str]]:
    made: dict[str, list[str]] = {}
    for key, items in value.items():
        for item in items:
            made.setdefault(item, []).append(key)
    return made


def _indented(spaces: int, text: str) -> str:
    return text.replace("\n", "\n" + " " * min(int(spaces), 100))


def _sorted(items: list[Any]) -> list[str]:
    return sorted(map(str, items))


_KNOWING: dict[str, Callable[..., Any]] = {
    "lower": str.lower,
    "upper": str.upper,
    "title": _title,
    "trimspace": str.strip,
    "trim": str.strip,
    "trimprefix": _trim_prefix,
    "trimsuffix": _trim_suffix,
    "chomp": lambda text: text.rstrip("\r\n"),
    "indent": _indented,
    "split": lambda separator, text: text.split(separator) if separator else list(text),
    "substr": _substring,
    "startswith": str.startswith,
    "endswith": str.endswith,
    "strcontains": lambda text, part: part in text,
    "strrev": lambda text: text[::-1],
    "base64decode": _decoded,
    "md5": lambda text: md5(text.encode(), usedforsecurity=False).hexdigest(),
    "sha1": lambda text: sha1(text.encode(), usedforsecurity=False).hexdigest(),
    "sha256": lambda text: sha256(text.encode()).hexdigest(),
    "sha512": lambda text: sha512(text.encode()).hexdigest(),
    "abs": abs,
    "ceil": lambda number: int(-(-number // 1)),
    "floor": lambda number: int(number // 1),
    "max": max,
    "min": min,
    "sum": sum,
    "alltrue": lambda items: all(item in (True, "true") for item in items),
    "anytrue": lambda items: any(item in (True, "true") for item in items),
    "range": _range,
    "sort": _sorted,
    "chunklist": _chunks,
    "index": lambda items, item: items.index(item),
    "setintersection": lambda first, *rest: [x for x in first if all(x in o for o in rest)],
    "setsubtract": lambda first, second: [item for item in first if item not in second],
    "matchkeys": lambda values, keys, wanted: [
        value for value, key in zip(values, keys, strict=True) if key in wanted
    ],
    "transpose": _transposed,
    "basename": lambda path: path.rstrip("/").rsplit("/", 1)[-1],
    "dirname": lambda path: path.rpartition("/")[0] or ".",
}
