"""Which of the things that have the form of a credential stand: one match for each stretch of text."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from itertools import accumulate
from typing import TypeAlias

from msgspec import Struct

from keymuster.detect import patterns
from keymuster.detect.candidates import Candidate
from keymuster.model import Confidence, CredentialStatus, Secret
from keymuster.rules.schema import TokenFormat

WRONG_CHECKSUM = "its checksum is wrong"
DULL = "it repeats itself, or is too regular"
UNKEPT = "another format explains the same text better, or a forged token holds it"


class Match(Struct, frozen=True, kw_only=True):
    """One secret: the format that recognised it and its span in the content that was scanned."""

    format: TokenFormat
    start: int
    end: int
    secret: Secret
    confidence: Confidence
    status: CredentialStatus
    facts: dict[str, str]


Judged: TypeAlias = tuple[TokenFormat, Candidate, Match | str]
"""What has the form of a credential, and the match or the reason why it is none."""


def kept(found: list[Judged]) -> list[Match]:
    """The matches that stand: none in forged text, no fingerprint of our own, and no two that overlap. A form
    without a marker is only forged text for a guess at just the same."""
    if not found:
        return []
    wrong = [(token, one) for token, one, verdict in found if verdict == WRONG_CHECKSUM]
    forged = [(one.start, one.end) for token, one in wrong if patterns.has_marker(token)]
    same = {(one.start, one.end) for _, one in wrong}
    matches = [
        verdict
        for _, _, verdict in found
        if isinstance(verdict, Match)
        and not verdict.secret.is_fingerprint
        and not (verdict.format.is_guess and (verdict.start, verdict.end) in same)
    ]
    return _without_overlaps(_without_forged(matches, forged))


def with_invalid(matches: list[Match], found: list[Judged], content: bytes) -> list[Match]:
    """The matches, and what has the marker of a format, a wrong checksum and no match beside it."""
    wrong = [
        Match(
            format=token,
            start=one.start,
            end=one.end,
            secret=Secret(content[one.start : one.end], one.public),
            confidence=Confidence.LOW,
            status=CredentialStatus.INVALID,
            facts={},
        )
        for token, one, verdict in found
        if verdict == WRONG_CHECKSUM and patterns.has_marker(token)
    ]
    if not wrong:
        return matches
    taken = sorted((one.start, one.end) for one in matches)
    starts = [start for start, _ in taken]
    furthest = list(accumulate((end for _, end in taken), max))

    def is_alone(one: Match) -> bool:
        before = bisect_right(starts, one.end - 1)
        return before == 0 or furthest[before - 1] <= one.start

    alone = _without_overlaps(one for one in wrong if is_alone(one))
    return sorted((*matches, *alone), key=lambda one: one.start)


def _without_forged(matches: list[Match], forged: list[tuple[int, int]]) -> list[Match]:
    """Without what lies inside forged text, unless a checksum of its own vouches for it."""
    if not forged:
        return matches
    forged.sort()
    starts = [start for start, _ in forged]
    furthest = list(accumulate((end for _, end in forged), max))

    def inside(match: Match) -> bool:
        before = bisect_right(starts, match.start)
        return before > 0 and match.end <= furthest[before - 1]

    return [match for match in matches if match.format.checksum is not None or not inside(match)]


def _without_overlaps(matches: Iterable[Match]) -> list[Match]:
    """One match per stretch of text: the surest one, then the longest, then the most particular."""
    kept: list[Match] = []
    together: list[Match] = []
    end = 0
    for match in sorted(matches, key=lambda match: match.start):
        if together and match.start >= end:
            kept += _best(together)
            together = []
        end = max(end, match.end) if together else match.end
        together.append(match)
    return kept + _best(together)


def _best(together: list[Match]) -> list[Match]:
    """The matches of one tangle that can stand side by side, in order of place."""
    if len(together) < 2:
        return together
    kept: list[Match] = []
    starts: list[int] = []
    for match in sorted(together, key=_rank):
        place = bisect_right(starts, match.start)
        if (place and match.start < kept[place - 1].end) or (
            place < len(kept) and kept[place].start < match.end
        ):
            continue
        starts.insert(place, match.start)
        kept.insert(place, match)
    return kept


def _rank(match: Match) -> tuple[bool, bool, int, int, int, int, bool, int, str]:
    text = match.secret.reveal()
    prefix = patterns.prefix_length(match.format, text)
    fixed, letters = patterns.particulars(match.format, text)
    named = match.format.context and prefix >= _TELLING
    return (
        match.format.is_guess,
        match.format.checksum is None,
        -(Confidence.HIGH if named else match.confidence).rank,
        match.start - match.end,
        -fixed,
        -prefix,
        not match.format.context,
        -letters,
        match.format.id,
    )


_TELLING = 3
"""Fixed bytes in front that, with the vendor's name before them, make a match as sure as any."""
