"""Why AWS gave no answer, in words that say what would help."""

from __future__ import annotations

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.aws.permissions import permission

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
_BROKEN = {
    "ResponseParserError", "ConnectionClosedError", "ReadTimeoutError", "ConnectTimeoutError", "ProxyConnectionError",
    "SSLError", "HTTPClientError", "500", "502", "503", "504", "InternalFailure", "InternalError", "ServiceUnavailable",
    "InternalServerError", "InternalServiceError", "ServiceUnavailableException", "InternalServerException",
}  # fmt: skip


def errors() -> tuple[type[Exception], ...]:
    """What the SDK raises when there is no answer: refusals, a network that fails, an answer that is
    none, and a call that it is too old to know."""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    return BotoCoreError, ClientError, ResponseParserError, AttributeError


def refused(call: str, error: Exception) -> Refused:
    """From what the SDK raised. Its words are not repeated: they may hold what was sent."""
    response = getattr(error, "response", None)
    code = response.get("Error", {}).get("Code", "") if isinstance(response, dict) else ""
    if getattr(error, "operation_name", "") == "AssumeRole":  # to sign in again, before the call
        call = "sts:AssumeRole"
    return of_code(call, str(code) or type(error).__name__)


def of_code(call: str, code: str) -> Refused:
    why, advice = _words(code, call)
    return Refused(call=call, code=code, why=why, advice=advice, ends_session=code in _EXPIRED)


def _words(code: str, call: str) -> tuple[str, str]:
    needed = permission(call)
    if code in _DENIED:
        where = _ONLY_THERE if call.startswith(_OF_ORGANISATION) else ""
        return (
            f"was denied ({code})",
            f"Allow {needed}{where}; `keymuster services permissions aws`.",
        )
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
    if code in _BROKEN:
        return (
            f"was not answered ({code})",
            f"Scan again; see that nothing between here and AWS answers in its place. It needs {needed}.",
        )
    return f"failed ({code})", f"Scan again; it needs {needed}."


_OF_ORGANISATION = ("organizations:", "sso-admin:")
_ONLY_THERE = " in the management account, or in a delegated administrator's"
