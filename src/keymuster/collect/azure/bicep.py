"""Bicep, as the program that it is. What follows a mistake in a declaration is read from the next line
on that begins one."""

from __future__ import annotations

import re
from bisect import bisect_right

from keymuster import regex
from keymuster.collect.azure.tree import (
    Access,
    Call,
    Choice,
    Declaration,
    Entries,
    Expression,
    For,
    If,
    Items,
    Literal,
    Name,
    Operation,
    Parameter,
    Program,
    Text,
)
from keymuster.collect.syntax.node import Broken, File, Node

DEEPEST = 60
"""Brackets and operators inside each other."""

MOST_TOKENS = 400_000

MOST_MISTAKES = 20

_BLANK = regex.later(
    r"(?:[ \t\r\ufeff]++|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/)?|#[a-z-]++[^\n]*+)*+"
)
_TOKEN = regex.later(
    r"(?P<line>\n)|(?P<long>'''(?:[^']|'(?!''))*+'''(?!'))|(?P<quote>')|(?P<name>[A-Za-z_]\w*+)|"
    r"(?P<number>\d++)|(?P<mark>=>|==|!=|=~|!~|<=|>=|&&|\|\||\?\?|::|\.\.\.|[-+*/%<>!?:=.,(){}\[\]@|])"
)
_QUOTED = regex.later(r"[^'\\$\n]++")
_ESCAPE = regex.later(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|([\\'nrt$]))")
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t"}
_STATEMENT = regex.later(
    r"^(?:@|(?:param|var|resource|module|output|type|func|import|using|targetScope|metadata|assert|"
    r"extension|provider)\b)",
    re.MULTILINE,
)
_RANKS = {
    "??": 1, "||": 2, "&&": 3, "==": 4, "!=": 4, "=~": 4, "!~": 4, "<": 5, ">": 5, "<=": 5, ">=": 5,
    "+": 6, "-": 6, "*": 7, "/": 7, "%": 7,
}  # fmt: skip
_GOING_ON = ("&&", "||", "??", "==", "!=")
"""Operators that may begin a line."""
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


class _Mistake(Exception):
    def __init__(self, at: int) -> None:
        super().__init__("no Bicep")
        self.at = at


def parse(text: str, file: File) -> Program:
    """The program that a file is; Broken if hardly anything of it is one."""
    return _Parser(text, file).program()


class _Parser:
    def __init__(self, text: str, file: File) -> None:
        self._text = text
        self._file = file
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]
        self._at = 0
        self._depth = 0
        self._left = MOST_TOKENS
        self._program = Program(bicep=True)
        self._mistakes: list[int] = []

    # --- declarations ------------------------------------------------------------------------

    def program(self) -> Program:
        while True:
            self._end_lines()
            if self._at >= len(self._text):
                break
            try:
                self._statement()
            except _Mistake as mistake:
                if not self._go_on(mistake):
                    break
        found = self._program
        if self._mistakes and not (found.parameters or found.resources or found.variables):
            raise Broken(self._position(self._mistakes[0])[0], "is no Bicep from here on")
        return found

    def _go_on(self, mistake: _Mistake) -> bool:
        self._mistakes.append(mistake.at)
        self._depth = 0
        line = self._text.find("\n", max(mistake.at, self._at))
        found = _STATEMENT.search(self._text, line + 1) if line >= 0 else None
        if found is None or len(self._mistakes) >= MOST_MISTAKES or self._left <= 0:
            return False
        self._at = found.start()
        return True

    def _statement(self) -> None:
        begin = self._at
        decorators = self._decorators()
        word = self._name()
        match word:
            case "param":
                self._parameter(begin, decorators)
            case "var":
                name = self._name()
                if self._peek() != "=":
                    self._skip_to("=")
                self._expect("=")
                self._program.variables[name] = self._expression()
            case "resource" | "module":
                self._program.resources.append(self._declaration(begin, word))
            case "output":
                name = self._name()
                self._skip_to("=")
                self._expect("=")
                self._program.outputs[name] = self._expression()
            case "targetScope":
                self._expect("=")
                scope = self._expression()
                if isinstance(scope, Literal) and isinstance(scope.value, str):
                    self._program.target_scope = scope.value.lower()
            case _:
                self._skip_statement()

    def _decorators(self) -> set[str]:
        found = set()
        while self._peek() == "@":
            self._take()
            named = self._expression()
            if isinstance(named, Call):
                found.add(named.name)
            self._end_lines()
        return found

    def _parameter(self, begin: int, decorators: set[str]) -> None:
        name = self._name()
        type = self._text[self._at : self._skip_to("=")].split("//")[0].strip().lower()
        default = None
        if self._peek() == "=":
            self._take()
            default = self._expression()
        self._program.parameters[name] = Parameter(
            place=self._place(begin), type=type, secure="secure" in decorators, default=default
        )

    def _declaration(self, begin: int, word: str) -> Declaration:
        symbol = self._name()
        written = self._primary()
        type = str(written.value) if isinstance(written, Literal) else ""
        existing = self._peek() == "existing"
        if existing:
            self._take()
        self._expect("=")
        self._end_lines()
        body = self._made()
        bare, _, _ = type.partition("@")
        return Declaration(
            place=self._place(begin), symbol=symbol, type=type if word == "module" else bare,
            body=body, existing=existing, module=word == "module",
        )  # fmt: skip

    def _made(self) -> Expression:
        """The body of a resource: a map, one with a condition, or one for each of a list."""
        if self._peek() == "if":
            begin = self._at
            self._take()
            condition = self._primary()
            body = self._made()
            return If(self._place(begin), condition, body)
        return self._expression()

    # --- expressions -------------------------------------------------------------------------

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > DEEPEST:
            raise _Mistake(self._at)
        begin = self._skip_blank()
        found = self._operation(1)
        ahead = self._at
        self._end_lines()
        if self._peek() == "?":  # it may stand on the next line, as in no other expression
            self._take()
            self._end_lines()
            yes = self._expression()
            self._end_lines()
            self._expect(":")
            self._end_lines()
            no = self._expression()
            found = Choice(self._place(begin), found, yes, no)
        else:
            self._at = ahead
        self._depth -= 1
        return found

    def _operation(self, least: int) -> Expression:
        begin = self._skip_blank()
        left = self._unary()
        while True:
            ahead = self._at
            operator = self._peek()
            if not operator:
                self._end_lines()
                operator = self._peek() if self._peek() in _GOING_ON else ""
            rank = _RANKS.get(operator, 0)
            if rank < least:
                self._at = ahead
                return left
            self._take()
            self._end_lines()
            self._depth += 1
            if self._depth > DEEPEST:
                raise _Mistake(self._at)
            right = self._operation(rank + 1)
            self._depth -= 1
            left = Operation(self._place(begin), operator, [left, right])

    def _unary(self) -> Expression:
        begin = self._skip_blank()
        operator = self._peek()
        if operator not in ("!", "-"):
            return self._steps(begin, self._primary())
        self._take()
        self._depth += 1
        if self._depth > DEEPEST:
            raise _Mistake(self._at)
        operand = self._unary()
        self._depth -= 1
        if operator == "-" and isinstance(operand, Literal) and isinstance(operand.value, int):
            return Literal(self._place(begin), -operand.value)
        return Operation(self._place(begin), operator, [operand])

    def _steps(self, begin: int, found: Expression) -> Expression:
        for _ in range(DEEPEST):
            match self._peek():
                case "." | "::":
                    self._take()
                    if self._peek() == "?":
                        self._take()
                    name = self._name()
                    if self._peek() == "(":
                        found = Call(self._place(begin), name, self._arguments(), found)
                    else:
                        found = Access(
                            self._place(begin), found, Literal(self._place(self._at), name)
                        )
                case "[":
                    self._take()
                    if self._peek() == "?":
                        self._take()
                    key = self._expression()
                    self._expect("]")
                    found = Access(self._place(begin), found, key)
                case "!":
                    self._take()
                case _:
                    return found
        raise _Mistake(self._at)

    def _primary(self) -> Expression:
        begin = self._skip_blank()
        kind, word = self._token()
        place = self._place(begin)
        match kind:
            case "quote":
                return self._string(begin)
            case "long":
                text = word[3:-3]
                made = Literal(self._place(begin), text.removeprefix("\r").removeprefix("\n"))
                made.place.style = "|"
                return made
            case "number":
                return Literal(place, int(word) if len(word) < 19 else 0)
            case "name" if word in _WORDS:
                return Literal(place, _WORDS[word])
            case "name" if self._peek() == "(":
                return Call(place, word, self._arguments())
            case "name":
                return Name(place, word)
        match word:
            case "(":
                self._end_lines()
                inside = self._expression()
                while self._peek() == ",":  # the names that a lambda takes
                    self._take()
                    self._expression()
                self._end_lines()
                self._expect(")")
                return inside
            case "{":
                return self._entries(begin)
            case "[":
                return self._items(begin)
        raise _Mistake(begin)

    def _arguments(self) -> list[Expression]:
        self._expect("(")
        found: list[Expression] = []
        while True:
            self._end_lines()
            if self._peek() == ")":
                self._take()
                return found
            if self._peek() == ",":
                self._take()
                continue
            one = self._expression()
            if self._peek() == "=>":  # a lambda: what it makes is not judged
                self._take()
                self._end_lines()
                one = Call(one.place, "lambda", [self._expression()])
            found.append(one)

    def _entries(self, begin: int) -> Entries:
        made = Entries(self._place(begin), [])
        while True:
            self._end_lines()
            at = self._skip_blank()
            word = self._peek()
            if word == "}":
                self._take()
                made.place = self._place(begin)
                return made
            if word == ",":
                self._take()
            elif word == "@":
                self._decorators()
            elif word == "...":
                self._take()
                made.entries.append((Name(self._place(at), "..."), self._expression()))
            else:
                self._entry(made, at)

    def _entry(self, made: Entries, at: int) -> None:
        kind, word = self._token()
        if word == "resource" and kind == "name" and self._peek() != ":":
            made.resources.append(self._declaration(at, "resource"))
            return
        key: Expression
        if kind == "quote":
            key = self._string(at)
        elif kind == "name":
            key = Literal(self._place(at), word)
        else:
            raise _Mistake(at)
        self._expect(":")
        self._end_lines()
        value = self._made()
        value.place.line, value.place.column = self._position(at)
        made.entries.append((key, value))

    def _items(self, begin: int) -> Expression:
        items: list[Expression] = []
        while True:
            self._end_lines()
            word = self._peek()
            if word == "]":
                self._take()
                return Items(self._place(begin), items)
            if word == ",":
                self._take()
                continue
            if word == "for" and not items:
                return self._loop(begin)
            if word == "...":
                self._take()
            items.append(self._made())

    def _loop(self, begin: int) -> For:
        self._take()
        if self._peek() == "(":
            self._take()
            names = [self._name()]
            self._expect(",")
            names.append(self._name())
            self._expect(")")
        else:
            names = [self._name()]
        if self._name() != "in":
            raise _Mistake(self._at)
        of = self._expression()
        self._expect(":")
        self._end_lines()
        body = self._made()
        self._end_lines()
        self._expect("]")
        return For(self._place(begin), names, of, body)

    def _string(self, begin: int) -> Expression:
        """What follows an opening quote."""
        parts: list[Expression] = []
        text = ""
        while True:
            plain = _QUOTED.match(self._text, self._at)
            if plain:
                text += plain[0]
                self._at = plain.end()
            char = self._text[self._at : self._at + 1]
            if char == "'":
                self._at += 1
                break
            if char == "$" and self._text[self._at + 1 : self._at + 2] == "{":
                parts.append(Literal(self._place(begin), text))
                text = ""
                self._at += 2
                self._end_lines()
                parts.append(self._expression())
                self._end_lines()
                self._expect("}")
            elif char == "$":
                text += char
                self._at += 1
            elif escape := _ESCAPE.match(self._text, self._at):
                number = int(escape[1], 16) if escape[1] else 0
                text += (
                    chr(min(number, 0x10FFFF)) if escape[1] else _ESCAPED.get(escape[2], escape[2])
                )
                self._at = escape.end()
            else:
                raise _Mistake(self._at)
        place = self._place(begin)
        if not parts:
            made = Literal(place, text)
            made.place.style = "'"
            return made
        return Text(place, [*parts, Literal(place, text)])

    # --- words -------------------------------------------------------------------------------

    def _skip_blank(self) -> int:
        blank = _BLANK.match(self._text, self._at)
        self._at = blank.end() if blank else self._at
        return self._at

    def _end_lines(self) -> None:
        while self._text.startswith("\n", self._skip_blank()):
            self._at += 1

    def _peek(self) -> str:
        """The next mark or word on the line; empty at its end, and for a string."""
        found = _TOKEN.match(self._text, self._skip_blank())
        return found[0] if found and found.lastgroup in ("mark", "name") else ""

    def _take(self) -> None:
        self._token()

    def _token(self) -> tuple[str, str]:
        self._left -= 1
        found = _TOKEN.match(self._text, self._skip_blank())
        if found is None or self._left < 0:
            raise _Mistake(self._at)
        self._at = found.end()
        return str(found.lastgroup), found[0]

    def _name(self) -> str:
        at = self._skip_blank()
        kind, word = self._token()
        if kind != "name":
            raise _Mistake(at)
        return word

    def _expect(self, mark: str) -> None:
        at = self._skip_blank()
        if self._token()[1] != mark:
            raise _Mistake(at)

    def _skip_to(self, mark: str) -> int:
        """To a mark that stands outside all brackets, or to the end of the line; a type is skipped
        like that."""
        depth = 0
        while True:
            at = self._skip_blank()
            if at >= len(self._text):
                return at
            if self._text[at] == "\n" and not depth:
                return at
            before = self._at
            kind, word = self._token()
            if kind == "quote":
                self._string(at)
            elif word == mark and not depth:
                self._at = before
                return at
            depth += (word in ("{", "[", "(")) - (word in ("}", "]", ")"))

    def _skip_statement(self) -> None:
        self._skip_to("\n")

    def _position(self, at: int) -> tuple[int, int]:
        line = bisect_right(self._lines, at)
        return line, at - self._lines[line - 1] + 1

    def _place(self, begin: int) -> Node:
        """From there to here."""
        line, column = self._position(begin)
        end_line, end_column = self._position(max(self._at, begin))
        return Node(
            value=None, file=self._file, line=line, column=column, end_line=end_line,
            end_column=end_column,
        )  # fmt: skip
