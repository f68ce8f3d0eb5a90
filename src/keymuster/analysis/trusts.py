"""Who outside can become an identity: the answer for every trust, with a counter-example.

`judge` gives an answer for each trust that lets somebody in. What it needs to know of issuers, of
what is ours, of the accounts of identities and of what a reference stands for comes in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from keymuster import regex
from keymuster.analysis import aws_trusts, entra_trusts, gcp_trusts
from keymuster.analysis.claims import (
    Both,
    Claim,
    Condition,
    Not,
    Tokens,
    Undecided,
    asked,
    leaves,
)
from keymuster.analysis.gcp_parties import party, sort
from keymuster.analysis.languages import forget
from keymuster.analysis.outsiders import Audience, Ours, Outsiders, outsiders
from keymuster.model import Effect, Trust, TrustKind
from keymuster.model.issuers import Issuer, KnownTrusts
from keymuster.model.unknown import depends_on, is_unknown, reference


class Defect(StrEnum):
    """What is wrong with a trust besides whom it lets in."""

    NEVER_MATCHES = "never-matches"
    LITERAL_WILDCARD = "literal-wildcard"
    NO_SUBJECT = "no-subject"
    NO_AUDIENCE = "no-audience"
    WHOLE_ACCOUNT = "whole-account"
    DELETED_PRINCIPAL = "deleted-principal"
    EXTERNAL_ID_MISSING = "external-id-missing"
    EXTERNAL_ID_GUESSABLE = "external-id-guessable"
    EXTERNAL_ID_SHARED = "external-id-shared"
    NO_SOURCE = "no-source"
    NO_CERTIFICATE = "no-certificate"


class TrustAnswer(Outsiders, frozen=True, kw_only=True):
    """Who a trust lets in. `issuer` is the id of the issuer that its conditions are about. `meant` is who
    would get in if `StringEquals` took wildcards, where a wildcard stands in one."""

    trust: str
    issuer: str = ""
    defects: tuple[Defect, ...] = ()
    meant: Outsiders | None = None


class Surroundings(msgspec.Struct, frozen=True, dict=True):
    """What trusts are judged by. `accounts` is the account of an identity, `addresses` the address of
    an issuer that a declaration refers to (`${aws_iam_openid_connect_provider.github.arn}`)."""

    known: KnownTrusts
    ours: Ours = msgspec.field(default_factory=Ours)
    accounts: Mapping[str, str] = {}
    addresses: Mapping[str, str] = {}

    @cached_property
    def issuers(self) -> dict[str, Issuer]:
        """The issuers by their ids."""
        return {one.id: one for one in self.known.issuers}

    @cached_property
    def by_address(self) -> list[tuple[re.Pattern[str], Issuer]]:
        """Expressions for addresses."""
        return [(re.compile(url), one) for one in self.known.issuers for url in one.urls]

    @cached_property
    def google(self) -> frozenset[str]:
        """The projects and domains of Google Cloud that are ours."""
        return frozenset(self.ours.names("gcp"))

    @cached_property
    def google_sorts(self) -> frozenset[str]:
        """The sorts of them of which all are known."""
        return frozenset(map(sort, self.ours.settings.get("gcp", ())))

    @cached_property
    def made(self) -> dict[tuple[str, tuple[tuple[str, str], ...]], Tokens]:
        """The tokens of issuers that were asked for."""
        return {}

    def tokens(self, id: str, fixed: Mapping[str, str]) -> Tokens:
        """The tokens of an issuer, some of whose fields its address tells."""
        key = id, tuple(sorted(fixed.items()))
        if key not in self.made:
            self.made[key] = Tokens(self.issuers[id], dict(fixed))
        return self.made[key]

    def is_own_account(self, name: str) -> bool:
        """Whether an unknown is the number of the account that a declaration is for."""
        return any(re.fullmatch(one, name) for one in self.known.own_account)

    def is_own_resource(self, name: str) -> bool:
        """Whether an unknown is something that the same declaration makes or looks up."""
        return any(re.fullmatch(one, name) for one in self.known.own_resources)


def judge(trusts: Iterable[Trust], around: Surroundings) -> dict[str, TrustAnswer]:
    """The answer for every trust that allows, by its id. What other statements of the same identity
    deny is taken off."""
    given = list(trusts)
    denied: dict[str, list[Trust]] = {}
    for one in given:
        if one.effect is Effect.DENY:
            denied.setdefault(one.identity, []).append(one)
    shared = _shared_external_ids(given)
    pools = _Pools([one for one in given if one.provider == "gcp" and _is_pool(one)])
    memory: dict[str, TrustAnswer] = {}
    answers: dict[str, TrustAnswer] = {}
    for one in given:
        if one.effect is Effect.ALLOW:
            denials = denied.get(one.identity, [])
            same = repr(
                (
                    _plain(one),
                    [_plain(other) for other in denials],
                    around.accounts.get(one.identity),
                )
            )
            if same not in memory:
                memory[same] = _answer(one, denials, around, shared, pools)
            answers[one.id] = msgspec.structs.replace(memory[same], trust=one.id)
    forget()
    return answers


def _plain(one: Trust) -> tuple[Any, ...]:
    return one.provider, one.kind, one.principal, one.actions, one.conditions


def _answer(
    one: Trust, denials: list[Trust], around: Surroundings, shared: set[str], pools: _Pools
) -> TrustAnswer:
    match one.provider:
        case "aws":
            return _aws(one, denials, around, shared)
        case "gcp":
            return _gcp(one, around, pools)
        case "azure" | "entra" | "azuread":
            return _entra(one, around)
        case _:
            return TrustAnswer(
                trust=one.id,
                audience=Audience.UNKNOWN,
                reason=f"trusts of {one.provider} are not judged",
            )


def _with(one: Trust, found: Outsiders, **more: Any) -> TrustAnswer:
    told = {name: getattr(found, name) for name in found.__struct_fields__}
    return TrustAnswer(trust=one.id, **told, **more)


def _simply(one: Trust, audience: Audience, reason: str, **more: Any) -> TrustAnswer:
    return TrustAnswer(trust=one.id, audience=audience, reason=reason, **more)


# --- issuers ----------------------------------------------------------------------------------


def _tokens_of(address: str, condition_of: Any, around: Surroundings) -> Tokens:
    """The tokens of the issuer at an address; if that tells nothing, of the one whose subjects begin as
    those that are asked for."""
    for pattern, issuer in around.by_address:
        found = pattern.fullmatch(address)
        if found:
            fixed = {name: text for name, text in found.groupdict().items() if text}
            if not any(map(depends_on, fixed.values())):
                return around.tokens(issuer.id, fixed)
            return around.tokens(issuer.id, {})
    condition = condition_of(around.tokens("generic", {}).claims)
    subjects = [
        text
        for leaf in leaves(condition)
        if isinstance(leaf, Claim) and leaf.name == "sub"
        for text, _ in leaf.written
    ]
    for issuer in around.known.issuers:
        if (
            subjects
            and issuer.subjects
            and all(text.startswith(issuer.subjects) for text in subjects)
        ):
            return around.tokens(issuer.id, {})
    return around.tokens("generic", {})


def _address(text: str) -> str:
    """The address of an issuer without its scheme."""
    return re.sub(r"^https?://", "", text.strip()).rstrip("/")


# --- AWS --------------------------------------------------------------------------------------

_OIDC_PROVIDER = regex.later(r"arn:[^/]*:oidc-provider/(?P<address>.+)")
_SAML_PROVIDER = regex.later(r"arn:[^/]*:saml-provider/.+")
_KEY = regex.later(r"(?P<address>.+):(?:sub|aud|amr|azp|oaud|[a-z_]+)", re.IGNORECASE)
_LEGACY = (
    "accounts.google.com",
    "cognito-identity.amazonaws.com",
    "graph.facebook.com",
    "www.amazon.com",
)
_FEDERATED = {"sts:assumerolewithwebidentity", "sts:assumerolewithsaml", "sts:tagsession"}
_DELETED = regex.later(r"A(?:IDA|ROA)[A-Z0-9]{12,}")
_SERVICE = regex.later(r"[a-z0-9.*-]+\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|api\.aws)")


def _aws(one: Trust, denials: list[Trust], around: Surroundings, shared: set[str]) -> TrustAnswer:
    if (
        one.actions
        and not any(map(is_unknown, one.actions))
        and not aws_trusts.lets_become(one.actions)
    ):
        return _simply(one, Audience.NOBODY, "its actions give nobody the role's credentials")
    principal, named = one.principal, reference(one.principal)
    actions = {action.lower() for action in one.actions}
    if (
        one.kind is TrustKind.FEDERATION
        or _OIDC_PROVIDER.fullmatch(principal)
        or principal in _LEGACY
        or (actions and actions <= _FEDERATED)
    ):
        return _aws_federation(one, denials, around)
    if one.kind is TrustKind.SERVICE or _SERVICE.fullmatch(principal):
        return _aws_service(one, denials, around)
    if _DELETED.fullmatch(principal):
        return _simply(
            one,
            Audience.NOBODY,
            f"`{principal}` is what is left of a principal that was deleted",
            defects=(Defect.DELETED_PRINCIPAL,),
        )
    if named and around.is_own_resource(named):
        return _simply(one, Audience.ESTATE, f"`{named}` is declared or looked up beside it")
    return _aws_principal(one, denials, around, shared)


def _aws_federation(one: Trust, denials: list[Trust], around: Surroundings) -> TrustAnswer:
    if _SAML_PROVIDER.fullmatch(one.principal) or _is_saml(one):
        return _saml(one)
    address = _issuer_address(one, around)
    tokens, names = _aws_tokens(one, address, around)
    condition = aws_trusts.condition(one.conditions, names)
    taken_off = _taken_off(one, denials, names)
    whole = Both((condition, *taken_off))
    party = "" if depends_on(address) else address
    found = outsiders(tokens, whole, around.ours, party=party)
    asks = asked(condition)
    defects = _federation_defects(tokens, found, asks)
    meant = None
    if _has_literal_wildcard(one.conditions):
        liberal = aws_trusts.condition(one.conditions, names, literal_wildcards=False)
        meant = outsiders(tokens, Both((liberal, *taken_off)), around.ours, party=party)
        defects = (*defects, Defect.LITERAL_WILDCARD)
    return _with(one, found, issuer=tokens.issuer.id, defects=defects, meant=meant)


def _aws_tokens(one: Trust, address: str, around: Surroundings) -> tuple[Tokens, aws_trusts.NameOf]:
    """The tokens of the issuer, and the claim that a key of a condition is about."""

    def condition_of(claims: frozenset[str]) -> Condition:
        return aws_trusts.condition(
            one.conditions, aws_trusts.oidc_names(address, claims, frozenset(("sub", "aud")))
        )

    tokens = _tokens_of(address, condition_of, around)
    asked_for = frozenset(("sub", "aud", *tokens.issuer.aws))
    return tokens, aws_trusts.oidc_names(address, tokens.claims, asked_for)


def _taken_off(one: Trust, denials: list[Trust], names: aws_trusts.NameOf) -> list[Condition]:
    return [
        Not(aws_trusts.condition(other.conditions, names))
        for other in denials
        if other.principal in ("*", one.principal)
        and (not other.actions or aws_trusts.gives(other.actions, _way(one)))
    ]


def _way(one: Trust) -> str:
    """How a principal becomes the role."""
    if one.kind is not TrustKind.FEDERATION:
        return "sts:assumerole"
    return "sts:assumerolewithsaml" if _is_saml(one) else "sts:assumerolewithwebidentity"


def accepts(
    one: Trust, others: Sequence[Trust], around: Surroundings
) -> Iterator[tuple[Tokens, Condition]]:
    """The tokens of issuers that a trust may accept, and what it asks of them; none if it is for no
    issuer's. `others` are the other trusts of the same identity, and the pools of the estate."""
    if one.effect is not Effect.ALLOW:
        return
    if one.provider == "aws" and one.kind is TrustKind.FEDERATION:
        if _SAML_PROVIDER.fullmatch(one.principal) or _is_saml(one):
            return
        address = _issuer_address(one, around)
        tokens, names = _aws_tokens(one, address, around)
        denials = [other for other in others if other.effect is Effect.DENY]
        asks = aws_trusts.condition(one.conditions, names)
        yield tokens, Both((asks, *_taken_off(one, denials, names)))
    elif one.provider == "gcp" and (part := gcp_trusts.member(one.principal)) is not None:
        for pool in others:
            if pool.provider == "gcp" and _is_pool(pool) and _is_of(pool, part.pool):
                yield _pool_asks(part, pool, around)
    elif one.provider in ("azure", "entra", "azuread"):
        yield _entra_asks(one, around)


