"""What a process that looks at one target may see of the environment: nothing that is for another one."""

from __future__ import annotations

from collections.abc import Mapping

_HARMLESS = (
    # where programs, certificates and one's own files are
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "NODE_EXTRA_CA_CERTS",
    # how to get out
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    # how Python and keymuster run
    "PYTHONPATH", "PYTHONHOME", "PYTHONUTF8", "PYTHONDONTWRITEBYTECODE", "PYTHONWARNINGS", "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH", "KEYMUSTER_CACHE", "KEYMUSTER_TRACEBACK", "KEYMUSTER_NO_ACCELERATOR",
    "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM",
    # without which nothing runs on Windows
    "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "COMSPEC", "PATHEXT", "APPDATA", "LOCALAPPDATA", "PROGRAMDATA",
    "USERPROFILE",
)  # fmt: skip


def surroundings(named: tuple[str, ...], given: Mapping[str, str]) -> dict[str, str]:
    """Of an environment, what holds for every target, and the variables that one names: those of others are
    nothing to it."""
    return {
        name: value
        for name, value in given.items()
        if name in _HARMLESS or name.startswith("LC_") or name in named
    }
