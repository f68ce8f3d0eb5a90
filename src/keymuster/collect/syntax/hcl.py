"""HCL, the language of Terraform and OpenTofu, as blocks and expressions with their places.

Written by hand: a general incremental parser loses the rest of a file to one mistake, and takes minutes
for a hundred kilobytes of nonsense. This one goes on at the next line that begins something, and never
looks back further than that.
"""

from __future__ import annotations

import re
from typing import NoReturn

from keymuster import regex
from keymuster.collect.syntax.hcl_tree import (
    Access,
    Attribute,
    Block,
    Call,
    Conditional,
    Entries,
    Expression,
    For,
    Items,
    Literal,
    Operation,
    Reference,
    Splat,
    Step,
    Template,
)

DEEPEST = 50
"""Blocks, brackets and operators inside each other."""

_NEARLY_DEEPEST = DEEPEST - 2

LONGEST_CHAIN = 150
"""Operators of one rank, or steps, after each other."""

MOST_MISTAKES = 20

_COMMENT = r"\#[^\n]*+|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?"
_SPACE = regex.later(rf"(?:[ \t\r\ufeff]++|{_COMMENT})*+")
_SPACE_AND_LINES = regex.later(rf"(?:[ \t\r\n\ufeff]++|{_COMMENT})*+")
_IN_SPACE = frozenset(" \t\r\ufeff#/")
_IN_LINES = _IN_SPACE | {"\n"}
"""What these begin with."""
_NAMED = r"[^\W\d][\w-]*+(?:::[^\W\d][\w-]*+){0,3}+"
_NAME = regex.later(_NAMED)
_ASSIGNED = regex.later(rf"({_NAMED})(?:[ \t\r\ufeff]++|{_COMMENT})*+=(?!=)")
_KEY = regex.later(rf"({_NAMED})(?:[ \t\r\ufeff]++|{_COMMENT})*+(?=[=:])")
_NUMBER = regex.later(r"\d++(?:\.\d++)?(?:[eE][-+]?\d++)?")
_HEREDOC = regex.later(r"<<(-?)([^\W\d][\w-]*+)[ \t]*\r?\n")
_OPERATOR = regex.later(r"==|!=|<=|>=|&&|\|\||[-+*/%<>]")
_SIMPLE = r"""[ \t]*+(?:
    "(?P<text>[^"\\$%\n]{0,99})" | (?P<number>[0-9]{1,18}) |
    (?P<root>[^\W\d][\w-]*+)(?P<steps>(?:\.[^\W\d][\w-]*+){0,20}+) )"""
_SIMPLE_ON_LINE = regex.later(rf"(?x){_SIMPLE}(?=[ \t\r]*+(?:[\n,}}\#]|\Z))")
_SIMPLE_INSIDE = regex.later(rf"(?x){_SIMPLE}(?=[ \t\r\n]*+[,)\]}}])")
"""A value without operators, gaps and calls, as most are, and what shows that it ends there."""
_RANK = {
    "||": 1, "&&": 2, "==": 3, "!=": 3, "<": 4, ">": 4, "<=": 4, ">=": 4,
    "+": 5, "-": 5, "*": 6, "/": 6, "%": 6,
}  # fmt: skip
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_PLAIN_QUOTED = regex.later(r'[^"\\$%\n]*+')
_PLAIN_TEXT = regex.later(r"[^$%]*+")
_ESCAPE = regex.later(r"\\(?:([nrt\"\\])|u([0-9a-fA-F]{4})|U(00[01][0-9a-fA-F]{5}))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_STATEMENT = regex.later(
    r'^[ \t]*+(?:[^\W\d][\w-]*+[ \t]*+(?:=(?!=)|(?:"[^"\n]*+"[ \t]*+|[^\W\d][\w-]*+[ \t]*+){0,3}\{)|\})',
    re.MULTILINE,
)
"""What a line looks like that begins something, or ends a block."""
_TOP = regex.later(r'^[^\W\d][\w-]*+[ \t]*+(?:"[^"\n]*+"[ \t]*+){0,3}\{', re.MULTILINE)
_FOR = regex.later(r"for\b(?!\s*[=:])")
_IF = regex.later(r"if\b")
_DIRECTIVE = regex.later(r"%\{(~?)\s*(if|else|endif|for|endfor)\b")