def _federation_defects(tokens: Tokens, found: Outsiders, asks: set[str]) -> tuple[Defect, ...]:
    defects = []
    if found.audience is Audience.NOBODY:
        defects.append(Defect.NEVER_MATCHES)
    if not asks - {"aud"}:
        defects.append(Defect.NO_SUBJECT)
    if "aud" not in asks:
        defects.append(Defect.NO_AUDIENCE)
    return tuple(defects)


def _has_literal_wildcard(conditions: Any) -> bool:
    if not isinstance(conditions, dict):
        return False
    return any(
        "*" in str(text).replace("${*}", "")
        for operator, asks in conditions.items()
        if "stringequals" in operator.lower() and isinstance(asks, dict)
        for key, values in asks.items()
        if not key.lower().endswith(":aud")
        for text in (values if isinstance(values, list | tuple) else [values])
    )


def _issuer_address(one: Trust, around: Surroundings) -> str:
    """Where the issuer of a federated principal is. A condition on a key of another issuer is met by
    no token, so the keys tell it where the principal is a reference."""
    found = _OIDC_PROVIDER.fullmatch(one.principal)
    address = _address(found["address"] if found else one.principal)
    if not depends_on(address):
        return address
    for text in (one.principal, reference(one.principal), address):
        if text in around.addresses:
            return _address(around.addresses[text])
    addresses = {
        key["address"]
        for asks in one.conditions.values()
        if isinstance(asks, dict)
        for name in asks
        if (key := _KEY.fullmatch(name)) and not name.lower().startswith(("aws:", "sts:", "saml:"))
    }
    known = [text for text in addresses if not depends_on(text)]
    return known[0] if len(known) == 1 else address


