"""Secrets of Dockerfiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keymuster.collect.readers.dockerfile import Dockerfile
from keymuster.model import Resource
from reading import only, read, said


@pytest.mark.parametrize(
    "path", ["Dockerfile", "a/Dockerfile.prod", "app.dockerfile", "Containerfile"]
)
def test_dockerfiles_are_known_by_their_names(path: str) -> None:
    assert said(read(Dockerfile, path, "FROM a\nENV PASSWORD=letmein\n")) == [("PASSWORD", 2)]


@pytest.mark.parametrize("path", ["dockerfile.go/x.go", "a.txt"])
def test_other_names_are_not(path: str) -> None:
    assert read(Dockerfile, path, "FROM a\nENV PASSWORD=letmein\n") == []


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("ENV A=1 DB_PASSWORD='let me in'", "DB_PASSWORD"),
        ("ENV DB_PASSWORD letmein", "DB_PASSWORD"),
        ("ARG password=letmein", "password"),
        ("LABEL admin.password=letmein", "admin.password"),
        ("RUN tool --password=letmein run", "password"),
        ("RUN tool --admin-password 'letmein' run", "admin-password"),
        ("RUN curl -fsS -u ci:letmein https://example.com", "password"),
        ("RUN echo 'root:letmein' | chpasswd", "password"),
        ("RUN sshpass -p letmein ssh host", "password"),
        ("RUN PGPASSWORD=letmein psql", "PGPASSWORD"),
        ("RUN <<EOF\nexport DB_PASSWORD=letmein\nEOF", "DB_PASSWORD"),
    ],
)
def test_a_secret_is_found(line: str, name: str) -> None:
    found = read(Dockerfile, "Dockerfile", f"FROM a\n{line}\n")
    assert said(found) == [(name, 2)]
    assert "letmein" not in repr(found).replace("let me in", "letmein")


@pytest.mark.parametrize(
    "line",
    ["ENV PASSWORD_FILE=/run/secrets/x", "RUN tool --password=$PASSWORD", "RUN tool --password-file /x",
     "RUN --mount=type=secret,id=x tool", "# ENV PASSWORD=letmein", "RUN echo $A:$B | chpasswd"],
)  # fmt: skip
def test_what_refers_to_a_secret_is_none(line: str) -> None:
    assert said(read(Dockerfile, "Dockerfile", f"FROM a\n{line}\n")) == []


def resources(text: str, kind: str) -> list[Resource]:
    return [one for one in only(Resource, read(Dockerfile, "Dockerfile", text)) if one.type == kind]


def test_a_secret_that_is_given_at_build_time_is_named() -> None:
    found = resources(
        "FROM a\nARG NPM_TOKEN\nENV API_PASSWORD=$P\nARG VERSION\n", "SecretBuildArgument"
    )
    assert [(one.name, one.settings["instruction"]) for one in found] == [
        ("NPM_TOKEN", "ARG"), ("API_PASSWORD", "ENV"),
    ]  # fmt: skip


def test_files_with_secrets_that_are_copied_are_named() -> None:
    text = (
        'FROM a\nCOPY .npmrc conf/id_rsa /root/\nCOPY --from=b .env /\nADD ["server.key", "/"]\n'
        "COPY .env.example app.py id_rsa.pub /\nCOPY ~/.aws/credentials /root/\n"
    )
    assert [one.name for one in resources(text, "CopiedSecretFile")] == [
        ".npmrc", "conf/id_rsa", "server.key", "~/.aws/credentials",
    ]  # fmt: skip


def test_an_image_says_whether_its_stage_sees_secrets() -> None:
    text = "FROM a:1\nRUN --mount=type=secret,id=x y\nFROM b@sha256:0\nRUN y\n"
    found = resources(text, "BaseImage")
    assert [(one.name, one.settings["pinned"], one.settings["sees_secrets"]) for one in found] == [
        ("a:1", False, True), ("b@sha256:0", True, False),
    ]  # fmt: skip


@given(st.text(alphabet="FROM ENVUCPYAD\n=-password:|'\"\\ "))
def test_anything_is_read(text: str) -> None:
    read(Dockerfile, "Dockerfile", f"FROM a\n{text}")
