"""Files of gitleaks: they come out as rules that load, or as a refusal in words."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

from fuzz import making, re2
from keymuster.cli.rules import _refusal
from keymuster.errors import RuleError
from keymuster.rules import gitleaks, lint, loader

_FOLDER = tempfile.TemporaryDirectory(prefix="keymuster-fuzz-")


def check(data: bytes) -> None:
    file = Path(_FOLDER.name) / "gitleaks.toml"
    file.write_bytes(data)
    try:
        imported = gitleaks.convert(file, ["taken"], _refusal)
    except RuleError:
        return
    assert all(gitleaks.table(imported.unsupported))
    if not imported.formats:
        return
    made = loader.read([(Path("tokens/gitleaks.yaml"), imported.text.encode())])
    assert len(made.tokens) == imported.formats
    assert [problem for token in made.tokens for problem in lint.problems(token)] == []


_KEYS = (
    "id", "description", "regex", "path", "secretGroup", "entropy", "keywords", "regexTarget", "regexes",
    "paths", "stopwords", "commits", "condition", "targetRules", "useDefault", "url", "disabledRules",
    "title", "required", "skipReport", "ID", "Regex",
)  # fmt: skip
_TABLES = (
    "[[rules]]", "[rules.allowlist]", "[[rules.allowlists]]", "[allowlist]", "[[allowlists]]", "[extend]",
    "[[rules.required]]", "[rules]",
)  # fmt: skip


def _value(random: Random) -> str:
    text = re2._expression(random, 2)
    return random.choice((
        f"'''{text}'''",
        f"'''{text}'''",
        f"['''{text}''', 'b']",
        '"' + random.choice(("a", "taken", "A key!", "\\u00e9", "match", "line", "secret", "AND", "")) + '"',
        random.choice(("0", "1", "2", "-1", "3.5", "nan", "inf", "true", "99999999999999999999", "[]", "{}")),
        "1979-05-27",
        "[" * random.choice((1, 50)) + "]" * 50,
    ))  # fmt: skip


def _rule(random: Random) -> str:
    pattern = re2._expression(random, 2)
    extra = [
        f"{random.choice(_KEYS)} = {_value(random)}" for _ in range(random.choice((0, 1, 1, 3)))
    ]
    return "\n".join(
        ("[[rules]]", f'id = "rule {random.randrange(5)}"', f"regex = '''{pattern}'''", *extra, "")
    )


def mutated(data: bytes, random: Random) -> bytes:
    text = data.decode("utf-8", "replace")
    lines = text.split("\n")
    at = random.randint(0, len(lines))
    match random.randrange(6):
        case 0:
            return "\n".join(_rule(random) for _ in range(random.randint(1, 4))).encode()
        case 1:
            lines.insert(at, _rule(random))
        case 2:
            lines.insert(at, random.choice(_TABLES))
        case 3:
            lines.insert(at, f"{random.choice(_KEYS)} = {_value(random)}")
        case 4:
            del lines[at : at + random.choice((1, 1, 5))]
        case _:
            return making.mutated(data, random)[:8000]
    return "\n".join(lines).encode()[:8000]


def seeds() -> list[bytes]:
    random = Random(4)
    extend = b'[extend]\npath = "%s"\n'
    paths = (b"gitleaks.toml", b"nothing.toml", b"a\\u0000b", b"/", b"a" * 5000)
    return [_rule(random).encode() for _ in range(40)] + [extend % path for path in paths]
