"""`keymuster init`: settings, hook and CI for one repository, each file written only if absent."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import click

from keymuster import __version__, settings_file
from keymuster.errors import SettingsError

_HOOK = """\
repos:
  - repo: https://github.com/keymuster/keymuster
    rev: v{version}
    hooks:
      - id: keymuster
      - id: keymuster-push
"""


@click.command("init")
@click.argument("path", default=".", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option(
    "--ci",
    type=click.Choice(["github", "gitlab", "none"]),
    help="Which CI to write for.  [default: by the remote]",
)
def command(path: Path, ci: str | None) -> None:
    """Set the repository at PATH up: settings, pre-commit hook, CI job.

    What exists is left alone; for a hook file that exists the entry to add is printed.

    \b
    Examples:
      keymuster init
      keymuster init --ci gitlab
    """
    root, remotes = _repository(path)
    _write(root / settings_file.FILE, _template("keymuster.yaml"))
    hook = _HOOK.format(version=__version__)
    if not _write(root / ".pre-commit-config.yaml", hook):
        click.echo("Add to its `repos:`\n" + hook.partition("\n")[2].rstrip())
    ci = ci or _ci(root, remotes)
    if ci == "github":
        _write(root / ".github/workflows/keymuster.yml", _template("github.yml"))
    elif ci == "gitlab" and not _write(root / ".gitlab-ci.yml", _template("gitlab.yml")):
        click.echo("Add to it\n" + _template("gitlab.yml").rstrip())
    click.echo(
        "Next: pre-commit install --hook-type pre-commit --hook-type pre-push; keymuster scan"
    )


def _repository(path: Path) -> tuple[Path, list[str]]:
    """The root of the repository and the addresses of its remotes."""
    import git

    try:
        repository = git.Repo(path, search_parent_directories=True)
    except git.InvalidGitRepositoryError as error:
        raise SettingsError(
            f"{path} is not in a git repository", "Run git init first, or name another folder."
        ) from error
    if repository.working_tree_dir is None:
        raise SettingsError(f"{path} is a bare repository", "Run this where its files are.")
    addresses = [address for remote in repository.remotes for address in remote.urls]
    return Path(repository.working_tree_dir), addresses


def _ci(root: Path, remotes: list[str]) -> str:
    """The CI that the repository already speaks to, or would."""
    if (root / ".github").is_dir() or any("github" in address for address in remotes):
        return "github"
    if (root / ".gitlab-ci.yml").is_file() or any("gitlab" in address for address in remotes):
        return "gitlab"
    return "none"


def _template(name: str) -> str:
    text = (resources.files("keymuster.cli") / "templates" / name).read_text(encoding="utf-8")
    return text.replace("{version}", __version__)


def _write(path: Path, text: str) -> bool:
    """Whether the file was written; one that exists is left as it is."""
    if path.exists():
        click.echo(f"{path} exists; left as it is")
        return False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path} could not be written: {error.strerror}") from error
    click.echo(f"{path} written")
    return True
