"""Why Microsoft gave no answer, in words that say what would help."""

from __future__ import annotations

from msgspec.structs import replace

from keymuster.collect.asking import calls
from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.rest import NoAnswer
from keymuster.collect.entra.permissions import LICENCES, words

_UNLICENSED = frozenset({
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant", "AadPremiumLicenseRequired", "TenantNotLicensed",
})  # fmt: skip
_DENIED = "Authorization_RequestDenied"
"""What Graph says where a permission is missing. Of calls that want a licence it says other things,
which differ, where that is missing."""

_EXPIRED = frozenset({"InvalidAuthenticationToken", "ExpiredAuthenticationToken"})


def refused(call: str, error: NoAnswer, part: str) -> Refused:
    """From what came back. Its words are not repeated: they may hold what was sent."""
    found = calls.refused(call, error, part, words(call))
    licence = LICENCES.get(call, "")
    if error.code in _UNLICENSED or (
        licence and error.status in (400, 403) and error.code != _DENIED
    ):
        return replace(
            found,
            why=f"is not answered without a licence ({error.code})",
            advice=f"It needs {licence or 'a licence'}, and {words(call)}; what follows from it alone is not judged.",
        )
    if error.code in _EXPIRED:
        return replace(found, ends_session=True)
    return found
