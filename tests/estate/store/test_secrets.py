"""No text of a secret is in a store: not in its files, not in what is packed in its columns."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from estate.store.looking import API, Looking, credential, finding, report
from keymuster import gathering, pipeline
from keymuster.collect.base import Context, Selection
from keymuster.detect import examples
from keymuster.estate.base import Failure, Outcome
from keymuster.estate.store.columns import Packed
from keymuster.estate.store.masking import Net
from keymuster.estate.store.store import Store
from keymuster.estate.store.tables import metadata
from keymuster.evaluate.choice import Choice
from keymuster.model import Confidence, Coverage, Report, Trouble
from keymuster.model.secret import PUBLIC_KEY
from keymuster.redaction import Redactor
from keymuster.rules.schema import RuleSet

FORMATS = 60
IDS = frozenset({"aws-access-key-id"})
"""Names of keys at their vendors, which are told."""


def kept(store: Store) -> Iterator[bytes]:
    """All that is in the tables, unpacked."""
    with store._engine.connect() as connection:
        for table in metadata.sorted_tables:
            for row in connection.execute(select(table)):
                for column, value in zip(table.columns, row, strict=True):
                    if isinstance(column.type, Packed) and value is not None:
                        yield zlib.decompress(value)
                    else:
                        yield str(value).encode("utf-8", "surrogateescape")


def files(store: Store, dump: Callable[[Store], bytes]) -> bytes:
    """As they are on the disk, with the log of what was written lately; or what the server gives to whoever copies all."""
    path = store._engine.url.database or ""
    if store._engine.dialect.name == "sqlite":
        found = [one.read_bytes() for one in Path(path).parent.glob(f"{Path(path).name}*")]
        assert len(found) == 3
        return b"".join(found)
    return dump(store)


def copied(store: Store) -> bytes:
    """What `COPY` tells of every table."""
    found = []
    with store._engine.connect() as connection:
        raw = connection.connection.driver_connection
        for name in metadata.tables:
            with raw.cursor().copy(f"COPY {name} TO STDOUT") as rows:  # type: ignore[union-attr]
                found += [bytes(row) for row in rows]
    return b"".join(found)


@pytest.fixture
def tokens(rules: RuleSet) -> dict[str, str]:
    """One of each of many formats, each made from its facts."""
    several = sorted((one for one in rules.tokens if one.shapes), key=lambda one: one.id)
    step = max(1, len(several) // FORMATS)
    return {one.id: examples.make(one) for one in several[::step] if one.id not in IDS}


def test_a_real_scan_leaves_no_secret(
    looking: Looking, tokens: dict[str, str], rules: RuleSet, tmp_path: Path
) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    for id, token in tokens.items():
        (folder / f"{id}.env").write_text(f"# of {id}, was {token}\nKEY='{token}'  # {token}\n")
    context = Context(selection=Selection(root=str(folder), paths=(str(folder),)), rules=rules)
    seen = gathering.gather(context, "worktree", now=looking.now)
    choice = Choice(confidence=Confidence.LOW)
    said = pipeline.judged(seen, context, "worktree", choice=choice, now=looking.now)
    assert len(said.findings) > FORMATS / 2
    records = tuple(Redactor(rules, PUBLIC_KEY).observations(seen.observations))
    looking.saw(said, observations=records)
    looking.saw(report(), observations=records[:3])  # old pages are written over
    assert_none(looking.store, tokens)


def assert_none(store: Store, tokens: dict[str, str]) -> None:
    everything = b"\n".join(kept(store)) + files(store, copied)
    assert len(everything) > 10_000
    found = [id for id, token in tokens.items() if token.encode() in everything]
    assert found == []


def test_what_a_part_forgot_to_mask_is_masked(looking: Looking, token: Callable[..., str]) -> None:
    text = token("github-pat", 7)
    told = finding("a", path=f"{text}/x", message=f"found {text}", evidence={"accepted": text})
    trouble = Trouble(part="text", scope=text, message=f"not read: {text}")
    covered = Coverage(policy="p", service="s", account="a", status="unseen", unseen=(text,))
    looks: list[Callable[[], object]] = [
        lambda: looking.look(told),
        lambda: looking.look(troubles=(trouble,)),
        lambda: looking.look(coverage=(covered,)),
        lambda: looking.saw(report(), observations=(credential("k", tags={"said": text}),)),
        lambda: looking.dies(message=f"killed by {text}"),
        lambda: looking.store.start_run([API], looking.now, unlisted=(trouble,)),
    ]
    for look in looks:
        look()
        everything = b"\n".join(kept(looking.store))
        assert text.encode() not in everything
        assert b"ghp_****" in everything


def test_the_search_finds_what_is_not_masked(
    looking: Looking, token: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the tests above can fail."""
    monkeypatch.setattr(Net, "outcome", lambda self, one: one)
    monkeypatch.setattr(Net, "failure", lambda self, one: one)
    text = token("github-pat", 8)
    looking.saw(report(), observations=(credential("k", tags={"said": text}),))
    assert text.encode() in b"\n".join(kept(looking.store))


def test_what_has_nothing_in_it_is_not_made_anew(rules: RuleSet) -> None:
    net = Net(lambda: rules)
    whole = Outcome(target=API.id, report=report(finding("a")), observations=(credential("k"),))
    assert net.outcome(whole) is whole
    nothing = Outcome(target=API.id, unchanged=True)
    assert net.outcome(nothing) is nothing
    failure = Failure(trouble=Trouble(part="x", scope="y", message="z"))
    assert net.failure(failure) == failure


def test_rules_are_loaded_when_something_comes_in(rules: RuleSet) -> None:
    def refuse() -> RuleSet:
        raise AssertionError

    nothing = Outcome(target=API.id, unchanged=True)
    assert Net(refuse).outcome(nothing) is nothing
    with pytest.raises(AssertionError):
        Net(refuse).outcome(Outcome(target=API.id, report=Report(findings=(finding("a"),))))
