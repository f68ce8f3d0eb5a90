"""What the instructions of a Dockerfile put into an image."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from keymuster import regex
from keymuster.collect.base import Blob, Observed
from keymuster.collect.literals.names import kind_of
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax import dockerfile
from keymuster.collect.syntax.node import File, Node
from keymuster.model import Credential, Resource
from keymuster.model.ids import in_id

_SECRET_FILE = regex.later(
    r"""(?xi) (?:\A|/) (?:
    \.env (?:\.(?:local|prod|production|staging|dev|development))? | \.npmrc | \.pypirc | \.netrc |
    \.git-credentials | \.htpasswd | \.pgpass | \.my\.cnf | \.vault-token | id_(?:rsa|dsa|ecdsa|ed25519) |
    credentials\.json | service[-_]?account[\w-]{0,40}\.json | kubeconfig | \.dockercfg |
    terraform\.tfstate | [\w.-]{1,80}\.(?:p12|pfx|jks|keystore|kdbx|ppk) | [\w.-]{0,80}key\.pem |
    [\w.-]{1,80}\.key | \.(?:aws|ssh|gnupg|kube|azure)(?:/.{0,200})? | \.aws/credentials |
    \.docker/config\.json | \.config/gcloud(?:/.{0,200})? ) /? \Z """
)

_ON_COMMAND_LINE = regex.later(
    r"""(?x)
    --(?P<flag>[a-z][a-z0-9_-]{2,40})[= ] (?P<flag_value>"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^\s"';|&]{1,200}) |
    \bsshpass\ +-p\ ?(?P<sshpass>"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^\s"';|&]{1,200}) |
    \bcurl\b[^\n;|&]{0,200}?\ (?:-u|--user)[= ]?["']?[\w.@-]{1,80}:(?P<curl>[^\s"']{1,200}) |
    \b(?P<user>[a-z_][a-z0-9_-]{0,30}):(?P<chpasswd>[^\s"'|:]{1,100})["']?\ {0,4}\|\ {0,4}(?:sudo\ )?chpasswd |
    (?:(?<=\s)|(?<=\A)|(?<=;)|(?<=&))(?:export\ )?(?P<variable>[A-Z][A-Z0-9_]{3,60})=(?P<assigned>"[^"\n]{1,200}"|'[^'\n]{1,200}'|[^\s"';|&]{1,200})
    """
)


class ImageBuilds:
    """Secrets in ENV, ARG, LABEL and RUN, files with secrets in COPY and ADD, images in FROM."""

    def __init__(self, sealing: Sealing) -> None:
        self._sealing = sealing

    def read(self, blob: Blob) -> Iterator[Observed]:
        text = blob.text.content.decode("utf-8", "replace")
        file = File.of(blob)
        stage: list[Resource] = []
        sees_secrets = False
        for one in dockerfile.parse(text):
            node = Node(
                value=None, file=file, line=one.line, column=1, end_line=one.end_line,
                end_column=one.end_column,
            )  # fmt: skip
            if one.word == "FROM":
                yield from _stage(stage, sees_secrets)
                stage, sees_secrets = [_base_image(node, one.rest)], False
            sees_secrets = sees_secrets or any("type=secret" in flag for flag in one.flags)
            if not blob.counts(one.line, one.end_line):
                continue
            if one.word in ("ENV", "ARG", "LABEL"):
                yield from self._variables(node, one.word, dockerfile.pairs(one.rest))
            elif one.word == "RUN":
                yield from self._command(node, one.rest)
            elif one.word in ("COPY", "ADD") and not any("--from" in flag for flag in one.flags):
                yield from _copies(node, one.rest)
        yield from _stage(stage, sees_secrets)

    def _variables(
        self, node: Node, word: str, pairs: Iterator[tuple[str, str | None]]
    ) -> Iterator[Observed]:
        for name, value in pairs:
            if (found := self._credential(node, name, value or "")) is not None:
                yield found
            elif word != "LABEL" and _is_filled_in(value) and kind_of(name):
                yield _resource("SecretBuildArgument", node, name, instruction=word)

    def _command(self, node: Node, command: str) -> Iterator[Observed]:
        for found in _ON_COMMAND_LINE.finditer(command):
            name, value = _said(found)
            secret = self._credential(node, name, value.strip("\"'"))
            if secret is not None:
                yield secret

    def _credential(self, node: Node, name: str, value: str) -> Credential | None:
        return self._sealing.credential(node, name, value, declared_as="dockerfile")


def _said(found: re.Match[str]) -> tuple[str, str]:
    """The name that says what a value on a command line is, and the value."""
    if found["flag"]:
        return found["flag"], found["flag_value"]
    if found["variable"]:
        return found["variable"], found["assigned"]
    return "password", found["sshpass"] or found["curl"] or found["chpasswd"]


def _is_filled_in(value: str | None) -> bool:
    """Whether somebody gives the value when the image is built."""
    return not value or value.startswith("$")


def _copies(node: Node, rest: str) -> Iterator[Resource]:
    words = [word.strip("[],\"'") for word in rest.split("\n")[0].split()]
    for source in words[:-1]:
        if _SECRET_FILE.search(source) and not source.endswith((".example", ".sample", ".pub")):
            yield _resource("CopiedSecretFile", node, source, source=source)


def _base_image(node: Node, rest: str) -> Resource:
    words = rest.split()
    image = words[0] if words else ""
    return _resource("BaseImage", node, image, image=image, pinned="@sha256:" in image)


def _stage(images: list[Resource], sees_secrets: bool) -> Iterator[Resource]:
    for image in images:
        image.settings["sees_secrets"] = sees_secrets
        yield image


def _resource(kind: str, node: Node, name: str, **settings: Any) -> Resource:
    return Resource(
        id=f"{kind}:{in_id(node.file.path)}:{node.line}:{name}",
        type=kind,
        name=name,
        location=node.location(),
        settings={"name": name, **settings},
    )
