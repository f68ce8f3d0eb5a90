"""A connection to an API server that trusts the certificates that its kubeconfig names, and no others."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kubernetes.client import Configuration
    from requests import PreparedRequest, Session


def session(
    config: Configuration,
    sign: Callable[[PreparedRequest], PreparedRequest],
    connections: int,
    proxy: str = "",
) -> Session:
    """Signed as told, over TLS as the configuration has it. A `proxy` of this cluster goes before those of the
    environment. ssl.SSLError or OSError if its files are none."""
    from requests import Session
    from requests.adapters import HTTPAdapter

    from keymuster.collect.asking.rest import shared

    context = _context(config)
    name = config.tls_server_name or None

    class Adapter(HTTPAdapter):
        """Whatever the environment says about certificates is of other servers."""

        def init_poolmanager(
            self, connections: int, maxsize: int, block: bool = False, **more: Any
        ) -> None:
            super().init_poolmanager(connections, maxsize, block, **more, **self._tls())

        def proxy_manager_for(self, proxy: Any, **more: Any) -> Any:
            return super().proxy_manager_for(proxy, **more, **self._tls())

        def build_connection_pool_key_attributes(
            self, request: Any, verify: Any, cert: Any = None
        ) -> Any:
            host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
            return host, {}

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            """The context knows."""

        @staticmethod
        def _tls() -> dict[str, Any]:
            named = {"server_hostname": name, "assert_hostname": name} if name else {}
            return {"ssl_context": context, **named}

    made = shared(Session(), sign)
    made.mount("https://", Adapter(pool_connections=4, pool_maxsize=connections))
    if proxy:
        made.trust_env = False
        made.proxies = {"https": proxy, "http": proxy}
    return made


def _context(config: Configuration) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=config.ssl_ca_cert or None)
    # A cluster makes its own certificates, many of them without what RFC 5280 asks for.
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if (
        not config.verify_ssl
    ):  # the kubeconfig says so, and there is nothing to warn of at each request
        from urllib3 import disable_warnings
        from urllib3.exceptions import InsecureRequestWarning

        disable_warnings(InsecureRequestWarning)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if config.cert_file:
        context.load_cert_chain(config.cert_file, config.key_file or None)
    return context
