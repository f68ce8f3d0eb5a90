"""What variables, arguments, headers and scopes of a server come to: whose rights it has, where it listens,
what it does not check."""

from __future__ import annotations

import re
from collections.abc import Iterator

from keymuster import regex
from keymuster.collect.agents import hosts
from keymuster.collect.agents.launchers import Launch
from keymuster.collect.agents.people import is_person
from keymuster.collect.agents.references import is_filled_in_later, is_secret, variables
from keymuster.collect.agents.servers import Server, Word
from keymuster.collect.literals.names import kind_of
from keymuster.collect.syntax.node import Node

_ON, _OFF = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "none", "disable", "disabled")

_CHECKED = regex.later(
    r"(?i)(?:SSL|TLS|CERT(?:IFICATE)?S?|HTTPS)[_-]?(?:CERT[_-]?)?(?:VERIFY|VERIFICATION|REJECT\w*|STRICT|CHECK\w*|VALIDAT\w*)|"
    r"(?:VERIFY|VALIDATE|CHECK|STRICT)[_-]?(?:SSL|TLS|CERT\w*|HTTPS?)|TLS_REJECT_UNAUTHORIZED|REJECT_?UNAUTHORIZED|HTTPSVERIFY"
)

_UNCHECKED = regex.later(
    r"(?i)INSECURE(?:[_-]?(?:SSL|TLS|SKIP\w*|SKIP-TLS-VERIFY|REQUESTS?|HTTPS))?(?![a-z])|(?:SKIP|NO|DISABLE|IGNORE|WITHOUT)[_-]?(?:\w+[_-])?(?:SSL|TLS|CERT\w*|HTTPS)(?:[_-]?(?:VERIFY|VERIFICATION|CHECK\w*|ERRORS?|VALIDATION))?\b|"
    r"(?:SSL|TLS)[_-](?:NO|SKIP)[_-]VERIFY|(?:ACCEPT|ALLOW)[_-]?(?:INVALID|SELF[_-]?SIGNED|INSECURE|UNTRUSTED)[_-]?(?:CERT\w*|TLS|SSL)?|TRUST[_-]?(?:ALL|SERVER)[_-]?CERT\w*|GIT_SSL_NO_VERIFY"
)

_DSN_UNCHECKED = regex.later(
    r"(?i)[?&;](?:sslmode=disable|ssl=false|tls=(?:false|skip-verify)|tlsInsecure=true|tlsAllowInvalidCertificates=true|ssl_cert_reqs=(?:none|CERT_NONE)|trustServerCertificate=(?:true|yes)|encrypt=(?:false|no)|verify=false)"
)

_EVERYWHERE = regex.later(r"(?i)(?:https?://)?(?:0\.0\.0\.0|\[?::\]?|\*)(?::\d+)?(?:/.*)?")

_LISTENER = regex.later(
    r"(?i)(?:.*[_-])?(?:HOST|HOSTNAME|BIND|LISTEN|ADDR|ADDRESS|INTERFACE|BIND_ADDRESS|BINDADDR|IP|SERVER)(?:[_-]?(?:ADDR(?:ESS)?|HOST|IP))?"
)

_ADMIN = frozenset(
    (
        "admin",
        "administrator",
        "administratoraccess",
        "root",
        "superuser",
        "poweruser",
        "poweruseraccess",
        "owner",
        "superadmin",
        "sysadmin",
        "clusteradmin",
        "fullaccess",
    )
)

_PROFILE = regex.later(
    r"(?i)(?:.*_)?(?:AWS_(?:DEFAULT_)?PROFILE|PROFILE(?:_NAME)?|ROLE(?:_NAME|_ARN)?|AWS_ROLE\w*|KUBE_?CONTEXT|CONTEXT|KUBECONFIG|PROFILE|CLUSTER_ROLE|SNOWFLAKE_ROLE|DB_USER|DATABASE_USER|PG_?USER|POSTGRES_USER|MYSQL_USER)|profile|context|kubeconfig|role|aws-profile|kube-context|role-arn"
)

_SUPERUSERS = frozenset(
    (
        "postgres",
        "root",
        "admin",
        "administrator",
        "sa",
        "sys",
        "system",
        "superuser",
        "rdsadmin",
        "doadmin",
        "cloudsqlsuperuser",
    )
)

_LOCAL_SCHEMES = ("http", "https", "ws", "wss", "file", "git", "ssh")

_ACCOUNT = regex.later(
    r"(?i)(?:.*[_-])?(?:USER(?:NAME)?|USER_?EMAIL|EMAIL(?:_ADDRESS)?|LOGIN|ACCOUNT|MAILBOX|SUBJECT|IMPERSONATE\w*|DELEGATE\w*|ON_BEHALF_OF|UPN|USER_?ID|OWNER|ACCOUNT_EMAIL)"
)

