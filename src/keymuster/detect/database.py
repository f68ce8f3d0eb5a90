"""All gates as one Hyperscan database: that of the shipped rules is compiled when keymuster is built,
any other once per rule set, and then read from the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any

from keymuster import cache
from keymuster.detect.patterns import Pattern
from keymuster.digests import blake2b
from keymuster.errors import RuleError


def open_database(key: str, gates: Callable[[], Mapping[int, Pattern]]) -> tuple[Any, Any]:
    """The database for gates, whose ids are their numbers, and the scratch space to scan with. `key`
    says which gates these are, so that they need not be made to find a database that is stored;
    empty for those that nobody has named."""
    import hyperscan

    database = _built(key)
    if database is None:
        made = None if key else gates()
        name = _file(key, made)
        database = _loaded(cache.read(name))
        if database is None:
            database = compile_database(gates() if made is None else made)
            cache.write(name, hyperscan.dumpb(database))
    return database, hyperscan.Scratch(database)


def origin(key: str) -> str:
    """Where the database of gates that have a name comes from, if it need not be compiled; or
    nothing."""
    if _built(key) is not None:
        return "the package"
    return "the cache" if _loaded(cache.read(_file(key, None))) is not None else ""


def built_name(key: str) -> str:
    """What a database is called that is built into the package. That it fits the version of the
    engine and what the processor can do is in it, and seen when it is opened; the architecture is not."""
    return f"database-{key}-{cache.machine()}.bin"


def _built(key: str) -> Any:
    return _of_package(cache.BUILT, built_name(key)) if key else None


@lru_cache(maxsize=4)
def _of_package(_: str, name: str) -> Any:
    """One that is built into the package. It is the same for all who search with it: what looks through
    a report comes after the search of files."""
    return _loaded(cache.built(name))


def _file(key: str, gates: Mapping[int, Pattern] | None) -> str:
    import hyperscan

    return f"database-{_name(key, gates, str(hyperscan.__dict__['__version__']))}.bin"


def _loaded(stored: bytes | None) -> Any:
    """A stored database; None if there is none, or for another build of the engine, or for another
    processor."""
    import hyperscan

    if stored is None:
        return None
    try:
        return hyperscan.loadb(stored, mode=hyperscan.HS_MODE_BLOCK)
    except hyperscan.HyperscanError:
        return None


def compile_database(gates: Mapping[int, Pattern]) -> Any:
    """Compile; RuleError names the expression that Hyperscan refuses."""
    import hyperscan

    try:
        return _compile(gates)
    except hyperscan.HyperscanError as error:
        raise RuleError(
            "rules", f"a pattern cannot be compiled: {_culprit(gates, error)}"
        ) from error


def _compile(gates: Mapping[int, Pattern]) -> Any:
    import hyperscan

    database = hyperscan.Database()
    database.compile(
        expressions=[gate.gate.encode() for gate in gates.values()],
        ids=list(gates),
        elements=len(gates),
        flags=[_flags(gate) for gate in gates.values()],
    )
    return database


def compile_expressions(expressions: Iterable[tuple[int, str]]) -> Any:
    """A database that says, of each number, whether an expression of it hits: not where, nor how
    often."""
    import hyperscan

    numbers, texts = zip(*dict.fromkeys(expressions), strict=True)
    database = hyperscan.Database()
    database.compile(
        expressions=[text.encode() for text in texts],
        ids=[*numbers],
        elements=len(texts),
        flags=hyperscan.HS_FLAG_DOTALL | hyperscan.HS_FLAG_SINGLEMATCH,
    )
    return database


def _flags(pattern: Pattern) -> int:
    import hyperscan

    flags = int(hyperscan.HS_FLAG_DOTALL)
    if pattern.caseless:
        flags |= hyperscan.HS_FLAG_CASELESS
    if pattern.length is None:
        flags |= hyperscan.HS_FLAG_SOM_LEFTMOST
    return flags


def _culprit(gates: Mapping[int, Pattern], error: Exception) -> str:
    """Which of the gates is at fault, found by halving."""
    import hyperscan

    left = [*gates.values()]
    while len(left) > 1:
        half = left[: len(left) // 2]
        try:
            _compile(dict(enumerate(half)))
        except hyperscan.HyperscanError as found:
            left, error = half, found
        else:
            left = left[len(half) :]
    return "".join(f"`{gate.gate[:120]}`: {error}" for gate in left)


def _processor() -> str:
    """The architecture and, where the system tells, what this processor can do: an engine built for
    one kind of processor compiles for it, and a home folder may be shared by several."""
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
            flags = next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        flags = ""
    return f"{cache.machine()} {flags}"


def _name(key: str, gates: Mapping[int, Pattern] | None, version: str) -> str:
    digest = blake2b(f"{version} {_processor()} {key}".encode(), digest_size=16)
    for number, gate in (gates or {}).items():
        digest.update(f"{number} {gate.gate}\0{_flags(gate)}\0".encode())
    return digest.hexdigest()
