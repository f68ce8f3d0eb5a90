"""The vocabulary every other module uses."""

from __future__ import annotations

from enum import StrEnum


class Nhi(StrEnum):
    """OWASP Non-Human Identities Top 10 (2025)."""

    IMPROPER_OFFBOARDING = "NHI1"
    SECRET_LEAKAGE = "NHI2"
    VULNERABLE_THIRD_PARTY = "NHI3"
    INSECURE_AUTHENTICATION = "NHI4"
    OVERPRIVILEGED = "NHI5"
    INSECURE_CLOUD_DEPLOYMENT = "NHI6"
    LONG_LIVED_SECRETS = "NHI7"
    ENVIRONMENT_ISOLATION = "NHI8"
    NHI_REUSE = "NHI9"
    HUMAN_USE = "NHI10"

    @property
    def called(self) -> str:
        """What the list calls it."""
        return _TITLES[self]


_TITLES = {
    Nhi.IMPROPER_OFFBOARDING: "Improper Offboarding",
    Nhi.SECRET_LEAKAGE: "Secret Leakage",
    Nhi.VULNERABLE_THIRD_PARTY: "Vulnerable Third-Party NHI",
    Nhi.INSECURE_AUTHENTICATION: "Insecure Authentication",
    Nhi.OVERPRIVILEGED: "Overprivileged NHI",
    Nhi.INSECURE_CLOUD_DEPLOYMENT: "Insecure Cloud Deployment Configurations",
    Nhi.LONG_LIVED_SECRETS: "Long-Lived Secrets",
    Nhi.ENVIRONMENT_ISOLATION: "Environment Isolation",
    Nhi.NHI_REUSE: "NHI Reuse",
    Nhi.HUMAN_USE: "Human Use of NHI",
}


class Severity(StrEnum):
    """How bad it is if true, mildest first."""

    INFO = "info"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 (info) to 4 (critical)."""
        return _SEVERITY_RANKS[self]


class Confidence(StrEnum):
    """How sure we are that it is true, least first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"

    @property
    def rank(self) -> int:
        """0 (low) to 2 (high)."""
        return _CONFIDENCE_RANKS[self]


# Two tables: `Severity.LOW == Confidence.LOW`, as both are the text "low".
_SEVERITY_RANKS = {one: rank for rank, one in enumerate(Severity)}
_CONFIDENCE_RANKS = {one: rank for rank, one in enumerate(Confidence)}


class IdentityKind(StrEnum):
    """What sort of principal acts."""

    USER = "user"
    ROLE = "role"
    GROUP = "group"
    SERVICE_ACCOUNT = "service_account"
    APPLICATION = "application"
    MANAGED_IDENTITY = "managed_identity"
    WORKFLOW_JOB = "workflow_job"
    OAUTH_CLIENT = "oauth_client"
    AGENT = "agent"
    MCP_SERVER = "mcp_server"
    DEVICE = "device"
    OTHER = "other"


class CredentialKind(StrEnum):
    """What sort of proof it is."""

    API_KEY = "api_key"
    ACCESS_KEY = "access_key"
    ACCESS_TOKEN = "access_token"
    REFRESH_TOKEN = "refresh_token"
    PERSONAL_ACCESS_TOKEN = "personal_access_token"
    SERVICE_TOKEN = "service_token"
    SESSION_TOKEN = "session_token"
    CLIENT_SECRET = "client_secret"
    SIGNING_KEY = "signing_key"
    ENCRYPTION_KEY = "encryption_key"
    WEBHOOK = "webhook"
    PASSWORD = "password"
    URL_PASSWORD = "url_password"
    PRIVATE_KEY = "private_key"
    CERTIFICATE = "certificate"
    CONNECTION_STRING = "connection_string"
    FEDERATION = "federation"
    GENERIC = "generic"


class CredentialStatus(StrEnum):
    """What is known of a credential's life without using it. A sample opens nothing; what is public
    is made to be seen, such as the key of a web page. An invalid one was never issued: its checksum is
    wrong."""

    UNKNOWN = "unknown"
    ACTIVE = "active"
    DISABLED = "disabled"
    EXPIRED = "expired"
    ENCRYPTED = "encrypted"
    SAMPLE = "sample"
    PUBLIC = "public"
    INVALID = "invalid"


class Storage(StrEnum):
    """The kind of place a credential was seen in. Of one in a `report`, only another scanner tells."""

    TREE = "tree"
    STAGED = "staged"
    HISTORY = "history"
    INPUT = "input"
    SERVICE = "service"
    VAULT = "vault"
    CI_VARIABLE = "ci_variable"
    STATE_FILE = "state_file"
    AGENT_CONFIG = "agent_config"
    AGENT_TOKENS = "agent_tokens"
    AGENT_TRANSCRIPT = "agent_transcript"
    REPORT = "report"
    OTHER = "other"


class Environment(StrEnum):
    """What a thing is for. `unknown` is an answer of its own, not production."""

    PRODUCTION = "production"
    STAGING = "staging"
    DEVELOPMENT = "development"
    TEST = "test"
    UNKNOWN = "unknown"


class GrantKind(StrEnum):
    """The form a permission comes in."""

    POLICY = "policy"
    RESOURCE_POLICY = "resource_policy"
    BOUNDARY = "boundary"
    ROLE_BINDING = "role_binding"
    OAUTH_CONSENT = "oauth_consent"
    APP_INSTALLATION = "app_installation"
    TOOL_PERMISSION = "tool_permission"
    TOKEN_SCOPE = "token_scope"
    OTHER = "other"


class Effect(StrEnum):
    """What a grant does to the actions it names."""

    ALLOW = "allow"
    DENY = "deny"


class TrustKind(StrEnum):
    """How somebody becomes an identity."""

    ASSUME = "assume"
    SERVICE = "service"
    FEDERATION = "federation"
    IMPERSONATION = "impersonation"
    CONSENT = "consent"
    OTHER = "other"


class UseKind(StrEnum):
    """What consumes an identity or credential."""

    WORKLOAD = "workload"
    WORKFLOW = "workflow"
    AGENT = "agent"
    PERSON = "person"
    OTHER = "other"
