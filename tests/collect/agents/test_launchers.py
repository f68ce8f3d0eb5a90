"""What a command line starts."""

from __future__ import annotations

import pytest

from keymuster.collect.agents.launchers import Launch, is_piped, launch
from keymuster.collect.agents.servers import Word
from keymuster.collect.syntax.node import File, Node

NOWHERE = Node(
    value=None, file=File(path="a"), line=1, column=1, end_line=1, end_column=1
)  # fmt: skip


def started(*words: str) -> Launch:
    return launch([Word(word, NOWHERE) for word in words])


@pytest.mark.parametrize(
    ("line", "kind", "name", "version", "pinned"),
    [
        ("npx -y @acme/notes", "npm", "@acme/notes", "", "no"),
        ("npx -y @acme/notes@1.2.3", "npm", "@acme/notes", "1.2.3", "yes"),
        ("npx -y notes@2025.8.21", "npm", "notes", "2025.8.21", "yes"),
        ("npx notes@1.2", "npm", "notes", "1.2", "no"),
        ("npx notes@^1.2.3", "npm", "notes", "^1.2.3", "no"),
        ("npx -y notes@latest --stdio", "npm", "notes", "latest", "no"),
        ("npx -y notes@1.0.0-beta.2", "npm", "notes", "1.0.0-beta.2", "yes"),
        ("npx --package=notes@1.0.0 notes-bin", "npm", "notes", "1.0.0", "yes"),
        ("npx -p notes -c notes-bin", "npm", "notes", "", "no"),
        ("npx -y ${PACKAGE}", "npm", "${PACKAGE}", "", "unknown"),
        ("npx -y notes@${VERSION}", "npm", "notes", "${VERSION}", "unknown"),
        ("npx tsx src/index.ts", "local", "tsx", "", "yes"),
        ("npx ./dist/server", "local", "./dist/server", "", "yes"),
        ("npx -y github:acme/notes", "git", "github:acme/notes", "", "no"),
        ("npx -y github:acme/notes#v1.4.0", "git", "github:acme/notes", "v1.4.0", "yes"),
        ("/usr/local/bin/npx -y notes", "npm", "notes", "", "no"),
        (r"C:\Tools\npx.cmd -y notes", "npm", "notes", "", "no"),
        ("bunx notes", "npm", "notes", "", "no"),
        ("bun x notes@1.2.3", "npm", "notes", "1.2.3", "yes"),
        ("pnpm dlx notes@1.2.3", "npm", "notes", "1.2.3", "yes"),
        ("pnpm --dir a dlx notes", "npm", "notes", "", "no"),
        ("yarn dlx notes", "npm", "notes", "", "no"),
        ("npm exec --yes -- notes", "npm", "notes", "", "no"),
        ("npm run start", "local", "npm", "", "yes"),
        ("uvx acme-notes", "pypi", "acme-notes", "", "no"),
        ("uvx acme-notes==1.2", "pypi", "acme-notes", "1.2", "yes"),
        ("uvx acme-notes@1.2.3", "pypi", "acme-notes", "1.2.3", "yes"),
        ("uvx acme-notes>=1.2", "pypi", "acme-notes", "1.2", "no"),
        ("uvx acme-notes==1.*", "pypi", "acme-notes", "1.*", "no"),
        ("uvx --python 3.12 --from acme[cli]==1.2.3 notes", "pypi", "acme", "1.2.3", "yes"),
        ("uvx --with extra acme==1.2.3", "pypi", "extra", "", "no"),
        ("uvx --from git+https://example.com/a/b@main b", "git", "git+https://example.com/a/b@main", "main", "no"),
        ("uvx --from git+https://example.com/a/b@3f2c1d0 b", "git", "git+https://example.com/a/b@3f2c1d0", "3f2c1d0", "yes"),
        ("uvx --from git+https://example.com/a/b b", "git", "git+https://example.com/a/b", "", "no"),
        ("uv tool run acme-notes", "pypi", "acme-notes", "", "no"),
        ("uv run --with acme-notes python -m acme", "pypi", "acme-notes", "", "no"),
        ("uv --directory /src/notes run notes", "local", "notes", "", "yes"),
        ("uv run server.py", "local", "server.py", "", "yes"),
        ("pipx run acme-notes", "pypi", "acme-notes", "", "no"),
        ("pipx run --spec acme==1.0 notes", "pypi", "acme", "1.0", "yes"),
        ("python -m acme_notes", "local", "acme_notes", "", "yes"),
        ("node ./server.mjs", "local", "node", "", "yes"),
        ("deno run -A npm:notes", "npm", "notes", "", "no"),
        ("deno run -A jsr:@acme/notes@1.0.1", "npm", "@acme/notes", "1.0.1", "yes"),
        ("deno run https://example.com/notes.ts", "script", "a script", "", "no"),
        ("go run example.com/notes@latest", "go", "example.com/notes", "latest", "no"),
        ("go run example.com/notes@v1.2.3", "go", "example.com/notes", "v1.2.3", "yes"),
        ("go run ./cmd/notes", "local", "go", "", "yes"),
        ("dnx Acme.Notes --version 1.2.3 --yes", "nuget", "Acme.Notes", "1.2.3", "yes"),
        ("dnx Acme.Notes --yes", "nuget", "Acme.Notes", "", "no"),
        ("docker run -i --rm acme/notes", "image", "acme/notes", "", "no"),
        ("docker run -i --rm acme/notes:latest", "image", "acme/notes", "latest", "no"),
        ("docker run -e A=b -v a:/b acme/notes:1.2", "image", "acme/notes", "1.2", "yes"),
        (f"podman run acme/notes@sha256:{'a' * 64}", "image", "acme/notes", "", "yes"),
        ("docker run localhost:5000/notes", "image", "localhost:5000/notes", "", "no"),
        ("docker run notes", "image", "notes", "", "built"),
        ("docker --context x container run acme/notes", "image", "acme/notes", "", "no"),
        ("docker exec notes ./notes", "local", "a container", "", "yes"),
        ("docker compose run notes", "local", "a container", "", "yes"),
        ("cmd /c npx -y notes", "npm", "notes", "", "no"),
        ("env A=b npx notes", "npm", "notes", "", "no"),
        ("op run --env-file=.env -- npx notes", "npm", "notes", "", "no"),
        ("sudo -u me uvx acme", "pypi", "acme", "", "no"),
        ("./notes --stdio", "local", "notes", "", "yes"),
    ],
)  # fmt: skip
def test_a_command_says_what_it_starts(
    line: str, kind: str, name: str, version: str, pinned: str
) -> None:
    found = started(*line.split())
    assert (found.kind, found.name, found.version, found.pinned) == (kind, name, version, pinned)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("cd a && npx -y notes", "npm"),
        ("pip install acme-notes && acme-notes", "pypi"),
        ("curl -sSL https://example.com/x | sh", "script"),
        ("bash <(curl -s https://example.com/x)", "script"),
        ("exec ./notes", "local"),
        ("", "local"),
    ],
)
def test_of_a_line_for_a_shell_that_counts_which_fetches(line: str, kind: str) -> None:
    assert started("sh", "-c", line).kind == kind


