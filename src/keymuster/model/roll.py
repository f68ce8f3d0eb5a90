"""The roll of an estate for those who read a page of it: who there is, what proves them, what they may do, who
can become them, and the graph of all that. Plain data, without the text of any secret.

Records are named by their place in a tuple: two whose ids were masked to one text stay two.
"""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct

from keymuster.model import finding


class RolledGrant(Struct, frozen=True, kw_only=True):
    """What an identity may do, or not (`effect`), in its vendor's words. Long lists end with how many more there are."""

    id: str
    effect: str
    kind: str
    actions: tuple[str, ...] = ()
    not_actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    not_resources: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    via: str = ""
    last_used_at: datetime | None = None
    place: str = ""


class RolledTrust(Struct, frozen=True, kw_only=True):
    """Who may become an identity. The `audience` says who that may be, `example` an outsider who could."""

    id: str
    effect: str
    kind: str
    principal: str
    actions: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    audience: str = ""
    example: str = ""
    place: str = ""


class RolledUse(Struct, frozen=True, kw_only=True):
    """Who consumes an identity or a credential."""

    id: str
    by: str
    kind: str
    place: str = ""


class RolledCredential(Struct, frozen=True, kw_only=True):
    """Something that proves an identity, which is that of the number `identity`, if it is known whose it is. `same` are the
    ids of other records of it: where its text lies, what a service calls it. `works` is what a service says of it, `yes` or
    `no`."""

    id: str
    kind: str
    name: str
    identity: int | None = None
    same: tuple[str, ...] = ()
    format: str = ""
    vendor: str = ""
    preview: str = ""
    status: str = ""
    works: str = ""
    storages: tuple[str, ...] = ()
    environments: tuple[str, ...] = ()
    owner: str = ""
    created_at: datetime | None = None
    expires_at: datetime | None = None
    last_used_at: datetime | None = None
    never_used: bool | None = None
    uses: tuple[RolledUse, ...] = ()
    leads_to: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


class RolledIdentity(Struct, frozen=True, kw_only=True):
    """A principal that acts without a human at the keyboard. `owner_status` is empty where nobody has to answer for
    it: of people, groups, and what a provider looks after. `more` is how many of its grants, trusts and uses are left out."""

    id: str
    kind: str
    provider: str
    name: str
    account: str = ""
    environment: str = ""
    environment_because: str = ""
    status: str = ""
    owner: str = ""
    owner_status: str = ""
    owner_confidence: str = ""
    owner_sources: tuple[str, ...] = ()
    purpose: str = ""
    privilege: str = ""
    escalations: tuple[str, ...] = ()
    third_party: str = ""
    reached_from: tuple[str, ...] = ()
    leads_to: tuple[str, ...] = ()
    leads_by: str = ""
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    never_used: bool | None = None
    tags: dict[str, str] = {}
    grants: tuple[RolledGrant, ...] = ()
    trusts: tuple[RolledTrust, ...] = ()
    uses: tuple[RolledUse, ...] = ()
    more: dict[str, int] = {}
    places: tuple[str, ...] = ()


class GraphNode(Struct, frozen=True, kw_only=True):
    """A place in the graph. `identity` or `credential` is the number of the record that it is, if it is one; `entry` the
    word for who begins there, `worth` the words for what it is worth going for."""

    id: str
    kind: str
    name: str
    identity: int | None = None
    credential: int | None = None
    account: str = ""
    owner: str = ""
    place: str = ""
    entry: str = ""
    worth: tuple[str, ...] = ()


class GraphSort(Struct, frozen=True, kw_only=True):
    """A sort of edge: its name, what it says and how it is cut, where `{start}`, `{to}` and `{way}` are filled in."""

    id: str
    says: str
    cut: str = ""


class GraphEdge(Struct, frozen=True, kw_only=True, array_like=True):
    """Who has the node of the number `start` gets the one of the number `to`, in the way of the sort of this number. One
    that is not proved says what was `assumed`."""

    start: int
    to: int
    sort: int
    way: str = ""
    assumed: str = ""


class RolledException(Struct, frozen=True, kw_only=True):
    """What somebody has decided to live with until a day, by a file or (`inline`) by a comment. Of a comment, the `rule` may be
    several. A `problem` says why it is refused."""

    id: str
    inline: bool = False
    finding: str = ""
    rule: str = ""
    identity: str = ""
    reason: str = ""
    owner: str = ""
    approver: str = ""
    compensating_control: str = ""
    created: date | None = None
    expires: date | None = None
    problem: str = ""
    place: str = ""


class Roll(Struct, frozen=True, kw_only=True):
    """All that a page shows besides findings. `left_out` counts what is not in it because there was too much, by what it
    is: identities, credentials, nodes, edges. `about` has the records that a finding is about, by its id, where these have
    other ids here than the finding gives them: where many targets are told of as one."""

    identities: tuple[RolledIdentity, ...] = ()
    credentials: tuple[RolledCredential, ...] = ()
    nodes: tuple[GraphNode, ...] = ()
    sorts: tuple[GraphSort, ...] = ()
    edges: tuple[GraphEdge, ...] = ()
    exceptions: tuple[RolledException, ...] = ()
    left_out: dict[str, int] = {}
    about: dict[str, tuple[str, ...]] = {}


class TrendDay(Struct, frozen=True, kw_only=True):
    """What was open at the end of a day: how many findings by category (`NHI1` to `NHI10`), and in all, in which one of
    two categories counts once."""

    day: date
    open: int
    counts: dict[str, int] = {}


class Trend(Struct, frozen=True, kw_only=True):
    """How an estate came to be as it is, the oldest day first. A single scan has none."""

    days: tuple[TrendDay, ...] = ()


# A report names these two, and a commit hook that makes one loads neither. Who decodes one needs them there.
vars(finding).update(Roll=Roll, Trend=Trend)