_PERSONAL_NAME = regex.later(
    r"(?i).*PERSONAL_?ACCESS_?TOKEN.*|(?:.*_)?PAT(?:_TOKEN)?|.*XOX[PCD].*|(?:.*_)?USER_(?:ACCESS_)?TOKEN|(?:.*_)?PERSONAL_(?:API_)?(?:TOKEN|KEY)"
)

_PERSONAL_VALUE = regex.later(
    r"xox[pcd]-|gh[pou]_[A-Za-z0-9]|github_pat_|sntryu_|figd_|ATATT3|NRAK-|lin_api_|glpat-|ATCTT3"
)

_LOGIN = regex.later(
    r"(?i)\$\(\s*(?:gh auth token|gcloud auth (?:application-default )?print-\w+-token|az account get-access-token)|`gh auth token`"
)

_KEY_FILE = regex.later(
    r"(?i)(?:.*_)?(?:SERVICE_ACCOUNT(?:_(?:PATH|FILE|KEY|JSON|KEY_(?:PATH|FILE)|FILE_PATH|CREDENTIALS))?|GOOGLE_APPLICATION_CREDENTIALS|(?:GCP|GOOGLE|GOOGLE_CLOUD|BIGQUERY|FIREBASE|GCLOUD)_(?:CREDENTIALS|KEY|KEYFILE|CREDENTIALS_(?:PATH|FILE)|KEY_(?:PATH|FILE)|SERVICE_ACCOUNT\w*)|SA_KEY(?:_(?:PATH|FILE))?|(?:SERVICE_ACCOUNT|KEY)_?FILE(?:_PATH)?|AZURE_CLIENT_CERTIFICATE_PATH|CREDENTIALS_(?:PATH|FILE)|KEY_FILE)|key-file|service-account(?:-key|-file|-json)?|service_account_path|credentials-file|credentials"
)

_FEDERATED = regex.later(
    r"(?i)wif|workload|federat|external|impersonat|client[-_]?config|oauth|application_default_credentials|authorized_user|token\.json"
)

_STATIC = (
    "AWS_ACCESS_KEY_ID",
    "ALIBABA_CLOUD_ACCESS_KEY_ID",
    "ALICLOUD_ACCESS_KEY",
    "AZURE_CLIENT_SECRET",
    "TENCENTCLOUD_SECRET_ID",
    "OCI_CLI_KEY_CONTENT",
    "IBMCLOUD_API_KEY",
    "ARM_CLIENT_SECRET",
    "AWS_ACCESS_KEY",
)

_WIDE_NAME = regex.later(
    r"(?i)(?:.*[_-])?(?:toolsets?|tools|services|apis?|features|capabilities|modules|products|permissions|scopes?|enabled[_-]?tools|enabled[_-]?services|namespaces|projects|categories|tool[_-]groups|toolkits?)"
)

_WIDE_SCOPE = regex.later(
    r"(?i)repo|user|workflow|admin:[\w:]+|delete_repo|api|sudo|\*|full(?:[_-]access)?|all|(?:https://www\.googleapis\.com/auth/)(?:cloud-platform|drive|gmail\.modify|admin\.[\w.]+|calendar|spreadsheets|documents)|https://mail\.google\.com/?|"
    r"[\w.]*\.(?:ReadWrite|FullControl)\.All|Directory\.AccessAsUser\.All|.*/\.default|write:\*|\*:\*|[\w:]*:\*|manage:[\w:]+|admin|owner"
)

_WRITES_ON = regex.later(
    r"(?i)(?:ALLOW|ENABLE|PERMIT)[_-](?:\w+[_-])?(?:WRITES?|DELETES?|DANGEROUS\w*|DESTRUCTIVE\w*|MUTATIONS?|DDL|DML|INSERT\w*|UPDATE\w*|DROP|ADMIN|ALL(?:_OPERATIONS)?|SHELL|COMMANDS?|SENSITIVE(?:[_-]DATA(?:[_-]ACCESS)?)?|(?:AWS[_-]RESOURCE[_-])?WRITE)(?:[_-](?:OPERATIONS?|OPS|ACCESS|MODE|TOOLS?|OPERATION))?|UNRESTRICTED|DANGEROUSLY[_-]\w+|ALLOW[_-]ALL|YOLO"
)

_READ_ONLY = regex.later(
    r"(?i)(?:.*[_-])?READ[_-]?(?:OPERATIONS[_-])?ONLY(?:[_-](?:MODE|ACCESS))?|ALLOW_ONLY_(?:NON_DESTRUCTIVE|READONLY)_TOOLS|.*NON_DESTRUCTIVE.*"
)

