"""`keymuster-hook`: `keymuster scan --staged --quiet`, for a commit that is most likely clean.

It looks for a reason to scan: something a reader sees in the staged change, something that could not
be read, settings or options that say how to go about it. Without one there is nothing to report, and
all that makes a report is never loaded. With one the scan itself has the word.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from keymuster.rules.schema import RuleSet


INTERRUPTED = 3
"""As the scan ends that has nothing to report yet."""


def main() -> None:
    """The console script."""
    words = sys.argv[1:]
    try:
        if not words and is_clean():
            os._exit(0)  # there is nothing to clear up, and much to let go of
    except KeyboardInterrupt:
        print("keymuster: interrupted before there was anything to report", file=sys.stderr)  # noqa: T201
        sys.exit(INTERRUPTED)
    from keymuster.cli import main as scan

    sys.argv[1:] = ["scan", "--staged", "--quiet", *words]
    scan()


def is_clean() -> bool:
    """Whether the staged change gives no reason to scan. Whatever is in the way of knowing is one."""
    try:
        return not _has_reasons()
    except Exception:  # noqa: BLE001 - the scan says what is wrong, and how it ends
        return False


def _has_reasons() -> bool:
    from keymuster import registry, settings
    from keymuster.collect.base import Context, Selection
    from keymuster.collect.git import is_bare, toplevel
    from keymuster.collect.magic import may_be_container
    from keymuster.collect.sources.staged import Staged
    from keymuster.model import Confidence, Trouble
    from keymuster.rules import loader

    rules = loader.later(_rules)
    file = settings.nearest(os.curdir)
    if file is not None and not settings.is_known_to_be_plain(file, rules.key):
        return True
    root = toplevel(os.curdir)
    if root is None or is_bare(root):
        return True
    context = Context(selection=Selection(root=root), rules=rules, confidence=Confidence.MEDIUM)
    source = Staged(context)
    readers = None
    for batch in source.batches():
        if isinstance(batch, Trouble):
            return True
        readers = readers or [part(context) for part in registry.builtin("reader").values()]
        for blob in source.read(batch):
            if isinstance(blob, Trouble) or may_be_container(blob.data):
                return True
            for reader in readers:
                if reader.reads(blob.path) and any(True for _ in reader.read(blob)):
                    return True
    return False


def _rules() -> RuleSet:
    from keymuster import pipeline

    return pipeline.load_rules()
