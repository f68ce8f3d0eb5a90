"""Plain records: frozen, comparable, and able to be sent anywhere, which a secret is not."""

from __future__ import annotations

import hmac
import inspect
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

import msgspec
import pytest

from keymuster import model
from keymuster.model import (
    Credential,
    CredentialKind,
    FileLocation,
    Nhi,
    Observation,
    Secret,
    ServiceLocation,
    Severity,
)
from keymuster.model.location import covers
from keymuster.model.taxonomy import Confidence

STRUCTS = [
    one for one in vars(model).values() if inspect.isclass(one) and issubclass(one, msgspec.Struct)
]


@pytest.mark.parametrize("struct", STRUCTS, ids=lambda one: one.__name__)
def test_a_record_is_frozen_documented_and_has_no_behaviour_but_properties(struct: Any) -> None:
    assert struct.__struct_config__.frozen
    assert struct.__doc__
    own = {
        name: value
        for name, value in vars(struct).items()
        if not name.startswith("_") and name not in struct.__struct_fields__
    }
    assert [name for name, value in own.items() if callable(value)] == []


def test_every_name_of_the_model_is_exported() -> None:
    modules = [import_module(f"keymuster.model.{one.name}") for one in iter_modules(model.__path__)]
    public = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and name[0] != "_"
    }
    assert public | {"Location", "Observation"} == set(model.__all__)
    assert all(getattr(model, name).__name__ for name in public)
    with pytest.raises(AttributeError, match="Nothing"):
        getattr(model, "Nothing")  # noqa: B009 - a name that nobody wrote


def test_an_observation_says_what_it_is_when_it_travels() -> None:
    for place in (
        FileLocation(path="a.py", line=3),
        ServiceLocation(service="aws", account="1", resource="user/ci"),
    ):
        sent = Credential(id="secret:1", kind=CredentialKind.API_KEY, name="Key", location=place)
        arrived = msgspec.json.decode(msgspec.json.encode(sent), type=Observation)
        assert arrived == sent


def test_places_read_well() -> None:
    assert str(FileLocation(path="a.py", line=3)) == "a.py:3"
    assert str(ServiceLocation(service="aws", account="1", resource="u/ci")) == "aws://1/u/ci"


def test_a_comment_in_a_file_says_nothing_about_a_service() -> None:
    service = ServiceLocation(service="aws", account="1", resource="u")
    assert not covers(FileLocation(path="a.py"), service)


def test_ranks_grow_with_what_they_mean() -> None:
    assert [one.rank for one in Severity] == [0, 1, 2, 3, 4]
    assert (Severity.INFO.rank, Severity.CRITICAL.rank) == (0, 4)
    assert [one.rank for one in Confidence] == [0, 1, 2]


def test_there_are_ten_nhi_categories() -> None:
    assert [one.value for one in Nhi] == [f"NHI{number}" for number in range(1, 11)]


def test_a_fingerprint_is_keyed_and_says_nothing_of_the_text() -> None:
    secret = Secret(b"correct horse")
    assert secret.fingerprint() == secret.fingerprint(b"keymuster")
    assert secret.fingerprint() != secret.fingerprint(b"another key")
    assert secret.fingerprint() != Secret(b"correct horsf").fingerprint()
    expected = hmac.new(b"keymuster", b"correct horse", "sha256").hexdigest()[:28]
    assert secret.fingerprint()[:28] == expected


def test_a_fingerprint_is_known_for_one() -> None:
    made = Secret(b"correct horse").fingerprint()
    assert len(made) == 32
    assert Secret(made.encode()).is_fingerprint
    assert not Secret(f"0{made[1:]}".encode()).is_fingerprint
    for other in (made[:31], f"{made}0", made.upper(), "x" * 32, ""):
        assert not Secret(other.encode()).is_fingerprint


@pytest.mark.parametrize(
    ("public", "preview"), [(0, "****"), (4, "ghp_****"), (100, "ghp_abcdef****")]
)
def test_a_preview_is_the_public_prefix(public: int, preview: str) -> None:
    assert Secret(b"ghp_abcdef", public).preview == preview


def test_a_secret_has_no_attributes_to_list() -> None:
    secret = Secret(b"correct horse")
    assert not hasattr(secret, "__dict__")
    with pytest.raises(AttributeError):
        secret.note = "x"  # type: ignore[attr-defined]


def test_only_reveal_tells_the_text() -> None:
    assert Secret(b"correct horse").reveal() == b"correct horse"
