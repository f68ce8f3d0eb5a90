"""Files compressed with gzip."""

from __future__ import annotations

import gzip
import time

from archives import opened


def test_the_plain_file_loses_its_suffix() -> None:
    assert opened(gzip.compress(b"text"), "logs/a.log.gz").texts["logs/a.log.gz!/a.log"] == b"text"
    assert opened(gzip.compress(b"text"), "logs/a").members == {"content": b"text"}


def test_several_members_and_zeros_behind_them_are_one_file() -> None:
    data = gzip.compress(b"one ") + gzip.compress(b"two") + bytes(1000)
    found = opened(data)
    assert found.members == {"content": b"one two"}
    assert found.troubles == []


def test_what_comes_before_the_end_is_read() -> None:
    content = b"".join(b"%d\n" % (number * 7919 % 100_003) for number in range(300_000))
    data = gzip.compress(content)
    found = opened(data[: len(data) // 2])
    assert content.startswith(found.members["content"])
    assert len(found.members["content"]) > len(content) // 4
    assert "content is damaged" in found.trouble


def test_a_wrong_checksum_and_other_data_behind_are_said() -> None:
    data = gzip.compress(b"text")
    assert "damaged" in opened(data[:-8] + bytes(8)).trouble
    assert "damaged" in opened(data + b"more").trouble


def test_a_bomb_stops_early() -> None:
    bomb = gzip.compress(bytes(300_000_000), 9)
    start = time.process_time()
    found = opened(bomb)
    assert "it unpacks to more than 250 times its size" in found.trouble
    assert found.members == {}
    assert time.process_time() - start < 10


def test_compressed_many_times_is_deep() -> None:
    data = b"text"
    for _ in range(5):
        data = gzip.compress(data)
    assert "nested deeper than the limit of 3" in opened(data).trouble