_UNRESTRICTED = ("unrestricted", "full", "read-write", "readwrite", "rw", "admin")

Said = tuple[str, Node, str, str]
"""(what it comes to, where, name, value). Values that may be secrets are not told."""


def said(server: Server, launch: Launch) -> Iterator[Said]:
    """(what it comes to, where, name, value) of variables, arguments, headers and settings. Values that
    may be secrets are not told."""
    variables_ = dict(server.env())
    temporary = "AWS_SESSION_TOKEN" in variables_ or "AWS_SECURITY_TOKEN" in variables_
    for name, node in named(server, launch):
        text = node.text() if not isinstance(node, Word) else node.text
        place = node.node if isinstance(node, Word) else node
        for means, value in _means(name, text, temporary=temporary):
            yield means, place, name[:80], value
    found = server.settings.get("verifySsl")
    if found is not None and found.value is False:
        yield "tls-off", found, "verifySsl", "false"
    for scope in _scopes(server):
        if _WIDE_SCOPE.fullmatch(scope.text()):
            yield "wide-scope", scope, scope.text()[:80], ""
    for key in ("envFile",):
        if (file := server.settings.get(key)) is not None and file.text():
            yield "env-file", file, file.text()[:100], ""
    if launch.container is not None:
        for word in launch.container.values("--env-file"):
            yield "env-file", word.node, word.text[:100], ""
        for word in launch.container.values("-p", "--publish"):
            if _is_published(word.text):
                yield "listens-everywhere", word.node, f"port {word.text}"[:60], ""
    if any(
        w.text
        in (
            "--dangerously-skip-permissions",
            "--dangerously-bypass-approvals-and-sandbox",
            "--yolo",
        )
        for w in server.words
    ):
        word = next(
            w
            for w in server.words
            if w.text
            in (
                "--dangerously-skip-permissions",
                "--dangerously-bypass-approvals-and-sandbox",
                "--yolo",
            )
        )
        yield "sandbox-off", word.node, word.text, ""


def _is_published(text: str) -> bool:
    """Whether a port is open to other machines: no address before it, or that of all."""
    parts = (
        text.rpartition("/")[0].split(":") if text.endswith(("/tcp", "/udp")) else text.split(":")
    )
    if text.startswith("["):
        return text.startswith("[::]")
    return len(parts) < 3 or parts[0] in ("0.0.0.0", "*", "")


def named(server: Server, launch: Launch) -> Iterator[tuple[str, Node | Word]]:
    """Everything that has a name and a value."""
    yield from server.env()
    yield from server.headers()
    if launch.container is not None:
        for word in launch.container.values("-e", "--env"):
            name, equals, value = word.text.partition("=")
            yield name, Word(value if equals else f"${{{name}}}", word.node)
    words = launch.rest or server.words[1:]
    for at, word in enumerate(words):
        if not word.text.startswith("-"):
            if "://" in word.text:
                yield "", word
            continue
        name, equals, value = word.text.partition("=")
        following = words[at + 1].text if at + 1 < len(words) and not equals else ""
        if following.startswith("-"):
            following = ""
        yield (
            name.lstrip("-"),
            Word(value if equals else following, words[at + 1].node if following else word.node),
        )
        if not equals:
            yield name, Word("", word.node)


