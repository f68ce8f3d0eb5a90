"""Generators of Kustomizations."""

from __future__ import annotations

from hypothesis import given

from keymuster.collect.readers.kustomize import Kustomize
from keymuster.model import Confidence, Credential
from reading import only, read, read_all, said, structures, survives

RANDOM = "f3K9" + "xQ2m" + "T7vB" + "8zLp"


def test_literals_of_generators_are_secrets() -> None:
    text = f"""\
    secretGenerator:
      - name: db
        literals:
          - username=app
          - password="letmein"
          - value={RANDOM}
    configMapGenerator:
      - name: app
        literals: [HOST=db, PASSWORD=letmein2, VALUE={RANDOM}]
    """
    found = read(Kustomize, "deploy/kustomization.yaml", text)
    sure = [one for one in only(Credential, found) if one.confidence is not Confidence.LOW]
    assert said(sure) == [("password", 5), ("value", 6), ("PASSWORD", 9)]


def test_other_names_and_references_are_left_alone() -> None:
    assert read(Kustomize, "a.yaml", "secretGenerator: [{literals: [password=letmein]}]") == []
    text = "secretGenerator: [{name: a, envs: [a.env], literals: ['password=${P}']}]"
    assert read(Kustomize, "kustomization.yml", text) == []


@given(structures("secretGenerator", "literals", "envs", "env", "password=letmein", "name"))
def test_anything_is_read(value: object) -> None:
    survives(Kustomize, "kustomization.yaml", value)


def test_a_file_of_variables_is_what_the_generator_makes_of_it() -> None:
    files = {
        "app/kustomization.yaml": "secretGenerator:\n  - name: db\n    envs: [prod/db.env]\n"
        "configMapGenerator:\n  - name: app\n    env: app.properties\n",
        "app/prod/db.env": f"# of the database\nUSER={RANDOM}\nexport PASSWORD='letmein-now'\nHOST=\n",
        "app/app.properties": f"TOKENS={RANDOM}\nHOST=db\nDB_PASSWORD=letmein-too\n",
        "other/db.env": "PASSWORD=letmein-elsewhere\n",
    }
    found = [one for one in only(Credential, read_all(Kustomize, files)) if one.location]
    assert ("PASSWORD", 3) in said(found)
    assert ("USER", 2) in said(found)  # whatever it is called: all of it becomes a secret
    assert ("DB_PASSWORD", 3) in said(found)
    assert all("elsewhere" not in one.preview for one in found)
    assert {one.location.path for one in found} == {"app/prod/db.env", "app/app.properties"}  # type: ignore[union-attr]


def test_a_file_of_variables_alone_says_nothing() -> None:
    assert read_all(Kustomize, {"a.env": "PASSWORD=letmein-now\n"}) == []