def _is_saml(one: Trust) -> bool:
    actions = {action.lower() for action in one.actions}
    keys = {
        key.lower() for asks in one.conditions.values() if isinstance(asks, dict) for key in asks
    }
    return "sts:assumerolewithsaml" in actions or any(key.startswith("saml:") for key in keys)


def _saml(one: Trust) -> TrustAnswer:
    keys = {
        key.lower() for asks in one.conditions.values() if isinstance(asks, dict) for key in asks
    }
    return _simply(
        one,
        Audience.ESTATE,
        "whoever the SAML provider of the account lets in",
        issuer="saml",
        defects=() if "saml:aud" in keys else (Defect.NO_AUDIENCE,),
    )


_OWN_ACCOUNT = "000000000000"
"""Stands for the account that a declaration is for, where its number is not known."""


def _aws_principal(
    one: Trust, denials: list[Trust], around: Surroundings, shared: set[str]
) -> TrustAnswer:
    tokens = around.tokens("aws-principal", {})
    account = around.accounts.get(one.identity) or _OWN_ACCOUNT
    names = aws_trusts.principal_names(tokens.claims)

    def condition_of(trust: Trust) -> Condition:
        own = _with_own_account(trust.principal, account, around)
        asks = _with_own_account(trust.conditions, account, around)
        return Both((aws_trusts.of_principal(own), aws_trusts.condition(asks, names)))

    condition = condition_of(one)
    taken_off = [
        Not(condition_of(other))
        for other in denials
        if not other.actions or aws_trusts.gives(other.actions, _way(one))
    ]
    found = outsiders(tokens, Both((condition, *taken_off)), around.ours, account=account)
    return _with(
        one,
        found,
        issuer=tokens.issuer.id,
        defects=tuple(_principal_defects(one, found, condition, shared)),
    )


