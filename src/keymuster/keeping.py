"""What a scan keeps of what it saw, for the next one of the same files: what several files say together is made anew
only where one of them has changed, and nothing is kept that may hold a secret's text: see `harmless.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from keymuster import work
from keymuster.collect.base import Context, Fragment, Observed, Reader, Source
from keymuster.collect.clean import CleanFiles
from keymuster.collect.kept import Said
from keymuster.digests import blake2b
from keymuster.harmless import Harmless
from keymuster.model import Trouble


class Keeping:
    """Makes of what was observed what readers say of several files together, and says what may be kept."""

    def __init__(
        self,
        source: Source,
        readers: Iterable[Reader],
        jobs: int,
        context: Context,
        clean: CleanFiles,
    ) -> None:
        self._source = source
        self._readers = readers
        self._jobs = jobs
        self._context = context
        self._clean = clean
        self._joined: dict[bytes, set[str]] = {}

    def explained(self, observed: Sequence[Observed]) -> list[Observed]:
        """As `work.explained`, but a reader is not asked again about the same fragments; where it is asked, files
        of which nothing else is needed are read for it alone."""
        fragments: dict[str, list[Fragment]] = {}
        for one in observed:
            if isinstance(one, Fragment):
                fragments.setdefault(one.reader, []).append(one)
        told: list[Observed] = [one for one in observed if not isinstance(one, Fragment)]
        for name in sorted(fragments):  # as `registry` sorts the readers
            told += self._said(name, fragments[name])
        return told

    def save(self, told: Iterable[Observed]) -> None:
        """Keep what was noted, where that may be."""
        self._clean.save(Harmless(self._context, told, self._joined))

    def _said(self, name: str, fragments: Sequence[Fragment]) -> Sequence[Observed]:
        digest, kept = _digest(name, fragments), self._clean.kept
        if (
            digest
            and kept is not None
            and digest in kept
            and (known := kept.get(digest)) is not None
        ):
            return [*known.records, *known.troubles]
        reader = next(one for one in self._readers if one.name == name)
        whole: list[Observed] = [*_read(fragments, self._source, reader, self._jobs)]
        said = work.explained(whole, [reader])
        is_same = digest == _digest(name, (one for one in whole if isinstance(one, Fragment)))
        is_stable = all(one.part == name and work.is_stable(one) for one in _troubles(said))
        if digest and kept is not None and is_same and is_stable:
            records = tuple(one for one in said if not isinstance(one, Trouble | Fragment))
            kept.note(digest, (), Said(records, tuple(_troubles(said)), (), digest))
            self._joined[digest] = {one.path for one in fragments}
        return said


def _troubles(said: Iterable[Observed]) -> Iterator[Trouble]:
    return (one for one in said if isinstance(one, Trouble))


def _digest(reader: str, fragments: Iterable[Fragment]) -> bytes:
    """Of all that a reader joins; empty if it is not known where some of that is from."""
    digest = blake2b(reader.encode(), digest_size=16, person=b"joined")
    for origin in dict.fromkeys(one.origin for one in fragments):
        if not origin:
            return b""
        digest.update(origin)
    return digest.digest()


def _read(
    fragments: Sequence[Fragment], source: Source, reader: Reader, jobs: int
) -> Iterator[Fragment | Trouble]:
    """The fragments, those that are not read in their places, and why some could not be."""
    paths = [one.path for one in fragments if one.is_unread]
    again: dict[str, list[Fragment]] = {}
    if paths:
        for one in work.run(source, [reader], source.again(paths), jobs, lambda size: None):
            if isinstance(one, Trouble):
                yield one
            elif isinstance(one, Fragment):
                again.setdefault(one.path, []).append(one)
    for fragment in fragments:
        if fragment.is_unread:
            yield from again.get(fragment.path, ())
        else:
            yield fragment
