"""Why AWS gave no answer, in words that say what would help."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from keymuster.collect.aws.permissions import permission
from keymuster.model import Trouble

_DENIED = {
    "AccessDenied", "AccessDeniedException", "AuthorizationError", "AuthorizationErrorException", "UnauthorizedOperation",
    "UnauthorizedException", "NotAuthorized", "ForbiddenException", "403", "AllAccessDisabled",
    "AccessDeniedFault", "UnauthorizedAccess",
}  # fmt: skip
_EXPIRED = {
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired",
    "UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError",
}  # fmt: skip
_CLOCK = {"RequestTimeTooSkewed", "SignatureDoesNotMatch", "InvalidSignatureException"}
_INVALID = {
    "InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure", "NoCredentialsError",
    "IncompleteSignature", "MissingAuthenticationToken", "PartialCredentialsError",
}  # fmt: skip
_THROTTLED = {
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
    "RequestThrottled", "RequestThrottledException", "SlowDown", "LimitExceededException",
    "ProvisionedThroughputExceededException", "PriorRequestNotComplete", "BandwidthLimitExceeded",
    "TransactionInProgressException", "EC2ThrottledException",
}  # fmt: skip
_UNKNOWN_SERVICE = {
    "UnknownServiceError", "UnknownOperationException", "AttributeError", "OperationNotPageableError", "InvalidAction",
    "UnsupportedOperation", "UnknownOperation",
}  # fmt: skip
_ABSENT = {
    "OptInRequired", "SubscriptionRequiredException", "EndpointConnectionError", "InvalidEndpointRequest",
    "UnsupportedRegionException", "NoRegionError",
}  # fmt: skip


class Refused(Struct, frozen=True, kw_only=True):
    """A call without an answer, `times` in the same way."""

    call: str
    code: str
    times: int = 1

    def again(self) -> Refused:
        return replace(self, times=self.times + 1)

    def trouble(self, part: str, scope: str, surface: str) -> Trouble:
        times = f" ({self.times} times)" if self.times > 1 else ""
        why, advice = _words(self.code, self.call)
        return Trouble(
            part=part, scope=scope,
            message=f"{surface}: {self.call} {why}{times}; what it would tell was not looked at",
            advice=advice,
        )  # fmt: skip


def refused(call: str, error: Exception) -> Refused:
    """From what the SDK raised. Its words are not repeated: they may hold what was sent."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    return Refused(call=call, code=str(code) or type(error).__name__)


def _words(code: str, call: str) -> tuple[str, str]:
    needed = permission(call)
    if code in _DENIED:
        return f"was denied ({code})", f"Allow {needed}; `keymuster services permissions aws`."
    if code in _EXPIRED:
        return f"failed: the session has expired ({code})", "Sign in again, and scan again."
    if code in _CLOCK:
        return (
            f"failed: the signature was refused ({code})",
            "Set the clock of this machine, or check the secret key.",
        )
    if code in _INVALID:
        return (
            f"failed: the credentials are not valid ({code})",
            "Sign in, or name another profile.",
        )
    if code in _THROTTLED:
        return (
            f"was throttled until it was given up ({code})",
            "Scan again later, or fewer accounts.",
        )
    if code in _UNKNOWN_SERVICE:
        return f"is not known ({code})", "Update boto3, if this service is to be looked at."
    if code in _ABSENT:
        return f"has no answer here ({code})", "Leave this region out, or enable the service in it."
    return f"failed ({code})", f"Scan again; it needs {needed}."
