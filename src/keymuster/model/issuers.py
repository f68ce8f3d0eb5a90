"""What an issuer of tokens can say of who holds one: the data of `rules/known/issuers.yaml`."""

from __future__ import annotations

from msgspec import Struct


class TokenForm(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One kind of token that an issuer makes. `claims` are templates over the issuer's fields, several
    for a claim that has several values at once. `anybody` says why whoever asks gets such a token, unless
    another claim is asked for that says whose it is. `perhaps` says why that may be so and
    cannot be told. A `rare` form says what another one says in other words. `untold` are parts of `breadth`
    that nothing in such a token tells."""

    name: str
    claims: dict[str, str | tuple[str, ...]] = {}
    anybody: str = ""
    perhaps: str = ""
    rare: bool = False
    untold: tuple[str, ...] = ()


class Issuer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One issuer: what its tokens can say.

    `urls` are expressions for its address without `https://`; a group in one names the field that the
    address tells. `subjects` are beginnings of subjects that tell of it when the address does not. `fields` are
    the parts that tokens differ in, each an expression, in the order in which every template uses
    them; `owners` are those that say whose a token is, `breadth` those whose openness tells how many of
    one owner's may use a trust, `such_as` readable values. `claims` are in every form. `ours` is the settings' word for what is ours there. `aws` are the claims, besides `sub` and
    `aud`, that AWS lets a role's trust policy ask for.
    """

    id: str
    name: str
    source: str
    fields: dict[str, str]
    forms: tuple[TokenForm, ...]
    owners: tuple[str, ...]
    breadth: tuple[str, ...] = ()
    ours: str = ""
    urls: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ()
    claims: dict[str, str | tuple[str, ...]] = {}
    such_as: dict[str, str] = {}
    aws: tuple[str, ...] = ()


class KnownTrusts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`rules/known/issuers.yaml`. `own_account` and `own_resources` are expressions for the names of
    values that are the number of the account a declaration is for, and for what it makes there."""

    issuers: tuple[Issuer, ...] = ()
    own_account: tuple[str, ...] = ()
    own_resources: tuple[str, ...] = ()