def _means(name: str, text: str, *, temporary: bool) -> Iterator[tuple[str, str]]:
    lower = text.strip().lower()
    is_option = name.startswith("-")
    plain = name.lstrip("-")
    if plain.upper() == "PGSSLMODE" and lower == "disable":
        yield "tls-off", lower
        return
    if (_CHECKED.search(plain) and lower in _OFF) or (
        _UNCHECKED.search(plain) and (lower in _ON or (is_option and not lower))
    ):
        yield "tls-off", lower
        return
    if "://" in text and (url := hosts.parts(text)) is not None:
        yield from _of_address(url.hostname or "", url.username or "", url.scheme, text)
    if _is_cleartext(plain, text):
        yield "cleartext", ""
    if is_option:
        if _WRITES_ON.fullmatch(plain) and not lower:
            yield "writes-allowed", ""
        if plain in ("no-sandbox", "disable-sandbox", "no-confirm", "auto-approve", "yes-to-all"):
            yield "sandbox-off", ""
        if (
            re.fullmatch(r"(?i)all-?(?:tools|services|toolsets|apis)|enable-all(?:-\w+)?", plain)
            and not lower
        ):
            yield "wide-toolset", ""
        return
    if not text:
        return
    if _EVERYWHERE.fullmatch(text.strip()) and text.strip() != "*" and _LISTENER.fullmatch(plain):
        yield "listens-everywhere", ""
    if _PROFILE.fullmatch(plain) and _words(text) & _ADMIN:
        yield "admin-profile", text[:60] if len(text) < 60 else ""
    if _ACCOUNT.fullmatch(plain) and is_person(text):
        yield "personal-account", ""
    if _is_personal(plain, text):
        yield "personal-token", ""
    if (
        plain.upper() in _STATIC
        and not temporary
        and (is_secret(plain, text, certain=True) or any(variables(text)))
    ):
        yield "static-key", ""
    if _KEY_FILE.fullmatch(plain) and _is_key_file(text):
        yield "key-file", ""
    if _WIDE_NAME.fullmatch(plain) and lower in ("all", "*", "all,*"):
        yield "wide-toolset", lower
    elif re.fullmatch(r"(?i)(?:.*_)?SCOPES?|scopes?", plain):
        for one in re.split(r"[\s,]+", text)[:100]:
            if _WIDE_SCOPE.fullmatch(one) and lower not in ("all", "*"):
                yield "wide-scope", one[:80]
                break
    if (_READ_ONLY.fullmatch(plain) and lower in _OFF) or (
        _WRITES_ON.fullmatch(plain) and "ONLY" not in plain.upper() and lower in _ON
    ):
        yield "writes-allowed", lower
    if re.fullmatch(r"(?i)(?:access[_-])?mode|access[_-]?level", plain) and lower in _UNRESTRICTED:
        yield "writes-allowed", lower


_ADDRESS = regex.later(
    r"(?i)(?:.*[_-])?(?:url|uri|endpoint|host|server|base|api|address|addr|instance|site|domain|origin)(?:[_-]url)?"
)


def _is_cleartext(name: str, text: str) -> bool:
    """Whether an address that a server is to speak to is one without encryption, away from here."""
    if not text.lower().startswith(("http://", "ws://")) or not _ADDRESS.fullmatch(name):
        return False
    url = hosts.parts(text)
    away = url is not None and hosts.kind((url.hostname or "").lower()) not in (
        "loopback",
        "unknown",
    )
    return away and "proxy" not in name.lower() and not re.search(r"(?i)your|<|//my-", text)


def _is_personal(name: str, text: str) -> bool:
    """Whether a token is one that a person made for themselves, by its name, its form or its origin."""
    is_header = "authorization" in name.lower()
    if not (is_header or kind_of(name) or _PERSONAL_NAME.fullmatch(name)):
        return False
    if re.search(r"(?i)_(?:FILE|PATH)\Z", name):
        return False
    if _LOGIN.search(text):
        return True
    if _PERSONAL_VALUE.match(_bare(text)):
        return not is_filled_in_later(text)
    names = [name, *variables(text)]
    if re.search(r"(?i)bot|app[_-]|installation", " ".join(names)):
        return False
    is_placeholder = is_filled_in_later(text) and len(names) == 1
    return not is_placeholder and any(_PERSONAL_NAME.fullmatch(one) for one in names)


def _of_address(host: str, user: str, scheme: str, text: str) -> Iterator[tuple[str, str]]:
    away = hosts.kind(host.lower()) not in ("loopback", "unknown")
    if away and _DSN_UNCHECKED.search(text):
        yield "tls-off", ""
    if away and scheme.split("+")[0] not in _LOCAL_SCHEMES and user.lower() in _SUPERUSERS:
        yield "superuser", user.lower()[:40]
    if user and is_person(user):
        yield "personal-account", ""


def _bare(text: str) -> str:
    return re.sub(r"(?i)\A(?:bearer|token|basic)[ :]+", "", text.strip())


def _words(text: str) -> set[str]:
    return {word for word in re.split(r"[^a-z]+", text[:400].lower()) if word} | {
        re.sub(r"[^a-z]", "", text[:400].lower())
    }


def _is_key_file(text: str) -> bool:
    if is_filled_in_later(text) or _FEDERATED.search(text) or any(variables(text)):
        return False
    return bool(re.search(r"(?i)\.(?:json|p12|pfx|pem|key)\Z", text.strip()))


def _scopes(server: Server) -> Iterator[Node]:
    for node in (
        server.settings.get("scopes"),
        server.node.get("oauth", "scopes"),
        server.node.get("oauth", "scope"),
        server.node.get("auth", "scopes"),
    ):
        for item in node.items() if node else ():
            if isinstance(item.value, str) and " " in item.value:
                yield from (item.holding(part) for part in item.value.split()[:100])
            else:
                yield item