class Mistake(Exception):
    """Where a text is no HCL, as an offset."""

    def __init__(self, at: int, problem: str) -> None:
        super().__init__(problem)
        self.at = at
        self.problem = problem


def parse(text: str) -> tuple[Block, list[Mistake]]:
    """The file as one block, and what is wrong with it. What stands around a mistake is there."""
    parser = _Parser(text)
    return parser.file(), parser.mistakes


def parse_template(text: str) -> Expression:
    """A whole text as a template, such as a file for `templatefile`; Mistake if it is none."""
    parser = _Parser(text)
    return parser.template(0, len(text), quoted=False)


def parse_quoted(text: str, begin: int, end: int) -> Expression:
    """The template that a text is, when its quotes and escapes are already gone, as if it stood at
    one place; Mistake if it is none."""
    return _moved(parse_template(text), begin, end)


def _moved(one: Expression, begin: int, end: int) -> Expression:
    """All of an expression at one place."""
    import msgspec

    def moved(value: object) -> object:
        if isinstance(value, msgspec.Struct):
            fields = {name: moved(getattr(value, name)) for name in value.__struct_fields__}
            return type(value)(**{**fields, "begin": begin, "end": end})
        if isinstance(value, list | tuple):
            return type(value)([moved(each) for each in value])
        return value

    return moved(one)  # type: ignore[return-value]


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._depth = 0
        self._began = 0
        self._wide = False  # whether a line may end inside an expression
        self.mistakes: list[Mistake] = []

    # --- blocks ------------------------------------------------------------------------------

    def file(self) -> Block:
        block = Block(0, len(self._text), "", [], {}, [])
        while True:
            self._lines()
            if self._at >= len(self._text):
                return block
            try:
                self._statement(block)
            except Mistake as mistake:
                if not self._go_on(mistake, _TOP):
                    return block

    def _go_on(self, mistake: Mistake, start: re.Pattern[str]) -> bool:
        """Note a mistake and go to the next line that begins something: the line of the mistake
        itself, if what is wrong began before it."""
        self.mistakes.append(mistake)
        self._wide = False
        line = self._text.rfind("\n", 0, mistake.at) + 1
        if line <= self._began:
            line = self._text.find("\n", mistake.at) + 1
        found = start.search(self._text, line) if line else None
        if len(self.mistakes) >= MOST_MISTAKES or found is None:
            self._at = len(self._text)
            return False
        self._at = found.start()
        return True

    def _statement(self, block: Block) -> None:
        """An attribute or a block."""
        begin = self._began = self._at
        found = _ASSIGNED.match(self._text, begin)
        if found is not None:
            self._at = found.end()
            value = self._value()
            block.attributes[found[1]] = Attribute(begin, value.end, value)
            self._space()
            if self._text[self._at : self._at + 1] not in ("\n", "", "}"):
                self._fail("something follows the value")
            return
        name = self._name()
        self._space()
        labels = []
        while self._peek() != "{":
            labels.append(self._label())
            self._space()
        self._at += 1
        inner = Block(begin, begin, name, labels, {}, [])
        block.blocks.append(inner)
        self._body(inner)

    def _label(self) -> str:
        if self._peek() != '"':
            return self._name()
        end = self._text.find('"', self._at + 1)
        label = self._text[self._at + 1 : end]
        if end < 0 or "\n" in label:
            self._fail("a label does not end")
        self._at = end + 1
        return label

    def _body(self, block: Block) -> None:
        self._deeper()
        depth = self._depth
        while True:
            self._lines()
            block.end = self._at
            if self._at >= len(self._text):
                self._depth -= 1
                self.mistakes.append(Mistake(block.begin, "a block does not end"))
                return
            if self._peek() == "}":
                self._at += 1
                block.end = self._at
                self._depth -= 1
                return
            try:
                self._statement(block)
            except Mistake as mistake:
                self._depth = depth
                if not self._go_on(mistake, _STATEMENT):
                    block.end = mistake.at
                    self._depth -= 1
                    return

    # --- expressions -------------------------------------------------------------------------

    def _value(self) -> Expression:
        """The value of an attribute: it ends with its line."""
        found = _SIMPLE_ON_LINE.match(self._text, self._at)
        if found is not None and self._depth < _NEARLY_DEEPEST:
            return self._simple(found)
        wide, self._wide = self._wide, False
        value = self._expression()
        self._wide = wide
        return value

    def _inside(self) -> Expression:
        """A value inside brackets, where lines do not matter."""
        wide, self._wide = self._wide, True
        self._lines()
        found = _SIMPLE_INSIDE.match(self._text, self._at)
        if found is not None and self._depth < _NEARLY_DEEPEST:
            value = self._simple(found)
        else:
            value = self._expression()
        self._lines()
        self._wide = wide
        return value

    def _simple(self, found: re.Match[str]) -> Expression:
        """What is seen at a glance. The same as below, in a tenth of the time."""
        self._at = end = found.end()
        text, number, root, steps = found.groups()
        if text is not None:
            return Literal(end - len(text) - 2, end, text)
        if number is not None:
            return Literal(end - len(number), end, int(number))
        begin = found.start("root")
        asked: list[Step] = [*steps[1:].split(".")] if steps else []
        if root in _WORDS:
            return _with_steps(Literal(begin, begin + len(root), _WORDS[root]), asked, end)
        return Reference(begin, end, root, asked)

    def _expression(self) -> Expression:
        self._deeper()
        self._blank()
        condition = self._operation(1)
        self._blank()
        if self._peek() == "?":
            self._at += 1
            then = self._expression()
            self._blank()
            self._take(":")
            otherwise = self._expression()
            condition = Conditional(condition.begin, otherwise.end, condition, then, otherwise)
        self._depth -= 1
        return condition

    def _operation(self, least: int) -> Expression:
        left = self._operand()
        chain = 0
        while True:
            before = self._at
            self._blank()
            found = _OPERATOR.match(self._text, self._at)
            rank = _RANK[found[0]] if found else 0
            if found is None or rank < least:
                self._at = before
                return left
            chain += 1
            if chain > LONGEST_CHAIN:
                self._fail("is nested too deeply")
            self._at = found.end()
            self._blank()
            right = self._operation(rank + 1)
            left = Operation(left.begin, right.end, found[0], left, right)

    def _operand(self) -> Expression:
        begin = self._at
        char = self._peek()
        if char in ("!", "-"):
            self._deeper()
            self._at += 1
            self._blank()
            right = self._operand()
            self._depth -= 1
            if char == "-" and isinstance(right, Literal) and _is_number(right.value):
                return Literal(begin, right.end, -right.value)  # type: ignore[operator]
            return Operation(begin, right.end, char, None, right)
        return self._steps(self._primary())

    def _primary(self) -> Expression:
        begin, char = self._at, self._peek()
        if char == '"':
            return self._quoted()
        if char == "(":
            self._at += 1
            inner = self._inside()
            self._take(")")
            return inner
        if char == "[":
            return self._bracket()
        if char == "{":
            return self._brace()
        if char == "<":
            return self._heredoc()
        number = _NUMBER.match(self._text, begin)
        if number:
            self._at = number.end()
            return Literal(begin, self._at, _number(number[0]))
        name = self._name()
        if self._peek() == "(":
            return self._call(begin, name)
        if name in _WORDS:
            return Literal(begin, self._at, _WORDS[name])
        return Reference(begin, self._at, name, [])

    def _call(self, begin: int, name: str) -> Expression:
        self._at += 1
        arguments: list[Expression] = []
        spread = False
        self._lines()
        while self._peek() != ")":
            arguments.append(self._inside())
            if self._text.startswith("...", self._at):
                self._at += 3
                spread = True
                self._lines()
            if self._peek() != ")":
                self._take(",")
                self._lines()
        self._at += 1
        return Call(begin, self._at, name, arguments, spread)

    def _steps(self, of: Expression) -> Expression:
        """What is asked of a value: attributes, elements, all elements."""
        steps: list[Step] = []
        count = 0
        while True:
            char = self._peek()
            count += 1
            if count > LONGEST_CHAIN:
                self._fail("is nested too deeply")
            if char == "." and self._text[self._at + 1 : self._at + 2] != ".":
                self._at += 1
                self._blank()
                if self._peek() == "*":
                    self._at += 1
                    of, steps = self._splat(_with_steps(of, steps, self._at), legacy=True), []
                    continue
                number = _NUMBER.match(self._text, self._at)
                if number:
                    digits = re.match(r"\d+", number[0])
                    index = digits[0] if digits else number[0]
                    steps.append(Literal(self._at, self._at + len(index), int(index[:18])))
                    self._at += len(index)
                else:
                    steps.append(self._name())
            elif char == "[":
                self._at += 1
                self._lines()
                if self._text.startswith("*", self._at):
                    self._at += 1
                    self._lines()
                    self._take("]")
                    of, steps = self._splat(_with_steps(of, steps, self._at), legacy=False), []
                    continue
                steps.append(self._inside())
                self._take("]")
            else:
                return _with_steps(of, steps, self._at)

    def _splat(self, of: Expression, *, legacy: bool) -> Expression:
        """All that follows `[*]` is asked of each element; of what follows `.*`, only attributes."""
        steps: list[Step] = []
        while len(steps) < LONGEST_CHAIN:
            char = self._peek()
            if char == "." and self._text[self._at + 1 : self._at + 2] not in (".", "*"):
                self._at += 1
                steps.append(self._name())
            elif char == "[" and not legacy and not self._text.startswith("[*", self._at):
                self._at += 1
                steps.append(self._inside())
                self._take("]")
            else:
                break
        return Splat(of.begin, self._at, of, steps)

    def _bracket(self) -> Expression:
        begin = self._at
        self._at += 1
        self._deeper()
        self._lines()
        if self._is_for():
            return self._for(begin, "]")
        items: list[Expression] = []
        while self._peek() != "]":
            items.append(self._inside())
            if self._peek() != "]":
                self._take(",")
                self._lines()
        self._at += 1
        self._depth -= 1
        return Items(begin, self._at, items)

    def _brace(self) -> Expression:
        begin = self._at
        self._at += 1
        self._deeper()
        self._lines()
        if self._is_for():
            return self._for(begin, "}")
        entries: list[tuple[Expression, Expression]] = []
        while self._peek() != "}":
            key = self._key()
            self._lines()
            if self._peek() not in ("=", ":"):
                self._fail("a key has no value")
            self._at += 1
            self._lines()
            value = self._value()
            entries.append((key, value))
            self._space()
            char = self._peek()
            if char == ",":
                self._at += 1
            elif char not in ("\n", "}"):
                self._fail("a comma or the end of a line is missing")
            self._lines()
        self._at += 1
        self._depth -= 1
        return Entries(begin, self._at, entries)

    def _key(self) -> Expression:
        """A name alone is a text, not a reference."""
        found = _KEY.match(self._text, self._at)
        if found is not None:
            begin, self._at = found.span(1)
            return Literal(begin, self._at, found[1])
        wide, self._wide = self._wide, True
        key = self._operation(1)
        self._wide = wide
        return key

    def _is_for(self) -> bool:
        return bool(_FOR.match(self._text, self._at))

    def _for(self, begin: int, closing: str) -> Expression:
        self._at += 3
        key_name, value_name, of = self._intro()
        self._take(":")
        value = self._inside()
        key = None
        grouped = False
        if self._text.startswith("=>", self._at):
            self._at += 2
            key, value = value, self._inside()
            if self._text.startswith("...", self._at):
                self._at += 3
                grouped = True
                self._lines()
        condition = None
        if _IF.match(self._text, self._at):
            self._at += 2
            condition = self._inside()
        if (key is None) != (closing == "]"):
            self._fail("a `for` does not fit its brackets")
        self._take(closing)
        self._depth -= 1
        return For(
            begin, self._at, key_name, value_name, of, key, value, condition, grouped, False
        )  # fmt: skip

    def _intro(self) -> tuple[str, str, Expression]:
        self._lines()
        key_name, value_name = "", self._name()
        self._lines()
        if self._peek() == ",":
            self._at += 1
            self._lines()
            key_name, value_name = value_name, self._name()
            self._lines()
        if self._name() != "in":
            self._fail("a `for` has no `in`")
        return key_name, value_name, self._inside()

    # --- templates ---------------------------------------------------------------------------

    def _quoted(self) -> Expression:
        begin = self._at
        self._at += 1
        parts = self._parts(len(self._text), quoted=True)
        if self._peek() != '"':
            self._fail("a text does not end")
        self._at += 1
        return _text(begin, self._at, parts)

    def _heredoc(self) -> Expression:
        begin = self._at
        opening = _HEREDOC.match(self._text, begin)
        if opening is None:
            self._fail("`<` stands where a value should be")
        closing = re.compile(rf"^[ \t]*{re.escape(opening[2])}[ \t]*\r?$", re.MULTILINE)
        found = closing.search(self._text, opening.end())
        if found is None:
            self._fail(f"`{opening[0].strip()[:40]}` does not end")
        self._at = opening.end()
        inner = self.template(opening.end(), found.start(), quoted=False)
        self._at = found.end() - (1 if found[0].endswith("\r") else 0)
        parts: list[Expression] = inner.parts if isinstance(inner, Template) else [inner]
        if opening[1]:
            parts = _unindented(self._text, opening.end(), found.start(), parts)
        return Template(begin, self._at, parts)

    def template(self, begin: int, end: int, *, quoted: bool) -> Expression:
        self._at = begin
        parts = self._parts(end, quoted=quoted)
        if self._at < end:
            self._fail("a template has an end without its beginning")
        return _text(begin, end, parts)

    def _parts(self, end: int, *, quoted: bool) -> list[Expression]:
        """Text and gaps up to the closing quote, the `end`, or a directive that ends something."""
        parts: list[Expression] = []
        trim = False
        plain = _PLAIN_QUOTED if quoted else _PLAIN_TEXT
        self._deeper()
        while self._at < end:
            found = plain.match(self._text, self._at, end)
            assert found is not None
            if found[0]:
                text = found[0]
                stripped = text.lstrip() if trim else text
                begin = found.end() - len(stripped)
                if stripped:
                    parts.append(Literal(begin, found.end(), stripped))
                    trim = False
                self._at = found.end()
                continue
            two = self._text[self._at : self._at + 2]
            if self._text.startswith(("$${", "%%{"), self._at):
                parts.append(Literal(self._at, self._at + 3, two[0] + "{"))
                self._at += 3
                trim = False
            elif two == "${":
                trim = self._gap(parts)
            elif two == "%{":
                directive = _DIRECTIVE.match(self._text, self._at)
                if directive is None:
                    self._fail("`%{` begins no directive")
                if directive[2] in ("else", "endif", "endfor"):
                    if directive[1]:
                        _trim_end(parts)
                    break
                trim = self._directive(directive, parts, end, quoted)
            elif quoted and two[:1] == "\\":
                parts.append(self._escape())
                trim = False
            elif quoted and two[:1] in ('"', "\n"):
                break
            else:
                parts.append(Literal(self._at, self._at + 1, two[:1]))
                self._at += 1
        self._depth -= 1
        return parts

    def _escape(self) -> Expression:
        begin = self._at
        found = _ESCAPE.match(self._text, begin)
        if found is None:  # what Terraform refuses, such as an expression in a text, is taken as is
            self._at += 1
            return Literal(begin, begin + 1, "\\")
        self._at = found.end()
        code = found[2] or found[3]
        return Literal(begin, self._at, _character(int(code, 16)) if code else _ESCAPED[found[1]])

    def _gap(self, parts: list[Expression]) -> bool:
        """`${ ... }`; whether it takes away the blanks after it."""
        self._at += 2
        if self._peek() == "~":
            self._at += 1
            _trim_end(parts)
        parts.append(self._inside())
        trim = self._peek() == "~"
        self._at += trim
        self._take("}")
        return trim

    def _directive(
        self, opening: re.Match[str], parts: list[Expression], end: int, quoted: bool
    ) -> bool:
        if opening[1]:
            _trim_end(parts)
        begin = self._at
        self._at = opening.end()
        self._deeper()
        if opening[2] == "if":
            condition = self._inside()
            then = self._branch(end, quoted)
            otherwise: Expression = Literal(self._at, self._at, "")
            word, trim = self._word(("else", "endif"))
            if word == "else":
                otherwise = self._branch(end, quoted, trim=trim)
                word, trim = self._word(("endif",))
            parts.append(Conditional(begin, self._at, condition, then, otherwise))
        else:
            key_name, value_name, of = self._intro()
            body = self._branch(end, quoted)
            _, trim = self._word(("endfor",))
            parts.append(
                For(begin, self._at, key_name, value_name, of, None, body, None, False, True)
            )
        self._depth -= 1
        return trim

    def _branch(self, end: int, quoted: bool, *, trim: bool | None = None) -> Expression:
        """What stands between two directives."""
        if trim is None:
            trim = self._peek() == "~"
            self._at += trim
            self._take("}")
        begin = self._at
        parts = self._parts(end, quoted=quoted)
        if trim and parts and isinstance(parts[0], Literal) and isinstance(parts[0].value, str):
            stripped = parts[0].value.lstrip()
            parts[0] = Literal(parts[0].end - len(stripped), parts[0].end, stripped)
        return Template(begin, self._at, parts)

    def _word(self, words: tuple[str, ...]) -> tuple[str, bool]:
        found = _DIRECTIVE.match(self._text, self._at)
        if found is None or found[2] not in words:
            self._fail(f"`%{{ {words[-1]} }}` is missing")
        self._at = found.end()
        self._lines()
        trim = self._peek() == "~"
        self._at += trim
        self._take("}")
        return found[2], trim

    # --- characters --------------------------------------------------------------------------

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _space(self) -> None:
        if self._text[self._at : self._at + 1] in _IN_SPACE:
            found = _SPACE.match(self._text, self._at)
            self._at = found.end() if found else self._at

    def _lines(self) -> None:
        if self._text[self._at : self._at + 1] in _IN_LINES:
            found = _SPACE_AND_LINES.match(self._text, self._at)
            self._at = found.end() if found else self._at

    def _blank(self) -> None:
        if self._wide:
            self._lines()
        else:
            self._space()

    def _take(self, char: str) -> None:
        if not self._text.startswith(char, self._at):
            self._fail(f"`{char}` is missing")
        self._at += len(char)

    def _name(self) -> str:
        found = _NAME.match(self._text, self._at)
        if found is None:
            self._fail("is no HCL from here on")
        self._at = found.end()
        return found[0]

    def _deeper(self) -> None:
        self._depth += 1
        if self._depth > DEEPEST:
            self._fail("is nested too deeply")

    def _fail(self, problem: str) -> NoReturn:
        raise Mistake(self._at, problem)


