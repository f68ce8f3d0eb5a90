"""What is scanned: a repository made of real text, staged changes, large files. All of it is the same
on every machine that has the same Python.

Tokens are invented and put together while this runs, so that none stands in this file.
"""

from __future__ import annotations

import argparse
import base64
import random
import re
import string
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path
from typing import IO
from uuid import UUID
from zlib import crc32

FILES, COMMITS = 5000, 12000
_DIGITS = string.digits + string.ascii_uppercase + string.ascii_lowercase
_START = 1_500_000_000
_PEOPLE = [
    (name, f"{name.split()[0].lower()}@example.{end}", zone)
    for name, end, zone in (
        ("Ada Author", "org", "+0000"),
        ("Bela Builder", "org", "+0100"),
        ("Chidi Coder", "com", "+0100"),
        ("Dana Designer", "org", "-0500"),
        ("Emre Engineer", "net", "+0300"),
        ("Fumiko Fixer", "org", "+0900"),
        ("Gita Gatekeeper", "com", "+0530"),
        ("Hugo Hacker", "org", "-0800"),
    )
]


def token(seed: object) -> str:
    """An invented GitHub token whose checksum is right: every scanner here knows it."""
    numbers = random.Random(f"token {seed}")
    body = "".join(numbers.choices(_DIGITS, k=30))
    number, check = crc32(body.encode()), ""
    for _ in range(6):
        number, digit = divmod(number, len(_DIGITS))
        check = _DIGITS[digit] + check
    return "gh" + "p_" + body + check


# --- files that are planted and staged ----------------------------------------------------------


PLANTED = "planted_settings.py"


def planted(label: str) -> tuple[str, list[str]]:
    """The text of a small file, and the tokens in it."""
    tokens = [token(f"{label} {number}") for number in range(3)]
    lines = [f'DEPLOY_{number} = "{one}"\n' for number, one in enumerate(tokens)]
    return "".join(['"""Where to deploy."""\n\n', *lines]), tokens


def stage(repository: Path, secret: str = "") -> int:
    """Five small changes in the index, one with the secret; how many bytes they are."""
    names = listed(repository, ".py")[: 2 * 97 : 97]
    texts = {name: repository.joinpath(name).read_text("utf-8", "replace") for name in names}
    texts = {
        name: text if text.endswith("\n") else f"{text}\n"
        for name, text in texts.items()
        if len(text) < 50_000
    }
    for number in range(5 - len(texts)):
        texts[f"staged_{number}.py"] = f'"""Module {number}."""\n'
    for number, name in enumerate(texts):
        texts[name] += "".join(
            f"\n\ndef added_{number}_{line}(a):\n    return a + {line}\n" for line in range(10)
        )
    if secret:
        texts[name] += f'\n\nDEPLOY = "{secret}"\n'
    for name, text in texts.items():
        repository.joinpath(name).write_text(text)
    subprocess.run(["git", "add", "-A"], cwd=repository, check=True)
    return sum(len(text) for text in texts.values())


def listed(repository: Path, suffix: str = "") -> list[str]:
    """The tracked files."""
    said = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, capture_output=True, check=True
    )
    names = said.stdout.decode("utf-8", "surrogateescape").split("\0")
    return [name for name in names if name and name.endswith(suffix)]


# --- large inputs -------------------------------------------------------------------------------


def large_file(folder: Path, size: int) -> None:
    """One text file of so many bytes; the secrets stand at its end."""
    _fill(folder / "large.log", size, b"".join(_sources()))


def large_line(folder: Path, size: int) -> None:
    """One file with one line, as a generator of code writes it."""
    _fill(folder / "large.js", size, b" ".join(b"".join(_sources()).split()) + b" ")


def tiny_files(folder: Path, number: int) -> None:
    """So many files of some hundred bytes, a thousand in a folder; the last has the secrets."""
    lines = b"".join(_sources()).splitlines(keepends=True)
    for one in range(number):
        place = folder / f"part_{one // 1000:03}"
        if one % 1000 == 0:
            place.mkdir(parents=True)
        begin = one * 7 % (len(lines) - 8)
        place.joinpath(f"file_{one:06}.py").write_bytes(b"".join(lines[begin : begin + 7]))
    folder.joinpath(PLANTED).write_text(planted("large")[0])


