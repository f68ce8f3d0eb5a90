"""A kind of target that does what a test wants of it, as another package would bring it: in a folder that
stands in PYTHONPATH, and in the settings."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from keymuster.estate.base import Bounds, Target, Task

NOW = datetime(2026, 11, 1, tzinfo=UTC)

_MODULE = '''
import os, signal, subprocess, sys, tempfile, time
from pathlib import Path

from keymuster.errors import CollectError, Unreachable
from keymuster.estate.base import Cost, Outcome
from keymuster.model import (
    Confidence, FileLocation, Finding, Identity, IdentityKind, Nhi, Report, Severity,
)


class Pretend:
    name = "pretend"

    def perform(self, task):
        options = task.target.options
        if "log" in options:
            with open(options["log"], "a") as log:
                log.write(f"{task.target.id} {os.getpid()}\\n")
        getattr(self, options["do"])(task, options)
        finding = Finding(
            id=task.target.id, rule="pretended", policy="pretended", nhi=(Nhi.SECRET_LEAKAGE,),
            severity=Severity.HIGH, confidence=Confidence.HIGH, subject=task.target.name,
            message="pretended", places=(FileLocation(path=options.get("path", "a").encode().decode("unicode_escape")),),
        )
        who = Identity(
            id=f"pretend:{task.target.name}", kind=IdentityKind.USER, provider="aws", account="1",
            name=task.target.name, location=finding.places[0],
        )
        return Outcome(
            target=options.get("as", task.target.id), report=Report(findings=(finding,)), observations=(who,),
            left={"looked": task.left.get("looked", "") + "x"}, cost=Cost(calls=3),
        )

    def work(self, task, options):
        pass

    def nonsense(self, task, options):
        os.write(options["descriptor"], b"nonsense")
        os._exit(0)

    def die(self, task, options):
        os.kill(os.getpid(), signal.SIGKILL)

    def die_unless_tried(self, task, options):
        marks = Path(options["marks"])
        with open(marks, "a") as file:
            file.write("x")
        if len(marks.read_text()) < options["times"]:
            os._exit(7)

    def quit(self, task, options):
        sys.exit(0)

    def hang(self, task, options):
        """With a program that does not end by itself, and in the middle of C code that no thread of
        Python interrupts."""
        child = subprocess.Popen(["sleep", "1000"])
        Path(options["marks"]).write_text(f"{os.getpid()} {child.pid}")
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM] if options.get("deaf") else [])
        import ctypes

        ctypes.PyDLL(None).sleep(1000)

    def wait(self, task, options):
        """Until somebody makes a file."""
        while not os.path.exists(options["until"]):
            time.sleep(0.01)

    def eat(self, task, options):
        """In a process of its own."""
        code = "import time; eaten = b'x' * (300 << 20); time.sleep(1000)"
        subprocess.run([sys.executable, "-c", code])

    def eat_at_once(self, task, options):
        bytearray(options["bytes"])

    def flood(self, task, options):
        raise SystemExit(os.writev(options["descriptor"], [b"x" * (1 << 20)] * 8))

    def fail(self, task, options):
        raise CollectError(options["message"], "Mend it.")

    def be_unreachable(self, task, options):
        raise Unreachable("it does not answer")

    def stumble(self, task, options):
        raise ValueError(options["message"])

    def fill(self, task, options):
        raise OSError(28, "No space left on device")

    def print(self, task, options):
        print("printed")
        subprocess.run(["echo", "printed"])
        print(input() if False else sys.stdin.read(), file=sys.stderr)

    def daemonize(self, task, options):
        code = "import subprocess; print(subprocess.Popen(['sleep', '1000'], start_new_session=True, stdout=subprocess.DEVNULL).pid)"
        said = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE).stdout
        Path(options["marks"]).write_bytes(said)

    def litter(self, task, options):
        Path(options["marks"]).write_text(tempfile.mkdtemp())

    def show(self, task, options):
        Path(options["marks"]).write_text("\\n".join(os.environ))
'''


class Pretending:
    """Where the kind is, and how it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = str(folder / "settings.yaml")
        (folder / "pretend_kind.py").write_text(_MODULE)
        about = folder / "pretend_kind-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: pretend-kind\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(
            "[keymuster.kind]\npretend = pretend_kind:Pretend\n"
        )
        (folder / "settings.yaml").write_text("extensions: [pretend]\n")

    @property
    def path(self) -> str:
        """For PYTHONPATH."""
        src = str(Path(__file__).parents[1] / "src")
        return os.pathsep.join([str(self.folder), src])

    def target(
        self, name: str = "one", do: str = "work", bounds: Bounds | None = None, **options: Any
    ) -> Target:
        return Target(
            id=f"pretend:{name}", kind="pretend", name=name, options={"do": do, **options}, bounds=bounds or Bounds(seconds=30)
        )  # fmt: skip

    def task(self, do: str = "work", **options: Any) -> Task:
        return Task(target=self.target(do=do, **options), now=NOW, config=self.config)
