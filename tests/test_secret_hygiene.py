"""No secret's text, nor a piece of it, leaves the process: not in a report, a log or an error."""

from __future__ import annotations

import base64
import copy
import gzip
import json
import logging
import os
import pickle
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from hashlib import sha256
from io import StringIO
from pathlib import Path
from random import Random
from typing import Any, NoReturn
from zipfile import ZIP_STORED

import msgspec
import pytest
from msgspec.structs import replace

import archives
import keymuster
from keymuster import gathering, pipeline, registry
from keymuster.cli import main
from keymuster.collect.base import Context, Selection
from keymuster.collect.containers.zip import Zip
from keymuster.collect.readers.secrets import Secrets
from keymuster.detect import examples
from keymuster.detect.engine import Engine
from keymuster.detect.matches import Match
from keymuster.detect.nested import Nested
from keymuster.detect.recognizers import values
from keymuster.evaluate.choice import Choice
from keymuster.inventory.build import build
from keymuster.model import (
    Confidence,
    FileLocation,
    Finding,
    Nhi,
    Report,
    RuleText,
    Secret,
    ServiceLocation,
    Severity,
)
from keymuster.redaction import redacted
from keymuster.report.base import Style
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet
from repositories import Repository

SLICE = 12
"""So many characters in a row are more than anybody may see."""

IN_A_FILE = 60
"""Examples that share a file: enough files for a scan worth the name, few enough to stay quick."""

PASSWORD = "tulipx-" + "wagonx-ruskx-9"

FORMATS = [name for name in registry.names("reporter") if name != "gitlab-sast"]
"""Those that tell of secrets."""