def _with_steps(of: Expression, steps: list[Step], end: int) -> Expression:
    if not steps:
        return of
    if isinstance(of, Reference) and not of.steps:
        return Reference(of.begin, end, of.root, steps)
    return Access(of.begin, end, of, steps)


def _text(begin: int, end: int, parts: list[Expression]) -> Expression:
    """Text without gaps is a constant, if its escapes are few enough not to need their places."""
    if not parts:
        return Literal(begin, end, "")
    if len(parts) == 1 and isinstance(parts[0], Literal) and len(str(parts[0].value)) < 100:
        return Literal(begin, end, parts[0].value)
    return Template(begin, end, parts)


def _trim_end(parts: list[Expression]) -> None:
    while parts and isinstance(last := parts[-1], Literal):
        parts.pop()
        text = str(last.value).rstrip()
        if text:
            parts.append(Literal(last.begin, last.begin + len(text), text))
            return


def _unindented(text: str, begin: int, end: int, parts: list[Expression]) -> list[Expression]:
    """The parts of a heredoc without the blanks that all its lines begin with."""
    lines = [line for line in text[begin:end].split("\n") if line.strip()]
    indent = min((len(line) - len(line.lstrip(" \t")) for line in lines), default=0)
    if not indent:
        return parts
    return _cut(parts, text, begin, indent)