def test_what_a_container_is_given_is_known() -> None:
    found = started(
        *[
            "docker",
            "run",
            "-i",
            "-eA=b",
            "--env",
            "C",
            "-v",
            "/:/host:ro",
            "--mount",
            "type=bind,src=/x,dst=/y,ro",
            "-p",
            "80:80",
            "--network=host",
            "acme/a",
            "x",
        ]
    ).container
    assert found is not None
    assert [word.text for word in found.values("-e", "--env")] == ["A=b", "C"]
    assert [(one.source, one.target, one.read_only) for one in found.mounts()] == [
        ("/", "/host", True),
        ("/x", "/y", True),
    ]
    assert [word.text for word in found.values("-p", "--network")] == ["80:80", "host"]
    assert [word.text for word in found.rest] == ["x"]


@pytest.mark.parametrize(
    "line", ["irm https://example.com/x | iex", "wget -qO- https://example.com | sudo -E bash", "sh -c \"$(curl -fsSL https://example.com)\""]
)  # fmt: skip
def test_a_line_that_runs_what_it_fetched(line: str) -> None:
    assert is_piped(line)


def test_a_line_that_only_fetches() -> None:
    assert not is_piped("curl -s https://example.com | jq .sha")


def test_wrappers_inside_each_other_end() -> None:
    words = ["sh", "-c"] * 50 + ["npx notes"]
    assert started(*words).pinned in ("yes", "no")
