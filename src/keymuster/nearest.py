"""The name that somebody may have meant who wrote one that there is not."""

from __future__ import annotations

from collections.abc import Iterable


def nearest(name: str, known: Iterable[str]) -> str:
    """The known name that is most like it; empty if none is."""
    from difflib import get_close_matches  # only for what is wrong

    return next(iter(get_close_matches(name, list(known), n=1)), "")


def hint(name: str, known: Iterable[str]) -> str:
    """What comes behind a sentence that says so: the nearest name, or all that there are."""
    names = list(known)
    close = nearest(name, names)
    return f"; did you mean `{close}`?" if close else f"; there are {', '.join(names)}"
