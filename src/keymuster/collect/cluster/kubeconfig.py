"""Contexts of kubeconfig files, and how each signs in: read by the loader of Kubernetes' own client.

Nothing is written back into the files: a scanner leaves them as they are.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from keymuster.errors import CollectError

if TYPE_CHECKING:
    from kubernetes.client import Configuration

_DEFAULT = "~/.kube/config"
_OWN_AUTHORITY = "idp-certificate-authority"
_LOADING = Lock()
"""The loader runs programs and writes keys into files: one at a time."""


class Unusable(Exception):
    """A context by which nobody can sign in. Its text holds nothing of what stands in a kubeconfig but names."""


class Kubeconfig:
    """All files that are named, put together as kubectl does."""

    def __init__(self, paths: str) -> None:
        from kubernetes.config import ConfigException
        from kubernetes.config.kube_config import KubeConfigMerger
        from yaml import YAMLError

        self._paths = paths
        if not any(os.path.exists(one) for one in paths.split(os.pathsep)):
            raise CollectError(f"there is no file {paths}", "See --kubeconfig and KUBECONFIG.")
        try:
            self._config = KubeConfigMerger(paths).config
            self._plain: dict[str, Any] = dict(self._config.value)
            self.contexts = [str(one["name"]) for one in self._plain.get("contexts") or ()]
        except (
            ConfigException,
            YAMLError,
            OSError,
            ValueError,
            AttributeError,
            KeyError,
            TypeError,
        ) as error:
            raise CollectError(
                f"{paths} is no kubeconfig that can be read ({type(error).__name__})",
                "See --kubeconfig and KUBECONFIG; kubectl config view tells what kubectl makes of it.",
            ) from None

    def chosen(self, wanted: Sequence[str]) -> list[str]:
        """The contexts that fit what is wanted, which may be globs; the current one if nothing is."""
        if not wanted:
            current = self._plain.get("current-context")
            if current not in self.contexts:
                raise CollectError(
                    f"{self._paths} has no current context",
                    f"Name one by --contexts: {self._known()}.",
                )
            return [str(current)]
        found: dict[str, None] = {}
        for glob in wanted:
            fitting = [one for one in self.contexts if one == glob or fnmatchcase(one, glob)]
            if not fitting:
                raise CollectError(
                    f"{self._paths} has no context {glob}", f"It has: {self._known()}."
                )
            found |= dict.fromkeys(fitting)
        return list(found)

    def user(self, context: str) -> dict[str, Any]:
        """How somebody signs in, as the file has it."""
        said = _map(_named(self._plain.get("contexts"), context).get("context"))
        return _map(_named(self._plain.get("users"), str(said.get("user", ""))).get("user"))

    def proxy(self, context: str) -> str:
        """By which its cluster is reached; empty if the file names none."""
        said = _map(_named(self._plain.get("contexts"), context).get("context"))
        found = _named(self._plain.get("clusters"), str(said.get("cluster", ""))).get("cluster")
        return str(_map(found).get("proxy-url") or "")

    def load(self, context: str) -> Configuration:
        """What the client library makes of a context. It may run the program that signs in."""
        from kubernetes.client import Configuration
        from kubernetes.config import ConfigException
        from kubernetes.config.kube_config import KubeConfigLoader

        self._check_provider(context)
        made = Configuration()
        with _LOADING, _unlogged():
            try:
                KubeConfigLoader(self._config, context, config_base_path=None).load_and_set(made)
            except ConfigException as error:
                raise Unusable(f"its kubeconfig is not whole ({_of_names(error)})") from None
            except Exception as error:  # noqa: BLE001 - whatever a program or an issuer of tokens answers
                raise Unusable(f"signing in failed ({type(error).__name__})") from None
        if "exec" in self.user(context) and not made.api_key and not made.cert_file:
            raise Unusable("the program that signs in gave no credential")
        return made

    def _check_provider(self, context: str) -> None:
        """The library would ask an issuer without a certificate of its own, and send a token, without looking who
        answers."""
        from certifi import where

        provider = _map(self.user(context).get("auth-provider"))
        config = provider.get("config") if provider.get("name") == "oidc" else None
        if isinstance(config, dict) and not any(name.startswith(_OWN_AUTHORITY) for name in config):
            config[_OWN_AUTHORITY] = where()

    def _known(self) -> str:
        return ", ".join(self.contexts[:20]) or "none"


def paths(said: str) -> str:
    """The files that are meant; empty if there are none."""
    named = said or os.environ.get("KUBECONFIG", "")
    if named:
        return os.pathsep.join(os.path.expanduser(one) for one in named.split(os.pathsep) if one)
    default = Path(_DEFAULT).expanduser()
    return str(default) if default.is_file() else ""


def token_of(config: Configuration) -> str:
    """What stands in the header of a request; empty if nothing does. One that has ended is made anew."""
    name = next((one for one in _NAMES if one in config.api_key), "")
    with _LOADING, _unlogged():
        return str(config.get_api_key_with_prefix(name) or "") if name else ""


_NAMES = ("BearerToken", "authorization")
"""What the library calls a token, now and in earlier versions."""


def forget_files() -> None:
    """Delete the files that the library has written certificates and keys into."""
    from kubernetes.config import kube_config

    kube_config._cleanup_temp_files()


def _named(several: Any, name: str) -> dict[str, Any]:
    """What has a name in one of the lists of a kubeconfig, whose entries the library wraps."""
    found = [getattr(one, "value", one) for one in several or ()]
    return next((one for one in found if isinstance(one, dict) and one.get("name") == name), {})


def _map(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _of_names(error: Exception) -> str:
    """The library's words where they speak of keys and files alone."""
    text = str(error)
    return (
        text
        if text.startswith(("Invalid kube-config", "File does not exist"))
        else type(error).__name__
    )


@contextmanager
def _unlogged() -> Iterator[None]:
    """The library logs what programs print, and that may be a token."""
    root = logging.getLogger()
    ours = logging.NullHandler()
    root.addFilter(_is_of_others)
    root.addHandler(ours)  # lest the first record makes one that prints
    try:
        yield
    finally:
        root.removeHandler(ours)
        root.removeFilter(_is_of_others)


def _is_of_others(record: logging.LogRecord) -> bool:
    return "kubernetes" not in record.pathname
