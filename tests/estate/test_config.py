"""`estate.yaml`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from keymuster.errors import SettingsError
from keymuster.estate import config
from keymuster.estate.credentials import Reference
from keymuster.estate.definition import Estate, Limits, Repository, Retries

Write = Callable[[str], Path]

WHOLE = """\
store: {env: ESTATE_STORE}
cache: {folder: cache, size: 5GB}
config: team.yaml
defaults:
  source: worktree
  limits: {seconds: 600, memory: 2GB}
  retries: {attempts: 5}
  jobs: 2
targets:
  repositories:
    - https://git.acme.test/api.git
    - url: git@git.acme.test:web.git
      credential: {file: keys/web}
      limits: {seconds: 60}
    - path: mirrors/shop.git
    - glob: mirrors/*
  services:
    - aws
    - service: github
      name: acme
      credential: {env: ACME_TOKEN}
      options: {organizations: [acme], most-repositories: 20}
    - service: entra
      environment: {AZURE_TENANT_ID: acme.test, AZURE_CLIENT_SECRET: {env: ENTRA}}
  machines: [{name: build, homes: [/home/*]}]
  listers:
    - {lister: folder, path: mirrors}
schedule:
  nightly: 0 3 * * *
  shops: {cron: "*/15 * * * *", zone: Europe/Berlin, targets: ["*shop*"]}
notify:
  channels:
    appsec: {kind: slack, url: {file: keys/slack}, severity: high}
    mail: {kind: email, server: smtp.acme.test, from: k@acme.test, domains: [acme.test], to: [sec@acme.test], ca: keys/ca}
  routes: [{owner: "*@acme.test", to: mail}]
  otherwise: appsec
