"""The first look at a file, which nearly every file ends with."""

from __future__ import annotations

from pathlib import Path

import pytest

import timing
from archives import SAMPLES
from keymuster import registry
from keymuster.collect.magic import HEAD, may_be_container


@pytest.mark.parametrize("name", registry.names("container"))
def test_every_kind_of_container_passes_and_knows_its_own_and_no_other(name: str) -> None:
    sample = SAMPLES[name]()
    assert may_be_container(sample)
    knows = [
        one for one, part in registry.builtin("container").items() if part().recognizes(sample)
    ]
    assert knows == [name]


@pytest.mark.parametrize("name", registry.names("container"))
def test_of_what_is_read_from_front_to_back_the_first_bytes_are_enough(name: str) -> None:
    part = registry.part("container", name)()
    if part.streams:
        head = SAMPLES[name]()[:HEAD]
        assert may_be_container(head)
        assert part.recognizes(head)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"P",
        b"{",
        b"import os\n",
        b'{"name": "left-pad", "version": "1.0.0"}\n',
        b'<?xml version="1.0"?>\n<project/>\n',
        b"#!/bin/sh\nexit 0\n",
        b"{}\r\n",
        b"\xef\xbb\xbfkey: value\n",
        b"\x89PNG\r\n\x1a\n" + bytes(300),
        b"\x7fELF" + bytes(300),
        b"SELECT 1;\n"[1:],
    ],
)
def test_other_files_do_not_pass(text: bytes) -> None:
    assert not may_be_container(text)


def test_no_file_of_this_package_passes() -> None:
    for path in (Path(__file__).parents[2] / "src").rglob("*.py"):
        assert not may_be_container(path.read_bytes()), path


def test_the_length_of_a_file_costs_nothing() -> None:
    text = b"x = 1\n" * 4_000_000
    assert timing.takes(lambda: [may_be_container(text) for _ in range(1000)], 0.1)
