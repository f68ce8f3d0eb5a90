"""Configuration of Pulumi."""

from __future__ import annotations

import pytest

from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import File
from keymuster.collect.syntax.yaml import parse
from keymuster.model import Credential, CredentialKind

SECRET = "Tr0ub4dor" + "-9x"


def _told(settings: str) -> list[tuple[str, CredentialKind]]:
    [node] = parse(settings, File(path="Pulumi.dev.yaml"))
    one = Declared(type="pulumi:config", name="x", scope="s", settings=node)
    found = meanings.records(one, ())
    return [(each.name, each.kind) for each in found if isinstance(each, Credential)]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (f"{{Name: 'app:dbPassword', Value: {SECRET}}}", [("dbPassword", CredentialKind.PASSWORD)]),
        (f"{{Name: 'app:db', Value: {{password: {SECRET}, host: h}}}}", [("password", CredentialKind.PASSWORD)]),
        (f"{{Name: 'app:thing', Value: {SECRET}, Secret: true}}", [("thing", CredentialKind.PASSWORD)]),
        (f"{{Name: 'app:thing', Value: {SECRET}}}", []),
        ("{Name: 'app:dbPassword', Value: '${config.other}', Secret: true}", []),
        ("{Name: 'app:dbPassword'}", []),
        ("{Name: 'aws:region', Value: eu-west-1}", []),
    ],
)  # fmt: skip
def test_a_value_is_a_secret_by_its_name_or_if_it_is_said(
    settings: str, told: list[tuple[str, CredentialKind]]
) -> None:
    assert _told(settings) == told
