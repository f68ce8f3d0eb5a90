"""Which text is the name and which the value, in every way to write the two."""

from __future__ import annotations

import re
from itertools import product

import pytest

from detect.values.conftest import VALUE, Read, filled
from keymuster.detect.values import syntax

WAYS = [
    ("typed", "password", "password?: string = '~';"),
    ("entry", "password", 'Map("password" -> "~")'),
    ("entry", "password", 'mapOf("password" to "~")'),
    ("attributed", "password", '<password type="plain">~</password>'),
    ("tag", "password", "<password><![CDATA[~]]></password>"),
    ("property", "fs.s3a.secret.key", "<name>fs.s3a.secret.key</name><value>~</value>"),
    ("property", "password", "<key>password</key>\n<string>~</string>"),
    ("attached", "password", "mysql -u root -p~ app"),
    ("short", "password", "sshpass -p ~ ssh host"),
    ("short", "password", "docker login -u bob -p '~' registry"),
    ("assignment", "password", 'let password = r#"~"#;'),
    ("assignment", "password", '$cfg{password} = "~";'),
    ("assignment", "password", "password = ('~')"),
    ("assignment", "password", 'password := []byte("~")'),
    ("typed", "api_key", 'let api_key: &\'static str = "~";'),
    ("assignment", "@token", "@token ||= '~'"),
    ("block", "api_token", "api_token: >-\n  ~\n"),
    ("block", "password", "password: |\n    ~\n"),
    ("variable", "db_password", 'variable "db_password" {\n  type = string\n  default = "~"\n}\n'),
    ("value", "password", '<property name="password"><value>~</value></property>'),
    ("assignment", "AZURE_PAT", "AZURE_PAT=~"),
    ("url", "me@acme.io", "smtps://me@acme.io:~@smtp.acme.io:465"),
    # settings
    ("assignment", "password", "password: ~"),
    ("assignment", "password", "db:\n  password: '~'\n  user: a"),
    ("assignment", "spring.datasource.password", "spring.datasource.password=~"),
    ("assignment", "DB_PASSWORD", "DB_PASSWORD=~"),
    ("assignment", "password", "[client]\npassword = ~\n"),
    ("assignment", "secret_key", 'secret_key = """~"""'),
    ("assignment", "token", "token = '''~'''"),
    ("assignment", "apiKey", '{"apiKey": "~", "b": 1}'),
    ("assignment", "apiKey", "{apiKey: ~, b: 1}"),
    ("assignment", "password", r'"{\"password\":\"~\"}"'),
    ("assignment", "password", r'"{\\\"password\\\":\\\"~\\\"}"'),
    ("assignment", "Password", 'x="Server=a;User Id=sa;Password=~;Database=b"'),
    ("assignment", "password", "password: !vault ~"),
    ("value", "DB_PASSWORD", "- name: DB_PASSWORD\n  value: ~"),
    ("value", "DB_PASSWORD", '- name: "DB_PASSWORD"\n  value: "~"'),
    ("value", "db_password", 'variable "db_password" { default = "~" }'),
    # markup
    ("tag", "password", "<password>~</password>"),
    ("tag", "password", "<password>\n  ~\n</password>"),
    ("tag", "db.password", '<entry key="db.password">~</entry>'),
    ("value", "ApiSecret", '<add key="ApiSecret" value="~" />'),
    ("value", "password", '<property name="password" value="~"/>'),
    ("assignment", "password", '<user name="a" password="~"/>'),
    # a shell, a container, a command line
    ("assignment", "DB_PASSWORD", "export DB_PASSWORD='~'"),
    ("assignment", "API_TOKEN", "ENV API_TOKEN=~"),
    ("assignment", "SECRET_KEY", "ARG SECRET_KEY=~"),
    ("header", "TOKEN", "ENV API_TOKEN ~"),
    ("assignment", "PGPASSWORD", "PGPASSWORD=~ psql -h db"),
    ("assignment", "--password", "mysql --password=~ app"),
    ("option", "--api-token", "tool --api-token ~ run"),
    ("user", "-u", "curl -u admin:~ https://api.acme.io"),
    ("user", "--user", 'curl --user "admin:~" https://api.acme.io'),
    ("netrc", "password", "machine api.acme.io login me password ~"),
    ("netrc", "password", "machine api.acme.io\n  login me\n  password ~\n"),
    # programming languages
    ("assignment", "password", 'password = "~"'),
    ("assignment", "password", 'password = b"~"'),
    ("assignment", "self.password", "self.password = '~'"),
    ("assignment", "$password", "my $password = '~';"),
    ("assignment", "db_password", "$config['db_password'] = '~';"),
    ("assignment", "secret", "'secret' => '~',"),
    ("assignment", "secret", ":secret => '~'"),
    ("assignment", "secret_key_base", 'config :app, secret_key_base: "~"'),
    ("assignment", "password", 'password := "~"'),
    ("assignment", "password", 'password, err := "~"'),
    ("assignment", "token", 'var token string = "~"'),
    ("assignment", "PASSWORD", 'private static final String PASSWORD = "~";'),
    ("typed", "apiKey", "const apiKey: string = '~';"),
    ("assignment", "apiKey", "let apiKey = `~`;"),
    ("typed", "password", 'val password: String = "~"'),
    ("assignment", "PASSWORD", 'public const string PASSWORD = @"~";'),
    ("assignment", "TOKEN", 'TOKEN ?= "~"'),
    ("assignment", "password", 'a = "x", password="~", b = "y"'),
    ("pair", "DB_PASSWORD", "define('DB_PASSWORD', '~');"),
    ("pair", "db.password", 'System.setProperty("db.password", "~");'),
    ("pair", "API_KEY", "os.environ.setdefault('API_KEY', '~')"),
    ("pair", "SECRET", "'secret' => env('SECRET', '~'),"),
    ("call", "client.setPassword", 'client.setPassword("~");'),
    ("call", "@Password", '@Password("~")'),
    ("assignment", "db.password", '@Value("${db.password:~}")'),
    ("space", "api_key", 'api_key   "~"'),
    # queries and the network
    ("sql", "IDENTIFIED", "CREATE USER a IDENTIFIED BY '~';"),
    ("sql", "IDENTIFIED", 'ALTER USER a IDENTIFIED WITH mysql_native_password BY "~"'),
    ("header", "Bearer", "Authorization: Bearer ~"),
    ("header", "Basic", "Authorization: Basic ~"),
    ("assignment", "X-Api-Key", '-H "X-Api-Key: ~"'),
    ("assignment", "Authorization", 'headers = {"Authorization": "token ~"}'),
    ("assignment", "token", "https://acme.io/a?token=~&x=1"),
    ("escaped", "3Ftoken", "https%3A%2F%2Facme.io%3Ftoken%3D~%26x"),
    ("url", "app", "postgres://app:~@db.acme.io/app"),
]


