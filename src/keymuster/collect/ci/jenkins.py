"""Jenkinsfiles: credentials by their ids, roles, libraries, images. Groovy is a language; what is
looked for are the calls that are written out, in declarative and in scripted pipelines."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct

from keymuster.collect.ci.commands import commands
from keymuster.collect.ci.common import Pipeline, image, login_cloud
from keymuster.collect.ci.references import ref_pin
from keymuster.collect.ci.things import Thing
from keymuster.model import FileLocation

PROVIDER = "jenkins"

_PARTS = re.compile(
    r"'''(?:[^'\\]|\\.|'(?!''))*+'''|\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*+\"\"\""
    r"|'(?:[^'\\\n]|\\.)*+'|\"(?:[^\"\\\n]|\\.)*+\"|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/",
    re.DOTALL,
)
_QUOTED = r"['\"](?P<{}>[^'\"\n]{{1,300}})['\"]"
_BOUND = re.compile(
    r"(?<![\w.])(?P<variable>[A-Za-z_]\w{0,80})\s{0,20}=\s{0,20}credentials\s{0,5}\(\s{0,20}"
    + _QUOTED.format("id")
)
_BY_ID = re.compile(
    r"(?<!\w)(?:credentialsId|credentialId|gitCredentialsId)\s{0,10}:\s{0,10}"
    + _QUOTED.format("id")
)
_VARIABLE = re.compile(
    r"(?<!\w)(?:variable|passwordVariable|keyFileVariable|secretKeyVariable|tokenVariable)\s{0,10}:\s{0,10}"
    + _QUOTED.format("name")
)
_AWS_KEY = re.compile(
    r"(?<!\w)(?:AmazonWebServicesCredentialsBinding|secretKeyVariable\s{0,5}:|withAWS\s{0,5}\([^)\n]{0,200}credentials\s{0,5}:)"
)
_CLOUD_FILES = re.compile(r"(?<!\w)azureServicePrincipal\s{0,5}\(")
_AWS_ROLE = re.compile(
    r"(?<!\w)withAWS\s{0,5}\([^)\n]{0,200}?\brole\s{0,5}:\s{0,5}" + _QUOTED.format("role")
)
_LIBRARY = re.compile(
    r"@Library\s{0,5}\(\s{0,5}(?:value\s{0,5}=\s{0,5})?\[?" + _QUOTED.format("name")
)
_LOADED = re.compile(
    r"(?<!\w)library\s{0,5}\(?\s{0,5}(?:identifier\s{0,5}:\s{0,5})?" + _QUOTED.format("name")
)
_IMAGE = re.compile(
    r"(?<!\w)(?:image\s{1,20}|docker\.image\s{0,5}\(\s{0,5}|docker\s{1,5}(?=['\"]))"
    + _QUOTED.format("image")
)
_ASSIGNED = re.compile(
    r"(?<![\w.])(?P<name>[A-Za-z_]\w{0,80})\s{0,20}=\s{0,20}(?P<value>['\"][^'\"\n]{0,300}['\"])"
)
_SHELL = re.compile(
    r"(?<!\w)(?:sh|bat|powershell|pwsh)\s{0,5}\(?\s{0,20}(?:script\s{0,5}:\s{0,20})?\Z"
)
_HOLE = re.compile(r"\$\{?(?:env\.|params\.)?([A-Za-z_]\w{0,80})")


class Script(Struct, frozen=True, eq=False):
    """The text of a pipeline without its comments, which are blanks."""

    text: str
    path: str
    member: str
    object: str | None
    lines: list[int]

    @classmethod
    def of(cls, text: str, place: FileLocation) -> Script:
        def blank(part: re.Match[str]) -> str:
            return re.sub(r"[^\n]", " ", part[0]) if part[0].startswith("/") else part[0]

        clean = _PARTS.sub(blank, text)
        lines = [0, *(found.end() for found in re.finditer("\n", clean))]
        return cls(clean, place.path, place.member, place.object, lines)

    def place(self, begin: int, end: int) -> FileLocation:
        line, column = self._at(begin)
        end_line, end_column = self._at(end)
        return FileLocation(
            path=self.path, member=self.member, object=self.object,
            line=line, column=column, end_line=end_line, end_column=end_column,
        )  # fmt: skip

    def _at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self.lines, offset)
        return line, offset - self.lines[line - 1] + 1


def pipeline(script: Script, scope: str) -> Pipeline:
    """A Jenkinsfile as a whole: its stages share all that it has."""
    secrets: dict[str, FileLocation] = {}
    for pattern in (_BOUND, _BY_ID):
        for found in pattern.finditer(script.text):
            secrets.setdefault(_unknown(found["id"]), script.place(*found.span("id")))
    roles = [
        (
            f"aws:role/{_unknown(found['role']).rpartition('/')[2]}",
            script.place(*found.span("role")),
        )
        for found in _AWS_ROLE.finditer(script.text)
    ]
    return Pipeline(
        id=scope, provider=PROVIDER, name=script.path, location=script.place(0, 0),
        secrets=tuple(secrets.items()), identities=tuple(roles),
    )  # fmt: skip


def _unknown(text: str) -> str:
    return (
        _HOLE.sub(lambda found: "${" + found[1] + "}", text.replace("}", ""))
        if "$" in text
        else text
    )


def things(script: Script) -> Iterator[Thing]:
    for pattern in (_LIBRARY, _LOADED):
        for found in pattern.finditer(script.text):
            name, _, ref = found["name"].partition("@")
            settings = {"pin": "undecided" if "$" in ref else ref_pin(ref) if ref else "default"}
            yield Thing(
                "Jenkins::Library", name, found["name"], script.place(*found.span("name")), settings
            )
    for found in _IMAGE.finditer(script.text):
        yield image("Jenkins::Image", "image", found["image"], script.place(*found.span("image")))
    for pattern, cloud in ((_AWS_KEY, "aws"), (_CLOUD_FILES, "azure")):
        for found in pattern.finditer(script.text):
            yield Thing(
                "Jenkins::CloudKey", cloud, cloud, script.place(*found.span()), {"cloud": cloud}
            )
    yield from _shell_steps(script)


def _shell_steps(script: Script) -> Iterator[Thing]:
    """Scripts in double quotation marks: Groovy puts the secrets in, before the shell sees them."""
    bound = {found["variable"] for found in _BOUND.finditer(script.text)}
    bound |= {found["name"] for found in _VARIABLE.finditer(script.text)}
    bound |= {f"{name}_{part}" for name in bound for part in ("USR", "PSW")}
    for part in _PARTS.finditer(script.text):
        if not _SHELL.search(script.text, max(0, part.start() - 60), part.start()):
            continue
        quotes = 3 if part[0].startswith(("'''", '"""')) else 1
        begin, inner = part.start() + quotes, part[0][quotes:-quotes]
        if part[0].startswith('"'):
            for hole in _HOLE.finditer(inner):
                escaped = hole.start() > 0 and inner[hole.start() - 1] == "\\"
                if hole[1] in bound and not escaped:
                    place = script.place(begin + hole.start(), begin + hole.end())
                    yield Thing("Jenkins::Interpolation", hole[1], hole[1], place, {"secret": True})
        for command in commands(inner):
            if cloud := login_cloud(command.words):
                at = begin + sum(len(line) + 1 for line in inner.split("\n")[: command.line])
                words = " ".join(command.words[:3])
                place = script.place(at, at + len(inner.split("\n")[command.line]))
                yield Thing("Jenkins::CloudKey", words, command.words[0], place, {"cloud": cloud})


def written(script: Script) -> Iterator[tuple[str, str, FileLocation]]:
    """(name, value, place) of variables that stand in the file."""
    for found in _ASSIGNED.finditer(script.text):
        begin, end = found.span("value")
        yield found["name"], found["value"][1:-1], script.place(begin + 1, end - 1)
