"""What says who owns the things of a scan, wherever it stands."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from keymuster.collect.owners.standing import codeowners_file, standing
from keymuster.model import FileLocation, Identity, IdentityKind, Observation, Resource, Trouble
from keymuster.settings import Owners
from repositories import Repository

ATTESTED = "owners:\n- {what: i, owner: core, by: jane, on: 2026-01-01, expires: 2026-06-30, reason: it is ours}\n"
CATALOG = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: api}\nspec: {owner: core}\n"


def _identity(path: str) -> Identity:
    return Identity(
        id=path, kind=IdentityKind.ROLE, provider="aws", name="i", location=FileLocation(path=path)
    )


def _found(
    root: Path, *observed: Observation, settings: Owners | None = None
) -> list[tuple[str, str]]:
    every = standing(str(root), observed, settings or Owners())
    return [(one.type, str(getattr(one.location, "path", ""))) for one in every if isinstance(one, Resource)]  # fmt: skip


def _write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ([], None),
        (["CODEOWNERS", "docs/CODEOWNERS"], ("CODEOWNERS", "github")),
        ([".github/CODEOWNERS", "CODEOWNERS"], (".github/CODEOWNERS", "github")),
        (["docs/CODEOWNERS"], ("docs/CODEOWNERS", "github")),
        ([".gitlab-ci.yml", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"], ("docs/CODEOWNERS", "gitlab")),
        ([".gitlab/CODEOWNERS"], (".gitlab/CODEOWNERS", "gitlab")),
        ([".gitlab/x", ".github/x", "CODEOWNERS"], ("CODEOWNERS", "github")),
        (["CODEOWNERS/x"], None),
    ],
)  # fmt: skip
def test_the_first_codeowners_counts(
    tmp_path: Path, files: list[str], found: tuple[str, str] | None
) -> None:
    _write(tmp_path, dict.fromkeys(files, ""))
    assert codeowners_file(str(tmp_path)) == found


def test_what_stands_beside_and_above_is_found_for_a_scan_of_a_part(
    make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    make_repo(tmp_path)
    make_repo(tmp_path / "inner")
    _write(
        tmp_path,
        {
            "CODEOWNERS": "", "inner/CODEOWNERS": "", "other/CODEOWNERS": "", "catalog-info.yaml": CATALOG,
            "svc/catalog-info.yml": CATALOG, "inner/catalog-info.yaml": CATALOG, "else/catalog-info.yaml": CATALOG,
            ".keymuster/owners.yaml": ATTESTED,
        },
    )  # fmt: skip
    found = _found(tmp_path, _identity("svc/api/main.tf"), _identity("inner/a/main.tf"))
    assert found == [
        ("owner_attestation", ".keymuster/owners.yaml"),
        ("codeowners", "CODEOWNERS"),
        ("codeowners", "inner/CODEOWNERS"),
        ("catalog_entity", "catalog-info.yaml"),
        ("catalog_entity", "inner/catalog-info.yaml"),
        ("catalog_entity", "svc/catalog-info.yml"),
        ("repository", "."),
        ("repository", "inner/"),
    ]


def test_what_was_among_the_files_of_the_scan_is_not_read_again(tmp_path: Path) -> None:
    _write(tmp_path, {"catalog-info.yaml": CATALOG, ".keymuster/owners.yaml": ATTESTED})
    seen = [
        Resource(id="a", type="owner_attestation", name="a", location=FileLocation(path="x")),
        Resource(id="b", type="catalog_entity", name="b", location=FileLocation(path="catalog-info.yaml")),
    ]  # fmt: skip
    assert _found(tmp_path, _identity("main.tf"), *seen) == [("repository", ".")]


def test_a_repository_is_called_as_where_it_is_pushed_to(
    make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repo(tmp_path)
    repository.git("remote", "add", "origin", "git@github.com:Acme/Shop.git")
    _write(tmp_path, {"catalog-info.yaml": CATALOG})
    found = standing(str(tmp_path), [_identity("a.tf")], Owners())
    [one] = [one for one in found if isinstance(one, Resource) and one.type == "repository"]
    assert one.settings == {"base": "", "slug": "acme/shop"}


def test_git_is_asked_only_if_somebody_wants_that(
    make_repo: Callable[..., Repository], tmp_path: Path
) -> None:
    repository = make_repo(tmp_path)
    repository.commit({"a.tf": "x\n"})
    assert _found(tmp_path, _identity("a.tf")) == []
    assert _found(tmp_path, _identity("a.tf"), settings=Owners(blame=True)) == [("blame", ".")]
    assert _found(tmp_path / "..", _identity("a.tf"), settings=Owners(blame=True)) == []


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    _write(
        tmp_path, {"catalog-info.yaml": "kind: [\nmetadata:", ".keymuster/owners.yaml": "owners: 1"}
    )
    (tmp_path / "CODEOWNERS").write_bytes(b"*" * (3 * 1024 * 1024 + 1))
    found = list(standing(str(tmp_path), [_identity("a.tf")], Owners()))
    assert [one.scope for one in found if isinstance(one, Trouble)] == [
        ".keymuster/owners.yaml",
        "CODEOWNERS",
        "catalog-info.yaml",
    ]
