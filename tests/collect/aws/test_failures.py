"""What AWS does not answer, asked through servers that make it fail."""

from __future__ import annotations

import importlib.util
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import faults
import moto_server
from faults import Faults, Rule
from keymuster.collect.asking.work import Answered
from keymuster.collect.aws.accounts import Asked, first, others, regions
from keymuster.collect.aws.collecting import answered
from keymuster.collect.aws.objects import told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told
from keymuster.errors import CollectError, SettingsError
from keymuster.model import Trouble

REGION = "us-east-1"
ACCOUNT = "123456789012"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
SHARED = Path(__file__).parents[4] / "shared/testbeds/aws/fault_proxy.py"


@pytest.fixture
def failing(aws: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    with faults.before(aws) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
        monkeypatch.setenv("AWS_RETRY_MODE", "standard")
        yield server


def roles(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("iam:ListRoles", "Roles"):
        yield told("AWS::IAM::Role", one["Arn"], {"RoleName": one["RoleName"]})


def users(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("iam:ListUsers", "Users"):
        yield told("AWS::IAM::User", one["Arn"], {"UserName": one["UserName"]})


def queues(ask: Scope) -> Iterator[Told]:
    for one in ask.pages("sqs:ListQueues", "QueueUrls"):
        yield told("AWS::SQS::Queue", one, {})


ROLES = Surface(name="roles", calls=("iam:ListRoles",), types=(), look=roles, regional=False)
USERS = Surface(name="users", calls=("iam:ListUsers",), types=(), look=users, regional=False)
QUEUES = Surface(name="queues", calls=("sqs:ListQueues",), types=(), look=queues)


def looked(*surfaces: Surface, **options: Any) -> tuple[list[Answered], list[Trouble]]:
    asked = Asked(**{"regions": (REGION,), **options})
    access = first(asked)
    found = list(answered(others(asked, access), lambda one: regions(asked, one), surfaces, access))
    units = [one for one in found if isinstance(one, Answered)]
    loose = [one for one in found if isinstance(one, Trouble)]
    return units, [*loose, *(trouble for unit in units for trouble in unit.troubles)]


def names(units: list[Answered]) -> list[str]:
    return [one.name for unit in units for one in unit.told]  # type: ignore[union-attr]


def make_roles(aws: str, count: int) -> list[str]:
    iam = moto_server.client("iam", aws)
    made = [f"role-{number}" for number in range(count)]
    for name in made:
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    return made


def test_every_page_is_asked_for(aws: str, failing: Faults) -> None:
    made = make_roles(aws, 5)
    failing.rules = [Rule("ListRoles", size=2)]
    units, troubles = looked(ROLES)
    assert (sorted(names(units)), troubles) == (made, [])
    assert failing.count("ListRoles") == 3


def test_a_page_that_fails_keeps_those_before_it(aws: str, failing: Faults) -> None:
    make_roles(aws, 5)
    failing.rules = [Rule("ListRoles", size=2, times=1), Rule("ListRoles", fault="denied")]
    units, [trouble] = looked(ROLES)
    assert len(names(units)) == 2
    assert "iam:ListRoles was denied" in trouble.message


def test_a_throttled_call_is_made_again(aws: str, failing: Faults) -> None:
    made = make_roles(aws, 1)
    failing.rules = [Rule("ListRoles", fault="throttled", times=1)]
    units, troubles = looked(ROLES)
    assert (names(units), troubles) == (made, [])
    assert failing.count("ListRoles") == 2


@pytest.mark.parametrize(
    ("fault", "said", "advice"),
    [
        ("denied", "roles: iam:ListRoles was denied (AccessDenied)", "Allow iam:ListRoles"),
        ("forbidden", "roles: iam:ListRoles was denied (403)", "Allow iam:ListRoles"),
        ("throttled", "roles: iam:ListRoles was throttled until it was given up", "later"),
        ("expired", "roles: iam:ListRoles failed: the session has expired", "Sign in again"),
        ("skewed", "roles: iam:ListRoles failed: the signature was refused", "Set the clock"),
        ("page", "roles: iam:ListRoles was not answered (500)", "iam:ListRoles"),
        ("drop", "roles: iam:ListRoles was not answered (ConnectionClosedError)", "Scan again"),
    ],
)
def test_what_is_refused_is_a_trouble_and_the_rest_goes_on(
    aws: str, failing: Faults, fault: str, said: str, advice: str
) -> None:
    moto_server.client("iam", aws).create_user(UserName="ci")
    failing.rules = [Rule("ListRoles", fault=fault)]
    units, [trouble] = looked(USERS, ROLES)
    assert names(units) == ["ci"]
    assert trouble.message.startswith(said)
    assert advice in trouble.advice
    assert trouble.scope == ACCOUNT
    assert [unit.looked.problem for unit in units] == ["", trouble.message]


def test_an_answer_in_html_is_asked_for_again(aws: str, failing: Faults) -> None:
    made = make_roles(aws, 1)
    failing.rules = [Rule("ListRoles", fault="page", times=1)]
    units, troubles = looked(ROLES)
    assert (names(units), troubles) == (made, [])


def test_when_a_session_has_expired_nothing_more_is_asked(failing: Faults) -> None:
    failing.rules = [Rule("ListRoles", fault="expired")]
    later = Surface(name="s", calls=("iam:ListRoles",), types=(), look=roles)
    many = [later] * 200
    units, troubles = looked(ROLES, *many)
    assert len(units) == 201
    assert failing.count("ListRoles") < 100
    assert all("expired" in unit.looked.problem for unit in units)
    assert len(troubles) < 100


def test_a_region_that_is_off_says_so(failing: Faults) -> None:
    failing.rules = [Rule("ListQueues", fault="off", region="eu-west-1")]
    units, [trouble] = looked(QUEUES, regions=("us-east-1", "eu-west-1"))
    assert len(units) == 2
    assert trouble.scope == f"{ACCOUNT}/eu-west-1"
    assert "enable the service" in trouble.advice


def test_a_named_region_that_the_account_has_not_enabled(aws: str) -> None:
    states = moto_server.client("ec2", aws).describe_regions(AllRegions=True)["Regions"]
    off = next(one["RegionName"] for one in states if one["OptInStatus"] == "not-opted-in")
    units, [trouble] = looked(QUEUES, regions=("us-east-1", off))
    assert len(units) == 1
    assert trouble.scope == f"{ACCOUNT}/{off}"
    assert "not enabled" in trouble.message


def test_regions_that_are_not_told_are_those_that_every_account_has(failing: Faults) -> None:
    failing.rules = [Rule("DescribeRegions", fault="denied")]
    units, [trouble] = looked(QUEUES, regions=())
    assert len(units) == 17
    assert "ec2:DescribeRegions was denied" in trouble.message
    assert "--regions" in trouble.advice


def test_an_sdk_that_is_too_old_for_a_call_or_a_service(aws: str) -> None:
    def ahead(ask: Scope) -> Iterator[Told]:
        yield from ask.pages("iam:ListThingsToCome", "Things")
        assert ask.answer("things-to-come:ListThings") is None

    calls = ("iam:ListThingsToCome", "things-to-come:ListThings")
    one = Surface(name="ahead", calls=calls, types=(), look=ahead, regional=False)
    units, troubles = looked(one, ROLES)
    assert len(units) == 2
    assert [trouble.message.partition(";")[0] for trouble in troubles] == [
        "ahead: iam:ListThingsToCome is not known (AttributeError)",
        "ahead: things-to-come:ListThings is not known (UnknownServiceError)",
    ]
    assert all("Update boto3" in trouble.advice for trouble in troubles)


def test_an_answer_of_another_form_is_a_trouble(aws: str) -> None:
    def odd(ask: Scope) -> Iterator[Told]:
        yield from roles(ask)
        yield told("AWS::IAM::Role", {}["Arn"], {})

    made = make_roles(aws, 1)
    one = Surface(name="odd", calls=("iam:ListRoles",), types=(), look=odd, regional=False)
    units, [trouble] = looked(one)
    assert names(units) == made
    assert "KeyError" in trouble.message


# --- signing in -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"accounts": ("12345",)}, "--accounts 12345: not an account id"),
        ({"role_arn": "audit"}, "--role-arn audit: not the ARN of a role"),
        ({"regions": ("frankfurt",)}, "--regions frankfurt: not a region"),
        ({"regions": ("us-eats-1",)}, "no such region; did you mean `us-east-1`"),
    ],
)
def test_what_can_be_nowhere_is_refused(aws: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        looked(ROLES, **options)


def test_without_credentials_it_is_said_what_was_tried(
    aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(CollectError, match="there are no AWS credentials; tried the environment"):
        first(Asked())


def test_a_profile_that_there_is_not_is_named_with_those_that_there_are(
    aws: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config"
    file.write_text("[profile audit]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(file))
    with pytest.raises(CollectError, match="no profile `audi`") as raised:
        first(Asked(profile="audi"))
    assert raised.value.advice() == "It has audit; did you mean `audit`?"


def test_credentials_that_have_expired_end_the_scan(failing: Faults) -> None:
    failing.rules = [Rule("GetCallerIdentity", fault="expired")]
    with pytest.raises(CollectError, match="the session has expired") as raised:
        first(Asked())
    assert "Sign in again" in raised.value.advice()


def test_a_role_that_may_not_be_assumed_ends_the_scan(failing: Faults) -> None:
    failing.rules = [Rule("AssumeRole", fault="denied")]
    role = f"arn:aws:iam::{ACCOUNT}:role/audit"
    with pytest.raises(CollectError, match=r"sts:AssumeRole was denied.*role/audit") as raised:
        first(Asked(role_arn=role))
    assert "Let arn:aws:sts" in raised.value.advice()


def test_an_account_that_lets_nobody_in_does_not_stop_the_others(failing: Faults) -> None:
    failing.rules = [Rule("AssumeRole", fault="denied", times=1)]
    units, [trouble] = looked(ROLES, accounts=("111122223333", ACCOUNT))
    assert [unit.looked.scope for unit in units] == [ACCOUNT]
    assert trouble.scope == "111122223333"
    assert "lets nobody in as OrganizationAccountAccessRole (AccessDenied)" in trouble.message
    assert "--role-name" in trouble.advice


def test_accounts_that_all_let_nobody_in_are_no_scan(failing: Faults) -> None:
    failing.rules = [Rule("AssumeRole", fault="denied")]
    with pytest.raises(CollectError, match=r"none of the accounts could be signed in to \(2\)"):
        looked(ROLES, accounts=("111122223333", "444455556666"), role_name="nobody")


def test_each_account_is_signed_in_to_once(failing: Faults) -> None:
    accounts = ("111122223333", "444455556666")
    units, troubles = looked(ROLES, USERS, QUEUES, accounts=accounts, regions=())
    assert {unit.looked.scope[:12] for unit in units} == {*accounts}
    assert troubles == []
    assert failing.count("AssumeRole") == 2
    assert failing.count("GetCallerIdentity") == 1
    assert failing.count("DescribeRegions") == 2


def test_an_account_outside_the_organisation_is_named(aws: str) -> None:
    organizations = moto_server.client("organizations", aws)
    organizations.create_organization(FeatureSet="ALL")
    made = organizations.create_account(AccountName="app", Email="app@example.com")
    member = made["CreateAccountStatus"]["AccountId"]
    units, [trouble] = looked(ROLES, organization=True, accounts=(member, "999988887777"))
    assert [unit.looked.scope for unit in units] == [member]
    assert trouble.scope == "999988887777"
    assert "no active account of this id" in trouble.message


def test_accounts_of_an_organisation_come_in_pages(aws: str, failing: Faults) -> None:
    organizations = moto_server.client("organizations", aws)
    organizations.create_organization(FeatureSet="ALL")
    for number in range(5):
        organizations.create_account(AccountName=str(number), Email=f"{number}@example.com")
    failing.rules = [Rule("ListAccounts", size=2)]
    units, troubles = looked(ROLES, organization=True)
    assert (len({unit.looked.scope for unit in units}), troubles) == (6, [])
    assert failing.count("ListAccounts") == 3


def test_clients_of_an_account_that_is_done_are_forgotten(aws: str) -> None:
    asked = Asked(accounts=("111122223333", "444455556666"), regions=(REGION,))
    access = first(asked)
    entered = []

    def enter(door: Any) -> Any:
        entered.append(door())
        return entered[-1]

    doors = [lambda door=door: enter(door) for door in others(asked, access)]
    list(answered(doors, lambda one: regions(asked, one), (ROLES, USERS), access))
    assert len(entered) == 2
    assert all(one._clients == {} for one in entered)


def test_an_interrupt_keeps_what_was_answered(aws: str) -> None:
    make_roles(aws, 1)
    whole, half = threading.Event(), threading.Event()

    def quick(ask: Scope) -> Iterator[Told]:
        yield from roles(ask)
        whole.set()

    def slow(ask: Scope) -> Iterator[Told]:
        yield told("AWS::IAM::Role", "arn:aws:iam::1:role/half", {})
        assert whole.wait(60)
        half.set()
        assert ask.stop.wait(60)
        yield from roles(ask)

    one = Surface(name="slow", calls=("iam:ListRoles",), types=(), look=slow, regional=False)
    other = replace(one, name="quick", look=quick)
    asked = Asked(regions=(REGION,))
    access = first(asked)

    def doors() -> Iterator[Any]:
        yield lambda: access
        for _ in range(4):  # so many are signed in to ahead
            yield Trouble(part="aws", scope="x", message="closed", advice="")
        assert half.wait(60)
        raise KeyboardInterrupt

    coming = answered(doors(), lambda one: regions(asked, one), (other, one), access)
    found: list[Answered | Trouble] = []
    with pytest.raises(KeyboardInterrupt):
        found.extend(_kept(coming, found))
    answers = [one for one in found if isinstance(one, Answered)]
    assert names(answers) == ["role-0", "half"]
    assert "was interrupted" in answers[1].troubles[0].message


def _kept(coming: Iterator[Any], found: list[Any]) -> Iterator[Any]:
    """Nothing, when all that is coming has been found."""
    while (one := next(coming, None)) is not None:
        found.append(one)
    yield from ()


def test_pages_and_faults_of_the_shared_proxy(
    aws: str, loopback: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not SHARED.is_file():
        pytest.skip("the fault proxy of ../shared is not here")
    spec = importlib.util.spec_from_file_location("fault_proxy", SHARED)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = make_roles(aws, 7)
    rules = [
        {"op": "ListRoles", "page": 3},
        {"op": "ListRoles", "fault": "throttle", "times": 1},
        {"op": "ListUsers", "fault": "html500", "times": 1},
    ]
    proxy = module.Proxy(aws, rules)
    thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")
        monkeypatch.setenv("AWS_RETRY_MODE", "standard")
        units, troubles = looked(ROLES, USERS)
        seen = [operation for _, operation, _ in proxy.log]
    finally:
        proxy.shutdown()
        proxy.server_close()
        thread.join()
    assert (sorted(names(units)), troubles) == (made, [])
    assert seen.count("ListRoles") == 4
    assert seen.count("ListUsers") == 2


@pytest.mark.parametrize("error", [AttributeError, KeyError, TypeError, ValueError])
def test_an_answer_of_another_form_stops_nothing_else(
    failing: Faults, error: type[Exception]
) -> None:
    def surprised(ask: Scope) -> Iterator[Told]:
        yield from users(ask)
        raise error("what it said")

    odd = Surface(name="odd", calls=USERS.calls, types=(), look=surprised, regional=False)
    units, troubles = looked(odd, ROLES)
    assert len(units) == 2
    [trouble] = troubles
    assert error.__name__ in trouble.message
    assert "what it said" not in trouble.message


def test_each_call_that_fails_counts(failing: Faults) -> None:
    failing.rules = [Rule("ListRoles", fault="denied")]
    access = first(Asked(regions=(REGION,)))
    ask = Scope(access, REGION, ROLES)
    for times in (1, 2):
        assert [*ask.pages("iam:ListRoles", "Roles")] == []
        assert ask.failures == times
