"""What follows from the shipped rules, made when keymuster is built: a first run need not derive it, and
needs no cache."""

from __future__ import annotations

import os
from typing import get_args

from keymuster import cache
from keymuster.detect import glance, necessary
from keymuster.detect.database import built_name, compile_database, compile_expressions
from keymuster.detect.nested import Nested
from keymuster.evaluate.conditions import prepare
from keymuster.rules import loader
from keymuster.rules.schema import Subject


def make(folder: str, *, checkout: bool) -> None:
    """Fill a folder, which serves as the cache meanwhile: what derives something puts it there. It
    is for a wheel, or for a `checkout` whose files are used where they are and may change."""
    import hyperscan

    os.environ["KEYMUSTER_CACHE"] = cache.BUILT = folder
    key = loader.stamped_key() if checkout else loader.content_key()
    if not checkout:
        cache.write(cache.KEY, key.encode())
        cache.write(cache.CODE, loader.code_key().encode())
    rules = loader.built(key)
    conditions = prepare(rules, "" if checkout else loader.code_key())
    for subject in get_args(Subject):
        conditions.about(subject)
    nested = Nested(rules)
    nested.several.apart  # noqa: B018
    for layer in nested.layers:
        database = compile_database(layer.gates())
        cache.write(built_name(layer.key), hyperscan.dumpb(database))
    if not checkout:  # there, nobody could tell whether it is of the rules as they are
        database = compile_expressions(necessary.expressions(rules))
        cache.write(glance.file_name(), hyperscan.dumpb(database))
