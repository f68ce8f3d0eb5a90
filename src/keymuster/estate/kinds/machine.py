"""The machine that looks: what programs that run agents keep in the folder of one of its users, and in those of the system."""

from __future__ import annotations

import os
from typing import ClassVar

from keymuster.errors import CollectError
from keymuster.estate.base import Outcome, Task


class Machine:
    """A folder of a user that is not there, or is not to be read, is no machine without agents."""

    name: ClassVar[str] = "machine"

    def perform(self, task: Task) -> Outcome:
        from keymuster.collect.host import this_host
        from keymuster.estate.looking import looking

        home = str(task.target.options.get("home") or "")
        if home and not os.access(home, os.R_OK | os.X_OK):
            raise CollectError(
                f"{home} cannot be read, or is not there",
                "Let this user's folder be read by whoever looks, or take it out of the estate.",
            )
        look = looking(task)
        host = this_host(home)
        context = look.context(host.home, host=host)
        return look.outcome(look.gathered(context, "machine", cached=True), context, "machine")