def _with_own_account(written: Any, account: str, around: Surroundings) -> Any:
    if isinstance(written, str):
        for name in depends_on(written):
            if around.is_own_account(name):
                written = written.replace(f"${{{name}}}", account)
        return written
    if isinstance(written, dict):
        return {key: _with_own_account(one, account, around) for key, one in written.items()}
    if isinstance(written, list | tuple):
        return [_with_own_account(one, account, around) for one in written]
    return written


def _principal_defects(
    one: Trust, found: Outsiders, condition: Condition, shared: set[str]
) -> Iterator[Defect]:
    is_account = re.fullmatch(r"\d{12}|.*:root", one.principal) is not None
    if is_account and "aws:PrincipalArn" not in asked(condition):
        yield Defect.WHOLE_ACCOUNT
    if found.audience is Audience.NOBODY:
        yield Defect.NEVER_MATCHES
    if found.audience in (Audience.NOBODY, Audience.SAME_ACCOUNT, Audience.ESTATE):
        return
    ids = _external_ids(one)
    if not ids and (is_account or one.principal == "*"):
        yield Defect.EXTERNAL_ID_MISSING
    if any(_is_guessable(text) for text in ids):
        yield Defect.EXTERNAL_ID_GUESSABLE
    if shared & set(ids):
        yield Defect.EXTERNAL_ID_SHARED


