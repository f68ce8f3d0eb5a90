"""What is built into a wheel: the first run derives nothing, and needs no cache."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.rules import loader
from repositories import Repository

for package in ("hatchling", "editables"):
    pytest.importorskip(package, reason=f"nothing can be built without {package}")


ROOT = Path(__file__).parents[1]
BUILD = "import sys; from hatchling.build import {0}; print({0}(sys.argv[1]))"
SCAN = "import sys; sys.argv[0] = 'keymuster'; from keymuster.cli import main; main()"
HOOK = "import sys; sys.argv[0] = 'keymuster-hook'; from keymuster.hook import main; main()"
REFUSES = """
from keymuster.detect import database

def refuse(_):
    raise AssertionError("compiled")

database.compile_database = refuse
"""
"""Before a program: it ends by an error where it would compile."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """This project, with the formats of a few vendors only: building takes a second then."""
    folder = tmp_path_factory.mktemp("project")
    skip = shutil.ignore_patterns("_derived", "__pycache__", "*.so", "*.pyd")
    shutil.copytree(ROOT / "src", folder / "src", ignore=skip)
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    for part in ("frameworks", "known", "policies"):
        shutil.copytree(ROOT / "rules" / part, folder / "rules" / part)
    (folder / "rules/tokens").mkdir()
    for vendor in ("github", "slack", "stripe"):
        shutil.copy(ROOT / f"rules/tokens/{vendor}.yaml", folder / "rules/tokens")
    return folder


def built(
    project: Path, out: Path, how: str = "build_wheel", **environment: str
) -> tuple[Path, str]:
    """The wheel that a build gives, and what the build says."""
    done = subprocess.run(
        [sys.executable, "-c", BUILD.format(how), str(out)], cwd=project,
        env={**os.environ, "KEYMUSTER_NO_ACCELERATOR": "1", **environment},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return out / done.stdout.split()[-1], done.stdout + done.stderr


@pytest.fixture(scope="module")
def wheel(project: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(project, tmp_path_factory.mktemp("wheel"), PYTHONHASHSEED="1")[0]


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the wheel was installed into."""
    folder = tmp_path_factory.mktemp("installed")
    zipfile.ZipFile(wheel).extractall(folder)
    return folder


