"""`.keymuster.yaml`."""

from __future__ import annotations

from pathlib import Path

import pytest

from keymuster import settings, settings_file
from keymuster.errors import SettingsError
from keymuster.model.secret import PUBLIC_KEY
from keymuster.settings import Exclude, Settings


def _load(tmp_path: Path, text: str | bytes) -> Settings:
    path = tmp_path / settings_file.FILE
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    loaded, file = settings.load(None, str(tmp_path))
    assert file == str(path)
    return loaded


def test_without_a_file_there_are_the_defaults(tmp_path: Path) -> None:
    assert settings.load(None, str(tmp_path)) == (Settings(), None)


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "---\n", "{}\n"])
def test_an_empty_file_means_the_defaults(text: str, tmp_path: Path) -> None:
    assert _load(tmp_path, text) == Settings()


def test_every_setting_can_be_set(tmp_path: Path) -> None:
    loaded = _load(
        tmp_path,
        "fail_on: high\nexclude: ['*.lock']\nmax_file_size: 10MB\njobs: 2\nstrict: true\n"
        "formats: [{id: acme-key, shape: 'acme_{hex:32}'}]\n"
        "rules: {folders: [own], only: ['secret-*'], skip: [generic-secret]}\n"
        "extensions: [shout]\nfingerprint_key_env: KEY\n"
        "containers: {depth: 1}\nconfidence: low\nfail_confidence: low\n"
        "owners: {tags: [Custodian]}\nlimits: {key_age_days: 30}\nours: {github: [acme]}\n"
        "environments: {production: [blue]}\nagents: {registry: all.yaml}\n"
        "exceptions: {approvers: [jane]}\nbaseline: known\n"
        "reach: {jewels: [{tag: data-class, value: 'restricted*'}]}\n",
    )
    defaults = Settings()
    names = Settings.__struct_fields__
    assert [name for name in names if getattr(loaded, name) == getattr(defaults, name)] == []


def test_a_list_under_exclude_means_paths(tmp_path: Path) -> None:
    assert _load(tmp_path, "exclude: ['*.lock']\n").exclude == Exclude(paths=("*.lock",))
    assert _load(tmp_path, "exclude: {names: [csrf]}\n").exclude == Exclude(names=("csrf",))


def test_what_is_wrong_with_a_value_is_said_without_it(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, "exclude: {values: ['sha256:hunter2hunter2']}\n")
    assert "hunter2" not in caught.value.message


def test_the_nearest_file_upward_is_taken(tmp_path: Path) -> None:
    deep = tmp_path / "a/b/c"
    deep.mkdir(parents=True)
    (tmp_path / settings_file.FILE).write_text("jobs: 1\n")
    (tmp_path / "a/b" / settings_file.FILE).write_text("jobs: 2\n")
    assert settings.load(None, str(deep))[0].jobs == 2
    assert settings.load(None, str(tmp_path / "a"))[0].jobs == 1


def test_a_folder_of_that_name_is_no_settings_file(tmp_path: Path) -> None:
    (tmp_path / "a" / settings_file.FILE).mkdir(parents=True)
    (tmp_path / settings_file.FILE).write_text("jobs: 1\n")
    assert settings.load(None, str(tmp_path / "a"))[0].jobs == 1