def _external_ids(one: Trust) -> list[str]:
    """The external ids that a trust asks for."""
    return [
        str(text)
        for operator, asks in one.conditions.items()
        if isinstance(asks, dict) and "not" not in operator.lower() and operator.lower() != "null"
        for key, values in asks.items()
        if key.lower() == "sts:externalid"
        for text in (values if isinstance(values, list | tuple) else [values])
    ]


def _is_guessable(text: str) -> bool:
    return not depends_on(text) and (
        len(text) < 8 or re.fullmatch(r"\d{12}", text) is not None or "*" in text or "?" in text
    )


def _shared_external_ids(trusts: Sequence[Trust]) -> set[str]:
    """External ids by which different principals are told apart, in vain."""
    by: dict[str, set[str]] = {}
    for one in trusts:
        for text in _external_ids(one) if one.provider == "aws" else ():
            by.setdefault(text, set()).add(one.principal)
    return {text for text, principals in by.items() if len(principals) > 1}


def _aws_service(one: Trust, denials: list[Trust], around: Surroundings) -> TrustAnswer:
    tokens = around.tokens("aws-service", {})
    account = around.accounts.get(one.identity) or _OWN_ACCOUNT
    names = aws_trusts.principal_names(tokens.claims)
    condition = aws_trusts.condition(_with_own_account(one.conditions, account, around), names)
    is_asked = bool(asked(condition))
    defects = [] if is_asked else [Defect.NO_SOURCE]
    if one.principal.startswith("rolesanywhere.") and not _asks_for_certificate(one):
        defects.append(Defect.NO_CERTIFICATE)
    found = Outsiders(audience=Audience.SAME_ACCOUNT, reason="a service of the account")
    if is_asked:
        judged = outsiders(tokens, condition, around.ours, account=account)
        if judged.audience is not Audience.ANYONE:
            found = judged
    return _with(one, found, issuer=tokens.issuer.id, defects=tuple(defects))


def _asks_for_certificate(one: Trust) -> bool:
    return any(
        key.lower().startswith("aws:principaltag/x509") or key.lower() == "aws:sourcearn"
        for asks in one.conditions.values()
        if isinstance(asks, dict)
        for key in asks
    )


# --- Google Cloud -----------------------------------------------------------------------------

_EVERYBODY = ("allUsers", "allAuthenticatedUsers")


def _is_pool(one: Trust) -> bool:
    return _get(one, "attribute_mapping", "attributeMapping") is not None or (
        one.kind is TrustKind.FEDERATION and not one.principal.startswith("principal")
    )


class _Pools:
    """The providers of the pools that members name, looked for once for each pool."""

    def __init__(self, providers: list[Trust]) -> None:
        self._providers = providers
        self._known: dict[str, list[Trust]] = {}

    def providers(self, pool: str) -> list[Trust]:
        if pool not in self._known:
            self._known[pool] = [one for one in self._providers if _is_of(one, pool)]
        return self._known[pool]


def _gcp(one: Trust, around: Surroundings, pools: _Pools) -> TrustAnswer:
    if one.principal in _EVERYBODY:
        return _simply(
            one, Audience.ANYONE, f"`{one.principal}` is everybody", example=one.principal
        )
    part = gcp_trusts.member(one.principal)
    if part is not None:
        return _gcp_member(one, part, around, pools)
    if _is_pool(one):
        return _gcp_pool(one, None, one, around)
    if (whose := party(one.principal)) is not None:
        return _gcp_party(one, whose.name, around)
    return _simply(one, Audience.UNKNOWN, f"whose `{one.principal}` is cannot be told")


def _gcp_party(one: Trust, project: str, around: Surroundings) -> TrustAnswer:
    """Somebody of a project, or of a domain."""
    if project == around.accounts.get(one.identity):
        return _simply(one, Audience.SAME_ACCOUNT, "")
    if project in around.google:
        return _simply(one, Audience.ESTATE, "")
    if sort(project) in around.google_sorts and not depends_on(project):
        return _simply(
            one,
            Audience.VENDOR,
            f"`{project}` is not among what is ours",
            example=one.principal,
            parties=(project,),
        )
    return _simply(
        one,
        Audience.UNKNOWN,
        f"no setting says whose `{project}` is (`ours.gcp`)",
        parties=(project,),
        depends_on=tuple(depends_on(project)),
    )