class Pieces:
    """All pieces of texts, looked for in outputs. What shares a piece with an output shares one of half its length with it that
    begins at a multiple of that length, so that only those are looked up; and where one is found, every whole one beside it."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        long = {text for text in texts if len(text) >= SLICE}
        self._whole = {piece for text in long for piece in _pieces(text)}
        self._halves = {piece for text in long for piece in _pieces(text, HALF)}

    def told(self, lines: Iterable[bytes]) -> set[bytes]:
        found = set()
        for line in lines:
            for number, half in enumerate(_HALVES.findall(line)):
                if half in self._halves:
                    at = number * HALF
                    around = line[max(0, at - HALF) : at + SLICE]
                    found |= self._whole.intersection(_pieces(around))
        return found


HALF = SLICE // 2
_HALVES = re.compile(b"(?s).{%d}" % HALF)


class Exhibits:
    """A folder with every example of every format, and what it must not tell."""

    def __init__(self, folder: Path, rules: RuleSet) -> None:
        self.folder = folder
        self.secrets: dict[str, list[bytes]] = {}
        self.matches: list[Match] = []
        engine = Engine(rules)
        formats = {token.id: token for token in rules.tokens}
        texts: list[bytes] = []
        firsts: list[bytes] = []
        for token in rules.tokens:
            for template in token.examples:
                texts.append(examples.expand(template, token, formats).encode() + b"\n")
                if template == token.examples[0]:
                    firsts.append(texts[-1])
                matches = engine.scan(texts[-1])
                self.matches += matches
                self.secrets.setdefault(token.id, []).extend(
                    match.secret.reveal()[_public(match.secret) :] for match in matches
                )
        self.one_of_each = b"\n".join(firsts)
        self.thirds = [b"\n".join(firsts[number::3]) for number in range(3)]
        """For sources, which know nothing of formats: together they have all of them."""
        for number in range(0, len(texts), IN_A_FILE):
            path = folder / f"{number:05}.txt"
            path.write_bytes(b"\n".join(texts[number : number + IN_A_FILE]))
        self._pieces = Pieces(self._bodies())
        told = "\n".join({fact for match in self.matches for fact in match.facts.values()})
        self._public = self._pieces.told([told.encode() + _rule_files()])

    def _bodies(self) -> Iterator[bytes]:
        """Each secret without its public prefix, as it is and as it is encoded."""
        bodies = {body for bodies in self.secrets.values() for body in bodies}
        for body in bodies:
            yield from _spelled(body)

    def told(self, *outputs: str | bytes) -> list[bytes]:
        """The pieces of secrets that stand in an output, and are neither in the rules, which are
        public, nor what a token says of itself."""
        lines = {line for output in {*outputs} for line in _lines(output)}
        return sorted(self._pieces.told(lines) - self._public)


def _public(secret: Secret) -> int:
    return len(secret.preview) - len("****")


def _spelled(body: bytes) -> Iterator[bytes]:
    """A text as it is, in hexadecimal, and in base64 at every offset."""
    yield from (body, body.hex().encode(), body.hex().upper().encode())
    for offset in range(3):
        yield base64.b64encode(b"\0" * offset + body)[4:-4]
        yield base64.urlsafe_b64encode(b"\0" * offset + body)[4:-4]


def _pieces(text: bytes, length: int = SLICE) -> Iterator[bytes]:
    return (text[at : at + length] for at in range(len(text) - length + 1))


def _lines(output: str | bytes) -> list[bytes]:
    content = output.encode("utf-8", "replace") if isinstance(output, str) else output
    return content.splitlines()


@cache
def _rule_files() -> bytes:
    files = sorted(loader.builtin_root().rglob("*.yaml"))
    footers = b"-----END RSA PRIVATE KEY-----BEGIN PGP PRIVATE KEY BLOCK-----END OPENSSH PRIVATE KEY----- EC DSA ENCRYPTED"
    return b"\n".join(path.read_bytes() for path in files) + footers


@pytest.fixture(scope="module")
def exhibits(tmp_path_factory: pytest.TempPathFactory, rules: RuleSet) -> Exhibits:
    return Exhibits(tmp_path_factory.mktemp("exhibits"), rules)


def _context(folder: Path, rules: RuleSet) -> Context:
    return Context(selection=Selection(root=str(folder), paths=(str(folder),)), rules=rules)


def _reports(report: Report) -> Iterator[str]:
    """The report in every format, as loud as it can be; and quiet, where that is another one."""
    loud = Style(color=True, verbose=True)
    for format in registry.names("reporter"):
        for style in (loud, Style()) if format == "text" else (loud,):
            out = StringIO()
            pipeline.write(report, format, out, style)
            yield out.getvalue()


def _command(*words: str, folder: Path, input: bytes = b"") -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "keymuster", *words],
        cwd=folder,
        input=input,
        env={**os.environ, "PYTHONPATH": str(Path(keymuster.__file__).parents[1])},
        capture_output=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


# --- the examples of every rule ----------------------------------------------------------------


def test_every_format_has_an_example_that_the_others_tests_can_look_for(
    exhibits: Exhibits, rules: RuleSet
) -> None:
    assert [token.id for token in rules.tokens if not exhibits.secrets.get(token.id)] == []


def test_the_search_finds_a_leak(exhibits: Exhibits) -> None:
    [body] = exhibits.secrets["github-pat"][:1]
    assert exhibits.told(f"the token is {body.decode()[:14]}...")
    assert exhibits.told(base64.b64encode(b"x " + body))
    assert exhibits.told("a line\n" + body.hex())
    assert not exhibits.told("nothing of the kind", body[: SLICE - 1])


def test_the_search_finds_each_piece_that_there_is() -> None:
    """Wherever it begins: the same as if every piece was looked for by itself."""
    chance = Random(1)
    for _ in range(300):
        texts = [bytes(chance.choices(b"abc", k=chance.randint(5, 40))) for _ in range(3)]
        begin = chance.randint(0, 20)
        kept = chance.choice(texts)[begin : begin + chance.randint(8, 20)]
        output = bytes(chance.choices(b"abcd", k=chance.randint(0, 60))) + kept
        every = {piece for text in texts for piece in _pieces(text)}
        assert Pieces(texts).told([output]) == every.intersection(_pieces(output))


NAMES = {"coinbase-cdp-key-name"}
"""Formats of names, which are no more than what they say. They lead to the key beside them."""


def test_what_a_token_says_of_itself_leaves_the_secret_untold(exhibits: Exhibits) -> None:
    """What a decoder reads out is public, and taken for that in all tests here."""
    untold = {}
    for match in exhibits.matches:
        if match.format.decode is None or match.format.id in NAMES:
            continue
        rest = match.secret.reveal()[_public(match.secret) :]
        for fact in match.facts.values():
            rest = rest.replace(fact.encode(), b"")
        untold[match.format.id] = min(len(rest), untold.get(match.format.id, len(rest)))
    assert len(untold) > 30
    assert {id: left for id, left in untold.items() if left < 16} == {}


def test_no_report_tells_a_secret(
    exhibits: Exhibits, rules: RuleSet, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        report = pipeline.scan(
            _context(exhibits.folder, rules), "worktree", choice=Choice(confidence=Confidence.LOW),
            with_roll=True,
        )  # fmt: skip
    assert len(report.findings) > len(rules.tokens) / 2
    assert report.troubles == ()
    assert exhibits.told(*_reports(report), caplog.text) == []


def test_no_record_tells_a_secret(exhibits: Exhibits, rules: RuleSet) -> None:
    context = _context(exhibits.folder, rules)
    source = registry.part("source", "worktree")(context)
    readers = [part(context) for part in registry.builtin("reader").values()]
    observed = gathering.collect(source, readers, 1, lambda size: None, [])
    inventory = build(observed)  # type: ignore[arg-type]
    assert exhibits.told(repr(observed), str(observed), repr(inventory)) == []
    assert exhibits.told(repr(exhibits.matches), msgspec.json.encode(observed)) == []


def test_the_loudest_command_tells_no_secret(exhibits: Exhibits) -> None:
    words = ("scan", "-vv", ".", "-o", "text=/dev/stderr", "--confidence", "low")
    code, out, err = _command(*words, folder=exhibits.folder)
    assert code == 1
    assert len(out) > 10_000
    assert b"settings: defaults" in err
    assert exhibits.told(out, err) == []


@pytest.mark.parametrize("where", ["--history", "--staged"])
def test_no_scan_of_a_repository_tells_a_secret(
    where: str, exhibits: Exhibits, make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repo(tmp_path / "repo")
    repository.commit({"first.txt": "nothing\n"})
    repository.stage({"some.txt": exhibits.thirds[where == "--history"]})
    if where == "--history":
        repository.commit()
        repository.git("rm", "--quiet", "-r", ".")
        repository.commit({"now.txt": "clean\n"})
    code, out, err = _command(
        "scan", where, "-vv", "-o", "sarif=/dev/stderr", "-o", "json=/dev/stderr",
        folder=repository.path,
    )  # fmt: skip
    assert code == 1
    assert len(out) > 10_000
    assert exhibits.told(out, err) == []


def test_standard_input_tells_no_secret(exhibits: Exhibits) -> None:
    words = ("scan", "--stdin", "-vv")
    code, out, err = _command(*words, folder=exhibits.folder, input=exhibits.thirds[2])
    assert code == 1
    assert exhibits.told(out, err) == []


def test_explaining_tells_no_secret(exhibits: Exhibits, tmp_path: Path) -> None:
    """All that was weighed, of every value, whatever became of it."""
    (tmp_path / "all.env").write_bytes(exhibits.one_of_each)
    code, out, err = _command("explain", "all.env", "--verbose", folder=tmp_path)
    assert code == 0
    assert out.count(b"reported as ") >= 0.9 * len(exhibits.secrets)
    assert out.count(b"likelihood ") > 100
    assert exhibits.told(out, err) == []


def test_a_scan_leaves_nothing_in_the_cache(exhibits: Exhibits, rules: RuleSet) -> None:
    Nested(rules).open()
    before = _kept()
    pipeline.scan(_context(exhibits.folder, rules), "worktree")
    assert before
    left = {name: content for name, content in _kept().items() if before.get(name) != content}
    assert {name.partition("-")[0] for name in left} <= {"conditions"}  # made of the rules alone
    assert exhibits.told(*left.values()) == []


def test_what_a_scan_keeps_for_the_next_one_tells_no_secret(
    exhibits: Exhibits, rules: RuleSet, make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    """Not of files, and not of a history."""
    repository = make_repo(tmp_path / "repo")
    third = exhibits.thirds[0].split(b"\n")
    files = {f"{number}.txt": b"\n".join(third[number::20]) for number in range(20)}
    repository.commit({**files, "one.env": PASSWORD_IN_A_FILE})
    before = _kept()
    for source in ("worktree", "history"):
        pipeline.scan(
            _context(repository.path, rules), source, choice=Choice(confidence=Confidence.LOW), cached=True,
            now=datetime.now(UTC) + timedelta(hours=1),
        )  # fmt: skip
    kept = {name: content for name, content in _kept().items() if name not in before}
    assert {name.partition("-")[0] for name in kept} >= {"seen", "history"}
    assert sum(map(len, kept.values())) > 20_000
    assert exhibits.told(*kept.values()) == []
    assert not any(PASSWORD.encode() in content for content in kept.values())


PASSWORD_IN_A_FILE = f"db_password = '{PASSWORD}'\n"


def test_what_is_kept_of_declarations_tells_no_secret(
    rules: RuleSet, tmp_path: Path, token: Callable[..., str]
) -> None:
    """A file whose settings hold a password in the clear is not kept, whoever knows it for one."""
    made = {name: (token("github-pat", name), f"{PASSWORD}{name[0]}") for name in DECLARING}
    for name, declare in DECLARING.items():
        path = tmp_path / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(declare(*made[name]))
    before = _kept()
    context = _context(tmp_path / "in", rules)
    report = pipeline.scan(
        context, "worktree", choice=Choice(confidence=Confidence.LOW), cached=True,
        now=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    places = {place.path for one in report.findings for place in one.places}  # type: ignore[union-attr]
    assert places >= set(DECLARING)
    kept = b"".join(content for name, content in _kept().items() if name not in before)
    for name, texts in made.items():
        for text in texts:
            assert text.encode() not in kept, name
            assert base64.b64encode(text.encode()) not in kept, name
    assert sum(name.encode() in kept for name in DECLARING) > len(DECLARING) / 2


DECLARING: dict[str, Callable[[str, str], str]] = {
    "a/main.tf": lambda token, password: (
        f'resource "aws_db_instance" "d" {{\n  password = "{password}"\n  tags = {{ t = "{token}" }}\n}}\n'
    ),
    "b/stack.yaml": lambda token, password: (
        f"AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  D:\n    Type: AWS::RDS::DBInstance\n    Properties:\n"
        f"      MasterUserPassword: {password}\n      Tags: [{{Key: t, Value: {token}}}]\n"
    ),
    "c/compose.yaml": lambda token, password: (
        f"services:\n  db:\n    image: db\n    environment:\n      DB_PASSWORD: {password}\n      TOKEN: {token}\n"
    ),
    "d/secret.yaml": lambda token, password: _kubernetes(f"token = '{token}'\ndb = '{password}'\n").decode(),
    "e/.github/workflows/ci.yml": lambda token, password: (
        f"on: push\njobs:\n  a:\n    runs-on: x\n    env:\n      DB_PASSWORD: {password}\n"
        f"    steps:\n    - run: curl -H 'Authorization: token {token}' https://api.example.com\n"
    ),
    "f/.gitlab-ci.yml": lambda token, password: (
        f"stages: [a]\nvariables:\n  DB_PASSWORD: {password}\na:\n  stage: a\n  script:\n  - login --token {token}\n"
    ),
    "g/Dockerfile": lambda token, password: f"FROM x\nENV DB_PASSWORD={password}\nARG TOKEN={token}\nUSER root\n",
    "h/playbook.yml": lambda token, password: (
        f"- hosts: all\n  vars:\n    db_password: {password}\n  tasks:\n  - shell: login --token {token}\n"
    ),
    "i/.mcp.json": lambda token, password: json.dumps(
        {"mcpServers": {"s": {"command": "npx", "args": ["s", "--password", password], "env": {"TOKEN": token}}}}
    ),
    "j/kustomization.yaml": lambda token, password: (
        f"secretGenerator:\n- name: s\n  literals:\n  - password={password}\n  - token={token}\n"
    ),
    "k/main.bicep": lambda token, password: (
        f"param adminPassword string = '{password}'\nresource s 'Microsoft.Sql/servers@2021-11-01' = {{\n  name: 's'\n"
        f"  properties: {{ administratorLoginPassword: '{password}' }}\n  tags: {{ t: '{token}' }}\n}}\n"
    ),
    "l/azure-pipelines.yml": lambda token, password: (
        f"trigger: [main]\nvariables:\n  DB_PASSWORD: {password}\nsteps:\n- script: login --token {token}\n"
    ),
    "m/kubeconfig": lambda token, password: (
        f"apiVersion: v1\nkind: Config\nusers:\n- name: u\n  user:\n    token: {token}\n    password: {password}\n"
    ),
    "n/note.md": lambda token, password: (
        "# key" + f"muster: allow[secret-in-tree] until=2030-01-01 reason=it is {token}\ndb_password = '{password}'\n"
    ),
}  # fmt: skip
"""Files that other readers read, each with a token and a password."""


def _kept() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(os.environ["KEYMUSTER_CACHE"]).iterdir()}


# --- what is packed or encoded -------------------------------------------------------------------


class Hidden:
    """A folder where every file hides a token and a password of its own."""

    def __init__(self, folder: Path, token: Callable[..., str]) -> None:
        self.folder = folder
        self.secrets: list[str] = []
        self.files: dict[str, bytes] = {}
        for name, hide in HIDING.items():
            made = token("github-pat", name)
            password = sha256(name.encode()).hexdigest()[:9] + "-Xq" + made[-9:]
            text = f"token = '{made}'\ndb_password = '{password}'\n"
            self.secrets += [made.removeprefix("ghp_"), password]
            self.files[name] = hide(text)
            (folder / name).write_bytes(self.files[name])
        spelled = (each for one in self.secrets for each in _spelled(one.encode()))
        self._pieces = Pieces(spelled)

    def told(self, output: str | bytes) -> list[bytes]:
        """The pieces of what is hidden that stand in an output, however they are spelled."""
        content = output.encode("utf-8", "replace") if isinstance(output, str) else output
        return sorted(self._pieces.told([content]))


def _quoted(text: str, *escape: str) -> bytes:
    """Everything but the line ends, with every character escaped."""
    return "".join(
        char if char == "\n" else "".join(one.format(ord(char)) for one in escape) for char in text
    ).encode()


def _basic(text: str) -> bytes:
    made = text.partition("'")[2].partition("'")[0]
    encoded = base64.b64encode(f"deploy:{made}".encode()).decode()
    return f"Authorization: Basic {encoded}\n{text}".encode()


def _kubernetes(text: str) -> bytes:
    made, password = text.split("'")[1::2]
    encoded = {
        "token": base64.b64encode(made.encode()).decode(),
        "password": base64.b64encode(password.encode()).decode(),
    }
    lines = "".join(f"  {name}: {value}\n" for name, value in encoded.items())
    return f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\ndata:\n{lines}".encode()


HIDING: dict[str, Callable[[str], bytes]] = {
    "plain.env": lambda text: text.encode(),
    "wide.env": lambda text: text.encode("utf-16"),
    "base64.txt": lambda text: base64.b64encode(text.encode()),
    "twice.txt": lambda text: base64.b64encode(base64.b64encode(text.encode())),
    "hex.txt": lambda text: text.encode().hex().encode(),
    "gzip-in-base64.txt": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "json.txt": lambda text: _quoted(text, "\\u{:04x}"),
    "percent.txt": lambda text: _quoted(text, "%{:02X}"),
    "html.txt": lambda text: _quoted(text, "&#{};"),
    "basic.http": _basic,
    "secret.yaml": _kubernetes,
    "a.zip": lambda text: archives.zipped({"etc/a.env": text.encode()}),
    "a.tar.gz": lambda text: archives.tarred({"etc/a.env": text.encode()}, "gz"),
    "nested.zip": lambda text: archives.zipped(
        {"in.tar": archives.tarred({"a.env": text.encode()})}
    ),
    "encoded.zip": lambda text: archives.zipped({"a.txt": base64.b64encode(text.encode())}),
    "a.7z": lambda text: archives.seven_zipped({"a.env": text.encode()}),
    "a.gz": lambda text: gzip.compress(text.encode()),
    "a.zst": lambda text: archives.zstandard(text.encode()),
    "a.docx": lambda text: archives.docx(*([line] for line in text.splitlines())),
    "a.pdf": lambda text: archives.pdf(text.splitlines()[0]),
    "a.sqlite": lambda text: archives.database(
        "create table notes (text)", ("insert into notes values (?)", (text,))
    ),
    "a.pyc": lambda text: archives.compiled(text),
    "image.tar": lambda text: archives.tarred(
        archives.image([archives.tarred({"a.env": text.encode()})], archives.image_config({}))
    ),
}


@pytest.fixture(scope="module")
def hidden(tmp_path_factory: pytest.TempPathFactory, token: Callable[..., str]) -> Hidden:
    return Hidden(tmp_path_factory.mktemp("hidden"), token)


def test_the_search_finds_what_was_hidden(hidden: Hidden, token: Callable[..., str]) -> None:
    assert hidden.told(base64.b64encode(f"a {token('github-pat', 'a.zip')}".encode()))
    assert hidden.told(hidden.files["hex.txt"])
    assert hidden.told(hidden.files["plain.env"])
    assert not hidden.told(hidden.files["a.zip"])


def test_no_report_tells_what_is_packed_or_encoded(
    hidden: Hidden, rules: RuleSet, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        report = pipeline.scan(
            _context(hidden.folder, rules), "worktree", choice=Choice(confidence=Confidence.LOW)
        )
    found = {
        place.path for finding in report.findings if finding.rule.endswith("/github-pat")
        for place in finding.places if isinstance(place, FileLocation)
    }  # fmt: skip
    assert found == set(HIDING)
    assert any(finding.policy == "generic-secret" for finding in report.findings)
    assert hidden.told("".join(_reports(report)) + repr(report) + caplog.text) == []


@pytest.mark.parametrize("where", ["--history", "--staged", "--stdin"])
def test_no_command_tells_what_is_packed_or_encoded(
    where: str, hidden: Hidden, make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repo(tmp_path / "repo")
    repository.commit({"first.txt": "nothing\n"})
    repository.stage(hidden.files)
    if where == "--history":
        repository.commit()
    code, out, err = _command(
        "scan", where, "-vv", "-o", "sarif=/dev/stderr", "-o", "json=/dev/stderr",
        "--confidence", "low", folder=repository.path, input=hidden.files["nested.zip"],
    )  # fmt: skip
    assert code == 1
    assert b"github-pat" in out
    assert hidden.told(out + err) == []


@pytest.mark.parametrize("name", ["plain.env", "wide.env", "base64.txt", "basic.http", "a.zip"])
def test_explaining_a_file_tells_nothing_of_what_is_in_it(name: str, hidden: Hidden) -> None:
    code, out, err = _command("explain", name, "--verbose", folder=hidden.folder)
    assert code == 0
    assert hidden.told(out + err) == []


def test_a_name_inside_an_archive_is_masked_too(
    rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    """In places, and in troubles about members that could not be read."""
    named, broken = token("github-pat", 7), token("github-pat", 8)
    packed = archives.zipped({f"{named}.env": f"A={token('github-pat', 9)}\n".encode()})
    (tmp_path / "a.zip").write_bytes(packed)
    damaged = bytearray(archives.zipped({f"{broken}.env": bytes(range(256)) * 64}))
    damaged[110:140] = b"\xff" * 30
    (tmp_path / "b.zip").write_bytes(damaged)
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    assert report.findings
    [trouble] = report.troubles
    assert "ghp_****.env is damaged" in trouble.message
    for text in _reports(report):
        assert named not in text
        assert broken not in text
        assert "ghp_****.env" in text


@pytest.mark.parametrize("pair", ["{key}:x", "{key}:{key}", "{key}:api_token"])
def test_a_key_in_the_place_of_a_user_is_not_told(
    pair: str, rules: RuleSet, tmp_path: Path
) -> None:
    """Some services want a key for the user, and anything or the key again for the password."""
    key = examples.from_shape("{base62:32}", "a key")
    encoded = base64.b64encode(pair.format(key=key).encode()).decode()
    (tmp_path / "config.json").write_text(json.dumps({"auths": {"r.example": {"auth": encoded}}}))
    report = pipeline.scan(
        _context(tmp_path, rules), "worktree", choice=Choice(confidence=Confidence.LOW)
    )
    assert report.findings
    assert [piece for piece in _pieces(key.encode()) if piece.decode() in repr(report)] == []


# --- faults --------------------------------------------------------------------------------------


@pytest.fixture
def leak(token: Callable[..., str], tmp_path: Path) -> Path:
    (tmp_path / "leak.py").write_text(f"k = '{token('github-pat')}'\n")
    return tmp_path


def test_a_reader_that_fails_tells_no_secret(
    leak: Path, rules: RuleSet, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Secrets, blob: Any) -> NoReturn:
        raise ValueError(blob.data)

    monkeypatch.setattr(Secrets, "read", fail)
    report = pipeline.scan(_context(leak, rules), "worktree")
    [trouble] = report.troubles
    assert (trouble.part, trouble.scope) == ("secrets", "leak.py")
    assert "ValueError" in trouble.message
    assert token("github-pat")[4:16] not in repr(report)


def test_a_container_that_fails_tells_no_secret(
    rules: RuleSet, token: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Zip, content: Any, budget: Any) -> NoReturn:
        raise ValueError(content.whole)

    packed = archives.zipped({"a.env": token("github-pat").encode()}, ZIP_STORED)
    (tmp_path / "a.zip").write_bytes(packed)
    monkeypatch.setattr(Zip, "members", fail)
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    [trouble] = report.troubles
    assert (trouble.part, trouble.scope) == ("containers", "a.zip")
    assert token("github-pat")[4:16] not in repr(report) + "".join(_reports(report))


def test_a_weighing_that_fails_tells_no_secret(
    rules: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> NoReturn:
        raise ValueError(f"cannot weigh {PASSWORD}")

    (tmp_path / "a.env").write_text(f"db_password = '{PASSWORD}'\n")
    monkeypatch.setattr(values, "likely", fail)
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    [trouble] = report.troubles
    assert "ValueError" in trouble.message
    assert PASSWORD not in repr(report) + "".join(_reports(report))


def test_a_fault_of_ours_tells_no_secret(
    leak: Path, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def fail(*words: object) -> NoReturn:
        raise ValueError(leak.joinpath("leak.py").read_text())

    monkeypatch.setattr("keymuster.evaluate.engine.evaluate", fail)
    monkeypatch.setattr(sys, "argv", ["keymuster", "scan", "-vv", str(leak)])
    with pytest.raises(SystemExit) as end:
        main()
    out, err = capsys.readouterr()
    assert end.value.code == 2
    assert "internal error: ValueError at test_secret_hygiene.py:" in err
    assert "Traceback" not in err
    assert token("github-pat")[4:16] not in out + err


# --- the secret itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "leave",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, msgspec.json.encode, msgspec.msgpack.encode,
     msgspec.to_builtins, bytes, list],
    ids=lambda one: f"{one.__module__}.{one.__name__}",
)  # fmt: skip
def test_a_secret_does_not_leave(leave: Callable[[Any], object]) -> None:
    with pytest.raises(TypeError) as caught:
        leave(Secret(b"correct horse battery"))
    assert "correct" not in str(caught.value)


@pytest.mark.parametrize(
    "show",
    [repr, str, ascii, format, "{}".format, "{:>40}".format, "%s".__mod__, "%r".__mod__,
     lambda one: f"{one!r:>60}", lambda one: str([one]), lambda one: str(KeyError(one))],
)  # fmt: skip
def test_a_secret_shows_its_public_prefix_only(show: Callable[[Any], str]) -> None:
    shown = show(Secret(b"ghp_correct horse", public=4))
    assert "ghp_****" in shown
    assert "correct" not in shown


def test_a_logged_secret_is_masked(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any").debug("found %s", Secret(b"correct horse"))
    assert caplog.messages == ["found Secret('****')"]


# --- the neighbours of a secret ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "login {password} {token}",
        "{token} {password}",
        "pw={password} token={token}",
        "token={token}&x={password}",
        "curl -u admin:{password} -H 'Authorization: Bearer {token}'",
        "{password}:{token}",
        "machine x login y password {password} token {token}",
        '{{"a": "{password}", "b": "{token}", "c": "{password}"}}',
        "https://ci:{password}@db.corp-example.net/?key={token}",
        "{token}@{password}",
        'export A={password} && export B="{token}"',
    ],
)
def test_a_known_secret_does_not_show_an_unknown_one_beside_it(
    line: str, rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(line.format(password=PASSWORD, token=token("github-pat")))
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    for format in FORMATS:
        out = StringIO()
        pipeline.write(report, format, out, Style(verbose=True))
        assert "github-pat" in out.getvalue()
        assert [word for word in _words(PASSWORD) if word in out.getvalue()] == []


def test_two_known_secrets_on_a_line_show_neither(
    rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    one, other = token("github-pat", 1), token("slack-bot-token", 2)
    (tmp_path / "a.txt").write_text(f"a={one} b={other} c={one}\n")
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    assert len(report.findings) == 2
    for format in FORMATS:
        out = StringIO()
        pipeline.write(report, format, out, Style(verbose=True))
        assert one[4:16] not in out.getvalue()
        assert other[5:17] not in out.getvalue()


def _words(text: str) -> Iterable[str]:
    return [word for word in text.split("-") if len(word) > 3]


def test_words_that_others_wrote_are_masked_too(
    tmp_path: Path, rules: RuleSet, token: Callable[..., str], make_repo: Callable[..., Repository]
) -> None:
    made, other, third = (token("github-pat", seed) for seed in (1, 2, 3))
    comment = "key" + "muster: allow[github-pat] until=2099-01-31 reason="
    repository = make_repo(tmp_path / "r")
    (repository.path / "a.js").write_text(
        f"/* {comment}sandbox */ t = '{made}'\n# {comment}like {other}\n"
        f"x = '{token('github-pat', 4)}'\n"
    )
    repository.git("add", "--all")
    repository.git("-c", f"user.name=Eve {third}", "commit", "--quiet", "--message", "one")
    for source in ("worktree", "history"):
        selection = Selection(root=str(repository.path), paths=(str(repository.path),))
        report = pipeline.scan(Context(selection=selection, rules=rules), source)
        assert any(one.suppression for one in report.findings)
        for name in registry.names("reporter"):
            out = StringIO()
            pipeline.write(report, name, out, Style(verbose=True))
            for secret in (made, other, third):
                assert secret not in out.getvalue()


def test_a_token_in_the_name_of_a_file_is_masked_too(
    tmp_path: Path, rules: RuleSet, token: Callable[..., str]
) -> None:
    made = token("github-pat", 5)
    (tmp_path / f"{made}.env").write_text(f"A={token('github-pat', 6)}\n")
    os.mkfifo(tmp_path / f"{made}.pipe")
    selection = Selection(root=str(tmp_path), paths=(str(tmp_path),))
    report = pipeline.scan(Context(selection=selection, rules=rules), "worktree")
    assert report.findings
    assert report.troubles
    for name in registry.names("reporter"):
        out = StringIO()
        pipeline.write(report, name, out, Style(verbose=True))
        assert made not in out.getvalue()
        # What is no secret does not name the file with the secret, but the one that could not be read.
        shown = "ghp_****.pipe" if name == "gitlab-sast" else "ghp_****.env"
        assert shown in out.getvalue()


def test_a_token_in_the_name_of_what_a_service_has_is_masked_too(
    rules: RuleSet, token: Callable[..., str]
) -> None:
    made = token("github-pat", 7)
    arn = f"arn:aws:iam::111122223333:user/{made}"
    place = ServiceLocation(service="aws", account="111122223333", resource=arn)
    finding = Finding(
        id="0", rule="a-rule", policy="a-rule", nhi=(Nhi.SECRET_LEAKAGE,), severity=Severity.HIGH,
        confidence=Confidence.HIGH, subject=arn, message=f"{made} is a user", places=(place,),
    )  # fmt: skip
    words = RuleText(
        id="a-rule", title="A title", why="Because.", remediation="Do it.", nhi=finding.nhi,
        severity=Severity.HIGH, confidence=Confidence.HIGH,
    )  # fmt: skip
    secret = replace(
        finding, id="1", subject="secret:0"
    )  # some formats are for secrets, or for all else
    report = redacted(Report(findings=(finding, secret), rules=(words,)), rules)
    for name in registry.names("reporter"):
        out = StringIO()
        pipeline.write(report, name, out, Style(verbose=True))
        assert made not in out.getvalue()
        assert "user/ghp_****" in out.getvalue()
