"""What a hit leads to is the same in C as in Python: expression by expression, and all in one call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest

from detect.values.conftest import filled
from detect.values.test_syntax import WAYS
from keymuster.detect.recognizers import values
from keymuster.detect.values import judging, obvious, signals, syntax, weighing

compiled: Any = pytest.importorskip("keymuster.detect.values._accelerator")

EXPRESSIONS = {
    **{form.name: (form.confirm, True) for form in syntax.FORMS},
    **{f"value of {form.name}": (form.value, False) for form in syntax.FORMS if form.value},
    **{
        name: (one.pattern.decode(), False)
        for name, one in {
            "wrapper": syntax.WRAPPER, "list": syntax.LIST, "next": syntax.NEXT,
            "scheme": syntax.SAYS_SCHEME, "wraps": signals.WRAPS, "reads": signals.READS,
            "none": obvious.NO_SECRETS, "of requests": obvious.OF_REQUESTS,
        }.items()
    },
}  # fmt: skip
TEXTS = [(form, way) for form, _, way in WAYS] + [
    ("assignment", 'passwords = ["~", \'~9\', "abc"]'),
    ("assignment", "tokens: ['~' , `~`"),
    ("pair", 'f("keys", ("~",\n  "~", ""))'),
]
FORMS = {form.name: number for number, form in enumerate(syntax.FORMS)}

PIECES = [
    *("\t", "\n", "\r\n", '"', "'", "`", "\\", '\\"', "(", ")", "[", "]", "{", "}", "<", ">", ",", ";", ":", "="),
    *(":=", "=>", "->", "<-", "!=", "|", "||", "&", "&&", "?", "!", "#", "@", "$", "%", "%3D", "/", "//", "://"),
    *("-", "--", ".", "_", "~", "*"),
    "", " ", "  ", " " * 21, "\x0b", "\0", "\xe9", '"""', "'''", "</", "]]>", "<![CDATA[", "r#", "b", "@",
    "pass", "PASSWORD", "pwd", "_pw", "Token", "key", "auth", "secret", "bearer ", "Basic ", "with(", "value",
    "text:", "default", "string", "err", "to", "new ", "Secret(", "os.getenv(", "f(", " or ", " ?? ", "!vault ",
    "&ref ", "- ", "me:pw@", "@h.io", "-p", " -u ", "login ", "mysql ", "sshpass ", "identified by ", "next",
    "page", "clientToken", "SecretIds", "publickeys", "ids", "\\n", "abc", "x1", "hunter2", "Zebra-77", "a" * 45,
    "b" * 170, "true", "none", "${x}", "example", "/etc/x.key", "Two words", "user", "test", "localhost",
]  # fmt: skip
PARTS = [piece.encode("latin-1") for piece in PIECES]


def texts(random: Random) -> Iterator[tuple[str, bytes]]:
    """Ways to write a value, each with its form, with anything changed in them and put around them."""

    def some(most: int) -> bytes:
        return b"".join(random.choices(PARTS, k=random.randrange(most)))

    while True:
        form, way = random.choice(TEXTS)
        text = bytearray(filled(way))
        for _ in range(random.choice((0, 0, 1, 2, 4))):
            at = random.randrange(len(text) + 1)
            end = at + random.randrange(5)
            text[at:end] = random.choice(
                (b"", random.choice(PARTS), random.choice(PARTS) * random.randrange(30))
            )
        around = random.choice((1, 1, 4, 40))
        yield form, some(around) + bytes(text) + some(around)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_an_expression_matches_what_re_says(name: str) -> None:
    expression, folds = EXPRESSIONS[name]
    asked = compiled.Matcher(expression.encode(), folds)
    known = re.compile(expression.encode(), re.IGNORECASE if folds else 0)
    random, held = Random(11), 0
    made = texts(random)
    for _ in range(160):
        form, text = next(made)
        while random.random() < 0.7 and form != name and name in FORMS:
            form, text = next(made)
        for at in range(len(text)):
            end = random.randrange(at, len(text) + 1) if random.random() < 0.2 else len(text)
            found = known.match(text, at, end)
            said = asked.spans(text, at, end)
            spans = [found.span(group) for group in range(known.groups + 1)] if found else []
            assert said == (tuple(sum(spans, ())) or None), (text, at, end)
            held += found is not None
    assert held or name in ("none", "of requests")


@pytest.mark.parametrize(
    ("expression", "text", "end"),
    [
        (r"(?i)next|(?:\A|prev)token\Z", "token", 5), (r"(?i)next|(?:\A|prev)token\Z", "tokens", -1),
        (r"(?:a|ab)(?:c|bcd)", "abcd", 4), (r"(?:ab?)?b", "ab", 2), (r"[^a\]-]{2,3}?(?=b)", "xyb", 2),
        (r"a*b+c?", "aaabb", 5), (r"\w+\b", "ab-", 2), (r"(?:a(?!b)|ab)c?", "abc", 3),
        (r"(?:a{0,2}|b)c", "aac", 3), (r"[\d\s]+", "1 2\tx", 4), (r"(?:|a)b", "ab", 2),
    ],
)  # fmt: skip
def test_every_part_of_an_expression_means_what_it_does(
    expression: str, text: str, end: int
) -> None:
    found = re.compile(expression.encode()).match(text.encode())
    said = compiled.Matcher(expression.encode(), False).spans(text.encode(), 0, len(text))
    assert (found.end() if found else -1) == (said[1] if said else -1) == end


@pytest.mark.parametrize(
    "expression",
    ["(a)", "(?:ab){3}", "(?:ab)*", "a++", "[", "[a", "(", "(?:", ")", "*", "a|+", "\\", "\\q", "[\\",
     "(?<=a)", "(?P<a", "^a", "a$", ".", "a{", "a{2", "(?:a)??", "(?P<a>b)?", "(?=a)?", "(?P<a>x)" * 5],
)  # fmt: skip
def test_what_an_expression_may_not_have_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match="no expression"):
        compiled.Matcher(expression.encode(), False)


