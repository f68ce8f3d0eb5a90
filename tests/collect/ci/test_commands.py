"""Commands of scripts: what publishes, what signs in, what writes to the environment."""

from __future__ import annotations

import pytest

from keymuster.collect.ci.commands import commands, environment_writes, registry
from keymuster.collect.ci.common import login_cloud


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("npm publish", "npm"),
        ("pnpm -r publish", "npm"),
        ("yarn workspace web npm publish", "npm"),
        ("cargo +nightly --locked publish", "the registry of Cargo"),
        ("python3.12 -m twine upload dist/*", "PyPI"),
        ("pipx run twine==6.1.0 upload dist/*", "PyPI"),
        ("MODE=1 sudo bundle exec gem push a.gem", "RubyGems"),
        ("nuget.exe push a.nupkg", "NuGet"),
        ("if ! uv publish; then exit 1; fi", "PyPI"),
        ("twine upload --repository-url https://upload.pypi" + ".org/legacy/ a", "PyPI"),
        ("npm run publish", ""),
        ("cargo publish --dry-run", ""),
        ("cargo publish -n", ""),
        ("npm publish --registry=https://npm.example.com", ""),
        ("twine upload -r internal a", ""),
        ("# npm publish", ""),
        ("echo npm publish", ""),
        ("uv build publish", ""),
    ],
)
def test_commands_that_publish_are_known(script: str, expected: str) -> None:
    found = {name for one in commands(script) if (name := registry(one.words))}
    assert found == ({expected} if expected else set())


@pytest.mark.parametrize("mark", ["\\", "`", "^"])
def test_a_command_over_several_lines_begins_on_its_first(mark: str) -> None:
    found = list(commands(f"make\ncargo {mark}\n  publish {mark}\n  --locked\nls"))
    assert [(one.words, one.line) for one in found] == [
        (("make",), 0),
        (("cargo", "publish", "--locked"), 1),
        (("ls",), 4),
    ]


@pytest.mark.parametrize(
    "line",
    [
        'echo "A=$(git log)" >> "$GITHUB_ENV"',
        "echo $A >> ${GITHUB_PATH}",
        "cat file >> $GITHUB_ENV",
        "python find.py | tee -a $GITHUB_ENV",
        '"A=$b" | Out-File -FilePath $env:GITHUB_ENV -Append',
        'Add-Content -Path $env:GITHUB_PATH -Value "$b"',
        "echo A=%B%>>%GITHUB_ENV%",
        "echo A=${{ inputs.a }} >> $GITHUB_ENV",
        "{\n  echo A=$B\n} >> $GITHUB_ENV",
    ],
)
def test_what_a_script_finds_and_writes_to_the_environment_is_seen(line: str) -> None:
    assert list(environment_writes(line))


@pytest.mark.parametrize(
    "line",
    [
        "echo A=b >> $GITHUB_ENV",
        'echo "$HOME/.local/bin" >> "$GITHUB_PATH"',
        '"A=b" | Out-File -FilePath $env:GITHUB_ENV',
        "{\n  echo A=b\n} >> $GITHUB_ENV",
        "echo A=$B >> $GITHUB_OUTPUT",
        "# echo $A >> $GITHUB_ENV",
        'echo "$GITHUB_ENV"',
    ],
)
def test_fixed_text_and_other_files_are_not(line: str) -> None:
    assert list(environment_writes(line)) == []


@pytest.mark.parametrize(
    ("words", "cloud"),
    [
        ("gcloud auth activate-service-account --key-file k.json", "gcp"),
        ("az login --service-principal -u a -p b", "azure"),
        ("az login --service-principal -u a --federated-token t", ""),
        ("az login", ""),
    ],
)
def test_sign_ins_with_stored_keys_are_known(words: str, cloud: str) -> None:
    assert login_cloud(tuple(words.split())) == cloud