def _fill(path: Path, size: int, text: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    end = b" " + planted("large")[0].encode().replace(b"\n", b" ")
    left = size - len(end)
    with path.open("wb") as file:
        while left > 0:
            left -= file.write(text[:left])
        file.write(end)


def _sources() -> Iterator[bytes]:
    """The text of the standard library, without what is not UTF-8."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in sorted(root.rglob("*.py")):
        if not {"site-packages", "dist-packages", "idlelib"} & set(path.parts):
            content = path.read_bytes()
            if b"\0" not in content and not _is_foreign(content):
                yield content


def _is_foreign(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return True
    return False


# --- a repository -------------------------------------------------------------------------------


def repository(folder: Path, *, files: int = FILES, commits: int = COMMITS) -> Path:
    """A repository in a new folder. A process of its own makes it: what a process once needed counts
    as the least memory of those it starts."""
    words = [
        sys.executable,
        __file__,
        str(folder),
        "--files",
        str(files),
        "--commits",
        str(commits),
    ]
    subprocess.run(words, check=True)
    return folder


def more_commits(folder: Path, number: int) -> None:
    """So many further commits on the branch that is checked out."""
    words = [sys.executable, __file__, str(folder), "--more", str(number)]
    subprocess.run(words, check=True)


@dataclass
class Branch:
    """A line of commits: its last one, its files, and what it has changed since it left main."""

    name: str
    tip: str
    files: dict[str, bytes]
    changed: dict[str, bytes | None] = field(default_factory=dict)
    left: int = 0


class Story:
    """Makes up commits and writes them for `git fast-import`."""

    def __init__(self, out: IO[bytes], seed: str, now: int = _START) -> None:
        self._out = out
        self._random = random.Random(seed)
        self._lines = b"".join(_sources()).splitlines(keepends=True)
        self._mark = 0
        self._now = now
        self._planted = 0

    def begin(self, files: dict[str, bytes]) -> Branch:
        """The first commit."""
        branch = Branch("main", "", files)
        self._commit(branch, dict(files), "Begin")
        return branch

    def tell(self, main: Branch, commits: int) -> None:
        """Commits on main and on branches that leave it; most come back."""
        open_: list[Branch] = []
        number = 0
        for done in range(commits):
            roll = self._random.random()
            if roll < 0.06 and len(open_) < 4:
                number += 1
                length = self._random.randint(2, 12)
                open_.append(Branch(f"topic-{number}", main.tip, dict(main.files), left=length))
            if open_ and roll < 0.45:
                branch = self._random.choice(open_)
                if branch.left:
                    branch.left -= 1
                    branch.changed |= self.change(branch, open_)
                    continue
                open_.remove(branch)
                if self._random.random() < 0.9:
                    self._merge(main, branch)
                    continue
            self.change(main, open_)
            if done % 250 == 249:
                self._tag(f"v{done // 250}.0", main)

    def change(self, branch: Branch, others: Sequence[Branch] = ()) -> dict[str, bytes | None]:
        """One commit on a branch: edits, and now and then a new file, a rename, a removal, a
        secret. It keeps away from what other branches are changing."""
        taken = {name for one in others if one is not branch for name in one.changed}
        names = list(branch.files)
        changes: dict[str, bytes | None] = {}

        def pick() -> str | None:
            # some files are edited again and again, most nearly never
            for _ in range(8):
                name = names[int(len(names) * self._random.random() ** 3)]
                if name not in taken and name not in changes:
                    return name
            return None

        for _ in range(min(8, 1 + int(self._random.expovariate(0.9)))):
            if name := pick():
                changes[name] = self._edited(name, branch.files[name])
        roll = self._random.random()
        words = self._words()
        if roll < 0.08:
            changes[f"lib/{words[0]}/{words[1]}_{self._mark}.py"] = self._text(12_000)
        elif roll < 0.12 and (name := pick()):
            moved = f"moved/{words[0]}_{self._mark}{Path(name).suffix}"
            changes |= {moved: branch.files[name], name: None}
        elif roll < 0.15 and (name := pick()) and len(names) > 50:
            changes[name] = None
        elif roll < 0.16 and (name := pick()) and name.endswith(".py"):
            self._planted += 1
            line = f'{words[0].upper()}_TOKEN = "{token(self._planted)}"\n'
            changes[name] = branch.files[name] + line.encode()
        if not changes:
            changes[f"notes/{self._mark}.txt"] = self._text(500)
        self._commit(branch, changes, " ".join(words).capitalize())
        return changes

    def _edited(self, name: str, content: bytes) -> bytes:
        """The content with some lines more, some fewer, as an edit of its kind makes it."""
        lines = content.splitlines(keepends=True)
        if name.endswith("lock.json"):
            for _ in range(self._random.randint(1, 12)):
                at = self._random.randrange(2, max(3, len(lines) - 2))
                lines[at] = _locked(self._words()[0], self._random)
            return b"".join(lines)
        if name.endswith(".png"):
            return _image(self._random)
        for _ in range(self._random.randint(1, 4)):
            at = self._random.randint(0, len(lines))
            if self._random.random() < 0.4:
                del lines[at : at + self._random.randint(1, 6)]
            else:
                lines[at:at] = self._some_lines(self._random.randint(1, 10))
        return b"".join(lines)

    def _some_lines(self, number: int) -> list[bytes]:
        begin = self._random.randrange(len(self._lines) - number)
        return self._lines[begin : begin + number]

    def _text(self, size: int) -> bytes:
        lines = self._some_lines(max(1, int(self._random.expovariate(1 / size) / 35)))
        return b"".join(lines)

    def _words(self) -> list[str]:
        """Words that people name things with."""
        found: list[str] = []
        while len(found) < 4:
            line = self._random.choice(self._lines).decode()
            found += [word.lower() for word in line.split() if word.isalpha() and word.isascii()]
        return found[:4]

    def _merge(self, main: Branch, branch: Branch) -> None:
        changes = {
            name: content
            for name, content in branch.changed.items()
            if content is not None or name in main.files
        }
        self._commit(main, changes, f"Merge {branch.name}", merged=branch)

    def _commit(
        self,
        branch: Branch,
        changes: dict[str, bytes | None],
        message: str,
        merged: Branch | None = None,
    ) -> None:
        self._now += int(self._random.expovariate(1 / 40_000)) + 1
        name, mail, zone = self._random.choice(_PEOPLE)
        written = self._now - int(self._random.expovariate(1 / 3_000))
        self._mark += 1
        head = (
            f"commit refs/heads/{branch.name}\nmark :{self._mark}\n"
            f"author {name} <{mail}> {written} {zone}\n"
            f"committer {name} <{mail}> {self._now} {zone}\n"
            f"data {len(message)}\n{message}\n"
        )
        if branch.tip:
            head += f"from {branch.tip}\n"
        if merged:
            head += f"merge {merged.tip}\n"
        self._out.write(head.encode())
        for path, content in changes.items():
            if content is None:
                self._out.write(f"D {path}\n".encode())
                branch.files.pop(path, None)
            else:
                head = f"M 100644 inline {path}\ndata {len(content)}\n"
                self._out.write(head.encode() + content + b"\n")
                branch.files[path] = content
        branch.tip = f":{self._mark}"

    def _tag(self, name: str, branch: Branch) -> None:
        who, mail, zone = _PEOPLE[0]
        self._out.write(
            f"tag {name}\nfrom {branch.tip}\ntagger {who} <{mail}> {self._now} {zone}\n"
            f"data 7\nRelease\n".encode()
        )


def first_files(number: int) -> dict[str, bytes]:
    """So many files: the standard library cut into modules, a tenth of other kinds. What stands
    first is edited most."""
    numbers = random.Random("files")
    files = dict(islice(_modules(number * 9 // 10), number * 9 // 10))
    words = sorted({Path(name).stem for name in files})
    texts = list(files.values())
    makers: list[tuple[str, Callable[[], bytes]]] = [
        ("docs/{}.md", lambda: b"# Notes\n\n" + numbers.choice(texts)[:4000]),
        ("config/{}.yaml", lambda: _settings(numbers, words, "{}: {}\n")),
        ("config/{}.env", lambda: _settings(numbers, words, "{}={}\n")),
        ("web/{}/package-lock.json", lambda: _lock(numbers, words)),
        ("web/{}/icon.png", lambda: _image(numbers)),
    ]
    while len(files) < number:
        name, make = makers[len(files) % len(makers)]
        files[name.format(f"{numbers.choice(words)}_{len(files)}")] = make()
    order = list(files)
    numbers.shuffle(order)
    return {name: files[name] for name in order}


def _modules(number: int) -> Iterator[tuple[str, bytes]]:
    """The standard library, cut before classes and functions into about so many pieces, and as
    often as it takes."""
    sources = list(_sources())
    least = max(1500, sum(map(len, sources)) // max(1, number) // 2)
    for turn in count():
        for at, content in enumerate(sources):
            piece = bytearray()
            part = 0
            for block in _BLOCK.split(content):
                piece += block
                if len(piece) >= least:
                    yield f"lib/part_{at % 40:02}/module_{turn}_{at}_{part}.py", bytes(piece)
                    piece, part = bytearray(), part + 1
            if piece:
                yield f"lib/part_{at % 40:02}/module_{turn}_{at}_{part}.py", bytes(piece)


_BLOCK = re.compile(rb"^(?=(?:class|def|async def|@)\b)", re.MULTILINE)


def _settings(numbers: random.Random, words: Sequence[str], form: str) -> bytes:
    """What stands in settings and is no secret, though some of it looks like one."""
    values: list[Callable[[], str]] = [
        lambda: numbers.choice(words),
        lambda: f"https://{numbers.choice(words)}.example.org/v{numbers.randint(1, 9)}",
        lambda: str(numbers.randint(1, 100_000)),
        lambda: str(UUID(int=numbers.getrandbits(128))),
        lambda: "changeme",
        lambda: "${DEPLOY_SECRET}",
        lambda: numbers.randbytes(32).hex(),
    ]
    names = [
        f"{one}_{end}" for one in numbers.sample(words, 30) for end in ("url", "digest", "size")
    ]
    return "".join(form.format(name, numbers.choice(values)()) for name in names).encode()


def _lock(numbers: random.Random, words: Sequence[str]) -> bytes:
    return b"".join(
        [
            b"{\n",
            *(_locked(numbers.choice(words), numbers) for _ in range(150)),
            b'  "end": {}\n}\n',
        ]
    )


def _locked(name: str, numbers: random.Random) -> bytes:
    """A dependency with the digest of its archive."""
    digest = base64.b64encode(numbers.randbytes(64)).decode()
    version = f"{numbers.randint(0, 9)}.{numbers.randint(0, 20)}.{numbers.randint(0, 9)}"
    return f'  "{name}": {{"version": "{version}", "integrity": "sha512-{digest}"}},\n'.encode()


def _image(numbers: random.Random) -> bytes:
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + numbers.randbytes(numbers.randint(500, 4000))


# --- the process that makes it ------------------------------------------------------------------


def main() -> None:
    parser = argparse.ArgumentParser(description="Make a repository to measure with.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--commits", type=int, default=COMMITS)
    parser.add_argument("--more", type=int, help="commits to add to a repository, instead")
    options = parser.parse_args()
    if options.more:
        _continue(options.folder, options.more)
    else:
        _begin(options.folder, options.files, options.commits)


def _begin(folder: Path, files: int, commits: int) -> None:
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    with _importing(folder, loose=False) as out:
        story = Story(out, "repository")
        story.tell(story.begin(first_files(files)), commits)
    # the deltas of fast-import are between any two files: make those that a server would have
    subprocess.run(["git", "repack", "-adfq"], cwd=folder, check=True)
    subprocess.run(["git", "checkout", "-q", "main"], cwd=folder, check=True)


def _continue(folder: Path, commits: int) -> None:
    """On a new branch from HEAD, with the files that can be edited as text."""
    head = subprocess.run(
        ["git", "log", "-1", "--format=%H %ct"], cwd=folder, capture_output=True, check=True
    )
    commit, now = head.stdout.decode().split()
    files: dict[str, bytes] = {}
    for name in listed(folder)[::5]:
        path = folder / name
        if path.is_file() and name.isascii() and name.isprintable() and '"' not in name:
            content = path.read_bytes()
            if len(content) < 200_000 and b"\0" not in content:
                files[name] = content
    with _importing(folder, loose=True) as out:
        story = Story(out, "more", int(now))
        branch = Branch("more", commit, files)
        for _ in range(commits):
            story.change(branch)


@contextmanager
def _importing(folder: Path, *, loose: bool) -> Iterator[IO[bytes]]:
    """Where to write what git makes objects of: loose ones, as `git commit` does, or a pack."""
    limit = f"fastimport.unpackLimit={1_000_000 if loose else 0}"
    words = ["git", "-c", limit, "fast-import", "--quiet"]
    with subprocess.Popen(words, cwd=folder, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        yield process.stdin
    if process.returncode:
        sys.exit(f"git fast-import ended with {process.returncode}")


if __name__ == "__main__":
    main()
