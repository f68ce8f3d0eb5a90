"""What is built besides the Python files. Each artefact is a function that makes it, or says why it
goes without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ACCELERATOR = "keymuster/collect/packs/_accelerator"
SWITCH = "KEYMUSTER_NO_ACCELERATOR"

DERIVED = "keymuster/_derived"
NOT_DERIVED = "KEYMUSTER_NO_DATABASES"
DERIVED_BY = ("hyperscan", "msgspec", "pyyaml")
"""What the code needs that derives."""
_DERIVE = """
import sys
sys.path.insert(0, sys.argv[1])  # a frontend may take it out of the environment
from keymuster.derived import make
make(sys.argv[2], checkout=sys.argv[3] == "editable")
"""


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable installation gets its artefacts where the sources are, a wheel gets them inside."""

    def dependencies(self) -> list[str]:
        """What a build needs besides; less where not everything is built."""
        if _is_set(NOT_DERIVED):
            return []
        needed = self.metadata.core.dependencies
        return [one for one in needed if one.startswith(DERIVED_BY)]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._folder = tempfile.mkdtemp(prefix="keymuster-build-")
        if version == "editable":  # an older one would be taken for ours
            for older in Path(self.root, "src").glob(f"{ACCELERATOR}.*"):
                if older.suffix in (".so", ".pyd"):
                    older.unlink()
            shutil.rmtree(Path(self.root, "src", DERIVED), ignore_errors=True)
        accelerator = self._accelerator()
        if accelerator:
            name = f"{ACCELERATOR.rpartition('/')[0]}/{accelerator.name}"
            self._include(accelerator, name, version, build_data)
        derived = self._derived(version)
        for file in derived:
            self._include(file, f"{DERIVED}/{file.name}", version, build_data)
        if accelerator or derived:
            build_data["pure_python"] = False
            build_data["tag"] = f"{'cp311-abi3' if accelerator else 'py3-none'}-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _include(self, built: Path, name: str, version: str, build_data: dict[str, Any]) -> None:
        """Put a file where the package will look for it."""
        if version == "editable":
            target = Path(self.root, "src", name)
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(built, target)
        else:
            build_data["force_include"][str(built)] = name

    def _accelerator(self) -> Path | None:
        """The inner loops of the pack reader in C. Without them it is slower, and does the same."""
        if _is_set(SWITCH):
            return self._without_accelerator(f"{SWITCH} is set")
        if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
            return self._without_accelerator("this Python has no stable binary interface")
        try:
            return _compiled(Path(self.root, "src", f"{ACCELERATOR}.c"), Path(self._folder))
        except Exception as error:  # noqa: BLE001 - a compiler can fail in any way
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            return self._without_accelerator(reason)

    def _without_accelerator(self, reason: str) -> None:
        self.app.display_warning(f"keymuster is built without its C accelerator: {reason}")

    def _derived(self, version: str) -> list[Path]:
        """What follows from the rules: their databases, and what those are made of. Without them
        the first run of an installation derives it."""
        if _is_set(NOT_DERIVED):
            return self._without_databases(f"{NOT_DERIVED} is set")
        folder = Path(self._folder, "derived")
        done = subprocess.run(
            [sys.executable, "-B", "-c", _DERIVE, Path(self.root, "src"), folder, version],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            return self._without_databases((done.stderr.splitlines() or ["it ended early"])[-1])
        return sorted(folder.iterdir())

    def _without_databases(self, reason: str) -> list[Path]:
        self.app.display_warning(f"keymuster is built without its databases: {reason}")
        return []


def _is_set(switch: str) -> bool:
    return os.environ.get(switch, "0") not in ("", "0")


def _compiled(source: Path, folder: Path) -> Path:
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    options = [] if sys.platform == "win32" else ["-O2"]
    extension = Extension(
        ACCELERATOR.replace("/", "."),
        [source.name],
        py_limited_api=True,
        extra_compile_args=options,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib = command.build_temp = str(folder)
    before = os.getcwd()
    os.chdir(source.parent)  # the paths of objects follow those of the sources
    try:
        command.ensure_finalized()
        command.run()
    finally:
        os.chdir(before)
    return Path(command.get_ext_fullpath(extension.name))


def _platform() -> str:
    from packaging.tags import sys_tags

    names = (tag.platform for tag in sys_tags())
    return next(name for name in names if not name.startswith(("manylinux", "musllinux")))
