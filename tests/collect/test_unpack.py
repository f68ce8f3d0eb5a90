"""Containers inside containers, within limits, and what becomes of what is found there."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import keymuster
from archives import (
    SAMPLES,
    compiled,
    database,
    docx,
    image,
    image_config,
    opened,
    pdf,
    tarred,
    zipped,
)
from keymuster import registry, work
from keymuster.cli.commands import cli
from keymuster.collect.base import Blob, Limits
from keymuster.collect.containers.base import Budget, Content, Form, Member
from keymuster.collect.unpack import Unpacker
from keymuster.model import Storage
from repositories import Repository

Token = Callable[..., str]
MakeRepo = Callable[..., Repository]
ALLOW = "# key" + "muster: allow[github-pat] until=2099-01-31 reason=a test\n"


class TestNesting:
    def test_members_come_innermost_first_and_the_file_last(self) -> None:
        inner = zipped({"x/.env": b"A=b"})
        middle = tarred({"in.zip": inner}, "gz")
        outer = zipped({"mid.tgz": middle, "b": b"text"})
        found = opened(outer, "o.zip")
        assert list(found.texts.items()) == [
            ("o.zip!/mid.tgz!/in.zip!/x/.env", b"A=b"),
            ("o.zip!/mid.tgz!/in.zip", inner),
            ("o.zip!/b", b"text"),
            ("o.zip", outer),
        ]
        assert [blob.opened for blob in found.blobs] == [False, True, False, True]

    @pytest.mark.parametrize(("depth", "deepest"), [(1, "b"), (2, "b!/c"), (3, "b!/c!/d")])
    def test_the_depth_is_that_of_the_setting(self, depth: int, deepest: str) -> None:
        data = zipped({"e": b"text"})
        for name in "dcb":
            data = zipped({name: data})
        found = opened(data, depth=depth)
        assert list(found.members) == [deepest]
        assert f"{deepest} is nested deeper than the limit of {depth}" in found.trouble

    def test_a_document_in_an_archive_in_an_archive(self) -> None:
        found = opened(zipped({"a.tar": tarred({"b.docx": docx(["te", "xt"])})}))
        assert found.members["a.tar!/b.docx!/word/document.xml!/text"] == b"text\n"
        assert found.troubles == []

    def test_every_kind_may_be_inside_another(self) -> None:
        found = opened(tarred({name: make() for name, make in SAMPLES.items()}))
        assert {blob.member.partition("!/")[0] for blob in found.blobs[:-1]} == set(SAMPLES)
        assert all(
            any(blob.member.startswith(f"{name}!/") for blob in found.blobs) for name in SAMPLES
        )
        assert found.troubles == []

    def test_other_files_are_given_as_they_are(self) -> None:
        found = opened(b"import os\n")
        assert [(blob.path, blob.opened) for blob in found.blobs] == [("outer", False)]

    def test_a_piece_of_a_large_file_is_no_container(self) -> None:
        piece = Blob(path="a", data=zipped({"b": b""}), storage=Storage.TREE, core=(0, 10))
        kinds = [part() for part in registry.builtin("container").values()]
        assert list(Unpacker(kinds, (), Limits(), 100, lambda path: False)(piece)) == [piece]

    def test_a_member_says_where_it_comes_from(self) -> None:
        blob = Blob(path="", data=zipped({"b": b"x\ny"}), storage=Storage.HISTORY, object="0" * 40)
        kinds = [part() for part in registry.builtin("container").values()]
        member, _ = Unpacker(kinds, (), Limits(), 100, lambda path: False)(blob)
        assert isinstance(member, Blob)
        assert (member.path, member.member, member.storage) == ("!/b", "b", Storage.HISTORY)
        place = member.location((2, 1), (2, 2))
        assert (place.path, place.member, place.line, place.object) == ("", "b", 2, "0" * 40)

    def test_excluded_members_are_left_out_and_not_unpacked(self) -> None:
        data = zipped({"tests/a": b"text", "b": b"text", "c.lock": b"text"})
        found = opened(data, exclude=("tests/", "*.lock"))
        assert found.members == {"b": b"text"}
        assert found.troubles == []

    def test_a_kind_of_an_extension_is_asked_about_every_file(self) -> None:
        class Shout:
            name, form, streams = "shout", Form.ARCHIVE, False

            def recognizes(self, data: bytes) -> bool:
                return data.startswith(b"!!")

            def members(self, content: Content, budget: Budget) -> Iterator[Member]:
                yield Member("quiet", Content.of(content.whole[2:].lower()))

        unpack = Unpacker((), [Shout()], Limits(), 100, lambda path: False)
        given = list(unpack(Blob(path="a", data=b"!!TEXT", storage=Storage.TREE)))
        assert [one.data for one in given if isinstance(one, Blob)] == [b"text", b"!!TEXT"]


class TestLimits:
    def test_the_bytes_of_all_depths_together(self) -> None:
        data = zipped({str(number): bytes(range(256)) * 400 for number in range(20)})
        found = opened(data, bytes=500_000)
        assert sum(map(len, found.members.values())) <= 500_000
        assert found.members
        assert "it unpacks to more than 500,000 bytes, and the rest was not opened" in found.trouble

    def test_the_number_of_members(self) -> None:
        found = opened(tarred({str(number): b"" for number in range(60)}), members=50)
        assert len(found.members) == 50
        assert "it has more than 50 members" in found.trouble

    def test_the_time(self) -> None:
        found = opened(zipped({"a": b"text"}), seconds=1e-9)
        assert "it took more than 1e-09 seconds" in found.trouble
        assert [blob.path for blob in found.blobs] == ["outer"]

    def test_the_clock_is_looked_at_while_unpacking(self) -> None:
        ticks = iter([0.0, 5.0, 11.0])
        budget = Budget(Limits(seconds=10), 100, 100, clock=lambda: next(ticks))
        budget.spend(1)
        with pytest.raises(Exception, match="took more than 10 seconds"):
            budget.spend(1)

    def test_a_member_as_large_as_a_file_may_be(self) -> None:
        found = opened(zipped({"a": b"x" * 100, "b": b"x" * 101}), most=100)
        assert list(found.members) == ["a"]
        assert "b is larger than 100 bytes" in found.trouble

    def test_zip_in_zip_in_zip_is_no_way_around(self) -> None:
        data = zipped({str(number): bytes(30_000_000) for number in range(4)})
        for _ in range(5):
            data = zipped({str(number): data for number in range(16)})
        assert len(data) < 100_000
        start = time.process_time()
        assert "nested deeper than the limit of 3" in opened(data).trouble
        assert "it unpacks to more than 250 times its size" in opened(data, depth=20).trouble
        assert time.process_time() - start < 30

    def test_one_trouble_however_much_is_wrong(self) -> None:
        good, broken = zipped({"a": b"text"}), zipped({"a": b"text" * 99})[:60]
        files = {f"{number}.zip": broken for number in range(100)} | {"deep.zip": good}
        found = opened(zipped(files), depth=1)
        assert "100 members are nested deeper" in found.trouble or "101 members" in found.trouble
        found = opened(zipped(files))
        assert (
            found.trouble
            == "was not looked at in full: 100 members are damaged, the first is 0.zip"
        )
        assert found.members["deep.zip!/a"] == b"text"

    def test_memory_stays_within_bounds(self, tmp_path: Path) -> None:
        bomb = tmp_path / "bomb.gz"
        with gzip.open(bomb, "wb", 9) as out:
            out.writelines(bytes(1 << 20) for _ in range(400))
        code = (
            "import sys, resource\n"
            f"sys.path[:0] = [{str(Path(__file__).parents[1])!r}]\n"
            "from archives import opened\n"
            f"data = open({str(bomb)!r}, 'rb').read()\n"
            "resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29))\n"
            "print(opened(data, most=1 << 26).trouble)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False,
            env={"PYTHONPATH": str(Path(keymuster.__file__).parents[1])},
        )  # fmt: skip
        assert "larger than 67,108,864 bytes" in done.stdout or "250 times" in done.stdout, (
            done.stderr
        )


# --- scans -------------------------------------------------------------------------------------


def scan(*words: object, input: bytes = b"", expect: int = 1) -> Any:
    done = CliRunner().invoke(
        cli, ["scan", *map(str, words), "--format", "json"], input=input, standalone_mode=False,
        catch_exceptions=False,
    )  # fmt: skip
    assert done.return_value == expect, done.output
    return json.loads(done.stdout)


def places(report: Any) -> list[tuple[str, str | None, int, int]]:
    return [
        (place["path"], place.get("member"), place["line"], place["column"])
        for finding in report["findings"]
        for place in finding["places"]
    ]


@pytest.fixture
def secret(token: Token) -> str:
    return token("github-pat")


class TestScans:
    def test_a_finding_names_the_file_the_member_and_its_line(
        self, tmp_path: Path, secret: str
    ) -> None:
        (tmp_path / "a.whl").write_bytes(zipped({"conf/a.env": f"A=b\nT={secret}\n".encode()}))
        assert places(scan(tmp_path)) == [("a.whl", "conf/a.env", 2, 3)]

    @pytest.mark.parametrize(
        ("name", "make"),
        [
            ("a.tar", lambda text: tarred({"x": text})),  # not compressed: the bytes hold it, too
            ("a.zip", lambda text: zipped({"x": text}, 0)),
            ("a.db", lambda text: database("CREATE TABLE x (y)", ("INSERT INTO x VALUES (?)", (text.decode(),)))),
            ("a.pdf", lambda text: pdf(text.decode())),
            ("a.pyc", lambda text: compiled(f"token = {text.decode()!r}")),
            ("a.docx", lambda text: docx([text.decode()[:9], text.decode()[9:]])),
            ("a.oci.tar", lambda text: tarred(image([tarred({"x": text}, "gz")], image_config({})))),
            ("a.json", lambda text: image_config({"Env": [f"T={text.decode()}"]})),
        ],
    )  # fmt: skip
    def test_every_kind_and_none_is_said_twice(
        self, name: str, make: Callable[[bytes], bytes], tmp_path: Path, secret: str
    ) -> None:
        (tmp_path / name).write_bytes(make(secret.encode()))
        [(path, member, _, _)] = places(scan(tmp_path))
        assert path == name
        assert member

    def test_what_no_member_holds_is_found_in_the_bytes(self, tmp_path: Path, secret: str) -> None:
        data = zipped({"a": b"text"})
        (tmp_path / "a.zip").write_bytes(data[:-2] + b"\x29\0" + secret.encode() + b" ")
        (tmp_path / "b.zip").write_bytes(data + secret.encode())
        assert {(path, member) for path, member, _, _ in places(scan(tmp_path))} == {
            ("a.zip", None),
            ("b.zip", None),
        }

    def test_a_layout_in_a_folder(self, tmp_path: Path, secret: str) -> None:
        layer = tarred({"etc/app.env": f"T={secret}".encode()}, "gz")
        for name, content in image([layer], image_config({})).items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        [(path, member, _, _)] = places(scan(tmp_path))
        assert path.startswith("blobs/sha256/")
        assert member == "etc/app.env"

    @pytest.mark.parametrize("off", [["--no-containers"], ["--container-depth", "0"]])
    def test_it_can_be_left_out(self, off: Sequence[str], tmp_path: Path, secret: str) -> None:
        (tmp_path / "a.zip").write_bytes(zipped({"a": (secret + " " * 99).encode()}))
        assert places(scan(tmp_path, *off, expect=0)) == []

    def test_the_settings_file_says_how_far(self, tmp_path: Path, secret: str) -> None:
        (tmp_path / ".keymuster.yaml").write_text("containers: {depth: 1, bytes: 10MB}\n")
        inner = zipped({"a": f"T={secret}\n".encode() * 2})
        (tmp_path / "a.zip").write_bytes(zipped({"b.zip": inner}))
        report = scan(tmp_path, "--config", tmp_path / ".keymuster.yaml", expect=0)
        assert "limit of 1" in report["troubles"][0]["message"]
        report = scan(tmp_path, "--config", tmp_path / ".keymuster.yaml", "--container-depth", 2)
        assert report["troubles"] == []

    def test_what_could_not_be_read_is_said_and_counts_when_it_has_to(self, tmp_path: Path) -> None:
        (tmp_path / "a.zip").write_bytes(zipped({"a": b"text"})[:30])
        [trouble] = scan(tmp_path, expect=0)["troubles"]
        assert (trouble["scope"], trouble["part"]) == ("a.zip", "containers")
        scan(tmp_path, "--strict", expect=3)

    def test_standard_input(self, secret: str) -> None:
        report = scan("--stdin", input=tarred({"a": f"T={secret}".encode()}, "gz"))
        assert places(report) == [("<stdin>", "a", 1, 3)]

    def test_the_staged_change(self, tmp_path: Path, make_repo: MakeRepo, secret: str) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"a": "text"})
        repo.stage({"b.zip": zipped({"c.env": f"A=b\nT={secret}\n".encode()})})
        assert places(scan("--staged", repo.path)) == [("b.zip", "c.env", 2, 3)]

    def test_the_history(self, tmp_path: Path, make_repo: MakeRepo, secret: str) -> None:
        repo = make_repo(tmp_path / "repo")
        commit = repo.commit({"b.zip": zipped({"c.env": f"A=b\nT={secret}\n".encode()})})
        repo.commit({"b.zip": zipped({"c.env": b"A=b\n"})})
        report = scan("--history", repo.path)
        assert places(report) == [("b.zip", "c.env", 2, 3)]
        place = report["findings"][0]["places"][0]
        assert (place["commit"]["id"], place["in_head"]) == (commit, False)

    def test_the_history_names_what_it_could_not_read(
        self, tmp_path: Path, make_repo: MakeRepo
    ) -> None:
        repo = make_repo(tmp_path / "repo")
        repo.commit({"b.zip": zipped({"c.env": b"A=b\n"})[:30]})
        [trouble] = scan("--history", repo.path, expect=0)["troubles"]
        assert trouble["scope"].startswith("object ")

    def test_several_processes_find_the_same(
        self, tmp_path: Path, secret: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for number in range(5):
            (tmp_path / f"{number}.zip").write_bytes(zipped({"a": f"T={secret}".encode()}))
        one = scan(tmp_path, "--jobs", 1)
        monkeypatch.setattr(work, "GUARDED", 1)
        assert places(scan(tmp_path, "--jobs", 2)) == places(one)
        assert len(places(one)) == 5

    def test_a_comment_accepts_what_stands_in_its_own_member(
        self, tmp_path: Path, secret: str
    ) -> None:
        files = {"a.py": f"{ALLOW}T='{secret}'\n".encode(), "b.py": f"\nT='{secret}'\n".encode()}
        (tmp_path / "a.zip").write_bytes(zipped(files))
        accepted = {
            place["member"]: "suppression" in finding
            for finding in scan(tmp_path)["findings"]
            for place in finding["places"]
        }
        assert accepted == {"a.py": True, "b.py": False}

    def test_a_secret_in_the_name_of_a_member_is_masked(self, tmp_path: Path, secret: str) -> None:
        files = {f"{secret}.txt": f"T={secret}".encode(), f"{secret}.zip": b"PK\3\4"}
        (tmp_path / "a.zip").write_bytes(zipped(files))
        for format in ("json", "text", "sarif"):
            done = CliRunner().invoke(
                cli, ["scan", str(tmp_path), "--format", format], standalone_mode=False
            )
            assert done.return_value == 1
            assert secret[8:] not in done.output
            assert "ghp_****.txt" in done.output

    def test_a_name_cannot_write_to_the_terminal(self, tmp_path: Path, secret: str) -> None:
        (tmp_path / "a.zip").write_bytes(zipped({"a\x1b[2J\n.txt": f"T={secret}".encode()}))
        for format in ("json", "text", "sarif"):
            done = CliRunner().invoke(
                cli, ["scan", str(tmp_path), "--format", format], standalone_mode=False
            )
            assert "\x1b" not in done.output
            assert "x1b[2J" in done.output

    def test_code_scanning_is_sent_to_the_file(self, tmp_path: Path, secret: str) -> None:
        (tmp_path / "a b.zip").write_bytes(zipped({"c.env": f"A=b\nT={secret}".encode()}))
        done = CliRunner().invoke(
            cli, ["scan", str(tmp_path), "--format", "sarif"], standalone_mode=False
        )
        [result] = json.loads(done.stdout)["runs"][0]["results"]
        [location] = result["locations"]
        assert location["physicalLocation"]["artifactLocation"]["uri"] == "a%20b.zip"
        assert location["physicalLocation"]["region"]["startLine"] == 1
        [logical] = location["logicalLocations"]
        assert logical["fullyQualifiedName"] == "a b.zip!/c.env:2"
        assert result["message"]["text"].endswith("in a b.zip!/c.env:2.")


def test_a_scan_without_containers_loads_none_of_this(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n")
    code = (
        "import sys\nfrom keymuster.cli import main\n"
        f"sys.argv = ['keymuster', 'scan', {str(tmp_path)!r}, '--quiet']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if 'unpack' in name or 'collect.containers' in name or name in "
        "('zipfile', 'tarfile', 'sqlite3', 'pypdf', 'logging')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": str(Path(keymuster.__file__).parents[1]), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
