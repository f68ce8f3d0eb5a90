"""The weighing in C says what the one in Python says, signal by signal, of any text; and so does what
spares it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

import pytest

from detect.values.conftest import Read, filled
from keymuster.detect.values import obvious, signals, weighing
from keymuster.detect.values.syntax import FORMS, Found

compiled: Any = pytest.importorskip("keymuster.detect.values._accelerator")

ENDS = tuple(accumulate(map(len, signals.GROUPS)))
ALL = (
    (ENDS[-1], -100.0, ([0, 10.0, 0.0, -1.0, 1.0], [1, 0.5, 0.0, 2.0, [3, 0.5, 0.0, 4.0, 8.0]])),
)
"""One stage that asks every signal; what its two trees make of them is told here."""

# what an expression of `signals` knows, and pieces of it
SIGNS = [
    "$", "{", "}", "(", ")", "[", "]", "<", ">", "%", "#", "@", "_", ".", ":", "::", "->", "=>",
    "&&", "||", "++", ";", "'", '"', "`", "=", "/", "\\", ",", "+", "-", "?", "!", "*", "{{",
    "${",
]  # fmt: skip
PIECES = [
    *SIGNS, "__", "==", "|", "~", "&", "^", "}}", "#{", "@{", "%(", "<%", "%>", "[[", "2a",
    "$2a$", "argon2id", "$argon2id$", "$apr1$", "$P$", "{SSHA}", "{md5}", "{sha512}", "pbkdf2_",
    "sha256:", "MD5-", "2020-01-02", "1/2/2020", "12/31/1999", "12:30", "://", "/a/", ".pem",
    ".json", ".html", ".yml", ".sh", "C:\\", "~/", "./", "../", "here", "bar", "barn", "my",
    "mypass", "my_", "Amy-", "put_", "xxx", "aaa", "aaaa", "0000", "abc", "123", "qwerty",
    "token", "Token", "pass", "PASSWORD", "secret", "camelCase", "CamelCase", "A_B", "ABC_1",
    "a.b", "a->b", "foo()", "x", "X", "9", "0x", "0xdeadBEEF", "{0}", "{a.b}", "<a", "b>",
    "@a@", "%s", "%d", "%x1", "%PATH%", "__x__", "[a]", "set(", "add_to(", "define!(", "user",
    "Host", "HTTPServer", "test", "raise", "</", "rem", "rem!", "<!--", "--", "..", "insert",
    "true", "None", "SELECT", "import", "const", "curl", "login", "example",
]  # fmt: skip
PLAIN = [piece.encode() for piece in PIECES] + [
    b" ", b"  ", b"\t", b"\n", b"\r\n", b"\0", b"\xe9", b"\xff", b" + ", b" ? ", b"Two words", b"a, b",
]  # fmt: skip


@pytest.fixture(scope="module")
def scales() -> Any:
    return compiled.Scales(ENDS, ALL, *signals.tables())


def asked(scales: Any, content: bytes, found: Found, path: str) -> tuple[list[float], float, bool]:
    packed = signals.packed(found, path)
    quote = len(found.quote)
    said, total, stopped = scales.weigh(
        content, found.name, found.name_start, found.start, found.end, quote, *packed
    )
    return memoryview(said).cast("d").tolist(), total, stopped


def in_python(content: bytes, found: Found, path: str) -> list[float]:
    return [float(one) for group in signals.groups(content, found, path) for one in group]


def differences(one: list[float], other: list[float]) -> list[str]:
    pairs = zip(signals.NAMES, one, other, strict=True)
    return [name for name, mine, yours in pairs if mine != yours]


def made_up(random: Random) -> Iterator[tuple[bytes, Found, str]]:
    """Values of nothing in particular with anything around them."""

    def text(most: int) -> bytes:
        pieces = (
            random.choice(PLAIN) if random.random() < 0.8 else random.randbytes(1)
            for _ in range(random.randrange(most))
        )
        return b"".join(pieces)

    while True:
        before, name, gap = text(random.choice((3, 10, 60))), text(5)[:100], text(3)
        quote = random.choice((b"", b'"', b"'", b'\\"', b'"""'))
        value = random.choice(PLAIN) + text(random.choice((2, 4, 12, 60)))
        start = len(before + name + gap + quote)
        found = Found(
            form=random.choice(FORMS).name, name=name, name_start=len(before), start=start,
            join=random.choice((b"=", b":", b"->")), end=start + len(value), quote=quote,
            wrapper=random.choice((b"", b"f(", b"new Secret(", b"env(")),
            scheme=random.choice((b"", b"bearer")), crosses=random.random() < 0.2,
            place=random.randrange(3),
        )  # fmt: skip
        content = before + name + gap + quote + value + quote + text(random.choice((3, 10, 60)))
        yield content, found, random.choice(("", "tests/a.py", "x/settings.yml"))


