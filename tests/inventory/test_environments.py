"""What an identity is for."""

from __future__ import annotations

import pytest

from keymuster.inventory.environments import environment
from keymuster.model import Environment, FileLocation, Identity, IdentityKind


def _of(name: str = "ci", path: str = "a.tf", tag: str = "", **words: tuple[str, ...]) -> str:
    tags = {"Environment": tag} if tag else {}
    one = Identity(
        id="i", kind=IdentityKind.ROLE, provider="aws", name=name, tags=tags,
        location=FileLocation(path=path),
    )  # fmt: skip
    return environment(one, words)


@pytest.mark.parametrize(
    ("name", "path", "tag", "said"),
    [
        ("ci", "a.tf", "Prod", "production"),
        ("dev-ci", "prod/a.tf", "stg", "staging"),
        ("ci-prd-1", "dev/a.tf", "", "production"),
        ("deployProdRole", "a.tf", "", "production"),
        ("product-device-latest", "a.tf", "", "unknown"),
        ("prod-to-dev", "prod/a.tf", "", "unknown"),
        ("ci", "envs/qa/main.tf", "", "test"),
        ("ci", "a/prod.tf", "", "unknown"),
    ],
)
def test_a_tag_says_it_or_a_name_or_a_folder(name: str, path: str, tag: str, said: str) -> None:
    assert _of(name, path, tag) == said


def test_settings_add_words() -> None:
    assert _of("ci-blue") == Environment.UNKNOWN
    assert _of("ci-blue", production=("blue",)) == Environment.PRODUCTION
