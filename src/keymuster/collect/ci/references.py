"""What jobs run that others publish: actions, reusable workflows, images, and how they are pinned."""

from __future__ import annotations

import re

from msgspec import Struct

from keymuster import regex

_DIGEST = regex.later(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}")
_VERSION = regex.later(r"(?:[A-Za-z][\w-]{0,40}[-@_])?v?[0-9]{1,9}(?:[.\-_+][\w.+-]{0,60})?")
_IMAGE_DIGEST = "@sha256:"
FIRST_PARTY = ("actions", "github")
"""Those who publish for GitHub itself."""


class Uses(Struct, frozen=True):
    """What a `uses:` names. `kind` is `action`, `workflow`, `image` or `local`; `pin` is `hash`, `tag`,
    `branch` or `none`, as it looks; only the service knows."""

    text: str
    kind: str
    action: str
    ref: str
    pin: str

    @classmethod
    def of(cls, text: str) -> Uses:
        text = text.strip()
        if text.startswith(("./", "../", "$/")) or text in (".", "..", "$"):
            return cls(text, "local", text.partition("@")[0], "", "hash")
        if text.startswith("docker://"):
            image = text.removeprefix("docker://")
            return cls(text, "image", image, "", image_pin(image))
        action, _, ref = text.partition("@")
        kind = "workflow" if re.search(r"\.ya?ml$", action) else "action"
        return cls(text, kind, tidy(action), ref, ref_pin(ref))

    @property
    def repository(self) -> str:
        """`owner/name` in lower case."""
        return "/".join(self.action.lower().split("/")[:2])

    @property
    def owner(self) -> str:
        return self.action.partition("/")[0].lower()

    def is_one(self, *actions: str) -> bool:
        """Whether it is one of these, `owner/name` or `owner/name/path`, in lower case."""
        return self.kind == "action" and self.action.lower() in actions


def tidy(action: str) -> str:
    """The path without detours: `a/b//c/./d/..` is `a/b/c`."""
    parts: list[str] = []
    for part in action.split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def image_pin(image: str) -> str:
    """`hash`, `tag`, or `none` for one that means whatever is newest."""
    if _IMAGE_DIGEST in image:
        return "hash"
    tag = image.rpartition("/")[2].partition(":")[2]
    return "none" if tag in ("", "latest") else "tag"


def ref_pin(ref: str) -> str:
    """`hash`, `tag`, `branch` or `none`, as a ref looks."""
    if not ref:
        return "none"
    if _DIGEST.fullmatch(ref):
        return "hash"
    return "tag" if _VERSION.fullmatch(ref) else "branch"
