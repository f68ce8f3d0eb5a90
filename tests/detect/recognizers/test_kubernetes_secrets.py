"""The values of a Kubernetes Secret, whatever their keys say."""

from __future__ import annotations

import base64
import json

import pytest

from detect.conftest import Find
from keymuster.detect import examples

PLAIN = "user:" + examples.from_shape("{lower:8}", "secret")
VALUE = base64.b64encode(PLAIN.encode()).decode()


def values(find: Find, text: str) -> list[str]:
    """The key of every value that is found for being one of a Secret."""
    return [
        match.facts["key"]
        for match in find(text)
        if match.format.recognizer == "kubernetes-secret"
        and match.secret.reveal() == VALUE.encode()
    ]


@pytest.mark.parametrize(
    "text",
    [
        "kind: Secret\ndata:\n  extra: ~\n",
        "data:\n  extra: ~\nkind: Secret\n",
        'kind: "Secret"\ndata:\n  "extra": "~"\n',
        "items:\n- kind: Secret\n  data:\n    extra: ~\n",
        "kind: ConfigMap\ndata:\n  other: eA==\n---\nkind: Secret\ndata:\n  extra: ~\n",
        "kind: Secret\ndata:\n  extra: |\n    ~\n",
        "data:\n  extra: ~\nkind: Secret",
        "# secret\n" * 70 + "kind: Secret\ndata:\n  extra: ~\n",
        "kind: Deployment\nspec:\n"
        + "  secretKeyRef: my-secret\n" * 70
        + "---\nkind: Secret\ndata:\n  extra: ~\n",
        "kind: Secret\ndata:\n  {{- if .Values.x }}\n  extra: ~\n  {{- end }}\n",
        "kind: Secret\ndata:\n  first: eA\n    eB\n  extra: ~\n",
        "kind: Secret\ndata: &all\n  extra: ~\n",
    ],
)
def test_a_value_is_found(find: Find, text: str) -> None:
    assert values(find, text.replace("~", VALUE)) == ["extra"]


@pytest.mark.parametrize(
    "key", ["cert_password", "pubsub-secret", "republic", "tls.key", "nameless"]
)
def test_what_only_begins_like_something_public_is_found(find: Find, key: str) -> None:
    assert values(find, f"kind: Secret\ndata:\n  {key}: {VALUE}\n") == [key]


def test_random_text_with_slashes_is_no_path(find: Find) -> None:
    value = base64.b64encode(b"aB3dE/xY9zQw/Kk7Lm2Nn4").decode()
    (found,) = find(f"kind: Secret\ndata:\n  extra: {value}\n")
    assert found.format.recognizer == "kubernetes-secret"


def test_json_is_read_too(find: Find) -> None:
    assert values(find, json.dumps({"kind": "Secret", "data": {"extra": VALUE}})) == ["extra"]


@pytest.mark.parametrize(
    "text",
    [
        "kind: ConfigMap\ndata:\n  extra: ~\n",
        '{"kind": "Secret", "metadata": {"extra": "~"}, "mydata": {"extra": "~"}}',
        "kind: Secret\n---\nkind: ConfigMap\ndata:\n  extra: ~\n",
        "kind: Secret\ndata:\n  username: ~\n  ca.crt: ~\n",
        "kind: Secret\ndata:\n  extra: DOCKER_KEY\n",
        "kind: Secret\ndata:\n  extra: 'base64-encoded-key'\n",
        f"kind: Secret\ndata:\n  extra: {base64.b64encode(b'changeme').decode()}\n",
        f"kind: Secret\ndata:\n  extra: {base64.b64encode(b'vault:secret/data/app#key').decode()}\n",
        f"kind: Secret\ndata:\n  extra: {base64.b64encode(b'bar').decode()}\n",
    ],
)
def test_what_is_no_secret_is_left_alone(find: Find, text: str) -> None:
    found = find(text.replace("~", VALUE))
    assert [match for match in found if match.format.recognizer == "kubernetes-secret"] == []


def test_each_value_of_many_secrets_is_found_once(find: Find) -> None:
    one = f"kind: Secret\ndata:\n  secret-of-secrets: {VALUE}\n"
    assert len(values(find, one * 5)) == 5
    assert len(values(find, f"{one}---\n" * 5)) == 5
