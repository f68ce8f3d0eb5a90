"""A cache that may be absent, damaged, read-only or shared, and never matters."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import hyperscan
import pytest

from acme import TOKENS
from keymuster import cache, pipeline
from keymuster.detect import database
from keymuster.detect.engine import Engine
from keymuster.detect.layers import Layer, search
from keymuster.detect.patterns import Pattern
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, and nothing that was built."""
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "BUILT", str(tmp_path / "built"))
    return tmp_path / "cache"


@pytest.fixture
def acme(tmp_path: Path) -> RuleSet:
    """One rule, so that a database is compiled in a moment."""
    (tmp_path / "own/tokens").mkdir(parents=True)
    (tmp_path / "own/tokens/acme.yaml").write_text(TOKENS)
    return loader.one_folder(tmp_path / "own")


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


def test_what_is_written_is_read_back(folder: Path) -> None:
    cache.write("a.bin", b"content" * 1000)
    assert cache.read("a.bin") == b"content" * 1000
    assert [file.name for file in folder.iterdir()] == ["a.bin"]


def test_what_was_never_written_is_absent(folder: Path) -> None:
    assert cache.read("a.bin") is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda stored: b"",
        lambda stored: b"garbage",
        lambda stored: os.urandom(200),
        lambda stored: stored[:-1],
        lambda stored: stored[: len(stored) // 2],
        lambda stored: stored + b"x",
        lambda stored: stored[:20] + bytes([stored[20] ^ 1]) + stored[21:],
        lambda stored: bytes(len(stored)),
    ],
    ids=["empty", "garbage", "random", "cut", "halved", "longer", "one bit", "zeros"],
)
def test_a_damaged_file_is_as_good_as_none(folder: Path, damage: object) -> None:
    cache.write("a.bin", b"content" * 50)
    file = folder / "a.bin"
    file.write_bytes(damage(file.read_bytes()))  # type: ignore[operator]
    assert cache.read("a.bin") is None


def test_a_folder_that_cannot_exist_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "file" / "cache"))
    cache.write("a.bin", b"content")
    assert cache.read("a.bin") is None


def test_a_name_taken_by_a_folder_is_no_error(folder: Path) -> None:
    (folder / "a.bin").mkdir(parents=True)
    cache.write("a.bin", b"content")
    assert cache.read("a.bin") is None
    assert [file.name for file in folder.iterdir()] == ["a.bin"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_folder_is_no_error(folder: Path) -> None:
    folder.mkdir(mode=0o500)
    cache.write("a.bin", b"content")
    assert cache.read("a.bin") is None


def test_a_home_that_is_unknown_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(cache, "folder", nowhere)
    cache.write("a.bin", b"content")
    assert cache.read("a.bin") is None


def test_the_folder_is_for_its_owner_only(folder: Path) -> None:
    cache.write("a.bin", b"content")
    assert folder.stat().st_mode & 0o077 == 0
    assert (folder / "a.bin").stat().st_mode & 0o077 == 0


def _write_many(number: int) -> None:
    for turn in range(40):
        cache.write("shared.bin", bytes([number, turn]) * 20_000)


def test_many_writers_at_once_leave_one_whole_file(folder: Path) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write_many, args=(number,)) for number in range(6)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        stored = cache.read("shared.bin")
        assert stored is None or stored == stored[:2] * 20_000
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 6
    assert [file.name for file in folder.iterdir()] == ["shared.bin"]


# The database in it


def test_a_database_is_compiled_once(
    folder: Path, acme: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = b"acme_" + b"aB3dE6gH" * 3 + b"Zz9yX8w7"
    first = Engine(acme).scan(text)

    def refuse(_: object) -> None:
        raise AssertionError("compiled again")

    monkeypatch.setattr(database, "compile_database", refuse)
    assert (
        [match.start for match in Engine(acme).scan(text)]
        == [match.start for match in first]
        == [0]
    )


@pytest.mark.parametrize("content", [b"", b"garbage", os.urandom(5000)])
def test_a_stored_database_of_another_build_is_compiled_again(
    folder: Path, acme: RuleSet, content: bytes
) -> None:
    Engine(acme).open()
    name = only_file(folder).name
    cache.write(name, content)  # whole by its digest, but not what the engine understands
    assert len(Engine(acme).scan(b"acme_" + b"aB3dE6gH" * 3 + b"Zz9yX8w7")) == 1
    assert cache.read(name) != content


def test_a_changed_rule_has_its_own_database(folder: Path, acme: RuleSet) -> None:
    Engine(acme).open()
    acme.tokens[0].shape = "acme2_{base62:32}"
    Engine(acme).open()
    assert len(list(folder.iterdir())) == 2


def test_without_a_cache_everything_works(
    acme: RuleSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "file" / "cache"))
    assert len(Engine(acme).scan(b"acme_" + b"aB3dE6gH" * 3 + b"Zz9yX8w7")) == 1


