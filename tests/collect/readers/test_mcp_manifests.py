"""Manifests that publishers of MCP servers write."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from keymuster.collect.readers.mcp_manifests import McpManifests
from keymuster.model import Credential, Identity, IdentityKind, Resource, Use
from keymuster.rules.schema import RuleSet
from reading import only, read, structures, survives


def published(*packages: dict[str, Any], **more: Any) -> str:
    return json.dumps({"name": "io.github.acme/maps", "packages": list(packages), **more}, indent=1)


def npm(**more: Any) -> dict[str, Any]:
    return {"registryType": "npm", "identifier": "@acme/maps", "version": "1.0.2", **more}


def launches(rules: RuleSet, text: str) -> list[tuple[str, str, str]]:
    found = only(Resource, read(McpManifests, "server.json", text, rules))
    return [
        (one.settings["kind"], one.settings["package"], one.settings["pinned"])
        for one in found
        if one.type == "mcp_launch"
    ]


def test_a_published_server_is_an_identity_by_all_its_names() -> None:
    remote = {"type": "streamable-http", "url": "https://maps.example.com/mcp"}
    found = only(Identity, read(McpManifests, "server.json", published(npm(), remotes=[remote])))
    assert [(one.id, one.kind, one.aliases) for one in found] == [
        (
            "mcp:server.json:io.github.acme/maps",
            IdentityKind.MCP_SERVER,
            (
                "mcp:io.github.acme/maps",
                "mcp-package:npm/@acme/maps",
                "mcp-url:https://maps.example.com/mcp",
            ),
        )
    ]


@pytest.mark.parametrize(
    ("package", "launch"),
    [
        (npm(), ("npm", "@acme/maps", "yes")),
        (npm(version="latest"), ("npm", "@acme/maps", "no")),
        (npm(version=""), ("npm", "@acme/maps", "no")),
        (npm(version="^1.0"), ("npm", "@acme/maps", "no")),
        ({"registry_name": "pypi", "name": "acme-maps", "version": "1.2"}, ("pypi", "acme-maps", "yes")),
        ({"registry_type": "oci", "identifier": "acme/maps", "version": "2.0.1"}, ("image", "acme/maps", "yes")),
        ({"registryType": "oci", "identifier": "ghcr.io/acme/maps:main"}, ("image", "ghcr.io/acme/maps", "no")),
    ],
)  # fmt: skip
def test_what_a_package_starts(
    rules: RuleSet, package: dict[str, Any], launch: tuple[str, str, str]
) -> None:
    assert launches(rules, published(package)) == [launch]


def test_secrets_that_it_asks_for_are_credentials_by_name() -> None:
    wanted = [{"name": "MAPS_API_KEY", "isSecret": True}, {"name": "MAPS_UNITS", "default": "m"}]
    header = {
        "name": "Authorization",
        "value": "Bearer {maps_token}",
        "isSecret": True,
        "variables": {"maps_token": {"isSecret": True}},
    }
    remote = {"type": "sse", "url": "https://maps.example.com/sse", "headers": [header]}
    text = published(npm(environmentVariables=wanted), remotes=[remote])
    observed = read(McpManifests, "a/server.json", text)
    assert {one.id for one in only(Credential, observed)} == {
        "environment:a:MAPS_API_KEY",
        "environment:a:maps_token",
    }
    assert {one.by for one in only(Use, observed)} == {"mcp:a/server.json:io.github.acme/maps"}


def test_a_bundle_starts_its_server_and_asks_its_user(rules: RuleSet) -> None:
    text = json.dumps(
        {
            "manifest_version": "0.2", "name": "maps",
            "server": {"mcp_config": {"command": "npx", "args": ["-y", "acme-maps"], "env": {"MAPS_TOKEN": "${user_config.token}"}}},
            "user_config": {"token": {"type": "string"}, "api_key": {"type": "string", "sensitive": True}},
        },
        indent=1,
    )  # fmt: skip
    observed = read(McpManifests, "manifest.json", text, rules)
    inputs = [one for one in only(Resource, observed) if one.type == "mcp_manifest_input"]
    assert [(one.name, one.settings["secret"], one.settings["marked"]) for one in inputs] == [
        ("maps: token", True, False),
        ("maps: api_key", True, True),
    ]
    assert "environment::user_config.token" in {one.id for one in only(Credential, observed)}
    assert "mcp-package:npm/acme-maps" in only(Identity, observed)[0].aliases


@pytest.mark.parametrize(
    ("path", "other"),
    [
        ("manifest.json", {"name": "Page", "icons": [], "packages": [{"name": "a"}]}),
        ("manifest.json", {"manifest_version": 3, "name": "an extension", "packages": 1}),
        ("server.json", {"name": "x", "remotes": [{"url": "https://a.example.com"}]}),
        ("server.json", {"packages": [npm()]}),
        ("package.json", {"name": "x", "packages": [npm()]}),
        ("server.json", [{"packages": []}]),
    ],
)  # fmt: skip
def test_other_manifests_are_left_alone(path: str, other: Any) -> None:
    assert read(McpManifests, path, json.dumps(other)) == []
    assert read(McpManifests, path, '{"packages": [') == []


WORDS = (
    "packages", "remotes", "registryType", "npm", "oci", "identifier", "version", "environmentVariables", "name", "isSecret",
    "default", "runtimeArguments", "type", "named", "value", "variables", "headers", "url", "server", "mcp_config", "user_config",
    "command", "args", "platform_overrides", "http://a.example.com", "-e", "--network",
)  # fmt: skip


@settings(max_examples=60)
@given(structures(*WORDS))
def test_anything_may_stand_in_a_manifest(rules: RuleSet, value: Any) -> None:
    survives(McpManifests, "server.json", value, rules)
    survives(
        McpManifests,
        "server.json",
        {"name": "x", "packages": [npm(environmentVariables=value, runtimeArguments=value), value]},
        rules,
    )
    survives(
        McpManifests,
        "manifest.json",
        {"name": "x", "server": {"mcp_config": value}, "user_config": value},
        rules,
    )
