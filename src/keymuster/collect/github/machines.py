"""Names that people give to accounts of machines."""

from __future__ import annotations

from keymuster import regex

_WORDS = regex.later(
    r"(?i)(?:^|[-_.\d])(?:bot|robot|ci|cicd|svc|service|automation|deploy|deployer|deployment|machine|jenkins|"
    r"build|builder|release|renovate|terraform|runner|sync|system)(?:$|[-_.\d])"
)


def looks_like_machine(login: str) -> bool:
    """Whether a word of a name says so: `acme-ci`, `deploy-bot`. It is a guess."""
    return _WORDS.search(login) is not None
