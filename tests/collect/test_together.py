"""Small files of which readers are asked together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest

from keymuster.collect.base import Blob, Read
from keymuster.collect.together import Together, with_readers
from keymuster.errors import CollectError, Unreadable
from keymuster.model import Storage, Trouble

TROUBLE = Trouble(part="p", scope="s", message="m")


class Choosy:
    """A reader that is asked about several files, and wants those that hold its mark."""

    name = "choosy"

    def __init__(self, mark: bytes = b"mark") -> None:
        self.mark = mark
        self.asked: list[int] = []

    def reads(self, path: str) -> bool:
        return True

    def among(self, together: Together) -> list[int]:
        self.asked.append(len(together.files))
        return together.having((self.mark,))


class Plain:
    """A reader that is asked by the path alone."""

    name = "plain"

    def reads(self, path: str) -> bool:
        return path.endswith(".txt")


def blob(path: str, data: bytes = b"nothing", **rest: object) -> Blob:
    return Blob(path=path, data=data, storage=Storage.TREE, **rest)  # type: ignore[arg-type]


def readers_of(files: Iterable[Read], *readers: object) -> list[tuple[str, list[str]]]:
    given = [*readers]
    return [
        ("trouble" if isinstance(one, Trouble) else one.path, [reader.name for reader in asked])
        for one, asked in with_readers(files, lambda blob: given)  # type: ignore[arg-type,return-value]
    ]


def test_who_has_nothing_to_say_need_not_read() -> None:
    files = [blob("a"), blob("b.txt"), blob("c", b"a mark"), blob("d.txt", b"mark")]
    choosy = Choosy()
    assert readers_of(files, choosy, Plain()) == [
        ("a", []), ("b.txt", ["plain"]), ("c", ["choosy"]), ("d.txt", ["choosy", "plain"]),
    ]  # fmt: skip
    assert choosy.asked == [4]


def test_all_stay_in_order_however_many() -> None:
    files: list[Read] = [blob(str(number)) for number in range(150)]
    files[20] = TROUBLE
    files[100] = blob("100", b"large" * 1000)
    choosy = Choosy()
    seen = readers_of(files, choosy)
    expected = ["trouble" if number == 20 else str(number) for number in range(150)]
    assert [path for path, _ in seen] == expected
    assert [path for path, asked in seen if asked] == ["100"]
    assert choosy.asked == [20, 64, 15, 49]


@pytest.mark.parametrize(
    "alone",
    [
        blob("x", b"x" * 5000),
        blob("x", core=(0, 3)),
        blob("x", notes={}),
        blob("x", b"a\0b"),
        blob("x", "\ufeffmark".encode("utf-16-le")),
    ],
)
def test_every_reader_reads_what_is_not_small_and_plain(alone: Blob) -> None:
    assert readers_of([blob("a"), alone], Choosy())[1] == ("x", ["choosy"])


def test_what_holds_others_is_read_by_all() -> None:
    archive = blob("archive")
    asked = with_readers(
        [blob("a"), archive, blob("b")],
        lambda blob: [Choosy()],  # type: ignore[list-item]
        lambda blob: iter(()) if blob is archive else (blob,),  # type: ignore[arg-type,return-value]
    )
    assert [len([*readers]) for _, readers in asked] == [1, 1, 1]  # each has readers of its own


def test_files_for_different_readers_are_asked_about_apart() -> None:
    first, second = [Choosy(b"1")], [Choosy(b"2")]
    files = [blob(str(number), b"1") for number in range(6)]
    asked = with_readers(files, lambda blob: first if int(blob.path) % 2 else second)  # type: ignore[arg-type,return-value]
    assert [bool(readers) for _, readers in asked] == [False, True] * 3
    assert first[0].asked == second[0].asked == [3]


def test_a_reader_that_fails_is_asked_by_each_file() -> None:
    class Broken(Choosy):
        def among(self, together: Together) -> list[int]:
            raise ValueError

    assert readers_of([blob("a"), blob("b")], Broken()) == [("a", ["choosy"]), ("b", ["choosy"])]


def test_what_a_source_gave_before_it_failed_comes_first() -> None:
    def files() -> Iterator[Read]:
        yield blob("a")
        yield blob("b")
        raise Unreadable("no more", "Look again.")

    seen: list[str] = []
    with pytest.raises(CollectError):
        seen.extend(one.path for one, _ in with_readers(files(), lambda blob: []))  # type: ignore[union-attr]
    assert seen == ["a", "b"]


def test_marks_are_found_in_the_files_that_hold_them() -> None:
    files = [blob("", data) for data in (b"ab", b"", b"b", b"ab ab", b"a", b"b")]
    together = Together(files, b"\n".join(file.data for file in files))
    assert together.having((b"ab",)) == [0, 3]
    assert together.having((b"a", b"b")) == [0, 2, 3, 4, 5]
    assert together.having((b"c",)) == []
