"""Services of Compose files."""

from __future__ import annotations

import pytest
from hypothesis import given

from keymuster.collect.readers.compose import Compose
from keymuster.collect.syntax.node import Broken
from keymuster.model import Resource
from reading import only, read, said, structures, survives

FILE = """\
services:
  db:
    image: postgres
    environment:
      POSTGRES_USER: app
      POSTGRES_PASSWORD: postgres
  app:
    build:
      context: .
      args: [API_PASSWORD=letmein]
    environment:
      - DB_PASSWORD=letmein
      - API_PASSWORD=${API_PASSWORD}
      - PASSWORD
    command: serve --admin-password=letmein --port=80
    volumes:
      - /var/run/docker.sock:/var/run/docker.sock
      - {type: bind, source: ~/.aws, target: /root/.aws}
      - data:/data
"""


def test_passwords_are_found_wherever_a_service_has_variables() -> None:
    found = read(Compose, "any.yaml", FILE)
    assert said(found) == [
        ("POSTGRES_PASSWORD", 6), ("DB_PASSWORD", 12), ("API_PASSWORD", 10), ("admin-password", 15),
    ]  # fmt: skip
    assert "letmein" not in repr(found)


def test_folders_of_the_host_are_resources_of_their_own() -> None:
    found = only(Resource, read(Compose, "compose.yaml", FILE))
    assert [(one.type, one.settings["path"]) for one in found] == [
        ("HostPath", "/var/run/docker.sock"), ("HostPath", "~/.aws"),
    ]  # fmt: skip


def test_services_of_something_else_are_left_alone() -> None:
    text = "services:\n  mysql:\n    environment: {PASSWORD: letmein}\n"
    assert read(Compose, "a.yaml", text) == []
    assert read(Compose, "a.yaml", "services: [docker:dind]\n") == []


def test_a_broken_file_is_said_to_be_if_it_is_called_compose() -> None:
    with pytest.raises(Broken):
        read(Compose, "docker-compose.yml", "services:\n  - a: [\n")
    assert read(Compose, "a.yml", "services:\n  - a: [\n") == []


def test_only_what_changed_is_said() -> None:
    assert said(read(Compose, "a.yaml", FILE, changed=[(12, 12)])) == [("DB_PASSWORD", 12)]


@given(structures("image", "environment", "build", "args", "volumes", "source", "command"))
def test_anything_is_read(value: object) -> None:
    survives(
        Compose,
        "compose.yaml",
        {"services": {"a": value, "b": {"image": "x", "environment": value}}},
    )


def test_mounts_on_one_line_are_two() -> None:
    file = "services:\n  a: {image: x, volumes: ['/var/run/docker.sock:/s', '~/.aws:/root/.aws']}\n"
    found = only(Resource, read(Compose, "compose.yaml", file))

    assert {one.name for one in found} == {"/var/run/docker.sock", "~/.aws"}
    assert len({one.id for one in found}) == 2
