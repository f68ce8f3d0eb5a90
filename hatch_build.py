"""What is built besides the Python files. Each artefact is a function that makes it, or says why it
goes without."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ACCELERATOR = "keymuster/collect/packs/_accelerator"
SWITCH = "KEYMUSTER_NO_ACCELERATOR"


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """An editable installation gets its artefacts where the sources are, a wheel gets them inside."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        self._folder = tempfile.mkdtemp(prefix="keymuster-build-")
        if version == "editable":  # an older one would be taken for ours
            for older in Path(self.root, "src").glob(f"{ACCELERATOR}.*"):
                if older.suffix in (".so", ".pyd"):
                    older.unlink()
        if built := self._accelerator():
            self._include(
                built, f"{ACCELERATOR.rpartition('/')[0]}/{built.name}", version, build_data
            )
            build_data["pure_python"] = False
            build_data["tag"] = f"cp311-abi3-{_platform()}"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def _include(self, built: Path, name: str, version: str, build_data: dict[str, Any]) -> None:
        """Put a file where the package will look for it."""
        if version == "editable":
            shutil.copy(built, Path(self.root, "src", name))
        else:
            build_data["force_include"][str(built)] = name

    def _accelerator(self) -> Path | None:
        """The inner loops of the pack reader in C. Without them it is slower, and does the same."""
        if os.environ.get(SWITCH, "0") not in ("", "0"):
            return self._without(f"{SWITCH} is set")
        if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
            return self._without("this Python has no stable binary interface")
        try:
            return _compiled(Path(self.root, "src", f"{ACCELERATOR}.c"), Path(self._folder))
        except Exception as error:  # noqa: BLE001 - a compiler can fail in any way
            return self._without((str(error).splitlines() or [type(error).__name__])[0])

    def _without(self, reason: str) -> None:
        self.app.display_warning(f"keymuster is built without its C accelerator: {reason}")


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