def test_what_takes_too_long_is_not_known() -> None:
    endless = compiled.Matcher(b"a*" * 12 + b"b\\Z", False)
    with pytest.raises(OverflowError):
        endless.spans(b"a" * 200 + b"bb", 0, 202)
    assert endless.spans(b"aab", 0, 3) == (0, 3)


def test_no_byte_outside_a_text_is_looked_at() -> None:
    asked = compiled.Matcher(b"a", False)
    for start, end in ((-1, 1), (0, 4), (2, 1)):
        with pytest.raises(ValueError, match="no place"):
            asked.spans(b"aaa", start, end)
    judge = judging.compiled()
    assert judge is not None
    for start, form in ((-1, 0), (4, 0), (0, -1), (0, len(syntax.FORMS))):
        with pytest.raises(ValueError, match="no hit"):
            judge.likely(b"aaa", start, form, b"", 0)


def test_what_was_not_made_for_it_is_refused() -> None:
    names, none, scales = signals.names(), obvious.compiled(), weighing.scales()
    with pytest.raises(TypeError, match="not what"):
        compiled.Judge(none, names, scales, (), (b"a",) * 8, (), 1)
    with pytest.raises(ValueError, match="too few"):
        compiled.Judge(names, none, scales, (), (b"a",), (), 1)
    for form in (1, (b"(?P<a>b)", b"", b"", 0, 0, 9), (b"(", b"", b"", 0, 0, 9)):
        with pytest.raises(ValueError, match=r"form|expression"):
            compiled.Judge(names, none, scales, (form,), (b"a",) * 8, (), 1)
    with pytest.raises(TypeError):
        compiled.Judge(names, none, scales, (), (b"a",) * 8, (1,), 1)


Told = tuple[list[tuple[int, int, float]], int, int, int, int]


def told(text: bytes, start: int, form: int, path: str) -> Told:
    found, *others = values.likely(text, start, form, path)
    return [one for one in found if weighing.tier(one[2])], *others


def test_a_hit_leads_to_the_same_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(13)
    made = texts(random)
    hits = []
    for _ in range(2500):
        form, text = next(made)
        path = random.choice(("a.py", "x/settings.yml", ".env", ""))
        others = random.choices(range(len(syntax.FORMS)), k=2)
        hits += [
            (text, at, one, path)
            for one in (FORMS[form], *others)
            for at in range(len(text))
            if syntax.confirm(one).match(text, at) or random.random() < 0.03
        ]
    in_c = [told(*hit) for hit in hits]
    monkeypatch.setattr(judging, "compiled", lambda: None)
    for hit, said in zip(hits, in_c, strict=True):
        assert told(*hit) == said, hit
    assert sum(len(said[0]) for said in in_c) > 500
    assert sum(said[3] - len(said[0]) for said in in_c) > 500
    assert max(said[3] for said in in_c) > 1


def test_what_takes_too_long_goes_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    class Lost:
        def likely(self, *_: object) -> None:
            return None

    hit = filled('password = "~"'), 0, FORMS["assignment"], ""
    known = told(*hit)
    assert known[0]
    monkeypatch.setattr(judging, "compiled", Lost)
    assert told(*hit) == known