@pytest.mark.parametrize(("form", "name", "text"), WAYS, ids=[text for _, _, text in WAYS])
def test_a_value_is_found_with_its_name_and_its_exact_span(
    read: Read, form: str, name: str, text: str
) -> None:
    content = filled(text)
    found = [one for one in read(content) if one.form == form]
    assert [(one.name, content[one.start : one.end]) for one in found] == [
        (name.encode(), VALUE.encode())
    ]
    said = {one.name for one in syntax.FORMS if one.says}  # nothing in the text says it
    assert form in said or content[found[0].name_start :].startswith(found[0].name)


def test_every_form_has_a_way_here() -> None:
    assert {form for form, _, _ in WAYS} == {form.name for form in syntax.FORMS}


def test_a_value_ends_where_its_own_quote_comes_again(read: Read) -> None:
    content = filled(r'password="it\"s ~, or; so"')
    assert [content[one.start : one.end] for one in read(content)] == [filled(r"it\"s ~, or; so")]


@pytest.mark.parametrize("quote", ['"', "'", "`", '"""'])
def test_a_quote_that_never_ends_encloses_nothing(read: Read, quote: str) -> None:
    assert not read(filled(f"password = {quote}~\n{quote}"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("password=~,", "~"),
        ("password=~;", "~"),
        ("(password=~)", "~"),
        ("[password=~]", "~"),
        ("<!--password=~>", "~"),
        ("password=a(~)", "a(~)"),
        ("password=abc,~", "abc,~"),
        ("{password:a~,b:c}", "a~"),
        (r"password=~\nuser=a", "~"),
        ("password=~</b>", "~"),
        ("?password=~&user=a", "~"),
        ("password=a&~", "a&~"),
    ],
)
def test_a_value_without_quotes_ends_where_its_surroundings_go_on(
    read: Read, text: str, value: str
) -> None:
    content = filled(text)
    (found,) = read(content)
    assert content[found.start : found.end] == filled(value)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ('passwords = ["~", "b2c4"]', [0, 1]),
        ("passwords = ['~',\n  'b2c4',\n  'c3d5']", [0, 1, 2]),
        ('password = "~", "b2c4"', [0]),
        ("passwords = [" + "'a1b2', " * 20 + "]", [*range(8)]),
    ],
)
def test_the_values_of_a_list_are_counted(read: Read, text: str, places: list[int]) -> None:
    assert [one.place for one in read(filled(text))] == places


@pytest.mark.parametrize(
    ("text", "wrapper"),
    [
        ('password = new SecureString("~")', "new SecureString("),
        ("password = process.env.PASSWORD || '~'", "process.env.PASSWORD || "),
        ("password = ENV.fetch('PASSWORD') or '~'", "ENV.fetch('PASSWORD') or "),
        ('password = r"~"', "r"),
        ("password: !unsafe ~", "!unsafe "),
        ('password = u"~"', "u"),
    ],
)
def test_what_is_wrapped_around_a_value_is_no_part_of_it(
    read: Read, text: str, wrapper: str
) -> None:
    content = filled(text)
    found = next(one for one in read(content) if content[one.start : one.end] == VALUE.encode())
    assert found.wrapper.decode() == wrapper


