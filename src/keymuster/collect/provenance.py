"""The repository that scanned files belong to, for reports that name it."""

from __future__ import annotations

from keymuster.collect.git import Git
from keymuster.collect.repository import toplevel
from keymuster.errors import Unreadable
from keymuster.model import Provenance


def provenance(root: str) -> Provenance:
    """What git says of a folder; empty fields where it says nothing."""
    if toplevel(root) is None:
        return Provenance(root=root)
    git = Git(root)
    try:
        revision, branch = _head(git)
        return Provenance(
            root=root,
            repository=_without_credentials(git.ask("config", "--get", "remote.origin.url") or ""),
            revision=revision,
            branch=branch,
        )
    except Unreadable:
        return Provenance(root=root)  # a courtesy: the source itself reports what it cannot read


def _head(git: Git) -> tuple[str, str]:
    """The commit and the branch of HEAD; asked for at once, as each git costs milliseconds."""
    said = git.ask("rev-parse", "HEAD", "--abbrev-ref=loose", "HEAD", "--")
    if said is None:  # before the first commit
        return "", git.ask("symbolic-ref", "--quiet", "--short", "HEAD") or ""
    revision, branch = said.split("\n")[:2]
    return revision, "" if branch == "HEAD" else branch


def _without_credentials(remote: str) -> str:
    """An https form of a remote, without the user and password it may hold; empty for a path."""
    if "://" not in remote:
        host, colon, path = remote.partition(":")
        if not colon or "/" in host or len(host) < 2 or path.startswith(":"):
            return ""
        return f"https://{host.rpartition('@')[2]}/{path.lstrip('/')}"
    from urllib.parse import urlsplit, urlunsplit  # slow to import

    try:
        parts = urlsplit(remote)
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https", "ssh", "git"):
        return ""
    host = parts.netloc.rpartition("@")[2]
    scheme = "https" if parts.scheme in ("ssh", "git") else parts.scheme
    if parts.scheme == "ssh":
        host = host.partition(":")[0]
    return urlunsplit((scheme, host, parts.path, "", ""))
