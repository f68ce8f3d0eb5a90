"""AWS on this machine: moto's server, one for each process that runs tests."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

REGION = "us-east-1"
ACCOUNT = "123456789012"
"""The account that whoever does not assume a role is in."""


@contextmanager
def serving(*, managed: bool = True) -> Iterator[str]:
    """The address of a server that nobody else talks to. The `managed` policies of AWS itself take it a
    second or two for each account that there is."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={**os.environ, "MOTO_IAM_LOAD_MANAGED_POLICIES": str(managed).lower()},
    )  # fmt: skip
    try:
        endpoint = f"http://127.0.0.1:{port}"
        _wait(endpoint)
        yield endpoint
    finally:
        server.kill()
        server.wait()


def _wait(endpoint: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=10).close()
            return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("moto's server does not answer")


def reset(endpoint: str) -> None:
    request = urllib.request.Request(f"{endpoint}/moto-api/reset", method="POST")
    urllib.request.urlopen(request, timeout=30).close()


def settings(endpoint: str) -> dict[str, str]:
    """The environment in which SDKs find the server. What it does not know it would not know if it were
    asked again."""
    return {
        "AWS_MAX_ATTEMPTS": "1",
        "AWS_ENDPOINT_URL": endpoint, "AWS_ACCESS_KEY_ID": "testing", "AWS_DEFAULT_REGION": REGION,
        "AWS_SECRET_ACCESS_KEY": "testing", "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "AWS_EC2_METADATA_DISABLED": "true",
    }  # fmt: skip


def client(service: str, endpoint: str, account: str = "", region: str = REGION) -> Any:
    """A client of the server, in its first account or in another."""
    import boto3

    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    if account:
        role = f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole"
        made = client("sts", endpoint).assume_role(RoleArn=role, RoleSessionName="test")
        given = made["Credentials"]
        keys = {
            "aws_access_key_id": given["AccessKeyId"],
            "aws_secret_access_key": given["SecretAccessKey"],
            "aws_session_token": given["SessionToken"],
        }
    return boto3.client(service, endpoint_url=endpoint, region_name=region, **keys)


@contextmanager
def enforcing(endpoint: str) -> Iterator[None]:
    """From here on, the server asks whether whoever calls may do so."""
    _auth(endpoint, "0")
    try:
        yield
    finally:
        _auth(endpoint, "inf")


def _auth(endpoint: str, calls: str) -> None:
    """Let so many more calls through unasked."""
    request = urllib.request.Request(
        f"{endpoint}/moto-api/reset-auth", data=calls.encode(), headers={"Content-Type": "text/plain"}
    )  # fmt: skip
    urllib.request.urlopen(request, timeout=30).close()
