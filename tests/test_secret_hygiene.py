"""No secret's text, nor a piece of it, leaves the process: not in a report, a log or an error."""

from __future__ import annotations

import base64
import copy
import json
import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any, NoReturn

import msgspec
import pytest

import keymuster
from keymuster import pipeline, registry
from keymuster.cli import main
from keymuster.collect.base import Context, Selection
from keymuster.collect.readers.secrets import Secrets
from keymuster.detect import examples
from keymuster.detect.engine import Engine
from keymuster.inventory.build import build
from keymuster.model import Secret
from keymuster.report.base import Style
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet
from repositories import Repository

SLICE = 12
"""So many characters in a row are more than anybody may see."""


class Exhibits:
    """A folder with every example of every format, and what it must not tell."""

    def __init__(self, folder: Path, rules: RuleSet) -> None:
        self.folder = folder
        self.secrets: dict[str, list[bytes]] = {}
        self.records: list[object] = []
        engine = Engine(rules)
        formats = {token.id: token for token in rules.tokens}
        for token in rules.tokens:
            for number, template in enumerate(token.examples):
                text = examples.expand(template, token, formats)
                path = folder / f"{token.id}-{number}.txt"
                path.write_text(text + "\n", encoding="utf-8", newline="")
                matches = engine.scan(path.read_bytes())
                self.records += matches
                self.secrets.setdefault(token.id, []).extend(
                    match.secret.reveal()[_public(match.secret) :] for match in matches
                )
        self._pieces = {piece for body in self._bodies() for piece in _pieces(body)}

    def _bodies(self) -> Iterator[bytes]:
        """Each secret without its public prefix, as it is and in base64 at every offset."""
        for body in {body for bodies in self.secrets.values() for body in bodies}:
            yield body
            for offset in range(3):
                yield base64.b64encode(b"\0" * offset + body)[4:-4]
                yield base64.urlsafe_b64encode(b"\0" * offset + body)[4:-4]

    def told(self, *outputs: str | bytes) -> list[bytes]:
        """The pieces of secrets that stand in an output and not in the rules, which are public."""
        told = set()
        for output in outputs:
            content = output.encode("utf-8", "replace") if isinstance(output, str) else output
            told |= self._pieces.intersection(_pieces(content))
        return sorted(piece for piece in told if piece not in _rule_files())


def _public(secret: Secret) -> int:
    return len(secret.preview) - len("****")


def _pieces(text: bytes) -> Iterator[bytes]:
    return (text[at : at + SLICE] for at in range(len(text) - SLICE + 1))


def _rule_files() -> bytes:
    if not _CACHE:
        files = sorted(loader.builtin_root().rglob("*.yaml"))
        footers = b"-----END RSA PRIVATE KEY-----BEGIN PGP PRIVATE KEY BLOCK-----END OPENSSH PRIVATE KEY----- EC DSA ENCRYPTED"
        _CACHE.append(b"\n".join(path.read_bytes() for path in files) + footers)
    return _CACHE[0]


_CACHE: list[bytes] = []


@pytest.fixture(scope="module")
def exhibits(tmp_path_factory: pytest.TempPathFactory, rules: RuleSet) -> Exhibits:
    return Exhibits(tmp_path_factory.mktemp("exhibits"), rules)


def _context(folder: Path, rules: RuleSet) -> Context:
    return Context(selection=Selection(root=str(folder), paths=(str(folder),)), rules=rules)


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
    assert not exhibits.told("nothing of the kind", body[: SLICE - 1])


def test_no_report_tells_a_secret(exhibits: Exhibits, rules: RuleSet) -> None:
    report = pipeline.scan(_context(exhibits.folder, rules), "worktree")
    assert len(report.findings) > len(rules.tokens) / 2
    for format in registry.names("reporter"):
        for style in (Style(), Style(verbose=True), Style(color=True, verbose=True)):
            out = StringIO()
            pipeline.write(report, format, out, style)
            assert exhibits.told(out.getvalue()) == [], format


def test_no_record_tells_a_secret(exhibits: Exhibits, rules: RuleSet) -> None:
    context = _context(exhibits.folder, rules)
    source = registry.part("source", "worktree")(context)
    readers = [part(context) for part in registry.builtin("reader").values()]
    observed = pipeline.collect(source, readers, 1, lambda size: None, [])
    inventory = build(observed)  # type: ignore[arg-type]
    assert exhibits.told(repr(observed), str(observed), repr(inventory)) == []
    assert exhibits.told(repr(exhibits.records), msgspec.json.encode(observed)) == []


def test_the_loudest_command_tells_no_secret(exhibits: Exhibits) -> None:
    code, out, err = _command("scan", "-vv", ".", "-o", "text=/dev/stderr", folder=exhibits.folder)
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
    everything = {path.name: path.read_bytes() for path in sorted(exhibits.folder.iterdir())}
    repository.stage(everything)
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
    everything = b"\n".join(path.read_bytes() for path in sorted(exhibits.folder.iterdir()))
    code, out, err = _command("scan", "--stdin", "-vv", folder=exhibits.folder, input=everything)
    assert code == 1
    assert exhibits.told(out, err) == []


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


def test_a_fault_of_ours_tells_no_secret(
    leak: Path, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    def fail(*words: object) -> NoReturn:
        raise ValueError(leak.joinpath("leak.py").read_text())

    monkeypatch.setattr(pipeline, "evaluate", fail)
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


PASSWORD = "tulipx-" + "wagonx-ruskx-9"


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
@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_a_known_secret_does_not_show_an_unknown_one_beside_it(
    line: str, format: str, rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text(line.format(password=PASSWORD, token=token("github-pat")))
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    out = StringIO()
    pipeline.write(report, format, out, Style(verbose=True))
    assert "github-pat" in out.getvalue()
    assert [word for word in _words(PASSWORD) if word in out.getvalue()] == []


@pytest.mark.parametrize("format", ["text", "json", "sarif"])
def test_two_known_secrets_on_a_line_show_neither(
    format: str, rules: RuleSet, token: Callable[..., str], tmp_path: Path
) -> None:
    one, other = token("github-pat", 1), token("slack-bot-token", 2)
    (tmp_path / "a.txt").write_text(f"a={one} b={other} c={one}\n")
    report = pipeline.scan(_context(tmp_path, rules), "worktree")
    out = StringIO()
    pipeline.write(report, format, out, Style(verbose=True))
    assert len(report.findings) == 2
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
        assert "ghp_****.env" in out.getvalue()
