"""Calls that got no answer."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from keymuster.model import Trouble


class Refused(Struct, frozen=True, kw_only=True):
    """A call without an answer, `times` in the same way: `why`, to be read after the name of the call,
    and what would help. `ends_session` says that nobody who is signed in in this way will get an answer
    any more."""

    call: str
    code: str
    why: str
    advice: str
    ends_session: bool = False
    times: int = 1

    def again(self) -> Refused:
        return replace(self, times=self.times + 1)

    def trouble(self, part: str, scope: str, surface: str) -> Trouble:
        times = f" ({self.times} times)" if self.times > 1 else ""
        return Trouble(
            part=part, scope=scope,
            message=f"{surface}: {self.call} {self.why}{times}; what it would tell was not looked at",
            advice=self.advice,
        )  # fmt: skip