@pytest.fixture
def run(
    make_repo: Callable[..., Repository], tmp_path: Path
) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a program of the keymuster that lies in a folder, in a repository with a clean staged change, with
    an empty cache, or one that cannot be written."""
    repository = make_repo(tmp_path / "repo")
    repository.commit({"old.py": "x = 1\n"})
    repository.stage({"a.py": "token = get_token(request)\n"})

    def start(
        folder: Path, code: str, *words: str, cache: Path
    ) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join([str(folder), *sys.path])
        return subprocess.run(
            [sys.executable, "-c", code, *words], cwd=repository.path, capture_output=True,
            env={**os.environ, "PYTHONPATH": path, "KEYMUSTER_CACHE": str(cache)},
            text=True, check=False,
        )  # fmt: skip

    return start


def names(wheel: Path) -> list[str]:
    return [
        name.partition("_derived/")[2]
        for name in zipfile.ZipFile(wheel).namelist()
        if "_derived/" in name
    ]


def test_a_wheel_holds_what_follows_from_its_rules(wheel: Path) -> None:
    kinds = sorted({name.split("-")[0] for name in names(wheel)})
    assert kinds == [
        "code.bin", "conditions", "database", "encodings", "glance", "key.bin", "patterns", "rules", "several",
    ]  # fmt: skip
    assert "py3-none-" in wheel.name
    assert not wheel.name.endswith("-any.whl")


def test_a_wheel_holds_no_source_in_c(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "keymuster/collect/packs/_accelerator.pyi" in names
    assert [name for name in names if name.endswith((".c", ".h"))] == []


def test_a_wheel_knows_its_code_without_looking_at_it(
    installed: Path, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    tell = "from keymuster.rules import loader\nprint(loader.built_code_key() == loader.code_key())"
    other = shutil.copytree(installed, tmp_path / "other")
    with (other / "keymuster/collect/exclude.py").open("a") as file:
        file.write("# changed\n")

    assert run(installed, tell, cache=tmp_path / "cache").stdout == "True\n"
    assert run(other, tell, cache=tmp_path / "cache").stdout == "False\n"
    assert not loader.built_code_key()  # of a checkout, which may change


def test_two_builds_give_the_same_wheel(project: Path, wheel: Path, tmp_path: Path) -> None:
    other, _ = built(project, tmp_path, PYTHONHASHSEED="2")
    assert other.name == wheel.name
    assert other.read_bytes() == wheel.read_bytes()


@pytest.mark.parametrize("cache", ["cache", "file/cache"])
def test_the_first_run_of_a_wheel_compiles_and_stores_nothing(
    installed: Path, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path,
    cache: str, token: Callable[..., str],
) -> None:  # fmt: skip
    (tmp_path / "file").write_text("not a folder")
    done = run(installed, REFUSES + HOOK, cache=tmp_path / cache)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    (tmp_path / "repo/b.py").write_text(f"x = '{token('github-pat')}'\n")
    done = run(installed, REFUSES + SCAN, "scan", ".", "--no-cache", cache=tmp_path / cache)
    assert done.returncode == 1, done.stderr
    assert "github-pat" in done.stdout
    assert not (tmp_path / "cache").exists()


def test_rules_of_the_user_are_compiled_into_the_cache(
    installed: Path, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "repo/.keymuster.yaml").write_text(
        "formats:\n  - id: acme-key\n    shape: 'acme_{hex:12}'\n"
    )
    (tmp_path / "repo/b.py").write_text("x = 'acme_0a1b2c3d4e5f'\n")
    for program in (SCAN, REFUSES + SCAN):
        done = run(installed, program, "scan", ".", "--no-cache", cache=tmp_path / "cache")
        assert "acme-key" in done.stdout, done.stderr


def test_a_damaged_file_of_a_wheel_is_derived_again(
    installed: Path, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(installed, folder)
    for file in (folder / "keymuster/_derived").iterdir():
        if file.name != "key.bin":
            file.write_bytes(file.read_bytes()[:-1])
    done = run(folder, HOOK, cache=tmp_path / "cache")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert any(one.name.startswith("database-") for one in (tmp_path / "cache").iterdir())


def test_in_a_checkout_what_was_built_counts_until_a_rule_changes(
    project: Path, run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    folder = tmp_path / "checkout"
    shutil.copytree(project, folder)
    built(folder, tmp_path, "build_editable")
    assert names(built(folder, tmp_path)[0]).count("key.bin") == 1  # the wheel's own, only
    done = run(folder / "src", REFUSES + HOOK, cache=tmp_path / "cache")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with open(folder / "rules/tokens/slack.yaml", "a") as file:
        file.write("# changed\n")
    done = run(folder / "src", REFUSES + HOOK, cache=tmp_path / "cache")
    assert "AssertionError" in done.stderr


@pytest.mark.parametrize("reason", ["KEYMUSTER_NO_DATABASES is set", "No module named 'hyperscan'"])
def test_a_build_that_cannot_compile_says_so_in_one_line(
    project: Path, tmp_path: Path, reason: str
) -> None:
    environment = {"KEYMUSTER_NO_DATABASES": "1"}
    if "hyperscan" in reason:
        code = "raise ModuleNotFoundError(\"No module named 'hyperscan'\")\n"
        (tmp_path / "hyperscan.py").write_text(code)
        environment = {"PYTHONPATH": os.pathsep.join([str(tmp_path), *sys.path])}
    wheel, said = built(project, tmp_path, **environment)
    assert [
        line for line in said.splitlines() if "without its databases" in line and reason in line
    ]
    assert wheel.name.endswith("-py3-none-any.whl")
    assert names(wheel) == []
