"""Generators of Kustomizations."""

from __future__ import annotations

from hypothesis import given

from keymuster.collect.readers.kustomize import Kustomize
from keymuster.model import Confidence, Credential
from reading import only, read, said, structures, survives

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


@given(structures("secretGenerator", "literals", "password=letmein", "name"))
def test_anything_is_read(value: object) -> None:
    survives(Kustomize, "kustomization.yaml", value)
