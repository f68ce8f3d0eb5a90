"""What instructions of agents hide from those who read them, and what they tell to do with secrets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from itertools import islice

from keymuster import regex
from keymuster.collect.ci.things import Thing
from keymuster.collect.syntax.node import File, Node

_MOST = 50
"""Places in one file."""
_LONGEST = 4_000


def things(text: str, file: File) -> Iterator[Thing]:
    """What is hidden in a text, and what it orders."""
    lines = text.split("\n")
    if not text.isascii():
        yield from islice(_hidden(lines, file), _MOST)
    yield from islice(_concealed(text, file), _MOST)
    yield from islice(_orders(lines, file), _MOST)


# --- characters that nobody sees ---------------------------------------------------------------

_ODD = regex.later("[\u061c\u115f\u1160\u180e\u200b-\u200d\u202a-\u202e\u2060-\u2069\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef]")  # fmt: skip
_FLAG = regex.later("\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f")
"""The flags of England, Scotland, Wales and other parts of countries."""
_TAGS = regex.later("[\U000e0000-\U000e007f]+")
_SELECTORS = regex.later("[\ufe00-\ufe0f\U000e0100-\U000e01ef]{2,}")
_OVERRIDE = regex.later("[\u202d\u202e]")
_DIRECTION = regex.later("[\u202a\u202b\u2066-\u2068]")
_ZERO = "\u115f\u1160\u180e\u200b\u200c\u200d\u2060-\u2064\u3164\ufeff\uffa0"
_RUN = regex.later(f"[{_ZERO}]{{4,}}")
_WITHIN = regex.later(f"(?<=[A-Za-z])[{_ZERO}]{{1,3}}(?=[A-Za-z])")
_FEW = 3
"""Words with such a character in them, that a text copied from a page may have."""


def _hidden(lines: list[str], file: File) -> Iterator[Thing]:
    split = 0
    for number, line in enumerate(lines, 1):
        if number == 1:
            line = line.removeprefix("\ufeff")
        if line.isascii() or not _ODD.search(line):
            continue
        plain = _FLAG.sub("", line)
        if found := _TAGS.search(plain):
            hidden = "".join(map(_shown, found[0]))
            what = "tags that spell text" if len(hidden.strip()) > 3 else "tag characters"
            yield _thing("tags", f"line {number}: {what}", file, number, line)
        elif _SELECTORS.search(plain):
            yield _thing("selectors", f"line {number}: variation selectors in a row", file, number, line)  # fmt: skip
        elif _OVERRIDE.search(plain) or (_DIRECTION.search(plain) and not _is_right_to_left(plain)):
            yield _thing("direction", f"line {number}: the order of letters is changed", file, number, line)  # fmt: skip
        elif _RUN.search(plain):
            yield _thing("zero-width", f"line {number}: zero-width characters in a row", file, number, line)  # fmt: skip
        else:
            before = split
            split += len(_WITHIN.findall(plain))
            if before < _FEW <= split:
                yield _thing("zero-width", f"line {number}: words with zero-width characters in them", file, number, line)  # fmt: skip


def _shown(char: str) -> str:
    return chr(ord(char) - 0xE0000) if 0xE0020 <= ord(char) <= 0xE007E else ""


def _is_right_to_left(line: str) -> bool:
    return any(unicodedata.bidirectional(char) in ("R", "AL") for char in line[:_LONGEST])


# --- comments that a page does not show --------------------------------------------------------

_SECRETLY = regex.later(
    r"(?i)\b(?:ignore|disregard|forget|override)\s+(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+)?(?:previous|prior|above|earlier|other)\s+"
    r"(?:instructions|rules|prompts|directions|guidelines)|"
    r"\b(?:do\s+not|don't|never)\s+(?:tell|inform|notify|alert|warn|mention\s+(?:this|it)\s+to|reveal\s+(?:this|it)\s+to|show\s+(?:this|it)\s+to)\s+(?:the\s+)?(?:user|human|developer|reviewer)"
)


def _concealed(text: str, file: File) -> Iterator[Thing]:
    start = text.find("<!--")
    while start >= 0 and (end := text.find("-->", start)) >= 0:
        inner = _SECRETLY.search(text, start, min(end, start + _LONGEST))
        if inner is not None:
            number = text.count("\n", 0, inner.start()) + 1
            line = text[text.rfind("\n", 0, inner.start()) + 1 :].split("\n", 1)[0]
            yield _thing("comment", f"line {number}: an order in a comment", file, number, line)
        start = text.find("<!--", end)


# --- orders ------------------------------------------------------------------------------------

_SECRET = (
    r"(?:(?:api|secret|access|private|ssh|signing|encryption|service[- ]account)[- _]keys?|secrets|"
    r"(?:access|api|auth|authentication|bearer|github|gitlab|npm|session|oauth|refresh|personal access|deploy)[- ]tokens?|"
    r"passwords?|credentials|(?:the\s+)?contents?\s+of\s+(?:the\s+|your\s+)?`?\.env`?(?:\s+files?)?|`?\.env`?\s+files?|`\.env`|"
    r"`?~/\.(?:ssh|aws|netrc|kube|npmrc|config/gcloud)[\w/.-]*`?|`?\$[A-Z][A-Z0-9_]*_(?:TOKEN|SECRET|API_KEY|PASSWORD|PRIVATE_KEY)`?)"
)
_WHICH = r"(?:(?:the|all|all of the|any|your|its|their|every|user'?s|current|actual|full|real|raw|complete|found|stored|available|following)\s+){0,4}"
_START = (
    r"(?:\A|(?<=[.!;:?]\s)|(?<=,\s)|(?<=,\sthen\s)|(?<=\band\s)|(?<=\bthen\s))"
    r"(?:(?:always|please|also|first|next|finally|you\s+(?:must|should|can|may)|make\s+sure\s+to|be\s+sure\s+to|feel\s+free\s+to|remember\s+to)[,:]?\s+){0,2}"
)
_END = r"(?=(?:\s+(?:values?|verbatim|unmasked|unredacted|in\s+(?:full|plain\s?text|clear\s?text)))?\s*(?:[.;:!)]|\Z|\s(?:to|into|in|on|at|so|for|with|as)\s))"

_PRINT = regex.later(
    rf"(?i){_START}(?:print|echo|dump|paste|reveal|output|write\s+out|read\s+out|log)\s+(?:out\s+)?{_WHICH}{_SECRET}{_END}"
)
_SEND = regex.later(
    rf"(?i){_START}(?:send|post|upload|email|mail|forward|transmit|share|submit|copy|deliver)\s+{_WHICH}{_SECRET}"
    r"\s+(?:\w+\s+){0,3}?(?:to|with|via)\s+(?:\w+\s+){0,2}?(?:`?https?://|`?[\w.+-]+@[\w-]+\.\w|webhook|slack|discord|telegram|pastebin|gist|the\s+(?:chat|channel|server|endpoint|following))"
)
_COMMIT = regex.later(
    rf"(?i){_START}(?:commit|check\s+in|push|git\s+add|force[- ]add|stage)\s+(?:-f\s+|--force\s+)?{_WHICH}{_SECRET}{_END}"
)
_SHELL = regex.later(
    r"(?i)\b(?:curl|wget|nc|ncat)\b[^\n|]{0,300}(?:@|\$\(cat\s+|`cat\s+|<\s*)(?:\.env\b|~/\.(?:ssh|aws|netrc|kube)/?|\$HOME/\.(?:ssh|aws|netrc|kube)|\"?\$\(env\))|"
    r"\b(?:cat\s+(?:\./)?\.env\b|cat\s+(?:~|\$HOME)/\.(?:ssh|aws|netrc|kube)\S*|printenv|env)\s*\|\s*(?:base64[^|\n]{0,20}\|\s*)?(?:curl|wget|nc|ncat)\b"
)
_FORCED = regex.later(r"(?i)\bgit\s+add\s+(?:-f|--force)\s+(?:\S+\s+)?\.env\b(?!\.)")
_CHECKS = regex.later(
    rf"(?i){_START}(?:skip|disable|bypass|turn\s+off|switch\s+off|ignore|circumvent|suppress)\s+{_WHICH}"
    r"(?:pre-?commit\s+(?:hooks?|checks?)|(?:git\s+)?hooks|secret[- ](?:scan(?:ning|ner|s)?|detection)|push\s+protection|gitleaks|trufflehog|detect-secrets|"
    r"security\s+(?:checks?|scans?|warnings?|scanners?|policies|hooks?)|permission\s+(?:checks?|prompts?)|sandbox(?:ing)?|certificate\s+(?:checks?|verification|validation)|tls\s+verification)"
    r"(?=\s*(?:[.;:!,)]|\Z|\s(?:if|when|so|to|for|on|in|by|with)\s))|"
    rf"{_START}(?:use|run|commit\s+with|push\s+with|pass|add)\s+`?(?:git\s+(?:commit|push)\s+[^`\n]{{0,60}})?--no-verify\b"
)
_FORBIDS = regex.later(
    r"(?i)\b(?:never|not|no(?!-verify)|nor|n't|don.?t|cannot|can.?t|won.?t|avoid\w*|without|forb\w+|prohib\w+|refus\w+|reject\w*|instead|rather|unless|prevent\w*|block\w*|den(?:y|ied)|"
    r"stop|wrong|bad|anti-?pattern|dangerous|risk\w*|violat\w+|vulnerab\w+|attack\w*|malicious|leak\w*|detect\w*|flag|redact\w*|mask\w*|only\s+(?:the\s+)?(?:names?|keys?)|"
    r"encrypt\w*|safely|securely|(?:an|for)\s+example|e\.g|exfiltrat\w+|attempts?|tries|whether|placeholders?|fake|dummy|test\s+credentials)\b|[❌✗✘🚫⛔]"
)
_HEADING = regex.later(r"\s{0,3}(?:#{1,6}\s|\*\*[^*]{1,120}\*\*:?\s*\Z|[^\s\-*+].{0,120}:\s*\Z)")
_ITEM = regex.later(r"\A\s*(?:>\s*)*(?:[-*+•]\s+|\d{1,3}[.)]\s+)?(?:\[[ xX]\]\s+)?(?:\*\*[^*\n]{1,80}[:.]?\*\*:?\s*[-\u2013\u2014]?\s*)?")  # fmt: skip


def _orders(lines: list[str], file: File) -> Iterator[Thing]:
    forbidden = False
    for number, raw in enumerate(lines, 1):
        line = raw[:_LONGEST]
        if _HEADING.match(line):
            forbidden = _FORBIDS.search(line) is not None
        if line.lstrip().startswith("#"):
            continue
        if forbidden or not _SPEAKS.search(line) or _FORBIDS.search(line):
            continue
        item = _ITEM.match(line)
        rest = line[item.end() if item else 0 :]
        for means, form in _FORMS:
            if found := form.search(rest):
                shown = " ".join(found[0].split())[:80]
                yield _thing(means, shown, file, number, line, kind="agent_order")
                break


_FORMS = (
    ("send", _SHELL), ("send", _SEND), ("commit", _FORCED), ("commit", _COMMIT), ("print", _PRINT), ("checks-off", _CHECKS),
)  # fmt: skip
_SPEAKS = regex.later(
    r"(?i)keys?\b|secret|token|password|credential|\.env\b|~/\.|HOME/\.|\$[A-Z]|hooks?\b|no-verify|pre-?commit|protection|gitleaks|trufflehog|security|permission|sandbox|verification|certificate|printenv|\benv\s*\|"
)
"""What a line has that may be one of them: most have nothing of it."""


def _thing(
    means: str, name: str, file: File, number: int, line: str, kind: str = "agent_instructions"
) -> Thing:
    place = Node(value=None, file=file, line=number, column=1, end_line=number, end_column=max(2, len(line) + 1))  # fmt: skip
    return Thing(kind, f"{means}:{number}", name, place.location(), {"means": means})
