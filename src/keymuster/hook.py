"""`keymuster-hook`: `keymuster scan --staged --quiet`, for a commit that is most likely clean.

It looks for a reason to scan: something a reader sees in the staged change, something that could not
be read, settings or options that say how to go about it. Without one there is nothing to report, and
all that makes a report is never loaded. With one the scan itself has the word.

Before that it takes a glance, for which even less is loaded: most changes hold nothing that could
turn into such a reason. In doubt the scan has the word at once: it costs hardly more than to look for a
reason, and there mostly is one. Only where no glance can be taken, the change is looked at as above.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # that of `typing` takes as long to import as all that a glance needs
if TYPE_CHECKING:
    from keymuster.collect.patch import Patch
    from keymuster.detect.version import Version
    from keymuster.rules.schema import RuleSet


def main() -> None:
    """The console script."""
    words = sys.argv[1:]
    try:
        if not words:
            clean = is_clean_at_a_glance()
            if clean or (clean is None and is_clean()):
                os._exit(0)  # there is nothing to clear up, and much to let go of
    except KeyboardInterrupt:  # as the scan ends that has nothing to report yet
        from keymuster.cli import interrupts

        print(interrupts.WORDS, file=sys.stderr)  # noqa: T201
        sys.exit(interrupts.INTERRUPTED)
    from keymuster.cli import script as scan

    if _said:
        from keymuster.collect import whole_patch

        whole_patch.keep(_said[0].root, _said[0].said)
    if _loaded:
        from keymuster.rules import loader

        loader.keep(_loaded[0])
    sys.argv[1:] = ["scan", "--staged", "--quiet", *words]
    scan()


def is_clean_at_a_glance() -> bool | None:
    """Whether it takes but a glance to see that there is no reason to scan; None where none can be taken."""
    try:
        return _is_clean_at_a_glance()
    except Exception:  # noqa: BLE001 - what is in the way is met again, and said
        return None


def _is_clean_at_a_glance() -> bool | None:
    from keymuster import cache, settings_file
    from keymuster.collect.patch import Patch
    from keymuster.collect.repository import is_bare, toplevel
    from keymuster.detect.glance import Glance, file_name

    root = toplevel(os.curdir)
    if root is None or is_bare(root) or not hasattr(os, "posix_spawnp"):
        return None
    if not cache.is_built(file_name()):
        return None
    with Patch(root) as patch:  # git works while the rest is loaded
        file = settings_file.nearest(os.curdir)
        key = (cache.built(cache.KEY) or b"").decode()
        if file is not None and not settings_file.is_known_to_be_plain(file, key):
            return None
        glance = Glance(cache.built(file_name()) or b"")
        _said[:] = [patch]
        return all(_is_plain(one) and glance.is_clean(one) for one in patch.versions())


_said: list[Patch] = []
"""What git said of the change that was looked at."""


_MARK = b"keymuster:"
"""Before a comment that accepts a finding, and may be wrong."""

_WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 begins; without that, it has zero bytes."""


def _is_plain(version: Version) -> bool:
    """Whether a text is searched as it stands, and for secrets only."""
    from keymuster.collect.magic import may_be_container

    text = version.text
    return not (b"\0" in text or text.startswith(_WIDE) or may_be_container(text) or _MARK in text)


def is_clean() -> bool:
    """Whether the staged change gives no reason to scan. Whatever is in the way of knowing is one."""
    try:
        return not _has_reasons()
    except Exception:  # noqa: BLE001 - the scan says what is wrong, and how it ends
        return False


def _has_reasons() -> bool:
    from keymuster import registry, settings_file
    from keymuster.collect.base import Context, Selection
    from keymuster.collect.magic import may_be_container
    from keymuster.collect.repository import is_bare, toplevel
    from keymuster.collect.sources.staged import Staged
    from keymuster.model import Confidence, Trouble
    from keymuster.rules import loader

    rules = loader.later(_rules)
    file = settings_file.nearest(os.curdir)
    if file is not None and not settings_file.is_known_to_be_plain(file, rules.key):
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

    _loaded[:] = [pipeline.load_rules()]
    return _loaded[0]


_loaded: list[RuleSet] = []
"""Those that were needed to see whether there is a reason to scan."""