def test_what_was_written_first_makes_room(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "_MOST_BYTES", 2500)
    for number, name in enumerate(("a.bin", "b.bin", "c.bin")):
        cache.write(name, b"x" * 1000)
        os.utime(folder / name, ns=(number, number))
    cache.write("d.bin", b"x" * 1000)
    assert sorted(file.name for file in folder.iterdir()) == ["c.bin", "d.bin"]
    cache.write("e.bin", b"x" * 9000)
    assert cache.read("e.bin") == b"x" * 9000
    assert [file.name for file in folder.iterdir()] == ["e.bin"]


# The database in what was built


def as_built(tmp_path: Path, change: Callable[[bytes], bytes] = bytes) -> None:
    """A database as it would lie in the package."""
    gate = Pattern(format=0, gate="acme_[0-9a-f]{8}", width=13)
    stored = change(hyperscan.dumpb(database.compile_database({0: gate})))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEYMUSTER_CACHE", str(tmp_path / "built"))
        cache.write(database.built_name("acme"), stored)


def hits(text: bytes) -> list[int]:
    """Where another gate hits, if it is that which is searched: the stored one is the test's."""
    gate = Pattern(format=0, gate="other_[0-9a-f]{8}", width=14)
    return [end for end, _, _ in search([Layer("acme", (), lambda: {0: gate})], text)]


ACME_AND_OTHER = b"acme_0a1b2c3d other_0a1b2c3d"


def test_a_database_that_was_built_needs_no_cache(folder: Path, tmp_path: Path) -> None:
    as_built(tmp_path)
    assert hits(ACME_AND_OTHER) == [13]
    assert not folder.exists()


@pytest.mark.parametrize("at", [0, 4, 7, 12, 15, 200, 500])
def test_a_built_database_that_does_not_fit_is_compiled(
    folder: Path, tmp_path: Path, at: int
) -> None:
    """The first bytes say what it is, for which version and for which processors."""

    def changed(stored: bytes) -> bytes:
        return bytes(byte ^ 1 if place == at else byte
                     for place, byte in enumerate(stored))  # fmt: skip

    as_built(tmp_path, changed)
    assert hits(ACME_AND_OTHER) == [28]
    assert only_file(folder).name.startswith("database-")


def test_a_built_database_of_another_architecture_is_not_looked_at(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_built(tmp_path)
    monkeypatch.setattr(cache, "machine", lambda: "other")
    assert hits(ACME_AND_OTHER) == [28]


# The rules in it


def test_rules_are_parsed_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = pipeline.load_rules()

    def refuse(*_: object) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(loader, "read", refuse)
    assert pipeline.load_rules() == first


def test_rules_of_another_version_are_parsed_again(folder: Path) -> None:
    first = pipeline.load_rules()
    cache.write(f"rules-{first.key}.bin", b"\xc1 not what msgspec writes")
    assert pipeline.load_rules() == first


def test_a_changed_rule_file_is_seen(folder: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    (own / "tokens").mkdir(parents=True)
    (own / "tokens/acme.yaml").write_text(TOKENS)
    assert "acme_{base62:32}" in pipeline.load_rules([own]).tokens[-1].shapes
    (own / "tokens/acme.yaml").write_text(TOKENS.replace("32", "33"))
    assert "acme_{base62:33}" in pipeline.load_rules([own]).tokens[-1].shapes


def test_the_cache_holds_no_text_of_a_scan(folder: Path, acme: RuleSet) -> None:
    secret = b"acme_" + b"aB3dE6gH" * 3 + b"Zz9yX8w7"
    assert Engine(acme).scan(b"key = " + secret)
    for file in folder.iterdir():
        stored = cache.read(file.name)
        assert stored is not None
        assert secret not in stored
        assert secret[5:] not in stored
