"""The command as a whole."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import pytest

import keymuster as package
from cli.conftest import Said
from keymuster import __version__, accelerator, cache, registry
from keymuster.cli.commands import COMMANDS, cli
from repositories import Repository

Run = Callable[..., Said]


def _commands(
    command: click.Command = cli, words: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child, (*words, name))


ALL = [pytest.param(*one, id=" ".join(one[0]) or "keymuster") for one in _commands()]


@pytest.mark.parametrize(("words", "command"), ALL)
def test_the_help_of_every_command_says_what_it_does(
    words: tuple[str, ...], command: click.Command, keymuster: Run
) -> None:
    said = keymuster(*words, "--help")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith(f"Usage: keymuster {' '.join(words)}".rstrip())
    assert command.help
    assert [
        one.name for one in command.params if isinstance(one, click.Option) and not one.help
    ] == []


@pytest.mark.parametrize(("words", "command"), ALL)
def test_the_help_of_every_command_has_examples(
    words: tuple[str, ...], command: click.Command, keymuster: Run
) -> None:
    examples = keymuster(*words, "--help").out.partition("Examples:\n")[2]
    assert f"  keymuster {' '.join(words)}".rstrip() in examples


def test_every_command_has_its_line_of_help() -> None:
    assert set(COMMANDS) == {words[0] for words, _ in _commands() if words}


def test_the_examples_in_the_help_name_options_that_exist(keymuster: Run) -> None:
    by_words = dict(_commands())
    for command in by_words.values():
        for line in (command.help or "").splitlines():
            call, _, __ = line.strip().partition("  ")
            if not call.startswith("keymuster "):
                continue
            words = tuple(call.split()[1:])
            known = max((one for one in by_words if words[: len(one)] == one), key=len)
            options = {name for one in by_words[known].params for name in one.opts}
            given = [word for word in words if word.startswith("-") and word != "-"]
            assert [word for word in given if word not in options] == [], call


def test_no_words_are_an_invitation_and_2(keymuster: Run) -> None:
    said = keymuster()
    assert (said.code, said.out) == (2, "")
    assert "Usage: keymuster" in said.err


def test_the_version(keymuster: Run) -> None:
    assert keymuster("--version") == Said(0, f"keymuster, version {__version__}\n", "")


@pytest.mark.parametrize("words", [("--version", "-v"), ("-v", "--version")])
def test_the_version_and_what_it_works_with(words: tuple[str, ...], keymuster: Run) -> None:
    said = keymuster(*words)
    first, *rest = said.out.splitlines()
    assert (said.code, said.err, first) == (0, "", f"keymuster, version {__version__}")
    told = dict(line.split(": ", 1) for line in rest)
    assert list(told) == ["Python", "Hyperscan", "accelerator", "caches", "pattern database"]
    assert told["Python"].startswith(platform.python_version())
    assert told["Hyperscan"].startswith("5.4.")
    assert told["accelerator"].startswith(("no (pure Python", "in part", "yes"))
    assert told["caches"] == os.environ["KEYMUSTER_CACHE"]


def test_a_database_is_compiled_once(
    keymuster: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "BUILT", str(tmp_path / "built"))
    before = keymuster("--version", "-v").out.splitlines()[-1]
    assert before == "pattern database: compiled by the next scan"
    keymuster("scan")
    assert keymuster("--version", "-v").out.splitlines()[-1] == "pattern database: from the cache"


def test_the_accelerator_can_be_switched_off(
    keymuster: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYMUSTER_NO_ACCELERATOR", "1")
    told = keymuster("--version", "-v").out
    assert "accelerator: no (pure Python: KEYMUSTER_NO_ACCELERATOR is set)" in told
    for no in ("", "0"):  # as where it is built
        monkeypatch.setenv("KEYMUSTER_NO_ACCELERATOR", no)
        assert "NO_ACCELERATOR is set" not in keymuster("--version", "-v").out


@pytest.mark.parametrize(
    ("modules", "told"),
    [
        (("keymuster.detect", "keymuster.other._accelerator"), "in part (pure Python for other)"),
        (("keymuster.other._accelerator",), "no (pure Python)"),
    ],
)
def test_a_part_of_the_accelerator_may_be_missing(
    modules: tuple[str, ...], told: str, keymuster: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KEYMUSTER_NO_ACCELERATOR", raising=False)
    monkeypatch.setattr(accelerator, "MODULES", modules)
    assert f"\naccelerator: {told}\n" in keymuster("--version", "-v").out


def test_the_accelerator_has_the_parts_that_are_built() -> None:
    folder = Path(package.__file__).parent
    sources = folder.rglob("_accelerator.c")
    names = (".".join(one.relative_to(folder.parent).with_suffix("").parts) for one in sources)
    assert sorted(accelerator.MODULES) == sorted(names)


def test_v_alone_is_a_mistake(keymuster: Run, secret: Path) -> None:
    said = keymuster("-v", "scan")
    assert (said.code, said.out) == (2, "")
    assert "keymuster scan -v" in said.err


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str) -> None:
    done = _complete({"_KEYMUSTER_COMPLETE": f"{shell}_source"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "_KEYMUSTER_COMPLETE" in done.stdout


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "keymuster ",
            {
                "scan",
                "explain",
                "inventory",
                "agents",
                "services",
                "vendors",
                "exceptions",
                "baseline",
                "dashboard",
                "compare",
                "estate",
                "import",
                "owners",
                "reach",
                "rules",
                "init",
            },
        ),
        ("keymuster sc", {"scan"}),
        ("keymuster scan --fail-on ", {"critical", "high", "medium", "low", "never"}),
        ("keymuster scan --format ", set(registry.names("reporter"))),
        ("keymuster scan --format s", {"sarif"}),
        ("keymuster scan --format gitlab-", {"gitlab-sast"}),
        ("keymuster scan --sta", {"--staged"}),
    ],
)
def test_completion_knows_the_words(line: str, words: set[str]) -> None:
    count = len(line.split()) - (0 if line.endswith(" ") else 1)
    done = _complete(
        {"_KEYMUSTER_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(count)}
    )
    assert {row.partition(",")[2] for row in done.stdout.splitlines()} == words


def _complete(more: dict[str, str]) -> subprocess.CompletedProcess[str]:
    code = "import sys; sys.argv = ['keymuster']; from keymuster.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1]), **more},
        capture_output=True,
        text=True,
        check=False,
    )


def _script(*words: str) -> subprocess.CompletedProcess[str]:
    code = f"import sys; sys.argv[1:] = {words!r}; from keymuster.cli import script; script()"
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
    )  # fmt: skip


def test_what_is_written_is_whole_though_the_process_ends_at_once(keymuster: Run) -> None:
    done = _script("rules", "list")
    assert done.stdout == keymuster("rules", "list").out
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no such processes here")
def test_it_may_be_started_by_who_does_not_care_how_processes_end(
    tmp_path: Path, make_repo: Callable[..., Repository]
) -> None:
    make_repo(tmp_path).commit({"a.txt": "nothing"})
    done = subprocess.run(
        [sys.executable, "-m", "keymuster", "scan", str(tmp_path), "--history", "--no-cache"],
        preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
        env={**os.environ, "PYTHONPATH": str(Path(package.__file__).parents[1])},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_mistake_ends_the_process_with_2() -> None:
    done = _script("scan", "--no-such")
    assert done.returncode == 2
    assert "--no-such" in done.stderr
