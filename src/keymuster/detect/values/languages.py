"""What kind of file a path says it is, by how its name ends."""

from __future__ import annotations

from functools import lru_cache

LANGUAGES = {
    "a script": "py pyc rb php pl pm lua ex exs groovy r jl tcl coffee",
    "web code": "js mjs cjs jsx ts tsx vue svelte dart",
    "compiled code": "java kt scala go rs c h cc cpp hpp cs m mm swift hs ml vb fs clj erl",
    "settings": "yml yaml toml ini cfg conf cnf properties env envrc example rsp config tf tfvars hcl dist "
    "template travis sample list j2 tmpl erb plist gradle",
    "data": "json har ldif csv tsv sql xml resx strings storyboard svg lock rrc ldml tl odd las",
    "prose": "md rst txt adoc html htm tex org rdoc markdown log out",
    "a shell script": "sh bash zsh fish ps1 psm1 bat cmd bats mk makefile dockerfile",
}  # fmt: skip
_LANGUAGE_OF = {
    extension: name for name, extensions in LANGUAGES.items() for extension in extensions.split()
}


@lru_cache(maxsize=256)
def is_code(path: str) -> bool:
    """Whether a file is of a programming language."""
    return of(path) in ("a script", "web code", "compiled code")


def of(path: str) -> str | None:
    return _LANGUAGE_OF.get(path.rpartition("/")[2].rpartition(".")[2].lower())
