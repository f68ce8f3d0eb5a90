"""Rules as Markdown, for `keymuster rules show` and the generated documentation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from keymuster.model import CredentialKind
from keymuster.rules.frameworks import references
from keymuster.rules.schema import Policy, RuleSet, TokenFormat


def page(rule: TokenFormat | Policy, rules: RuleSet) -> str:
    """One rule."""
    lines = _policy(rule, rules) if isinstance(rule, Policy) else _token(rule)
    return "\n".join(lines) + "\n"


def catalogue(rules: RuleSet) -> str:
    """`docs/rules.md`: every policy in full, every token format as a row."""
    vendors = {token.vendor for token in rules.tokens}
    checked = sum(token.checksum is not None for token in rules.tokens)
    lines = [
        "# Rules",
        "",
        "Generated from the files in `rules/` by `python docs/generate.py`.",
        "",
        f"{len(rules.policies)} policies; {len(rules.tokens)} token formats of {len(vendors)} vendors, "
        f"{checked} of them with a checksum or structure that is verified.",
        "",
        "## Policies",
        "",
    ]
    for policy in rules.policies:
        lines += [*_policy(policy, rules), ""]
    lines += ["## Token formats", "", "By vendor."]
    ordered = sorted(rules.tokens, key=lambda token: (token.vendor_name.lower(), token.id))
    for letter, group in groupby(ordered, key=_initial):
        lines += ["", f"### {letter}", "", *_TABLE, *map(_row, group)]
    lines += [
        "",
        "Kinds of credentials: " + ", ".join(f"`{kind.value}`" for kind in CredentialKind) + ".",
    ]
    return "\n".join(lines) + "\n"


_TABLE = (
    "| vendor | what it is | id | confidence | verified by |",
    "|---|---|---|---|---|",
)


def _initial(token: TokenFormat) -> str:
    first = token.vendor_name[:1].upper()
    return first if first.isalpha() else "0-9"


def _row(token: TokenFormat) -> str:
    cells = (
        token.vendor_name, token.name, f"`{token.id}`", token.confidence.value, token.checksum or ""
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _policy(policy: Policy, rules: RuleSet) -> Iterator[str]:
    nhi = ", ".join(category.value for category in policy.nhi)
    yield f"### {policy.id}"
    yield ""
    yield f"{policy.title}. Severity {policy.severity.value}, confidence {policy.confidence.value}, {nhi}."
    yield ""
    yield f"**Why:** {_line(policy.why)}"
    yield ""
    yield f"**Do:** {_line(policy.remediation.replace('{revoke}', 'Revoke it as its format says.'))}"
    yield ""
    yield f"**When:** `{_line(policy.when)}`"
    if mapped := references(rules, policy.kind):
        yield ""
        yield "**Frameworks:** " + ", ".join(f"{one.framework} {one.id}" for one in mapped)


def _token(token: TokenFormat) -> Iterator[str]:
    yield f"### {token.id}"
    yield ""
    yield f"{token.name} ({token.vendor_name}). Kind {token.kind.value}, confidence {token.confidence.value}."
    for title, value in (
        ("Shape", " or ".join(f"`{one}`" for one in token.shapes)),
        ("Pattern", f"`{token.pattern}`" if token.pattern else ""),
        ("Recognised by", f"the `{token.recognizer}` recognizer" if token.recognizer else ""),
        ("Needs before it", " or ".join(token.context)),
        ("Verified by", token.checksum or ""),
        ("Lifetime", token.lifetime),
        ("To revoke", token.revoke),
        ("See", " ".join(token.references)),
    ):
        if value:
            yield ""
            yield f"**{title}:** {_line(value)}"


def _line(text: str) -> str:
    return " ".join(text.split())
