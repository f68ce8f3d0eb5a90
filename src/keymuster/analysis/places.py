"""What the place of a file tells of what stands in it: on which surface that lies, of which application it
is a part, and of which environment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from keymuster import regex
from keymuster.inventory.environments import named
from keymuster.model import Environment, FileLocation, Location, Storage

CODE = "code"
HISTORY = "history"
STATE = "state"
IMAGE = "image"
WORKFLOW = "workflow"
WORKLOAD = "workload"
INFRASTRUCTURE = "infrastructure"
AGENT = "agent"
WORKSTATION = "workstation"
CI_VARIABLE = "ci variable"
VAULT = "vault"
CLOUD = "cloud"

_BY_STORAGE = {
    Storage.STATE_FILE: STATE,
    Storage.CI_VARIABLE: CI_VARIABLE,
    Storage.VAULT: VAULT,
    Storage.AGENT_CONFIG: AGENT,
    Storage.AGENT_TOKENS: AGENT,
    Storage.AGENT_TRANSCRIPT: AGENT,
}

_PERSONAL = (
    "*.aws/credentials", "*.aws/config", "*.kube/config", "*.docker/config.json", "*.netrc", "*_netrc", "*.pgpass",
    "*.my.cnf", "*.git-credentials", "*.ssh/*", "*.config/gcloud/*", "*.azure/*", "*.config/gh/*", "*.vscode/settings.json",
    "*.idea/*", "*.bash_history", "*.zsh_history", "*.bashrc", "*.zshrc", "*.bash_profile", "*.zprofile", "*.pypirc",
)  # fmt: skip
"""Files that one person keeps for themselves, wherever a copy of them lies."""

_FILES: tuple[tuple[str, tuple[str, ...]], ...] = (
    (STATE, ("*.tfstate", "*.tfstate.backup")),
    (WORKSTATION, _PERSONAL),
    (
        WORKFLOW,
        (
            "*.github/workflows/*", "*.gitlab-ci*.yml", "*azure-pipelines*.yml", "*.circleci/*", "*jenkinsfile*",
            "*bitbucket-pipelines.yml", "*.travis.yml", "*.drone.yml", "*.buildkite/*",
        ),
    ),
    (AGENT, ("*.mcp.json", "*mcp.json", "*.cursor/*", "*.claude/*", "*claude_desktop_config.json", "*.codex/*", "*.gemini/*", "*.roo/*")),
    (IMAGE, ("*dockerfile*", "*containerfile*")),
    (WORKLOAD, ("*docker-compose*.y*ml", "*compose*.y*ml", "*procfile")),
    (INFRASTRUCTURE, ("*.tf", "*.tf.json", "*.tfvars", "*.bicep", "*.tofu")),
)  # fmt: skip


def surface(location: Location, storage: Storage, around: str = "") -> str:
    """Where a thing lies, in one word. `around` is what else stands in the same file, if a reader knew."""
    if not isinstance(location, FileLocation):
        return CLOUD
    if storage in _BY_STORAGE:
        return _BY_STORAGE[storage]
    if storage is Storage.HISTORY and not location.in_head:
        return HISTORY
    return _of_name(location.path) or around or CODE


@lru_cache(maxsize=4096)
def _of_name(path: str) -> str:
    lower = path.lower()
    if person(path):
        return WORKSTATION
    for found, globs in _FILES:
        if any(regex.is_made_of(lower, *one.split("*")) for one in globs):
            return found
    return ""


_HOME = regex.later(
    r"(?:^|/)(?:home|Users|users)/(?P<name>[A-Za-z][\w.-]{0,40})/|(?:^|/)dotfiles(?:-(?P<of>\w+))?/"
)
_NO_PERSON = frozenset(("shared", "public", "app", "runner", "ubuntu", "node", "default", "vscode"))


@lru_cache(maxsize=4096)
def person(path: str) -> str:
    """In whose home a file lies: a name, or `somebody`; empty where it is nobody's."""
    found = _HOME.search(path)
    if found is None:
        return ""
    name = found["name"] or found["of"] or "somebody"
    return "" if name.lower() in _NO_PERSON else name


