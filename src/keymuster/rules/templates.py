"""Rule files to start from."""

from __future__ import annotations

import re

_TOKEN = """\
vendor: "{vendor}"
name: "{title}"
formats:
  - id: "{name}"
    name: "{title} key"
    kind: api_key            # see the list of kinds in docs/rules.md
    # Literal text and {{alphabet:length}} fields, for example acme_{{base62:32}}.
    shape: {marker}_{{base62:32}}
    # context: [{marker}]      # words that must stand before the value on its line
    # checksum: crc32-base62 # if the format carries one
    lifetime: until revoked
    revoke: Say where to revoke it, in one sentence.
    references: []
    examples:
      - 'key = "{{token}}"'   # {{token}} stands for a generated one
    counter_examples:
      - "{{short}}"           # the same without its last character
"""

_POLICY = """\
id: "{name}"
title: "{title}"
kind: generic-secret         # an entry of rules/frameworks/mapping.yaml
nhi: [NHI2]
severity: medium
confidence: high
applies_to: credential
when: credential.in_tree && credential.format == 'github-pat'
message: "{{name}} {{preview}}"
why: Say why this matters to the engineer who has to fix it tonight.
remediation: Say what to do, as steps.
cases:
  - name: what it finds
    path: deploy.sh
    text: export TOKEN={{token:github-pat}}
    expect: finding
  - name: what looks like it and is none
    path: deploy.sh
    text: export TOKEN=$TOKEN
    expect: nothing
"""


def start(kind: str, name: str) -> tuple[str, str]:
    """(path below the rules folder, text) of a new rule; ValueError for a name that is none."""
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"`{name}` is not lower-case words joined by hyphens")
    vendor = name.partition("-")[0]
    words = {
        "name": name,
        "vendor": vendor,
        "marker": vendor if len(vendor) > 2 else f"{name}_key".replace("-", "_"),
        "title": name.replace("-", " ").capitalize(),
    }
    if kind == "token":
        return f"tokens/{words['vendor']}.yaml", _TOKEN.format(**words)
    return f"policies/own/{name}.yaml", _POLICY.format(**words)