def _gcp_member(
    one: Trust, part: gcp_trusts.Member, around: Surroundings, pools: _Pools
) -> TrustAnswer:
    providers = pools.providers(part.pool)
    if not providers:
        width = {"identity": one.principal} if part.value is None else {}
        return _simply(
            one,
            Audience.UNKNOWN,
            f"the provider of the pool `{part.pool}` is not known",
            open=width,
        )
    answers = [_gcp_pool(one, part, other, around) for other in providers]
    ranks = {audience: rank for rank, audience in enumerate(Audience)}
    return max(answers, key=lambda answer: ranks[answer.audience])


_IAM = "//iam.googleapis.com/"


def _is_of(provider: Trust, pool: str) -> bool:
    """Whether a provider is of the pool that a member names. What exists is named in full."""
    if provider.identity.startswith(_IAM):
        return provider.identity == f"{_IAM}{pool}"
    name = pool.rpartition("workloadIdentityPools/")[2]
    named = reference(name) or name
    last = provider.identity.rstrip("/").rpartition("workloadIdentityPools/")[2]
    if last.partition("/")[0] == name:
        return True
    resource = re.sub(r"\.(name|id|workload_identity_pool_id)$", "", named)
    return bool(depends_on(name)) and provider.identity.endswith(resource)


def _gcp_pool(
    one: Trust, part: gcp_trusts.Member | None, provider: Trust, around: Surroundings
) -> TrustAnswer:
    tokens, condition = _pool_asks(part, provider, around)
    address = _address(provider.principal)
    party = "" if depends_on(address) else address
    found = outsiders(tokens, condition, around.ours, party=party)
    defects = _federation_defects(tokens, found, asked(condition) | {"aud"})
    return _with(one, found, issuer=tokens.issuer.id, defects=defects)


def _pool_asks(
    part: gcp_trusts.Member | None, provider: Trust, around: Surroundings
) -> tuple[Tokens, Condition]:
    """The tokens that the provider of a pool takes, and what it, and a member of the pool, ask of them."""
    mapping = _get(provider, "attribute_mapping", "attributeMapping")
    expression = _get(provider, "attribute_condition", "attributeCondition") or ""
    mapping = mapping if isinstance(mapping, dict) else {}

    def condition_of(claims: frozenset[str]) -> Condition:
        if depends_on(str(expression)) and reference(str(expression)):
            own: Condition = Undecided(
                "its attribute condition is not known", tuple(depends_on(str(expression)))
            )
        else:
            own = gcp_trusts.condition(str(expression), mapping, claims)
        if part is None:
            return own
        return Both((own, gcp_trusts.condition_of_member(part, mapping, claims)))

    tokens = _tokens_of(_address(provider.principal), condition_of, around)
    return tokens, condition_of(tokens.claims)


def _get(one: Trust, *names: str) -> Any:
    return next((one.conditions[name] for name in names if name in one.conditions), None)


# --- Entra ------------------------------------------------------------------------------------


def _entra(one: Trust, around: Surroundings) -> TrustAnswer:
    tokens, condition = _entra_asks(one, around)
    address = _address(one.principal)
    party = "" if depends_on(address) else address
    found = outsiders(tokens, condition, around.ours, party=party)
    defects = _federation_defects(tokens, found, asked(condition) | {"aud"})
    meant = None
    if found.audience is Audience.NOBODY and "*" in str(one.conditions.get("subject")):
        liberal = entra_trusts.condition(one.conditions, tokens.claims, literal_wildcards=False)
        meant = outsiders(tokens, liberal, around.ours, party=party)
        defects = (*defects, Defect.LITERAL_WILDCARD)
    return _with(one, found, issuer=tokens.issuer.id, defects=defects, meant=meant)


def _entra_asks(one: Trust, around: Surroundings) -> tuple[Tokens, Condition]:
    def condition_of(claims: frozenset[str]) -> Condition:
        return entra_trusts.condition(one.conditions, claims)

    tokens = _tokens_of(_address(one.principal), condition_of, around)
    return tokens, condition_of(tokens.claims)