retention: {resolved_days: 30}
"""


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def make(text: str) -> Path:
        path = tmp_path / "estate.yaml"
        path.write_text(text)
        return path

    return make


def refused(path: Path) -> str:
    with pytest.raises(SettingsError) as refusal:
        config.load(str(path))
    return f"{refusal.value.message} {refusal.value.advice()}".removeprefix(str(path))


def test_an_empty_file_is_an_estate_without_targets(write: Write, tmp_path: Path) -> None:
    said = config.load(str(write("")))
    assert said.targets == Estate().targets
    assert said.store == f"sqlite:///{tmp_path}/estate.db"


def test_everything_that_it_may_say(write: Write, tmp_path: Path) -> None:
    said = config.load(str(write(WHOLE)))
    assert said.store == Reference(env="ESTATE_STORE")
    assert (said.cache.folder, said.cache_bytes) == (str(tmp_path / "cache"), 5 * 1024**3)
    assert said.config == str(tmp_path / "team.yaml")
    assert said.defaults.retries == Retries(attempts=5)
    assert said.schedules["nightly"].cron == "0 3 * * *"
    assert said.schedules["shops"].zone == "Europe/Berlin"
    _, web, shop, several = said.targets.repositories
    assert isinstance(web, Repository)
    assert web.credential == Reference(file=str(tmp_path / "keys/web"))
    assert isinstance(shop, Repository)
    assert shop.path == str(tmp_path / "mirrors/shop.git")
    assert isinstance(several, Repository)
    assert several.glob == str(tmp_path / "mirrors/*")
    assert said.targets.listers[0]["path"] == str(tmp_path / "mirrors")


def test_what_a_target_may_take_is_its_own_word_then_the_default(write: Write) -> None:
    said = config.load(str(write(WHOLE)))
    bounds = said.bounds(Limits(seconds=60))
    assert (bounds.seconds, bounds.memory, bounds.output) == (60, 2 * 1024**3, 512 * 1024**2)


def test_the_published_schema_is_that_of_the_file() -> None:
    schema = config.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert list(validator.iter_errors(yaml.safe_load(WHOLE))) == []
    assert list(
        validator.iter_errors({"targets": {"listers": [{"lister": "folder", "paht": "x"}]}})
    )
    assert list(validator.iter_errors({"targts": {}}))
    assert list(validator.iter_errors({"targets": {"repositories": [{"name": "x"}]}}))
    assert list(validator.iter_errors({"store": {"env": "A", "file": "b"}}))
    published = Path(__file__).parents[2] / "docs/schemas/estate-v1.json"
    assert json.loads(published.read_text())["$defs"] == json.loads(json.dumps(schema["$defs"]))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("targts: {}", 1, "there is no `targts` here; did you mean `targets`?"),
        ("targets:\n  repositores: []", 2, "did you mean `repositories`?"),
        ("targets:\n  repositories:\n    - x.test/a\n    - urll: x", 4, "did you mean `url`?"),
        ("defaults:\n  jobs: many", 2, "defaults.jobs: Expected `int`, got `str`"),
        ("defaults: {source: everything}", 1, "defaults.source: is none of history, worktree"),
        ("defaults:\n  limits: {memory: lots}", 2, "memory is not a size"),
        ("cache: {size: 0}", 1, "size is not a size"),
        ("targets: {}\nstore: x\ntargets: {}", 3, "`targets` is there twice, first on line 1"),
        ("targets: [", 2, "did not find expected"),
        ("store: mysql://db/x", 1, "store: is no URL of a database"),
        ("store: {oidc: file}", 1, "store: is named by env or file"),
        ("targets:\n  services: [awz]", 2, "there is no such service; did you mean `aws`?"),
        ("targets:\n  services:\n    - service: awz", 3, "did you mean `aws`?"),
        ("targets:\n  services:\n    - service: aws\n      options: {profil: x}", 3, "did you mean `profile`?"),
        ("targets:\n  services:\n    - service: aws\n      options: {organization: acme}", 3, "organization is true or false"),
        ("targets:\n  services:\n    - service: aws\n      credential: {env: X}", 3, "takes its credential from several"),
        ("targets:\n  listers:\n    - lister: foldr", 3, "did you mean `folder`?"),
        ("targets:\n  listers:\n    - path: x", 3, "has no `lister`"),
        ("targets:\n  listers:\n    - lister: folder\n      path: x\n      dept: 1", 5, "did you mean `depth`?"),
        ("targets:\n  repositories:\n    - ftp://x.test/a", 3, "`ftp://` is not fetched from"),
        ("targets:\n  repositories:\n    - http://x.test/a", 3, "would be read in plain text"),
        ("targets:\n  repositories:\n    - {url: https://x.test/a, path: b}", 3, "one of url, path, glob"),
        ("targets:\n  repositories:\n    - {path: b, credential: {env: X}}", 3, "needs no credential"),
        ("targets:\n  repositories:\n    - {url: git@x.test:a, credential: {env: X}}", 3, "named by file"),
        ("targets:\n  repositories:\n    - {url: https://x.test/a, refs: [main]}", 3, "refs/heads/*"),
        ("schedule:\n  often: 99 * * * *", 2, "no cron expression"),
        ("schedule:\n  often: '* * * * * *'", 2, "no cron expression"),
        ("schedule:\n  often: {cron: 0 3 * * *, zone: Europe/Berln}", 2, "no such time zone"),
        ("schedule:\n\n  often: 0 3 31 2 *", 3, "never comes"),
        ("events: [{name: s, format: ocfs, file: x}]", 1, "events[0].format: is none of json, ocsf"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(
    text: str, line: int, words: str, write: Write
) -> None:
    said = refused(write(text))
    assert said.startswith(f":{line}: ")
    assert words in said


def test_a_credential_that_is_written_down_is_asked_for_by_name(write: Write) -> None:
    with pytest.raises(SettingsError) as refusal:
        config.load(str(write("targets: {services: [{service: github, credential: hush}]}")))
    assert refusal.value.advice() == "Name it: `credential: {env: NAME}`."
    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "targets: {{repositories: ['https://ada:{0}@git.acme.test/api']}}",
        "targets: {{repositories: ['https://{0}@git.acme.test/api']}}",
        "targets: {{repositories: [{{url: 'ssh://git:{0}@git.acme.test/api'}}]}}",
        "store: postgresql://keymuster:{0}@db.acme.test/estate",
        "store: postgresql://db.acme.test/estate?password={0}",
        "targets: {{services: [{{service: github, credential: {0}}}]}}",
        "targets: {{services: [{{service: github, environment: {{GH_TOKEN: {0}}}}}]}}",
        "targets: {{services: [{{service: entra, environment: {{AZURE_CLIENT_SECRET: {0}}}}}]}}",
        "defaults: {{source: {0}}}",
    ],
)
def test_a_credential_in_the_file_is_refused_and_not_repeated(text: str, write: Write) -> None:
    word = "notasecretbyform"  # so that only its place tells
    said = refused(write(text.format(word)))
    assert word not in said


def test_what_our_rules_take_for_a_secret_is_refused_wherever_it_stands(
    write: Write, token: Callable[..., str]
) -> None:
    text = token("github-pat")
    said = refused(write(f"# for now\nnotify:\n  channels:\n    - note: {text}\n"))
    assert said.startswith(":4: looks like a secret (")
    assert text not in said


def test_a_variable_that_names_a_file_is_no_secret(write: Write) -> None:
    path = write(
        "targets: {services: [{service: aws, environment: {AWS_SHARED_CREDENTIALS_FILE: x, AWS_PROFILE: y}}]}"
    )
    [service] = config.load(str(path)).targets.services
    assert not isinstance(service, str)
    assert service.environment["AWS_PROFILE"] == "y"


def test_the_store_is_found_through_its_reference(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = config.load(str(write("store: {env: ESTATE_STORE}")))
    monkeypatch.setenv("ESTATE_STORE", "postgresql://db/x")
    assert config.store_url(said) == "postgresql://db/x"


@pytest.mark.parametrize("text", ["- a", "3", "targets: 3", "{: }", "\0", "a: &a [*a]"])
def test_what_is_no_mapping_is_wrong_and_no_fault_of_ours(text: Any, write: Write) -> None:
    assert refused(write(text))


def test_the_example_that_is_documented_is_right(write: Write) -> None:
    page = (Path(__file__).parents[2] / "docs/estate-yaml.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    said = config.load(str(write(example)))
    assert [len(part) for part in (said.targets.repositories, said.targets.listers, said.targets.services)] == [5, 4, 5]  # fmt: skip
    assert sorted(said.schedules) == ["nightly", "payments"]
