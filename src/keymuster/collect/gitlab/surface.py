"""What is asked of GitLab: of each group, or once of the server."""

from __future__ import annotations

from keymuster.collect.asking import surface


class Surface(surface.Surface, frozen=True, kw_only=True):
    """One that is `of_server` is told only to its administrators."""

    of_server: bool = False
