"""Files that are surely of a kind and larger than anybody writes: said to be unread, and not passed over."""

from __future__ import annotations

import pytest

from keymuster import registry
from keymuster.collect.syntax.node import Broken
from keymuster.model import Trouble
from reading import read

_TEMPLATE = '"Type": "AWS::IAM::User"'

HEADS = {
    "agent-cards": (
        ".well-known/agent-card.json",
        '{"name": "a", "url": "https://a.example", "skills": []}\n',
    ),
    "agent-code": ("a.py", "from crewai import Agent\nAgent()\n"),
    "agent-crews": ("config/agents.yaml", "a: {role: b, goal: c}\n"),
    "agent-instructions": ("AGENTS.md", "Be kind.\n"),
    "azure-pipelines": ("azure-pipelines.yml", "steps:\n- script: make\n"),
    "azure-resource-manager": (
        "azuredeploy.json",
        '{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",'
        ' "resources": []}\n',
    ),
    "bitbucket-pipelines": (
        "bitbucket-pipelines.yml",
        "pipelines:\n  default:\n  - step: {script: [make]}\n",
    ),
    "circleci": (".circleci/config.yml", "version: 2.1\njobs:\n  a: {steps: [checkout]}\n"),
    "cloudformation": ("template.json", '{"Resources": {"A": {' + _TEMPLATE + "}}}\n"),
    "compose": ("docker-compose.yml", "services:\n  a: {image: x}\n"),
    "dockerfile": ("Dockerfile", "FROM x\n"),
    "github-actions": (".github/workflows/a.yml", "on: push\njobs:\n  a: {steps: [{run: make}]}\n"),
    "gitlab-ci": (".gitlab-ci.yml", "a:\n  script: [make]\n"),
    "jenkinsfile": ("Jenkinsfile", "pipeline { agent any }\n"),
    "kubernetes": ("a.yaml", "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n"),
    "mcp-manifests": ("manifest.json", '{"server": {"mcp_config": {}}}\n'),
    "serverless": ("serverless.yml", "service: a\nprovider: {name: aws}\nfunctions: {}\n"),
    "terraform": ("main.tf", 'resource "aws_iam_user" "a" {}\n'),
}


@pytest.mark.parametrize("name", HEADS)
def test_a_file_that_is_too_large_is_said_to_be_unread(name: str) -> None:
    path, head = HEADS[name]
    part = registry.builtin("reader")[name]
    text = head + "# nothing\n" * (9 * 1024 * 1024 // 10)
    try:
        said = [one.message for one in read(part, path, text) if isinstance(one, Trouble)]
    except Broken as broken:
        said = [str(broken)]
    assert any("large" in one for one in said)
