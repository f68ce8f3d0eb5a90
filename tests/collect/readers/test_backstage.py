"""Software catalogues in the form of Backstage."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ci_files import Read, of, reading
from keymuster.collect.readers.backstage import Backstage
from keymuster.collect.syntax.node import Broken
from keymuster.model import Resource
from keymuster.rules.schema import RuleSet
from scans import context

COMPONENT = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: api
  annotations:
    github.com/project-slug: Acme/shop
    backstage.io/source-location: {source}
spec: {{type: service, owner: {owner}, system: shop}}
"""


@pytest.fixture
def read(rules: RuleSet, tmp_path: Path) -> Read:
    return reading(Backstage, rules, tmp_path, "services/api/catalog-info.yaml")


def _component(read: Read, owner: str = "payments", source: str = "dir:.") -> dict[str, Any]:
    [one] = of(Resource, read(COMPONENT.format(owner=owner, source=source)))
    return dict(one.settings)


@pytest.mark.parametrize(
    ("owner", "said"),
    [
        ("payments", "group:default/payments"),
        ("Group:Payments", "group:default/payments"),
        ("user:acme/Jane", "user:acme/jane"),
        ("acme/payments", "group:acme/payments"),
        ("", ""),
    ],
)
def test_an_owner_is_a_whole_reference(read: Read, owner: str, said: str) -> None:
    assert _component(read, owner or "''")["owner"] == said


@pytest.mark.parametrize(
    ("source", "project", "folder"),
    [
        ("dir:.", "acme/shop", None),
        ("url:https://github.com/acme/mono/tree/main/services/api/", "acme/mono", "services/api"),
        ("url:https://github.com/acme/mono/blob/main/catalog-info.yaml", "acme/mono", ""),
        ("url:https://gitlab.com/acme/group/mono/-/tree/main/api", "acme/group/mono", "api"),
        ("url:https://github.com/acme/mono", "acme/mono", None),
        ("url:http://[", "acme/shop", None),
    ],
)
def test_a_source_says_which_folder_of_which_repository(
    read: Read, source: str, project: str, folder: str | None
) -> None:
    said = _component(read, source=source)
    assert (said["project"], said["folder"]) == (project, folder)


def test_documents_are_read_one_by_one_and_what_is_none_is_left_out(read: Read) -> None:
    text = """\
---
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: payments, annotations: {github.com/team-slug: acme/payments}}
spec: {type: team, members: [jane], profile: {email: pay@acme.example, displayName: Payments}}
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata: {name: jane}
spec: {memberOf: [payments], profile: {email: Jane@acme.example}}
---
apiVersion: v1
kind: Component
metadata: {name: other}
---
apiVersion: backstage.io/v1alpha1
kind: Location
metadata: {name: all}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {}
"""
    group, user = of(Resource, read(text))
    assert (group.settings["ref"], group.location.line) == ("group:default/payments", 4)
    assert group.settings["members"] == ["user:default/jane"]
    assert group.settings["also"] == ["acme/payments"]
    assert user.settings["groups"] == ["group:default/payments"]


def test_a_broken_file_is_told(read: Read) -> None:
    with pytest.raises(Broken, match="line 2"):
        read("kind: [\nmetadata: 1\n")


def test_other_files_are_left_alone(rules: RuleSet, tmp_path: Path) -> None:
    assert not Backstage(context(rules, tmp_path)).reads("my-catalog-info.yaml.txt")
