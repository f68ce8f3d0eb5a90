"""As whom a service is asked: itself an identity, and how it signs in is judged like that of any other."""

from __future__ import annotations

from typing import Any

from keymuster.model import Resource, ServiceLocation

TYPE = "keymuster:scanner"


def scanner(
    service: str, whose: str, *, account: str, name: str, place: str = "", static: bool, method: str, **more: Any
) -> Resource:  # fmt: skip
    """`whose` tells it apart from others that ask, `static` says whether it signs in with what does not end by itself.
    Its place is its name, if it has no other."""
    return Resource(
        id=f"scanner:{whose}", type=TYPE, name=name,
        location=ServiceLocation(service=service, account=account, resource=place or name),
        settings={"provider": service, "static": static, "method": method, **more},
    )  # fmt: skip
