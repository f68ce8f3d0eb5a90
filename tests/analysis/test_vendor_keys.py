"""Which keys tell that something is a vendor's, and which do not."""

from __future__ import annotations

import pytest

from analysis.third import DATADOG, THEIRS, app
from keymuster.analysis.vendors import Vendors, bare
from keymuster.model import Identity
from keymuster.rules.schema import RuleSet


@pytest.fixture
def vendors(rules: RuleSet) -> Vendors:
    return Vendors(rules)


VERIFIED = {"verified": "true"}


@pytest.mark.parametrize(
    ("one", "by"),
    [
        (app("DD", tags={**VERIFIED, "publisher_domain": "datadoghq.com"}), "verified domain datadoghq.com"),
        (app("DD", tags={**VERIFIED, "publisher": "Datadog, Inc."}), "verified publisher Datadog, Inc."),
        (app("DD", tags={**VERIFIED, "publisher": "DATADOG Ltd"}), "verified publisher DATADOG Ltd"),
        (app("DD", "github", tags={"app_slug": "dd", "publisher": "datadog"}), "GitHub login datadog"),
    ],
)  # fmt: skip
def test_what_a_platform_vouches_for_tells_the_vendor(
    vendors: Vendors, one: Identity, by: str
) -> None:
    found = vendors.of_app(one)
    assert (found.key, found.by) == ("vendor:datadog", by)


@pytest.mark.parametrize(
    ("provider", "tags", "vendor"),
    [
        ("github", {"app_slug": "Renovate"}, "mend"),
        ("entra", {"client_id": "B15665D9-eda6-4092-8539-0eec376afd59"}, "rclone"),
        ("google-workspace", {"client_id": "32555940559.apps.googleusercontent.com"}, "google"),
        ("slack", {"client_id": "A5GE9BMQC"}, "zoom"),
        ("entra", {"owner_tenant": "72f988bf-86f1-41af-91ab-2d7cd011db47"}, "microsoft"),
    ],
)
def test_slugs_client_ids_and_directories_are_keys(
    vendors: Vendors, provider: str, tags: dict[str, str], vendor: str
) -> None:
    assert vendors.of_app(app("x", provider, tags=tags)).key == f"vendor:{vendor}"


@pytest.mark.parametrize(
    "tags",
    [
        {},
        {"verified": "false", "publisher_domain": "datadoghq.com"},
        {"publisher_domain": "datadoghq.com"},
        {"publisher": "Datadog, Inc."},
        {"homepage": "https://www.datadoghq.com"},
        {"verified": "true", "publisher_domain": "datadoghq.com.evil.example"},
        {"verified": "true", "publisher_domain": "notdatadoghq.com"},
    ],
)
def test_a_name_or_what_nobody_has_verified_only_suggests(
    vendors: Vendors, tags: dict[str, str]
) -> None:
    found = vendors.of_app(app("Datadog", tags=tags))
    assert found.key != "vendor:datadog"
    assert found.vendor is None


def test_a_name_without_a_key_is_told_as_taken(vendors: Vendors) -> None:
    found = vendors.of_app(app("Datadog Azure Integration"))
    assert found.claims is not None
    assert (found.claims.id, found.disguised) == ("datadog", False)


@pytest.mark.parametrize(
    "name", ["D\u0430tadog", "Dat\u0430d0g", "\uff24atadog", "D\u00e0t\u00e0dog"]
)
def test_letters_that_look_alike_disguise_a_name(vendors: Vendors, name: str) -> None:
    vendor, _ = vendors.claimed(name)
    assert vendor is not None
    assert vendor.id == "datadog"


def test_a_disguise_is_told_from_a_plain_name(vendors: Vendors) -> None:
    assert vendors.claimed("D\u0430tadog")[1]
    assert not vendors.claimed("datadog")[1]


@pytest.mark.parametrize("name", ["Segment exporter", "Zoom lens shop", "My datadog", "Boxes"])
def test_words_that_are_names_too_are_nobodys(vendors: Vendors, name: str) -> None:
    assert vendors.claimed(name)[0] is None


def test_a_verified_publisher_that_nobody_knows_takes_no_name(vendors: Vendors) -> None:
    found = vendors.of_app(app("Datadog tools", tags={**VERIFIED, "publisher": "Umbrella GmbH"}))
    assert (found.claims, found.key, found.name) == (
        None,
        "publisher:umbrellagmbh",
        "Umbrella GmbH",
    )


def test_what_comes_from_the_directory_of_a_known_application_is_of_the_same_vendor(
    vendors: Vendors,
) -> None:
    first = app("DD", tags={**VERIFIED, "publisher_domain": "datadoghq.com"})
    second = app("Another", id="entra:x")
    assert vendors.of_app(second).key == f"tenant:{THEIRS}"
    vendors.learn([first, second])
    assert vendors.of_app(second).key == "vendor:datadog"


def test_a_directory_that_several_publish_from_is_nobodys(vendors: Vendors) -> None:
    first = app("DD", tags={**VERIFIED, "publisher_domain": "datadoghq.com"})
    second = app("X", id="entra:x", tags={**VERIFIED, "publisher": "Umbrella GmbH"})
    third = app("Another", id="entra:y")
    vendors.learn([first, second, third])
    assert vendors.of_app(third).key == f"tenant:{THEIRS}"


def test_accounts_have_the_vendor_that_the_list_of_accounts_says(vendors: Vendors) -> None:
    assert vendors.of_account(DATADOG).key == "vendor:datadog"
    assert vendors.of_account("134183635603").key == "vendor:splunk"
    stranger = vendors.of_account("999988887777")
    assert (stranger.key, stranger.vendor) == ("aws:999988887777", None)


def test_every_entry_of_the_list_of_accounts_has_a_vendor(rules: RuleSet) -> None:
    vendors = Vendors(rules)
    unnamed = {
        name for number, name in rules.aws.accounts.items() if not vendors.of_account(number).vendor
    }
    assert unnamed == set()


def test_every_vendor_is_told_apart_by_its_keys(rules: RuleSet) -> None:
    every = rules.vendors.vendors
    entries = set(rules.aws.accounts.values())
    formats = {one.vendor for one in rules.tokens}
    for keys in (
        [one.id for one in every],
        [domain for one in every for domain in one.domains],
        [id.casefold() for one in every for id in one.clients],
        [slug.casefold() for one in every for slug in one.apps],
        [login.casefold() for one in every for login in one.github],
        [bare(name) for one in every for name in {bare(name): name for name in (one.name, *one.also)}.values()],
    ):  # fmt: skip
        assert len(keys) == len(set(keys))
    assert {name for one in every for name in one.aws} <= entries
    assert {name for one in every for name in one.formats} <= formats


@pytest.mark.parametrize(
    ("name", "vendor"),
    [
        ("fivetran-loader", "fivetran"),
        ("DatadogIntegrationRole", "datadog"),
        ("svc_new_relic", "new-relic"),
        ("github-deploy", ""),
        ("segment-worker", ""),
        ("redatadogged", ""),
    ],
)
def test_a_name_of_ours_may_be_after_a_vendor(vendors: Vendors, name: str, vendor: str) -> None:
    found = vendors.named_in(name)
    assert (found.id if found else "") == vendor
