"""What there is to remember of a history that was scanned to its end."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping

from keymuster.collect.introduction import Introduction
from keymuster.collect.order import Rank
from keymuster.collect.packs.base import Listing
from keymuster.collect.remembered import Memory, Remembered
from keymuster.collect.resumed import Resumed
from keymuster.model import Commit


def learned(
    remembered: Remembered,
    resumed: Resumed | None,
    *,
    listing: Listing,
    seen: set[str],
    plain: Collection[str],
    placed: Collection[str],
    introduced: Iterable[Introduction],
    tips: Iterable[str],
    commits: int,
    late: Mapping[bytes, Rank],
    head: str,
    files: Mapping[str, str],
) -> Memory:
    """`seen` are the file versions that were looked at and not clean; in the `plain` ones of them there
    were secrets and nothing else, and by the `placed` ones the report says where a secret came from.
    """
    telling = frozenset(seen.difference(plain)).union(placed)
    silent = frozenset(seen - telling)
    unbrought = frozenset(seen.difference(one.object for one in introduced))
    bringing = [one for one in introduced if one.object in telling]
    brought = {(one.commit.id, os.fsencode(one.path), one.object) for one in bringing}
    if resumed is not None and resumed.news is not None:
        silent |= resumed.memory.silent - seen
        unbrought = (unbrought | resumed.memory.unbrought.difference(seen)) - resumed.brought()
    return Memory(
        listing=listing,
        clean=remembered.cleaned(None if resumed is None else resumed.clean()),
        telling=telling,
        silent=silent,
        unbrought=unbrought,
        brought=tuple(sorted(brought)),
        tips=frozenset(tips),
        commits=commits,
        late=dict(late),
        authors={
            one.commit.id: (one.commit.author, _moment(one.commit), one.rank) for one in bringing
        },
        head=head,
        here={
            os.fsencode(path): object
            for path, object in files.items()
            if object in telling or object in silent
        },
    )


def _moment(commit: Commit) -> str:
    return "" if commit.date is None else commit.date.isoformat()
