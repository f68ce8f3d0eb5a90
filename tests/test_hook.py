"""`keymuster-hook` says and does what `keymuster scan --staged --quiet` does, only sooner."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from keymuster import cache, hook
from keymuster.detect import examples
from keymuster.detect.glance import file_name
from keymuster.rules.schema import RuleSet
from repositories import Repository

TOKEN = "{github-pat}"
SCAN = "import sys; sys.argv = ['keymuster', 'scan', '--staged', '--quiet']; from keymuster.cli import main; main()"
HOOK = "import sys; sys.argv = ['keymuster-hook']; from keymuster.hook import main; main()"

CHANGES: dict[str, dict[str, str]] = {
    "nothing": {},
    "a clean file": {"a.py": "x = compute(1)\ntoken = get_token(request)\n"},
    "a secret": {"a.py": f"x = '{TOKEN}'\n"},
    "a value": {"a.env": "DB_PASSWORD={base62:20}\n"},
    "an unlikely value": {"a.env": "password = correct horse battery\n"},
    "an encoded token": {"a.txt": "echo {base64} | base64 -d\n"},
    "an allow that is wrong": {"a.py": "x = 1  # " + "keymuster" + ": allow\n"},
    "a container": {"a.zip": "PK\x03\x04 and more\n"},
    "settings": {".keymuster.yaml": "fail_on: high\n", "a.py": "x = 1\n"},
    "settings with a format": {
        ".keymuster.yaml": "formats:\n  - id: acme-key\n    shape: 'acme_{hex:12}'\n",
        "a.py": "x = 'acme_0a1b2c3d4e5f'\n",
    },
    "settings that are wrong": {".keymuster.yaml": "fail_onn: high\n", "a.py": "x = 1\n"},
    "settings that ask for more": {
        ".keymuster.yaml": "confidence: low\n",
        "a.env": "password = correct horse battery\n",
    },
}


@pytest.fixture
def built(glance_database: bytes, rules: RuleSet, tmp_path: Path) -> Path:
    """A folder with what a wheel holds for a glance."""
    folder = tmp_path / "built"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEYMUSTER_CACHE", str(folder))
        cache.write(file_name(), glance_database)
        cache.write(cache.KEY, rules.key.encode())
    return folder


@pytest.fixture
def ends(
    make_repo: Callable[..., Repository], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    """How a program ends in a repository, and what it says."""
    repository = make_repo(tmp_path / "repo")
    repository.commit({"old.py": "x = 1\n"})

    def run(code: str, files: dict[str, str] | None = None) -> tuple[int, str, str]:
        if files:
            repository.stage(files)
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=repository.path, capture_output=True, text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.mark.parametrize("name", CHANGES)
def test_the_hook_ends_as_the_scan_does(
    name: str, ends: Callable[..., tuple[int, str, str]], token: Callable[..., str]
) -> None:
    files = {
        path: examples.expand(text.replace(TOKEN, token("github-pat")), None, {})
        if ".keymuster" not in path
        else text
        for path, text in CHANGES[name].items()
    }
    scanned = ends(SCAN, files)
    assert ends(HOOK) == scanned
    assert ends(HOOK) == scanned  # and with what the first runs remembered


@pytest.mark.parametrize("name", CHANGES)
def test_so_it_does_after_a_glance(
    name: str, ends: Callable[..., tuple[int, str, str]], token: Callable[..., str], built: Path
) -> None:
    files = {
        path: examples.expand(text.replace(TOKEN, token("github-pat")), None, {})
        if ".keymuster" not in path
        else text
        for path, text in CHANGES[name].items()
    }
    scanned = ends(SCAN, files)
    assert ends(f"from keymuster import cache; cache.BUILT = {str(built)!r}; {HOOK}") == scanned


@pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="a hook takes no glance here")
@pytest.mark.parametrize(
    ("files", "clean"),
    [
        ({}, True),
        ({"a.py": "x = compute(1)\ntoken = get_token(request)\n"}, True),
        ({"a.py": "password = " + "'hunter-9214'\n"}, False),
        ({"a.py": "x = 1  # " + "keymuster" + ": allow\n"}, False),
        ({"a.zip": "PK\x03\x04 and more\n"}, None),
        ({".keymuster.yaml": "fail_on: high\n"}, None),
    ],
)
def test_a_glance_is_sure_or_says_no(
    files: dict[str, str], clean: bool | None, make_repo: Callable[..., Repository], tmp_path: Path, built: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    repository = make_repo(tmp_path / "repo")
    repository.commit({"old.py": "x = 1\n"})
    repository.stage(files)
    monkeypatch.chdir(repository.path)
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "BUILT", str(tmp_path / "nothing"))
    assert not hook.is_clean_at_a_glance()
    monkeypatch.setattr(cache, "BUILT", str(built))
    assert hook.is_clean_at_a_glance() is clean
    monkeypatch.delattr(os, "posix_spawnp")
    assert not hook.is_clean_at_a_glance()


@pytest.mark.skipif(not hasattr(os, "posix_spawnp"), reason="a hook takes no glance here")
def test_a_glance_knows_the_settings_that_a_scan_found_plain(
    make_repo: Callable[..., Repository], tmp_path: Path, ends: Callable[..., tuple[int, str, str]],
    built: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "BUILT", str(built))
    assert ends(SCAN, {".keymuster.yaml": "fail_on: high\n", "a.py": "x = 1\n"})[0] == 0
    monkeypatch.chdir(tmp_path / "repo")
    assert hook.is_clean_at_a_glance()
    (tmp_path / "repo/.keymuster.yaml").write_text("fail_on: low\n")
    assert not hook.is_clean_at_a_glance()


def test_a_merge_conflict_is_not_clean(
    make_repo: Callable[..., Repository], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert not hook.is_clean()  # outside of any repository
    repository = make_repo(tmp_path / "repo")
    repository.commit({"a.py": "x = 1\n"})
    monkeypatch.chdir(repository.path)
    assert hook.is_clean()


def test_settings_are_trusted_only_as_they_were(
    make_repo: Callable[..., Repository], tmp_path: Path, ends: Callable[..., tuple[int, str, str]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "cache"))
    files = {".keymuster.yaml": "fail_on: high\n", "a.py": "x = 1\n"}
    assert ends(SCAN, files)[0] == 0
    monkeypatch.chdir(tmp_path / "repo")
    assert hook.is_clean()
    (tmp_path / "repo/.keymuster.yaml").write_text("fail_on: low\n")
    assert not hook.is_clean()


def test_options_are_those_of_the_scan(ends: Callable[..., tuple[int, str, str]]) -> None:
    code, _, said = ends(HOOK.replace("'keymuster-hook'", "'keymuster-hook', '--no-such-option'"))
    assert code == 2
    assert "--no-such-option" in said


def test_an_interrupt_ends_the_hook_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted() -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "argv", ["keymuster-hook"])
    monkeypatch.setattr(hook, "is_clean", interrupted)
    with pytest.raises(SystemExit) as end:
        hook.main()
    assert end.value.code == 3
    assert "interrupted" in capsys.readouterr().err