def test_a_chosen_file_is_not_looked_for(tmp_path: Path) -> None:
    (tmp_path / settings_file.FILE).write_text("jobs: 1\n")
    (tmp_path / "other").write_text("jobs: 7\n")
    assert settings.load(str(tmp_path / "other"), str(tmp_path))[0].jobs == 7


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("fail_onn: low\n", "unknown field `fail_onn`; did you mean `fail_on`?"),
        ("xyzzy: 1\n", "unknown field `xyzzy`; there are fail_on, "),
        ("rules: {onyl: []}\n", "did you mean `only`?"),
        ("fail_on: hi\n", "fail_on: `hi` is not one of critical, high, medium, low, never"),
        ("fail_on: info\n", "`info` is not one of"),
        ("fail_on: [high]\n", "Expected `str`, got `array` - at `$.fail_on`"),
        ("strict: 'yes'\n", "Expected `bool`, got `str` - at `$.strict`"),
        ("ours: {aws: [111122223333]}\n", "at `$.ours[...][0]`; write it in quotes"),
        ("environments: {prodution: [core]}\n", "no `prodution`; did you mean `production`?"),
        ("environments: {unknown: [x]}\n", "no `unknown`; there are production, staging"),
        ("environments: {production: ['asw:1']}\n", "no `asw:`; did you mean `aws`?"),
        ("environments: {production: ['gcp:']}\n", "`gcp:` names nothing"),
        (
            "environments: {production: ['gcp:a'], test: ['gcp:a']}\n",
            "cannot be production and test",
        ),
        ("jobs: -1\n", "Expected `int` >= 0 - at `$.jobs`"),
        ("jobs: 1.5\n", "at `$.jobs`"),
        ("exclude: '*.py'\n", "Expected `object`, got `str` - at `$.exclude`"),
        ("exclude: {path: []}\n", "did you mean `paths`?"),
        ("exclude: {values: [12345678]}\n", "Expected `str`, got `int` - at `$.exclude.values[0]`"),
        ("exclude: {values: ['sha256:ABC']}\n", "exclude.values[0]: `sha256:` needs 64 digits"),
        ("exclude: {values: [ab, 'secret:12']}\n", "exclude.values[1]: `secret:` needs 32 digits"),
        ("exclude: {names: ['*']}\n", "exclude.names[0]: would leave out nearly everything"),
        ("formats: {id: x}\n", "Expected `array`, got `object` - at `$.formats`"),
        ("formats: [x]\n", "Expected `object`, got `str` - at `$.formats[0]`"),
        ("max_file_size: 0\n", "max_file_size: `0` is not a size"),
        ("max_file_size: true\n", "at `$.max_file_size`"),
        ("- a list\n", "Expected `object`, got `array`"),
        ("[]\n", "Expected `object`, got `array`"),
        ("false\n", "Expected `object`, got `bool`"),
        ("a: [1\n", "expected ',' or ']'"),
        (b"\xff\xfe\xff: 1\n", ""),
        (
            "fail_on: !!python/object/apply:os.system ['true']\n",
            "could not determine a constructor",
        ),
    ],
)
def test_a_mistake_is_named_with_its_file(text: str | bytes, problem: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        _load(tmp_path, text)
    said = str(caught.value)
    assert said.startswith(str(tmp_path / settings_file.FILE))
    assert problem in said
    assert "\n" not in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(SettingsError, match=f"{path}: cannot be read: "):
            settings.load(str(path), str(tmp_path))


@pytest.mark.parametrize(
    ("text", "size"),
    [
        (1, 1), ("1", 1), ("7B", 7), ("500k", 512_000), ("500KB", 512_000), ("10MB", 10_485_760),
        ("10 mb", 10_485_760), (" 2G ", 2_147_483_648), ("2gb", 2_147_483_648),
    ],
)  # fmt: skip
def test_a_size_is_a_number_of_bytes(text: str | int, size: int) -> None:
    assert settings.size_in_bytes(text) == size


@pytest.mark.parametrize(
    "text", ["", "MB", "-1", "0", "0KB", "1.5MB", "1TB", "1 0", "ten", "1e6", "²"]
)
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"a name: `.*` is not a size"):
        settings.size_in_bytes(text, "a name")


def test_the_fingerprint_key_comes_from_the_environment_that_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert Settings().fingerprint_key() == PUBLIC_KEY
    monkeypatch.setenv("ESTATE_KEY", "of the estate")
    assert Settings(fingerprint_key_env="ESTATE_KEY").fingerprint_key() == b"of the estate"


@pytest.mark.parametrize("value", [None, ""])
def test_a_fingerprint_key_that_is_not_there_is_no_public_key(
    value: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ESTATE_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("ESTATE_KEY", value)
    with pytest.raises(SettingsError, match="ESTATE_KEY is not set"):
        Settings(fingerprint_key_env="ESTATE_KEY").fingerprint_key()
