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
            for name in self._modules():
                for older in self._sources.glob(f"{name}.*"):
                    if older.suffix in (".so", ".pyd"):
                        older.unlink()
            shutil.rmtree(self._sources / DERIVED, ignore_errors=True)
        accelerators = self._accelerators()
        for name, built in accelerators.items():
            self._include(built, f"{name.rpartition('/')[0]}/{built.name}", version, build_data)
        derived = self._derived(version)
        for file in derived:
            self._include(file, f"{DERIVED}/{file.name}", version, build_data)
        if accelerators or derived:
            build_data["pure_python"] = False
            build_data["tag"] = f"{'cp311-abi3' if accelerators else 'py3-none'}-{_platform()}"

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

    @property
    def _sources(self) -> Path:
        return Path(self.root, "src")

    def _modules(self) -> list[str]:
        """The modules in C, wherever there is one: from the sources, without what they end in."""
        found = self._sources.glob("keymuster/**/_accelerator.c")
        return sorted(one.relative_to(self._sources).with_suffix("").as_posix() for one in found)

    def _accelerators(self) -> dict[str, Path]:
        """The inner loops of the pack reader and of the search in C. Without them it is slower, and
        does the same."""
        if _is_set(SWITCH):
            return self._without_accelerators(f"{SWITCH} is set")
        if sys.implementation.name != "cpython" or sysconfig.get_config_var("Py_GIL_DISABLED"):
            return self._without_accelerators("this Python has no stable binary interface")
        try:
            return {
                name: _compiled(name, self._sources, Path(self._folder)) for name in self._modules()
            }
        except Exception as error:  # noqa: BLE001 - a compiler can fail in any way
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            return self._without_accelerators(reason)

    def _without_accelerators(self, reason: str) -> dict[str, Path]:
        self.app.display_warning(f"keymuster is built without its C accelerator: {reason}")
        return {}

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


def _compiled(name: str, sources: Path, folder: Path) -> Path:
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    source = sources / f"{name}.c"
    options = [] if sys.platform == "win32" else ["-O2"]
    extension = Extension(
        name.replace("/", "."),
        [source.name],
        py_limited_api=True,
        extra_compile_args=options,
    )
    command = build_ext(Distribution({"ext_modules": [extension]}))
    command.build_lib = str(folder)
    command.build_temp = str(folder / name)  # where an object of the same name may be another's
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
