from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from keymuster.estate.store.store import Store

SOURCE = Path(__file__).parents[3] / "src"


def test_only_one_is_at_a_work(url: str) -> None:
    first, second = Store.open(url), Store.open(url)
    with (
        first.alone("telling") as is_first,
        second.alone("telling") as is_second,
        second.alone("other") as is_other,
    ):
        assert (is_first, is_second, is_other) == (True, False, True)
    with second.alone("telling") as is_second:
        assert is_second
    with first.alone("telling", patience=0.5) as is_first:
        assert is_first
    first.close()
    second.close()


def test_who_dies_lets_go(url: str) -> None:
    Store.open(url).close()
    dies = (
        "import os, sys\nfrom keymuster.estate.store.store import Store\n"
        "store = Store.open(sys.argv[1])\n"
        "with store.alone('telling') as is_alone:\n    os._exit(7 if is_alone else 1)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", dies, url], env={"PYTHONPATH": str(SOURCE)}, check=False
    )
    assert done.returncode == 7
    store = Store.open(url)
    with store.alone("telling", patience=5) as is_alone:
        assert is_alone
    store.close()