@pytest.mark.parametrize("scheme", ["Bearer", "basic", "token", "ApiKey", "Digest", "SSO-Key"])
def test_the_scheme_of_a_header_is_no_part_of_the_value(read: Read, scheme: str) -> None:
    content = filled(f'headers["Authorization"] = "{scheme} ~"')
    found = next(one for one in read(content) if one.form == "assignment")
    assert content[found.start : found.end] == VALUE.encode()
    assert found.scheme.decode() == scheme.lower()


def test_a_value_on_the_next_line_says_so(read: Read) -> None:
    (found,) = read(filled('password =\n    "~"'))
    assert found.crosses
    (found,) = read(filled('password = "~"'))
    assert not found.crosses


@pytest.mark.parametrize(
    "text",
    [
        "no name at all: nothing = '~'",
        "password",
        "password =",
        "password = \n\n",
        "password: {",
        "password = (",
        "passwords = [1, 2]",
        "password()",
        "if password:",
        "https://acme.io:8443/a?b=c@d",
        "http://[::1]:8080/x@y",
        "https://user@acme.io/x",
        "https://acme.io/a:b@c",
        "see http://acme.io: mail me@acme.io",
        "git@github.com:a/b.git",
        "https://u:@acme.io/",
        "IDENTIFIED BY ''",
        f"pass{'word' * 20} = '~'",
    ],
)
def test_nothing_is_given_to_a_name_here(read: Read, text: str) -> None:
    assert not read(filled(text))


def test_a_value_has_an_end(read: Read) -> None:
    (found,) = read(b"password=" + b"a1" * 3000)
    assert found.end - found.start == syntax.LONGEST
    assert not read(b'password="' + b"a1" * 3000 + b'"')


def test_a_name_has_a_beginning(read: Read) -> None:
    content = b"x." * 3000 + b"password=a1b2c3"
    (found,) = read(content)
    assert len(found.name) < 100


@pytest.mark.parametrize("form", syntax.FORMS, ids=lambda form: form.name)
def test_what_a_form_confirms_its_gate_lets_through(form: syntax.Form) -> None:
    """The gate decides about absence, so the confirm may not know more: each way here is a hit of
    the gate where the confirm begins."""
    gate = re.compile(form.gate.encode(), re.IGNORECASE | re.DOTALL)
    confirm = re.compile(form.confirm.encode(), re.IGNORECASE)
    for content in [filled(text) for name, _, text in WAYS if name == form.name]:
        begins = [found.start() for found in gate.finditer(content)]
        assert any(confirm.match(content, begin) for begin in begins), content


@pytest.mark.parametrize("form", syntax.FORMS, ids=lambda form: form.name)
def test_no_part_of_a_form_repeats_without_bound(form: syntax.Form) -> None:
    for expression in (form.gate, form.confirm, form.value):
        plain = re.sub(r"\[(?:\\.|[^\]\\])*\]|\\.", "x", expression)
        assert not re.search(r"[*+]|,\}", plain.replace("}+", "}")), plain


def test_what_is_found_moves_with_the_text(read: Read) -> None:
    lead = b"\n" * 400
    for _, _, text in WAYS:
        content = filled(text)
        alone = [(one.form, one.name, one.start + 400, one.end + 400) for one in read(content)]
        moved = [(one.form, one.name, one.start, one.end) for one in read(lead + content)]
        assert alone == moved


@pytest.mark.parametrize("word", ["value", "text", "content", "val", "default"])
@pytest.mark.parametrize("rest", ["", "' ", '"\t'])
def test_what_is_called_a_value_passes_the_gate(word: str, rest: str) -> None:
    assert re.fullmatch(syntax.CALLED_VALUE, word + rest)
    assert re.fullmatch(syntax.LIKE_VALUE, word + rest)


def test_no_word_hides_in_what_only_looks_like_one() -> None:
    """A gate that hits must begin where the narrower one would."""
    for word in ("value", "text", "content", "val", "default"):
        for start in range(1, 5):
            for lead in map("".join, product("vtcd", "aeo", "lxnf", "uta")):
                assert not re.fullmatch(syntax.LIKE_VALUE, lead[:start] + word)


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("assignment", b"password': 'hunter2',\n"),
        ("assignment", b"password: hunter2,\n"),
        ("assignment", b"password = 'open\n"),
        ("space", b'key "open {\n'),
        ("call", b"token('a1b2') {\n"),
        ("short", b"redis-cli -h there\n"),
        ("tag", b"password>hunter2</password>\n"),
        ("url", b"://me:hunter2@host/\n"),
        ("url", b"://{}:{}/a\n"),
    ],
)
def test_what_follows_its_line_has_no_say(form: str, line: bytes) -> None:
    number = [one.name for one in syntax.FORMS].index(form)
    _, stop = syntax.find(number, line + b"  'more': 'of it'", 0)
    assert stop <= len(line)


@pytest.mark.parametrize("line", [b"password = f(\n", b"password = [\n", b"password =\n"])
def test_what_follows_a_line_that_is_open_has_a_say(line: bytes) -> None:
    _, stop = syntax.find(0, line + b"  'a1b2c3'", 0)
    assert stop > len(line)
