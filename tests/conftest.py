"""Fixtures for every test: the shipped rules, made-up tokens, repositories, and a closed world."""

from __future__ import annotations

import functools
import gc
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.loaders
import hyperscan
import hypothesis
import pytest

import gcp_cloud
import moto_server
import postgresql_server
from keymuster import pipeline
from keymuster.detect import examples, necessary
from keymuster.detect.checksums import CHECKSUMS
from keymuster.detect.database import compile_expressions
from keymuster.detect.glance import Glance
from keymuster.rules.schema import RuleSet
from once import once
from repositories import Repository

# How long an example takes says what else the machine does. The same examples each time: a change is
# judged by what it changed. `HYPOTHESIS_PROFILE=random` looks for others.
hypothesis.settings.register_profile("ours", deadline=None, derandomize=True)
hypothesis.settings.register_profile("random", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ours"))


def pytest_collection_finish() -> None:
    """What was collected stays to the end: to look through it again for each ten thousand new objects
    would take a third of the run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def _own_surroundings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No settings of the developer's git or home; one cache for the run and its subprocesses."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith(("GIT_", "KEYMUSTER_"))]:
            patch.delenv(name)
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("KEYMUSTER_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """A test reaches nothing but, if it asks for `loopback`, what runs on this machine."""
    may_reach = ("127.0.0.1",) if "loopback" in request.fixturenames else ()
    for name in ("connect", "connect_ex"):
        real = getattr(socket.socket, name)

        def connect(self: socket.socket, address: Any, real: Any = real) -> Any:
            if isinstance(address, tuple) and address[0] in may_reach:
                return real(self, address)
            raise AssertionError(f"a test tried to reach {address}")

        monkeypatch.setattr(socket.socket, name, connect)


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets a test reach servers on this machine. S3 Control calls one `ACCOUNT.127.0.0.1`, which nobody
    resolves."""
    real = socket.getaddrinfo

    def found(host: Any, *rest: Any, **more: Any) -> Any:
        is_here = isinstance(host, str) and host.endswith(".127.0.0.1")
        return real("127.0.0.1" if is_here else host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture(scope="session")
def aws_server() -> Iterator[str]:
    """The address of moto's server, which all AWS tests of a process share."""
    with moto_server.serving(managed=False) as endpoint:
        yield endpoint


@pytest.fixture
def aws(aws_server: str, loopback: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of an AWS in which there is nothing yet, and to which SDKs go by themselves."""
    return _emptied(aws_server, monkeypatch)


@pytest.fixture(scope="session")
def managed_aws_server() -> Iterator[str]:
    with moto_server.serving(managed=True) as endpoint:
        yield endpoint


@pytest.fixture
def managed_aws(managed_aws_server: str, loopback: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """The same with the managed policies of AWS itself, which take the server seconds."""
    return _emptied(managed_aws_server, monkeypatch)


@functools.cache
def _loader(search_path_string: str | None = None) -> Any:
    """The descriptions of services, which every session would read anew."""
    return _CREATE_LOADER(search_path_string)


_CREATE_LOADER = botocore.loaders.create_loader


def _emptied(server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    moto_server.reset(server)
    monkeypatch.setattr(botocore.loaders, "create_loader", _loader)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in moto_server.settings(server).items():
        monkeypatch.setenv(name, value)
    return server


@pytest.fixture
def gcp(loopback: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[gcp_cloud.Cloud]:
    """A Google Cloud in which there is nothing yet. What it answered must be as Google describes it."""
    for name in [name for name in os.environ if name.startswith(("GOOGLE_", "CLOUDSDK_", "GCE_"))]:
        monkeypatch.delenv(name)
    with gcp_cloud.serving() as cloud:
        yield cloud
        assert cloud.mistakes == []


@pytest.fixture(scope="session")
def postgresql_server_here() -> Iterator[postgresql_server.Server]:
    """The PostgreSQL that all tests of a process share."""
    with postgresql_server.serving() as server:
        yield server


@pytest.fixture
def postgresql(postgresql_server_here: postgresql_server.Server) -> str:
    """The URL of a database in which there is nothing yet."""
    return postgresql_server_here.make_database()


@pytest.fixture(scope="session")
def rules(_own_surroundings: None) -> RuleSet:
    """The shipped rules."""
    return pipeline.load_rules()


@pytest.fixture(scope="session")
def glance_database(rules: RuleSet, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What is built into a wheel for a glance. It takes half a minute, so one of the processes of a
    run does it for all."""

    def build() -> bytes:
        return bytes(hyperscan.dumpb(compile_expressions(necessary.expressions(rules))))

    if "PYTEST_XDIST_WORKER" not in os.environ:
        return build()
    return once(tmp_path_factory.getbasetemp().parent / "glance.bin", build)


@pytest.fixture(scope="session")
def glance(glance_database: bytes) -> Glance:
    return Glance(glance_database)


@pytest.fixture(scope="session")
def token(rules: RuleSet) -> Callable[..., str]:
    """`token(format_id)` makes a valid token of a format, `token(format_id, seed)` another one."""
    formats = {one.id: one for one in rules.tokens}

    def make(format_id: str, seed: object = "") -> str:
        one = formats[format_id]
        if seed == "":
            return examples.make(one)
        text = examples.from_shape(one.shapes[0], f"{format_id} {seed}")
        return CHECKSUMS[one.checksum].sign(text.encode()).decode() if one.checksum else text

    return make


@pytest.fixture
def make_repo() -> Callable[..., Repository]:
    """`make_repo(path)` is a new git repository there; words go to `git init`."""

    def make(path: Path, *words: str) -> Repository:
        return Repository.create(path, *words)

    return make
