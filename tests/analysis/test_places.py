"""What the place of a file tells."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from keymuster import regex
from keymuster.analysis import places
from keymuster.model import FileLocation, ServiceLocation, Storage


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("services/orders/config.yaml", "services/orders"),
        ("shop/services/orders/k8s/prod/app.yaml", "shop/services/orders"),
        ("orders/k8s/app.yaml", "orders"),
        ("k8s/prod/orders/app.yaml", "k8s/prod/orders"),
        ("k8s/prod/app.yaml", ""),
        ("config/prod.env", ""),
        ("a.env", ""),
        ("docs/orders/setup.md", ""),
        ("orders/tests/test_a.py", ""),
        ("examples/orders/app.yaml", ""),
        ("home/jane/project/.env", ""),
        ("orders/.github/workflows/ci.yml", "orders"),
    ],
)
def test_the_application_is_the_first_folder_that_does_not_say_what_sort_of_files_it_holds(
    path: str, folder: str
) -> None:
    assert places.application(path) == folder


@pytest.mark.parametrize(
    ("path", "setting", "said"),
    [
        (".env.production", "", "production"),
        ("deploy/staging/app.env", "", "staging"),
        ("deploy/production/staging.env", "", "staging"),
        ("a.env", "PROD_DB_PASSWORD", "production"),
        ("docs/dev/setup.md", "", "unknown"),
        ("src/live/chat.js", "", "unknown"),
        ("src/integration/client.py", "", "unknown"),
        ("prod-and-dev/a.env", "", "unknown"),
        ("settings.py", "", "unknown"),
    ],
)
def test_the_nearest_name_says_the_environment(path: str, setting: str, said: str) -> None:
    assert places.environment(path, {}, setting) == said


def test_words_of_the_settings_count() -> None:
    assert places.environment("blue/a.env", {"production": ("blue",)}) == "production"


@pytest.mark.parametrize(
    ("path", "storage", "around", "surface"),
    [
        (".github/workflows/ci.yml", Storage.TREE, "", "workflow"),
        ("ci.yaml", Storage.TREE, "workflow", "workflow"),
        ("docker-compose.prod.yml", Storage.TREE, "", "workload"),
        ("Dockerfile", Storage.TREE, "", "image"),
        ("main.tf", Storage.TREE, "", "infrastructure"),
        ("terraform.tfstate", Storage.TREE, "", "state"),
        ("plan.json", Storage.STATE_FILE, "", "state"),
        (".cursor/mcp.json", Storage.TREE, "", "agent"),
        ("home/jane/.netrc", Storage.TREE, "", "workstation"),
        ("dotfiles/.aws/credentials", Storage.TREE, "", "workstation"),
        ("Users/kim/project/docker-compose.yml", Storage.TREE, "", "workstation"),
        ("a.py", Storage.TREE, "", "code"),
        ("a.py", Storage.HISTORY, "", "history"),
    ],
)
def test_the_surface_of_a_file(path: str, storage: Storage, around: str, surface: str) -> None:
    assert places.surface(FileLocation(path=path), storage, around) == surface


@pytest.mark.parametrize("glob", sorted({one for _, globs in places._FILES for one in globs}))
def test_a_glob_fits_as_python_says(glob: str) -> None:
    plain = glob.replace("*", "")
    some = glob.replace("*", "a/b*")
    for path in (
        plain,
        some,
        f"x{some}",
        f"{some}x",
        plain[:-1],
        plain[1:],
        glob,
        f"{plain}\n",
        "",
    ):
        assert regex.is_made_of(path, *glob.split("*")) == fnmatchcase(path, glob), path


def test_what_is_in_the_history_and_in_the_tree_is_code() -> None:
    place = FileLocation(path="a.py", in_head=True)
    assert places.surface(place, Storage.HISTORY) == "code"


def test_what_a_service_tells_is_in_the_cloud() -> None:
    place = ServiceLocation(service="aws", account="1", resource="x")
    assert places.surface(place, Storage.OTHER) == "cloud"


@pytest.mark.parametrize(
    "home", ["home/runner/a", "Users/Shared/a", "home/README.md", "users/api.py"]
)
def test_not_every_home_is_a_persons(home: str) -> None:
    assert places.person(home) == ""


def test_globs_of_files_have_no_other_signs() -> None:
    assert all(
        "*" in one and not set("?[]") & set(one) for _, globs in places._FILES for one in globs
    )
