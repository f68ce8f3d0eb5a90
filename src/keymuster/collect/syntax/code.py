"""Calls in Python, JavaScript and TypeScript, with what their arguments are where the file tells it.

Nothing is run. A name that is assigned once in a file stands for what it is assigned; a value that the
file does not tell is text that names what it depends on: `${settings.key}`, and `${env:NAME}` for an
environment variable. A call that is a value is a map of its arguments, the unnamed ones under their
numbers, with the function's name and `()` as `tag`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import cache, cached_property, lru_cache
from typing import Any

from msgspec import Struct

from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.errors import LATER

LONGEST = 500_000
"""Bytes of a file that is looked at. What is longer was made by a machine: a bundle, data."""

_DEEPEST = 60
"""Expressions inside each other, and names that stand for names."""

_MOST_VALUES = 200_000
"""In one file, those that names stand for counted each time."""

_SECONDS = 3
"""A file that takes longer to parse was made to."""

LANGUAGES = {
    ".py": "python",
    ".ts": "typescript", ".mts": "typescript", ".cts": "typescript",
    ".tsx": "tsx", ".js": "tsx", ".jsx": "tsx", ".mjs": "tsx", ".cjs": "tsx",
}  # fmt: skip
"""How a file name ends -> the grammar."""


class Call(Struct, frozen=True, kw_only=True):
    """One call. `function` is its full name as far as the imports tell it (`crewai.Agent`), `bound`
    the name that its result is assigned to; `arguments` a map that stands where the call does."""

    function: str
    bound: str
    arguments: Node


class Code:
    """A parsed file; Broken for one that does not end."""

    def __init__(self, text: str, file: File, language: str) -> None:
        self._data = text.encode("utf-8", "surrogateescape")
        self._file = file
        self._language = language
        self._lines = self._data.split(b"\n")
        self._root = _parsed(self._data, language)
        self._left = _MOST_VALUES
        self._imports: dict[str, str] = {}
        for node in self._found("import"):
            self._see_import(node)

    def calls(self, wanted: Callable[[str], bool], words: frozenset[str]) -> Iterator[Call]:
        """The calls of functions with a wanted name, in order; `words` are the last words of these."""
        local = {name for name, full in self._imports.items() if full.rpartition(".")[2] in words}
        for node in self._found("call", words | local):
            name = self._name(_function(node))
            if name and wanted(name):
                yield Call(function=name, bound=self._bound(node), arguments=self._value(node))

    # --- what the whole file says ----------------------------------------------------------------

    def _found(self, what: str, words: frozenset[str] = frozenset()) -> list[Any]:
        from tree_sitter import QueryCursor

        found = QueryCursor(_query(self._language, what, words)).captures(self._root)
        return sorted(found.get(what, ()), key=lambda node: node.start_byte)

    @cached_property
    def _assigned(self) -> dict[str, list[Any]]:
        """Name -> everything that it is assigned."""
        assigned: dict[str, list[Any]] = {}
        for node in self._found("assignment"):
            left = node.child_by_field_name("left") or node.child_by_field_name("name")
            right = node.child_by_field_name("right") or node.child_by_field_name("value")
            if right is not None and left is not None and left.type == "identifier":
                assigned.setdefault(_text(left), []).append(right)
            elif node.type == "as_pattern":  # `with f() as name`
                value, alias = (*node.named_children, None, None)[:2]
                if alias is not None and alias.named_child_count == 1:
                    assigned.setdefault(_text(alias.named_children[0]), []).append(value)
        return assigned

    def _see_import(self, node: Any) -> None:
        if node.type == "variable_declarator":
            self._see_required(node)
        elif node.child_by_field_name("source") is None:
            self._see_python_import(node)
        else:
            self._see_script_import(node)

    def _see_required(self, node: Any) -> None:
        """`const { Agent } = require("x")`."""
        left, right = (node.child_by_field_name(one) for one in ("name", "value"))
        module = _required(right) if left is not None and right is not None else None
        if module is None:
            return
        if left.type == "identifier":
            self._imports[_text(left)] = self._text_of(module)
        for one in left.named_children if left.type == "object_pattern" else ():
            if one.type == "shorthand_property_identifier_pattern":
                self._imports[_text(one)] = f"{self._text_of(module)}.{_text(one)}"

    def _see_python_import(self, node: Any) -> None:
        module = node.child_by_field_name("module_name")
        prefix = f"{_text(module)}." if module is not None else ""
        for one in node.children_by_field_name("name"):
            alias = one.child_by_field_name("alias")
            name = one.child_by_field_name("name") if alias is not None else one
            if alias is not None or prefix:
                self._imports[_text(alias if alias is not None else name)] = prefix + _text(name)

    def _see_script_import(self, node: Any) -> None:
        source = node.child_by_field_name("source")
        if source is None:
            return
        module = self._text_of(source)
        for clause in node.named_children:
            for one in clause.named_children if clause.type == "import_clause" else ():
                if one.type == "identifier":
                    self._imports[_text(one)] = f"{module}.default"
                elif one.type == "namespace_import" and one.named_children:
                    self._imports[_text(one.named_children[0])] = module
                for named in one.named_children if one.type == "named_imports" else ():
                    name, alias = (named.child_by_field_name(x) for x in ("name", "alias"))
                    if name is not None:
                        local = alias if alias is not None else name
                        self._imports[_text(local)] = f"{module}.{_text(name)}"

    # --- names -----------------------------------------------------------------------------------

    def _name(self, node: Any) -> str:
        """A dotted name, its first word as it was imported; empty for what is none."""
        words: list[str] = []
        for _ in range(_DEEPEST):
            if node is None:
                return ""
            if node.type == "identifier":
                first = _text(node)
                words.append(self._imports.get(first, first))
                return ".".join(reversed(words))
            if node.type not in ("attribute", "member_expression"):
                return ""
            last = node.child_by_field_name("attribute") or node.child_by_field_name("property")
            words.append(_text(last) if last is not None else "")
            node = node.child_by_field_name("object")
        return ""

    def _bound(self, node: Any) -> str:
        """The name that a value is assigned to, or the key that it stands under."""
        for _ in range(3):
            parent = node.parent
            if parent is None:
                return ""
            for field in ("left", "name", "key"):
                name = parent.child_by_field_name(field)
                if name is not None and name.id != node.id and parent.type in _BINDING:
                    return self._text_of(name) if name.type == "string" else _text(name)
            if parent.type not in _WRAPPERS:
                return ""
            node = parent
        return ""

    # --- values ----------------------------------------------------------------------------------

    def _value(self, node: Any, depth: int = 0, names: frozenset[str] = frozenset()) -> Node:
        maker = _VALUES.get(node.type)
        self._left -= 1
        if maker is None or depth > _DEEPEST or self._left < 0:
            return self._unknown(node)
        made: Node = maker(self, node, depth + 1, names)
        return made

    def _unknown(self, node: Any) -> Node:
        words = " ".join(_text(node).split())[:60].replace("{", "").replace("}", "")
        return self._node(node, f"${{({words})}}")

    def _of_text(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        raw = node.children[:1] and b"r" in node.children[0].text.lower()
        parts = []
        for one in node.named_children:
            if one.type in ("string_content", "string_fragment", "escape_sequence"):
                parts.append(_text(one) if raw else _ESCAPE.sub(_unescaped, _text(one)))
            elif one.type in ("string", "template_string"):
                parts.append(self._value(one, depth, names).text())
            elif one.type in ("interpolation", "template_substitution") and one.named_children:
                inner = self._value(one.named_children[0], depth, names)
                parts.append(inner.text() or self._unknown(one.named_children[0]).text())
        return self._node(node, "".join(parts))

    def _of_number(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        text = _text(node).replace("_", "")
        try:
            return self._node(node, int(text))
        except ValueError:
            return self._node(node, text)

    def _of_word(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        return self._node(node, _WORDS[node.type])

    def _of_list(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        return self._node(
            node, [self._value(x, depth, names) for x in node.named_children if x.type != "comment"]
        )

    def _of_map(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        entries: dict[str, Node] = {}
        for one in node.named_children:
            key, value = one.child_by_field_name("key"), one.child_by_field_name("value")
            if one.type == "shorthand_property_identifier":
                entries[_text(one)] = self._of_identifier(one, depth, names)
            elif key is not None and value is not None:
                entries[self._key(key)] = self._from(one, self._value(value, depth, names))
            elif one.type in ("dictionary_splat", "spread_element") and one.named_children:
                inner = self._value(one.named_children[0], depth, names)
                entries.update(inner.entries())
        return self._node(node, entries)

    def _key(self, node: Any) -> str:
        return self._text_of(node) if node.type == "string" else _text(node)

    def _from(self, outer: Any, value: Node) -> Node:
        """What belongs to a key begins where the key does, if it ends behind it."""
        begin = self._node(outer, None)
        if (value.line, value.column) < (begin.line, begin.column):
            return value
        value.line, value.column = begin.line, begin.column
        return value

    def _of_identifier(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        name = _text(node)
        assigned = self._assigned.get(name, ())
        if len(assigned) != 1 or name in names:
            return self._unknown(node)
        return self._value(assigned[0], depth, names | {name})

    def _of_member(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        name = self._name(node)
        if name.startswith("process.env."):
            return self._node(node, f"${{env:{name[len('process.env.') :]}}}")
        return self._unknown(node)

    def _of_index(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        """`os.environ["X"]`, `process.env["X"]`."""
        of = node.child_by_field_name("value") or node.child_by_field_name("object")
        at = node.child_by_field_name("subscript") or node.child_by_field_name("index")
        if at is not None and at.type == "string" and self._name(of) in _ENVIRONMENTS:
            return self._node(node, f"${{env:{self._text_of(at)}}}")
        return self._unknown(node)

    def _of_call(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        name = self._name(_function(node))
        arguments = node.child_by_field_name("arguments")
        given = arguments.named_children if arguments is not None else []
        if name in _READS_ENVIRONMENT and given and given[0].type == "string":
            return self._node(node, f"${{env:{self._text_of(given[0])}}}")
        entries: dict[str, Node] = {}
        for one in given:
            key, value = one.child_by_field_name("name"), one.child_by_field_name("value")
            if one.type == "keyword_argument" and key is not None and value is not None:
                entries[_text(key)] = self._from(one, self._value(value, depth, names))
            elif one.type == "dictionary_splat" and one.named_children:
                entries.update(self._value(one.named_children[0], depth, names).entries())
            elif one.type != "comment":
                entries[str(len(entries))] = self._value(one, depth, names)
        made = self._node(node, entries)
        made.tag = f"{name}()"
        return made

    def _of_choice(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        """`a or b`: the first, if it is known or an environment variable, else the text that is used
        without it; `a + b`: both, one after the other."""
        left, right = (node.child_by_field_name(x) for x in ("left", "right"))
        if left is None or right is None:
            return self._unknown(node)
        operator = node.child_by_field_name("operator")
        first, second = (self._value(x, depth, names) for x in (left, right))
        if operator is not None and _text(operator) == "+":
            if isinstance(first.value, str) and isinstance(second.value, str):
                return self._node(node, first.value + second.value)
        elif operator is None or _text(operator) in ("or", "||", "??"):
            return first
        return self._unknown(node)

    def _of_inner(self, node: Any, depth: int, names: frozenset[str]) -> Node:
        body = node.child_by_field_name("body") or (node.named_children or [None])[0]
        return self._unknown(node) if body is None else self._value(body, depth, names)

    # --- places ----------------------------------------------------------------------------------

    def _node(self, node: Any, value: Any) -> Node:
        (line, column), (end_line, end_column) = node.start_point, node.end_point
        return Node(
            value=value,
            file=self._file,
            line=line + 1,
            column=self._column(line, column),
            end_line=end_line + 1,
            end_column=self._column(end_line, end_column),
        )

    def _column(self, line: int, offset: int) -> int:
        return len(self._lines[line][:offset].decode("utf-8", "replace")) + 1

    def _text_of(self, node: Any) -> str:
        return self._of_text(node, 0, frozenset()).text()


def _parsed(data: bytes, language: str) -> Any:
    from tree_sitter import Parser

    if line := _too_deep(data):
        raise Broken(line, "holds too many brackets inside each other")
    end = time.monotonic() + _SECONDS

    def read(offset: int, _: Any) -> bytes:
        return data[offset : offset + 1024]  # texts of nodes are read so, too

    try:
        tree = Parser(_grammar(language)).parse(
            read, progress_callback=lambda *_: time.monotonic() > end
        )
    except ValueError:  # the callback ended it
        raise Broken(1, f"takes more than {_SECONDS} seconds to parse", LATER) from None
    return tree.root_node


def _too_deep(data: bytes) -> int:
    """The line in which brackets are too deep inside each other, or 0: the parser would not end. Those
    in texts are counted, too."""
    depth = 0
    for found in _BRACKETS.finditer(data):
        width = found.end() - found.start()
        depth = depth + width if found[0][:1] in b"([{" else max(0, depth - width)
        if depth > _DEEPEST_BRACKETS:
            return data.count(b"\n", 0, found.start()) + 1
    return 0


_BRACKETS = re.compile(rb"[(\[{]+|[)\]}]+")
_DEEPEST_BRACKETS = 500


@cache
def _grammar(language: str) -> Any:
    from tree_sitter import Language

    if language == "python":
        import tree_sitter_python

        return Language(tree_sitter_python.language())
    import tree_sitter_typescript

    if language == "tsx":
        return Language(tree_sitter_typescript.language_tsx())
    return Language(tree_sitter_typescript.language_typescript())


@lru_cache(maxsize=64)
def _query(language: str, what: str, words: frozenset[str]) -> Any:
    from tree_sitter import Query

    text = _QUERIES["python" if language == "python" else "typescript"][what]
    listed = " ".join(f'"{word}"' for word in sorted(words) if _WORD.fullmatch(word))
    return Query(_grammar(language), text.replace("WORDS", listed))


_WORD = re.compile(r"\w+")


def _function(node: Any) -> Any:
    return node.child_by_field_name("function") or node.child_by_field_name("constructor")


def _required(node: Any) -> Any | None:
    """The module in `require("x")`."""
    if node.type != "call_expression" or _text(_function(node)) != "require":
        return None
    arguments = node.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    return given[0] if given and given[0].type == "string" else None


def _text(node: Any) -> str:
    return bytes(node.text).decode("utf-8", "replace")


_ESCAPE = re.compile(r"\\(.)", re.DOTALL)


def _unescaped(found: re.Match[str]) -> str:
    """What an escape of one character stands for; those of code points stay as they are."""
    if found[1] in "uUxN0":
        return found[0]
    return {"n": "\n", "t": "\t", "r": "\r", "\n": ""}.get(found[1], found[1])


_ENVIRONMENTS = ("os.environ", "environ", "process.env")
_READS_ENVIRONMENT = (
    "os.getenv", "getenv", "os.environ.get", "environ.get", "os.environ.pop", "Deno.env.get",
)  # fmt: skip
_BINDING = (
    "assignment",
    "variable_declarator",
    "pair",
    "keyword_argument",
    "assignment_expression",
)
_WRAPPERS = ("await", "await_expression", "parenthesized_expression", "as_expression")

_WORDS: dict[str, Any] = {
    "true": True, "false": False, "none": None, "null": None, "undefined": None,
}  # fmt: skip

_QUERIES = {
    "python": {
        "call": """
            ((call function: [(identifier) @word (attribute attribute: (identifier) @word)]) @call
             (#any-of? @word WORDS))
        """,
        "assignment": "[(assignment) (as_pattern)] @assignment",
        "import": "[(import_from_statement) (import_statement)] @import",
    },
    "typescript": {
        "call": """
            ((call_expression function: [(identifier) @word
              (member_expression property: (property_identifier) @word)]) @call
             (#any-of? @word WORDS))
            ((new_expression constructor: [(identifier) @word
              (member_expression property: (property_identifier) @word)]) @call
             (#any-of? @word WORDS))
        """,
        "assignment": "[(variable_declarator) (assignment_expression)] @assignment",
        "import": """
            (import_statement) @import
            ((variable_declarator value: (call_expression function: (identifier) @word)) @import
             (#eq? @word "require"))
        """,
    },
}

_VALUES: dict[str, Callable[[Code, Any, int, frozenset[str]], Node]] = {
    "string": Code._of_text,
    "template_string": Code._of_text,
    "concatenated_string": Code._of_text,
    "integer": Code._of_number,
    "float": Code._of_number,
    "number": Code._of_number,
    **dict.fromkeys(_WORDS, Code._of_word),
    "list": Code._of_list,
    "tuple": Code._of_list,
    "set": Code._of_list,
    "array": Code._of_list,
    "dictionary": Code._of_map,
    "object": Code._of_map,
    "identifier": Code._of_identifier,
    "attribute": Code._of_member,
    "member_expression": Code._of_member,
    "subscript": Code._of_index,
    "subscript_expression": Code._of_index,
    "call": Code._of_call,
    "call_expression": Code._of_call,
    "new_expression": Code._of_call,
    "boolean_operator": Code._of_choice,
    "binary_operator": Code._of_choice,
    "binary_expression": Code._of_choice,
    **dict.fromkeys(
        ("await", "await_expression", "parenthesized_expression", "as_expression",
         "satisfies_expression", "non_null_expression", "lambda", "arrow_function"),
        Code._of_inner,
    ),
}  # fmt: skip