def _cut(parts: list[Expression], text: str, begin: int, indent: int) -> list[Expression]:
    kept: list[Expression] = []
    for part in parts:
        if not isinstance(part, Literal) or not isinstance(part.value, str):
            kept.append(_cut_inside(part, text, begin, indent))
            continue
        at = part.begin
        for line in part.value.splitlines(keepends=True):
            begins = at == begin or text[at - 1] == "\n"
            cut = min(indent, len(line) - len(line.lstrip(" \t"))) if begins else 0
            if line[cut:]:
                kept.append(Literal(at + cut, at + len(line), line[cut:]))
            at += len(line)
    return kept


def _cut_inside(part: Expression, text: str, begin: int, indent: int) -> Expression:
    """The same for what stands between directives, such as `%{ if x }` and `%{ endif }`."""
    match part:
        case For(joined=True):
            part.value = _cut_inside(part.value, text, begin, indent)
        case Conditional():
            part.then = _cut_inside(part.then, text, begin, indent)
            part.otherwise = _cut_inside(part.otherwise, text, begin, indent)
        case Template():
            part.parts = _cut(part.parts, text, begin, indent)
    return part


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(digits: str) -> int | float | str:
    if len(digits) > 30:
        return digits
    return int(digits) if digits.isdigit() and len(digits) < 19 else float(digits)


def _character(code: int) -> str:
    return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
