"""The shipped policies share out all that can be seen of a credential: each gets the judgement
that was meant for it, and none falls between two of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations

import pytest

from evaluate.records import NOW, credential, place
from keymuster.evaluate.choice import Choice
from keymuster.evaluate.engine import evaluate
from keymuster.inventory.build import build
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    CredentialStatus,
    Environment,
    Severity,
    Storage,
)
from keymuster.rules.schema import RuleSet

KINDS = list(CredentialKind)
STATUSES = list(CredentialStatus)
IN_FILES = (Storage.TREE, Storage.STAGED, Storage.HISTORY, Storage.INPUT)
PLACES = [some for size in (1, 2, 3, 4) for some in combinations(IN_FILES, size)]


def intended(
    kind: CredentialKind,
    status: CredentialStatus,
    storages: tuple[Storage, ...],
    environment: Environment,
    expired: bool,
) -> str:
    """The one policy that a credential belongs to, told in words instead of in CEL."""
    private_key = kind is CredentialKind.PRIVATE_KEY
    only_in_history = set(storages) == {Storage.HISTORY}
    if status is CredentialStatus.INVALID:
        return "wrong-checksum"
    if status in (CredentialStatus.SAMPLE, CredentialStatus.PUBLIC):
        return "test-or-sample-secret"
    if expired and not private_key:
        return "expired-secret"
    if environment is Environment.TEST:
        return "test-or-sample-secret"
    if private_key and status is CredentialStatus.ENCRYPTED:
        return "encrypted-private-key"
    if kind is CredentialKind.GENERIC:
        return "generic-secret"
    if only_in_history:
        return "secret-in-history"
    if private_key:
        return "private-key-in-repository"
    if kind is CredentialKind.URL_PASSWORD:
        return "credential-in-url"
    return "secret-in-staged-change" if Storage.STAGED in storages else "secret-in-tree"


def _sightings(id: str, storages: tuple[Storage, ...], **more: object) -> list[Credential]:
    return [
        credential(id, storage=storage, location=place(f"{storage}.py"), **more)
        for storage in storages
    ]


@pytest.mark.parametrize("storages", PLACES, ids="+".join)
def test_every_credential_gets_the_one_judgement_meant_for_it(
    storages: tuple[Storage, ...], rules: RuleSet
) -> None:
    meant: dict[str, str] = {}
    observed: list[Credential] = []
    for kind in KINDS:
        for status in STATUSES:
            for environment in (Environment.UNKNOWN, Environment.PRODUCTION, Environment.TEST):
                for expires_at in (None, NOW - timedelta(days=1), NOW + timedelta(days=1)):
                    id = f"secret:{kind} {status} {environment} {expires_at}"
                    expired = expires_at is not None and expires_at < NOW
                    meant[id] = intended(kind, status, storages, environment, expired)
                    observed += _sightings(
                        id, storages, kind=kind, status=status, environment=environment,
                        expires_at=expires_at,
                    )  # fmt: skip
    verdict = evaluate(build(observed), rules, Choice(confidence=Confidence.LOW), NOW)
    assert {one.subject: one.policy for one in verdict.findings} == meant
    assert len(verdict.findings) == len(meant)


@pytest.mark.parametrize(
    ("statuses", "policy"),
    [
        (("sample", "sample"), "test-or-sample-secret"),
        (("sample", "public"), "test-or-sample-secret"),
        (("public", "unknown"), "secret-in-tree"),
        (("sample", "unknown"), "secret-in-tree"),
        (("unknown", "sample"), "secret-in-tree"),
        (("active", "sample"), "secret-in-tree"),
    ],
)
def test_one_place_that_is_no_sample_is_reason_enough(
    statuses: tuple[str, str], policy: str, rules: RuleSet
) -> None:
    observed = [
        credential(status=CredentialStatus(status), location=place(line=number))
        for number, status in enumerate(statuses, 1)
    ]
    [finding] = evaluate(build(observed), rules, Choice(), NOW).findings
    assert (finding.policy, len(finding.places)) == (policy, 2)


@pytest.mark.parametrize(
    ("policy", "severity"),
    [
        ("secret-in-tree", Severity.HIGH),
        ("secret-in-staged-change", Severity.HIGH),
        ("secret-in-history", Severity.HIGH),
        ("private-key-in-repository", Severity.HIGH),
        ("credential-in-url", Severity.MEDIUM),
        ("generic-secret", Severity.MEDIUM),
        ("encrypted-private-key", Severity.LOW),
        ("expired-secret", Severity.INFO),
        ("test-or-sample-secret", Severity.INFO),
    ],
)
def test_what_fails_a_build_is_what_opens_something(
    policy: str, severity: Severity, rules: RuleSet
) -> None:
    [found] = [one for one in rules.policies if one.id == policy]
    assert found.severity is severity


def test_what_a_service_lists_is_no_secret_in_a_file(rules: RuleSet) -> None:
    observed = [
        credential(f"key:{kind}", kind=kind, storage=Storage.SERVICE)
        for kind in KINDS
        if kind is not CredentialKind.GENERIC
    ]
    assert evaluate(build(observed), rules, Choice(), NOW).findings == ()
