"""The shape of a rule file. A typo fails at load time, with the path of the field."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from keymuster.model import (
    Confidence,
    CredentialKind,
    CredentialStatus,
    Effect,
    Environment,
    Nhi,
    Severity,
    Storage,
)
from keymuster.model.azure_roles import AzurePrivileges
from keymuster.model.gcp_roles import GcpRoles
from keymuster.model.issuers import KnownTrusts
from keymuster.model.vendors import KnownScopes, KnownVendors

Subject = Literal[
    "identity", "credential", "grant", "trust", "use", "resource", "inline_allow", "exception"
]


class Unless(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a value of a format may look like and still be none, if one of these holds, or every kind
    of them that is given with `all`: a word it contains in any case, an expression (in RE2's syntax)
    found in it, in its line or in the path of its file, the commit that brought it."""

    words: list[str] = []
    values: list[str] = []
    lines: list[str] = []
    paths: list[str] = []
    commits: list[str] = []
    all: bool = False


class TokenFormat(Struct, kw_only=True, forbid_unknown_fields=True):
    """How one kind of credential looks, as public facts.

    Exactly one of `shape` (see `rules.shape`), `pattern` (a regular expression whose group `secret`
    is the credential) and `recognizer` (a named piece of code in `detect/`) says what to look for.
    `context` are words of which one must stand before the value on its line. `checksum` and
    `decode` are names from `detect/checksums.py` and `detect/decode.py`. `paths` are expressions of
    which one must be found in the path of the file.
    """

    id: str
    name: str
    kind: CredentialKind
    revoke: str
    examples: list[str]
    counter_examples: list[str]
    shape: str | list[str] | None = None
    pattern: str | None = None
    recognizer: str | None = None
    context: list[str] = []
    checksum: str | None = None
    decode: str | None = None
    environments: dict[str, Environment] = {}
    status: CredentialStatus = CredentialStatus.UNKNOWN
    confidence: Confidence = Confidence.HIGH
    least_entropy: float = 0.0
    lifetime: str = ""
    references: list[str] = []
    paths: list[str] = []
    unless: list[Unless] = []
    vendor: str = ""
    vendor_name: str = ""
    imported: str = ""

    @property
    def is_guess(self) -> bool:
        """Whether its matches are weighed, and have no form of their own."""
        return self.recognizer in ("assignment", "url-password")

    @property
    def shapes(self) -> list[str]:
        """The shapes as a list, empty when something else says what to look for."""
        if self.shape is None:
            return []
        return [self.shape] if isinstance(self.shape, str) else self.shape


class TokenFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/tokens/<vendor>.yaml`. `unless` holds for each of its formats. `imported` names the file
    that somebody else's rules were converted from; such rules bring no examples."""

    vendor: str
    name: str
    formats: list[TokenFormat]
    url: str = ""
    imported: str = ""
    unless: list[Unless] = []


class OwnFormats(Struct, kw_only=True, forbid_unknown_fields=True):
    """The `formats:` of a settings file, with what the user left out filled in."""

    formats: list[TokenFormat]


class Told(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a service tells of one object, as collectors have it: its `type` and `settings` in its
    vendor's words, and its `id`, an ARN for AWS. In other ids no `account` is found: say it."""

    type: str
    id: str
    settings: dict[str, Any]
    service: str = "aws"
    account: str = ""


class Case(Struct, kw_only=True, forbid_unknown_fields=True):
    """A worked example of a policy: what it says of one file, as real input, or of what services `told`.

    In `text`, `{token:FORMAT}` stands for a generated token of that format. `seen_in` is where the
    file stands; several places mean that it stands in each of them. `beside` are other files of the
    same tree, by their paths; `ours` is what the settings name as ours. `mode` says in octal digits
    who may read the file, for what looks at that. `reports` are those of other scanners, by the names of
    their files. `expect` may be that the policy cannot decide,
    because something that it asks for is not known.
    """

    name: str
    expect: Literal["finding", "nothing", "undecided"]
    path: str = ""
    text: str = ""
    told: list[Told] = []
    beside: dict[str, str] = {}
    reports: dict[str, str] = {}
    ours: dict[str, tuple[str, ...]] = {}
    seen_in: tuple[Storage, ...] = (Storage.TREE,)
    mode: str = ""


class Policy(Struct, kw_only=True, forbid_unknown_fields=True):
    """One judgement, and the words that explain it. `when` is a CEL expression over the view of
    the record that `applies_to` names; `kind` is an entry of `frameworks/mapping.yaml`. Of resources,
    it is about those of its `types`."""

    id: str
    title: str
    kind: str
    nhi: list[Nhi]
    severity: Severity
    confidence: Confidence
    applies_to: Subject
    when: str
    message: str
    why: str
    remediation: str
    cases: list[Case]
    types: list[str] = []
    references: list[str] = []


class FrameworkEntryFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """One entry of a framework file."""

    id: str
    name: str
    url: str = ""


class FrameworkFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/frameworks/<id>.yaml`. `url_form` makes an entry's page from `{id}` or `{slug}`."""

    id: str
    name: str
    guid: str
    version: str
    publisher: str
    url: str
    source: str
    entries: list[FrameworkEntryFile]


class MappingFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/frameworks/mapping.yaml`: finding kind -> framework id -> entry ids."""

    source: str
    kinds: dict[str, dict[str, list[str]]]


class SamplesFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/samples.yaml`: SHA-256 of values that documentation publishes -> where."""

    source: str
    samples: dict[str, str]


class ScannersFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/scanners.yaml`: scanner -> what it calls a rule -> the token format of that."""

    source: str
    scanners: dict[str, dict[str, str]]


class EscalationWay(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """One known way from some permissions to more. Each action must be allowed on a thing of the kind
    beside it, and those of one kind on the same thing; the first is the kind that `leads_to` is
    about. `passes` are services of which one must be handed the role, `attaches` policies of which
    one must be allowed to attach. `needs` says what there must be besides."""

    id: str
    name: str
    actions: dict[str, str]
    leads_to: Literal[
        "self", "boundary", "changed", "other", "passed", "workload", "service", "account", "data"
    ]
    reference: str
    passes: list[str] = []
    attaches: list[str] = []
    needs: str = ""


class EscalationsFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/aws-escalations.yaml`. `kinds` are the forms of the ARNs of each kind of thing."""

    source: str
    kinds: dict[str, list[str]]
    ways: list[EscalationWay]


class PublishedStatement(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A statement of a policy that AWS publishes."""

    effect: Effect = Effect.ALLOW
    actions: list[str] = []
    not_actions: list[str] = []
    resources: list[str] = []
    conditions: dict[str, Any] = {}


class PublishedPolicy(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a policy that AWS publishes comes to, and its statements about `covers`."""

    privilege: Literal["none", "read", "write", "admin"]
    statements: list[PublishedStatement] = []


class PublishedPoliciesFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/aws-policies.yaml`: the policies that AWS publishes, by name. Those without
    statements about `covers` stand under their privilege only."""

    source: str
    covers: list[str]
    policies: dict[str, PublishedPolicy]
    plain: dict[Literal["none", "read", "write"], list[str]] = {}

    def all(self) -> dict[str, PublishedPolicy]:
        short = {
            name: PublishedPolicy(privilege=privilege)
            for privilege, names in self.plain.items()
            for name in names
        }
        return short | self.policies


class AccountsOf(Struct, kw_only=True, forbid_unknown_fields=True):
    """Accounts of somebody who says so in public, at `source`."""

    name: str
    source: str
    accounts: list[Annotated[str, Meta(pattern="^[0-9]{12}$")]]


class AwsAccountsFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/aws-accounts.yaml`: accounts of vendors, and such as services of AWS itself act in."""

    source: str
    vendors: list[AccountsOf]
    aws: list[AccountsOf]

    def names(self) -> dict[str, str]:
        """Account -> whose it is."""
        return {account: one.name for one in (*self.vendors, *self.aws) for account in one.accounts}


class AwsKnowledge(Struct, kw_only=True, frozen=True):
    """What is published of AWS: ways to escalate, the forms of ARNs, policies, and whose some `accounts`
    are."""

    ways: list[EscalationWay] = []
    kinds: dict[str, list[str]] = {}
    policies: dict[str, PublishedPolicy] = {}
    covers: list[str] = []
    accounts: dict[str, str] = {}


class AzureRolesFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/azure-roles.yaml`: built-in roles of Azure, roles of the directory, permissions of
    Microsoft Graph: name -> id or ids."""

    source: str
    azure: dict[str, str]
    entra: dict[str, str]
    graph: dict[str, list[str]]


class AzurePrivilegesFile(AzurePrivileges, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/azure-privileges.yaml`: what roles and permissions of Azure and Entra come to."""


class GcpRolesFile(GcpRoles, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/gcp-roles.yaml`: what roles and permissions of Google Cloud come to."""


class TerraformType(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a resource type of a Terraform provider is called by its vendor, and what its attributes
    and blocks are called, if it does not follow from their names.

    `names` are by path (`inline_policy.policy`), or for any depth (`*.container`). A name may be a
    path, too (`properties.disableLocalAuth`); `[]` behind it means always a list, `{}` JSON text that
    is taken apart, `{+}` such text whose names are to be capitalised; a `!` before it that the vendor
    states the opposite, and `-` that the vendor has no such thing. `settings` are always the same; `defaults`, by path, are what Terraform
    sends if nothing is written, where the vendor would take something else.
    """

    type: str
    names: dict[str, str] = {}
    settings: dict[str, str] = {}
    defaults: dict[str, Any] = {}
    like: str = ""


class TerraformObject(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a module of the public registry makes of its inputs: a resource with attributes by the
    paths in `names`. It is made if one of the inputs in `needs` is given and no input in `switches` is false.
    What the module `decides` by itself is not known where no input says it: at all, or if the input
    beside it is given."""

    resource: str
    names: dict[str, str]
    needs: list[str] = []
    switches: list[str] = []
    decides: dict[str, str] = {}


class TerraformFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/terraform-<vendor>.yaml`. `words` says how the vendor writes names: as `pascal`,
    as `camel`, as `arm` (camel, most of them under `properties`), or as Terraform does. `lists` are
    blocks that may stand more than once: always lists. The keys of `maps` are not names. `names` are
    as those of a type, for all that are not listed. `modules` are of the public registry, by address."""

    source: str
    words: Literal["pascal", "camel", "arm", "terraform"]
    lists: list[str] = []
    maps: list[str] = []
    names: dict[str, str] = {}
    types: dict[str, TerraformType] = {}
    modules: dict[str, list[TerraformObject]] = {}


class AgentFile(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Files that configure a client: paths below a project and below a user's folder, paths that differ
    by system (`~/` is the user's folder), names that say enough. `servers` are the places of MCP
    servers, `forwards` is the one of agents that the client hands its servers to. `managed` files are
    an administrator's; in those that are an `agent`, one agent is declared. What is not settings lies
    in the user's folder, and `**` in its paths is any number of folders."""

    project: list[str] = []
    home: list[str] = []
    linux: list[str] = []
    macos: list[str] = []
    windows: list[str] = []
    names: list[str] = []
    servers: list[str] = []
    forwards: str = ""
    managed: bool = False
    agent: bool = False
    holds: Literal["settings", "tokens", "transcripts"] = "settings"


class AgentSetting(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A setting of a client, by its places (`*` is any name), what it is about in our word, and our
    words for its values; `*` is any other. Without `values` it is said as it is."""

    at: str | list[str]
    means: str
    values: dict[str, str] = {}


class AgentClient(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A program that runs AI agents."""

    id: str
    name: str
    vendor: str
    files: list[AgentFile]
    settings: list[AgentSetting] = []


class AgentClientsFile(Struct, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/agent-clients.yaml`."""

    source: str
    clients: list[AgentClient]


class PulumiFile(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """`rules/known/pulumi.yaml`. `packages` are those that are bridged from a provider of Terraform of
    another name; `types` say what a type of a bridged package is in Terraform, and one of
    `azure-native` in ARM, where that does not follow from its name."""

    source: str = ""
    packages: dict[str, str] = {}
    types: dict[str, str] = {}


class RuleSet(Struct, kw_only=True, dict=True):
    """Every rule there is. `key` changes whenever a rule file changes, and what is derived from the
    rules is stored under it: who changes a set by hand empties it."""

    tokens: list[TokenFormat]
    policies: list[Policy]
    frameworks: list[FrameworkFile]
    mapping: dict[str, dict[str, list[str]]]
    samples: dict[str, str]
    trusts: KnownTrusts = KnownTrusts()
    aws: AwsKnowledge = AwsKnowledge()
    azure: AzurePrivilegesFile = AzurePrivilegesFile()
    gcp: GcpRolesFile = GcpRolesFile()
    vendors: KnownVendors = KnownVendors()
    scopes: KnownScopes = KnownScopes()
    terraform: list[TerraformFile] = []
    agents: list[AgentClient] = []
    pulumi: PulumiFile = PulumiFile()
    scanners: dict[str, dict[str, str]] = {}
    key: str = ""
    searched: str = ""
    """The key of the rules that have the same formats, if these are others: see `search_key`."""
    shipped: int = 0
    """How many of the tokens, the first ones, keymuster brings along."""

    @property
    def search_key(self) -> str:
        """What the search needs is stored under it: it stays where only policies are added."""
        return self.key and (self.searched or self.key)

    @cached_property
    def resource_types(self) -> frozenset[str]:
        """The types of resources that policies ask for."""
        return frozenset(type for policy in self.about("resource") for type in policy.types)

    def token(self, id: str) -> TokenFormat | None:
        """The format that is called so."""
        index = self._indexes.get(id)
        return None if index is None else self.tokens[index]

    @cached_property
    def _indexes(self) -> dict[str, int]:
        return {id: index for index, id in enumerate(self.token_ids)}

    @property
    def token_ids(self) -> Sequence[str]:
        """Those of the tokens, which need not be read for it."""
        return getattr(self.tokens, "ids", None) or [token.id for token in self.tokens]

    def policy(self, id: str) -> Policy:
        """The policy that is called so."""
        return self.policies[self._places[id]]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {id: index for index, id in enumerate(self.policy_ids)}

    @property
    def policy_ids(self) -> Sequence[str]:
        """As for the tokens."""
        return getattr(self.policies, "ids", None) or [policy.id for policy in self.policies]

    def about(self, subject: Subject) -> list[Policy]:
        """The policies about one sort of records: of no others anything is read."""
        if (about := getattr(self.policies, "about", None)) is not None:
            found: list[Policy] = about(subject)
            return found
        return [policy for policy in self.policies if policy.applies_to == subject]

    @property
    def rules(self) -> list[Policy | TokenFormat]:
        """Policies first, then token formats."""
        return [*self.policies, *self.tokens]