_CONTAINERS = frozenset((
    "apps", "services", "packages", "projects", "repos", "repositories", "functions", "lambdas", "microservices",
    "components", "workspaces",
))  # fmt: skip
"""Folders whose folders are one application each."""

_LAYOUT = frozenset((
    "src", "app", "config", "configs", "conf", "settings", "deploy", "deployment", "deployments", "infra", "infrastructure",
    "terraform", "tf", "k8s", "kubernetes", "helm", "chart", "charts", "manifests", "overlays", "base", "environments",
    "envs", "env", "docker", "ci", "cd", "scripts", "script", "build", "bin", "ops", "ansible", "group_vars", "host_vars",
    "roles", "inventory", "modules", "values", "secrets", "resources", "main", "stacks", "cluster", "clusters", "state",
    "lib", "tools", "tool", "hack", "etc", "data", "assets", "public", "static", "web", "www",
))  # fmt: skip
"""Folders that say what sort of files lie in them, and not of which application."""

_ASIDE = frozenset((
    "doc", "docs", "documentation", "example", "examples", "sample", "samples", "demo", "demos", "testdata", "fixtures",
    "__fixtures__", "test-data", "vendor", "node_modules", "third_party", "third-party", "templates", "template", "snippets",
    "tutorial", "tutorials", "benchmarks", "cookbook", "cookbooks", "playground", "mocks", "__mocks__", "stubs", "contrib",
    "labs", "lab", "exercises", "challenges", "challenge", "lessons", "course", "training", "quickstart", "quickstarts",
))  # fmt: skip
"""Folders of what is there to be read, and not to be run."""

_TESTS = frozenset((
    "test", "tests", "testing", "spec", "specs", "__tests__", "e2e", "integration-tests", "integration_tests", "it",
))  # fmt: skip
_OF_TESTS = regex.later(r"(?:^|[._-])(?:test|tests|spec|conftest)(?:[._-]|$)")


def is_aside(path: str) -> bool:
    """Whether it is documentation, an example or somebody else's code."""
    return not _ASIDE.isdisjoint(_lower(path)[:-1])


def is_test(path: str) -> bool:
    """Whether it is a test of code."""
    *folders, name = _lower(path)
    return not _TESTS.isdisjoint(folders) or _OF_TESTS.search(name) is not None


@lru_cache(maxsize=4096)
def application(path: str, *, sure: bool = False) -> str:
    """The folder of the application that a file belongs to; empty where that is the whole repository, or
    not told. If `sure`, only among folders that hold one application each: of code, any folder may be a part."""
    if is_aside(path) or is_test(path) or person(path):
        return ""
    folders = _before_dot(path.split("/")[:-1])
    for index, folder in enumerate(folders[:-1]):
        if folder.lower() in _CONTAINERS:
            return "/".join(folders[: index + 2])
    if sure:
        return ""
    for index, folder in enumerate(folders):
        words = [word for word in re.split(r"[._-]", folder.lower()) if word]
        if (
            folder.lower() in _LAYOUT | _CONTAINERS
            or named({}, (folder,), {}) is not Environment.UNKNOWN
        ):
            continue
        if words and not all(word in _LAYOUT for word in words):
            return "/".join(folders[: index + 1])
    return ""


def environment(path: str, words: Mapping[str, Sequence[str]], *names: str) -> Environment:
    """What the names of a setting say, or else the file's, or else those of its folders, the nearest first.
    A test of code is none of the environments that things are deployed to: it is asked apart."""
    if is_aside(path):
        return Environment.UNKNOWN
    *folders, file = path.split("/")
    texts = [*names, file, *reversed(folders)]
    return named({}, [_plain(one) for one in texts], words)


_MEANS_MORE = regex.later(
    r"(?i)(?<![a-z0-9])(?:live|integration|testing|test|tests|e2e|stage)(?![a-z0-9])"
)


def _plain(text: str) -> str:
    """Without the words that name folders of code as often as environments."""
    return _MEANS_MORE.sub("", text)


def _lower(path: str) -> list[str]:
    return path.lower().split("/")


def _before_dot(folders: Sequence[str]) -> list[str]:
    """Without the folders of tools (`.github`): they speak for the one that they are in."""
    for index, folder in enumerate(folders):
        if folder.startswith("."):
            return list(folders[:index])
    return list(folders)
