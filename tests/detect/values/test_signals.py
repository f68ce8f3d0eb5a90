"""What is seen of a value and of the text around it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from detect.values.conftest import Read, filled
from keymuster.detect.values import signals

Look = Callable[..., dict[str, float]]


@pytest.fixture
def look(read: Read) -> Look:
    """The signals of the last value in a text, by name."""

    def at(text: str, path: str = "") -> dict[str, float]:
        content = filled(text)
        last = read(content)[-1].start
        found = next(one for one in read(content) if one.start == last)
        said = [one for group in signals.groups(content, found, path) for one in group]
        return dict(zip(signals.NAMES, map(float, said), strict=True))

    return at


def test_every_signal_has_a_name_of_its_own() -> None:
    assert len(set(signals.NAMES)) == len(signals.NAMES)
    assert tuple(name for group in signals.GROUPS for name in group) == signals.NAMES


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("password", "named as a password"),
        ("dbPasswd", "named as a password"),
        ("MYSQL_PWD", "named as a password"),
        ("client_secret", "named as a secret"),
        ("access-token", "named as a token"),
        ("API_KEY", "named as a key"),
        ("apikey", "named as a key"),
        ("oauth", "named as authentication"),
        ("salt", "named as a salt or nonce"),
        ("session_cookie", "named as a session"),
        ("private", "named as something private"),
        ("xpassword2", "named as a password"),
    ],
)
def test_a_name_says_what_it_names(look: Look, name: str, said: str) -> None:
    seen = look(f"{name} = '~'")
    assert [
        signal for signal in signals.NAMES if signal.startswith("named as") and seen[signal]
    ] == [said]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("password_field", "the name is about the secret"),
        ("token_url", "the name is about the secret"),
        ("api_key", "a strong word before"),
        ("public_key", "a weak word before"),
        ("forgot_password", "a weak word before"),
        ("PASSWORD", "name in capitals"),
        ("password", "name in small letters"),
        ("db.password", "dotted name"),
        ("$password", "name with $"),
        ("--password", "name with -"),
    ],
)
def test_the_words_around_it_weaken_or_strengthen_a_name(look: Look, name: str, said: str) -> None:
    assert look(f"{name}='~'")[said] == 1
    assert look("Secret1='~'")[said] == 0


@pytest.mark.parametrize(
    "name", ["keyboard", "keywords", "authors", "tokenizer", "passport", "monkey"]
)
def test_some_words_only_sound_like_a_secret(name: str) -> None:
    assert not signals.speaks(name.encode())


@pytest.mark.parametrize("name", ["password", "apiKey", "AUTH_TOKEN", "x-secret", "DBPASS"])
def test_a_name_speaks_of_a_secret(name: str) -> None:
    assert signals.speaks(name.encode())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("password = '~'", "form assignment"),
        ("password = '~'", "joined by ="),
        ("password: ~", "joined by :"),
        ("password: ~", "not quoted"),
        ('password = "~"', "double quotes"),
        ("password = '~'", "single quotes"),
        (r"{\"password\": \"~\"}", "escaped or tripled quotes"),
        ("password =\n '~'", "value on the next line"),
        ("password = Secret('~')", "wrapped as a literal"),
        ("password = getenv('~')", "read from elsewhere"),
        ("password = f('~')", "wrapped"),
        ('headers["auth"] = "Bearer ~"', "scheme before"),
        ('{"password": "~"}', "quoted name"),
        ("f(password='~')", "name after a bracket"),
        ("/a?password=~", "query parameter"),
        ("  password = '~'", "name begins the line"),
    ],
)
def test_how_name_and_value_are_joined_is_seen(look: Look, text: str, said: str) -> None:
    assert look(text)[said] == 1
    assert look(f"x; y='' ;password={'`a.b+c/d1`' if 'query' not in said else '~'}")[said] == (
        said in ("form assignment", "joined by =")
    )


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("deadbeefcafe", "hexadecimal"),
        ("aGVsbG8td29ybGQ=", "like base64"),
        ("aGVsbG8td29ybGQ=", "ends with ="),
        ("user_name", "an identifier"),
        ("config.database.user", "dotted identifiers"),
        ("SOME_CONSTANT", "a CONSTANT"),
        ("someCamelCase", "camelCase"),
        ("Enter your name", "a sentence"),
        ("/etc/ssl/server.key", "a path or URL"),
        ("2024-01-31", "a date"),
        ("{SSHA}a1b2", "a password hash"),
        ("${HOME}", "a reference"),
        ("f(x)", "code"),
        ("undefined", "a word of programming"),
        ("on_create", "a word of programming"),
        ("my-example", "a placeholder's word"),
        ("aaaab", "a repeated character"),
        ("password", "the name itself"),
        ("mypassword1", "holds its name"),
        ("Capital", "starts with a capital"),
        ("end.", "ends like a sentence"),
        ("#hash", "starts with a mark"),
        ("a=b", "has ="),
        ("a(b", "has ()"),
        ("größe", "letters beyond ASCII"),
    ],
)
def test_what_a_value_looks_like_is_seen(look: Look, value: str, said: str) -> None:
    assert look(f"password = '{value}'")[said] > 0
    assert look("password = 'x7%kq'")[said] == 0


@pytest.mark.parametrize(
    ("value", "share"),
    [("abcd1234", 6 / 8), ("qwertyx8", 6 / 8), ("x7%kq", 0), ("k1L9zz0pabcw", 3 / 12), ("0000000000", 1)],
)  # fmt: skip
def test_how_much_of_a_value_is_a_sequence(look: Look, value: str, share: float) -> None:
    assert look(f"password = '{value}'")["in sequence"] == pytest.approx(share)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("settings.put('password', '~')", "in a call that sets"),
        ("setenv(\"API_KEY\", \"~\")", "in a call that sets"),
        ("<password>~</password>", "a closing tag follows"),
    ],
)  # fmt: skip
def test_what_a_call_or_a_tag_does_is_seen(look: Look, text: str, said: str) -> None:
    assert look(text)[said] == 1
    assert look("x(a, password = '~')")[said] == 0


def test_what_a_value_is_made_of_is_counted(look: Look) -> None:
    seen = look("password = 'abCD12!? z'")
    assert seen["length"] == 10
    assert seen["small letters"] == pytest.approx(0.3)
    assert seen["capitals"] == seen["digits"] == seen["marks"] == pytest.approx(0.2)
    assert seen["spaces"] == 1
    assert seen["kinds of characters"] == 4
    assert seen["entropy"] == pytest.approx(3.3219, abs=1e-4)
    assert seen["variety"] == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# password = '~'", "in a comment"),
        ("f(password='~')", "then ) or ,"),
        ("password = '~'[0]", "then ( or ."),
        ("password = '~' + x", "then + or %"),
        ("password = ~ is", "then a word"),
        ("| password = '~'", "table to the left"),
        ("f(password='~'", "bracket to the left"),
        ("user = 1; password = '~'", "the line speaks of users"),
        ("const password = '~'", "the line speaks of constants"),
        ("raise Error(password='~')", "the line speaks of messages"),
        ("def test():\n  password = '~'", "near it: tests"),
        ("password = '~'\nhost = 'db'", "near it: hosts"),
    ],
)
def test_the_line_and_what_is_near_are_seen(look: Look, text: str, said: str) -> None:
    assert look(text)[said] == 1
    assert look("\npassword = '~'\n")[said] == 0


def test_what_is_far_away_is_not_seen(look: Look) -> None:
    near = look("host = 'db'\npassword = '~'")
    far = look("host = 'db'\n" + "\n" * 300 + "password = '~'")
    assert near["near it: hosts"] == 1
    assert far["near it: hosts"] == 0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("a/b.py", "the file is a script"),
        ("b.tsx", "the file is web code"),
        ("B.java", "the file is compiled code"),
        ("app.yml", "the file is settings"),
        (".env", "the file is settings"),
        ("a.json", "the file is data"),
        ("README.md", "the file is prose"),
        ("run.sh", "the file is a shell script"),
        ("tests/b.py", "the path speaks of tests"),
        ("docs/b.py", "the path speaks of examples"),
        ("i18n/b.js", "the path speaks of translations"),
        ("config/b.rb", "the path speaks of settings"),
    ],
)
def test_the_path_is_seen(look: Look, path: str, said: str) -> None:
    assert look("password = '~'", path)[said] == 1
    assert look("password = '~'")[said] == 0


def test_signals_move_with_the_text(look: Look) -> None:
    text = "user = 'a'\npassword = '~'\nhost = 'b'\n"
    assert look(text) == look("\n" * 400 + text)


def test_a_value_of_any_bytes_has_signals(read: Read) -> None:
    for value in (b"\x00\xff\xfe", b"\xc3", b"   ", b"\x80" * 2000, bytes(range(35, 39))):
        content = b'password="' + value + b'"'
        for found in read(content):
            told = [len(group) for group in signals.groups(content, found, "")]
            assert told == [len(group) for group in signals.GROUPS]