def test_every_signal_of_any_text_is_the_same(scales: Any) -> None:
    texts = made_up(Random(7))
    held = [False] * len(signals.NAMES)
    for _ in range(6000):
        content, found, path = next(texts)
        said, total, _ = asked(scales, content, found, path)
        same = in_python(content, found, path)
        assert differences(said, same) == [], (content, found)
        assert total == sum(made_of(same))
        held = [known or one != 0 for known, one in zip(held, said, strict=True)]
    made = signals.NAMES.index("quoted name")  # what comes before is made in Python for both
    never = [name for name, one in zip(signals.NAMES[made:], held[made:], strict=True) if not one]
    assert never == []


def made_of(said: list[float]) -> Iterator[float]:
    yield -1.0 if said[0] <= 10 else 1.0
    yield 2.0 if said[1] <= 0.5 else 4.0 if said[3] <= 0.5 else 8.0


def test_what_is_read_from_text_weighs_the_same(
    read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "\n".join(
        (
            'password = "~"', "password: hunter2", 'token_hash = "~"', "count_of_tokens = 1200",
            "postgres://app:~@db.acme.io", "Authorization: Basic ~", 'cache_key = "users/x"',
            'setPassword("~")  # of the test user', "<password>~</password>", "--token ~",
        )
    )  # fmt: skip
    content = filled(text)
    everything = read(content)
    assert len(everything) >= 10
    made = [weighing.weigh(content, found, "src/a.py") for found in everything]
    monkeypatch.setattr(weighing, "scales", lambda: None)
    again = [weighing.weigh(content, found, "src/a.py") for found in everything]
    assert [(list(said), likely) for said, likely in made] == again
    assert len({len(said) for said, _ in made}) > 1


def test_no_byte_outside_a_text_is_asked_for(scales: Any) -> None:
    content, found, path = next(made_up(Random(1)))
    size, parts = len(content), signals.packed(found, path)
    for places in (
        (-1, 0, 1, 0), (size + 1, 0, 1, 0), (0, -1, 1, 0), (0, 1, 1, 0), (0, 0, size + 1, 0),
        (0, 0, 1, -1), (0, 0, 1, 201),
    ):  # fmt: skip
        with pytest.raises(ValueError, match="no value"):
            scales.weigh(content, b"name", *places, *parts)
    with pytest.raises(ValueError, match="no value"):
        scales.weigh(content, b"n" * 1000, 0, 0, 1, 0, *parts)
    for others in ((b"", *parts[1:]), (parts[0] + b"1", *parts[1:]), (parts[0] * 100, *parts[1:])):
        with pytest.raises(ValueError, match="other signals"):
            scales.weigh(content, b"name", 0, 0, 1, 0, *others)


SAID = [
    *SIGNS, "change", "change-me", "changeme", "replace", "replace_with", "replacewith", "your",
    "your-", "your_x", "placeholder", "redacted", "xxxxx", "***", "...", "{name}", "{a.b:c-d}",
    "EXAMPLE", "<token>", "[x]", "%x%", "%s", "$x", "$A1", "$HOME", "[a-z", "[^0-9", "[A-Z]",
    "\\d+", "\\w*", "(?:", "(?!", "ENC[PKCS7", "ENC[GPG,", "ENC(", "$ANSIBLE_VAULT;",
    "vault:v1:", "vault:v12345:", "AQICAH", "AgA", "{cipher}", "v1:", "=:v1:", ":v1:", "true",
    "None", "secret", "a.b", "a.b()", "foo", "foo()", "x", "X", "9", "abc", "deadbeef",
    "0123456789abcdef", "hunter2", "tr0ub4dor", "correct-horse",
]  # fmt: skip
SAYING = [piece.encode() for piece in SAID] + [
    b" ", b"\t", b"\n", b"\0", b"\xe9", b"A" * 60, b"b" * 11, b"9" * 16, b"c" * 20, b"Z" * 400,
    b"d41d8cd98f00b204e9800998ecf8427e", b"abcdef0123456789", b"789012" * 4,
]  # fmt: skip
NAMING = [
    *signals.KIND_OF, *(stem for stem, _ in signals.GLUED), b"keyboard", b"next", b"page", b"id", b"hash",
    b"public", b"the", b"of", b"X", b"x1", b"9", b"_", b"-", b".", b"$", b"@", b"\xe9", b" ",
]  # fmt: skip


def named(random: Random) -> bytes:
    words = random.choices(NAMING, k=random.randrange(5))
    ways = (bytes.lower, bytes.upper, bytes.capitalize)
    return b"".join(random.choice(ways)(word) for word in words)


def test_what_is_obvious_is_so_in_both_languages(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(3)

    def text(most: int) -> bytes:
        return b"".join(random.choices(SAYING, k=random.randrange(most)))

    values = []
    for _ in range(6000):
        before, name = text(4), random.choice((b"secret", b"password", named(random)))
        gap, quote = random.choice((b"", b":", b"=")), random.choice((b"", b'"'))
        value = random.choice((text(2), text(4), text(8), text(100), name))
        start = len(before + name + gap + quote)
        found = Found(
            form=random.choice(("assignment", random.choice(FORMS).name)), name=name,
            name_start=len(before), join=random.choice((b"=", b":")), start=start,
            end=start + len(value), quote=quote, wrapper=b"", scheme=b"", crosses=False, place=0,
        )  # fmt: skip
        content = before + name + gap + quote + value + quote + text(3)
        values.append((content, found, random.choice(("a.py", "x.yml", ".env", ""))))
    in_c = [obvious.is_none(*value) for value in values]
    monkeypatch.setattr(obvious, "compiled", lambda: None)
    assert [obvious.is_none(*value) for value in values] == in_c
    assert 500 < sum(in_c) < 5500


def test_names_say_the_same_in_both_languages() -> None:
    random, names = Random(5), signals.names()
    assert names is not None
    for name in (named(random) for _ in range(3000)):
        said = memoryview(names.of(name)).cast("d").tolist()
        assert said == [float(one) for one in signals._of_name(name)], name
    with pytest.raises(ValueError, match="too long"):
        names.of(b"n" * 513)
    for kinds, words, stems in (
        (99, (), ()), (1, ((b"", 1),), ()), (1, (), (("a",),)), (1, (), (1,)), (1, (1,), ()),
    ):  # fmt: skip
        with pytest.raises((ValueError, TypeError)):
            compiled.Names(kinds, words, stems)


def test_what_is_obvious_is_asked_of_nothing_outside_a_text() -> None:
    asked = obvious.compiled()
    assert asked is not None
    for places in ((-1, 0, 1), (9, 0, 1), (0, -1, 1), (0, 2, 1), (0, 0, 9)):
        with pytest.raises(ValueError, match="no value"):
            asked.is_none(b"12345678", b"name", *places, 31)


def test_no_other_trees_are_taken() -> None:
    def made(tree: object, signals_asked: int = ENDS[-1]) -> Any:
        stages = ((signals_asked, 0.0, (tree,)),)
        return compiled.Scales(ENDS, stages, *signals.tables())

    endless: list[object] = [0, 0.0, 0.0]
    endless += [endless, endless]
    for no_tree in (
        [0, 1.0], endless, [-1, 0.0, 0.0, 1.0, 1.0], [ENDS[-1], 0.0, 0.0, 1.0, 1.0],
    ):  # fmt: skip
        with pytest.raises(ValueError, match="no tree"):
            made(no_tree)
    for no_numbers in (["a", 0.0, 0.0, 1.0, 1.0], "a"):
        with pytest.raises(TypeError):
            made(no_numbers)
    with pytest.raises(ValueError, match="no tree of a signal"):
        made([ENDS[0], 0.0, 0.0, 1.0, 1.0], ENDS[0])
    with pytest.raises(ValueError, match="too few"):
        compiled.Scales(ENDS, ALL, *signals.tables()[:-4], (1,), *signals.tables()[-3:])
    with pytest.raises(ValueError, match="no word"):
        compiled.Scales(ENDS, ALL, ((b"", 1),), *signals.tables()[1:])
