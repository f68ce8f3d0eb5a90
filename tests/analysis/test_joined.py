"""What files and services say together of who uses a thing, where and for whom."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from keymuster.analysis import analysed, consumers, human_use, isolation, offboarding
from keymuster.inventory.build import Inventory, build
from keymuster.inventory.facts import STEPS
from keymuster.model import (
    Commit,
    Credential,
    CredentialKind,
    CredentialStatus,
    Environment,
    FileLocation,
    Identity,
    IdentityKind,
    Resource,
    ServiceLocation,
    Storage,
    Trust,
    TrustKind,
    Use,
    UseKind,
)
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from reading import NO_RULES

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def secret(path: str, **more: Any) -> Credential:
    said: dict[str, Any] = {
        "kind": CredentialKind.API_KEY, "name": "Acme key", "format": "acme-key", "fingerprint": "1",
        "storage": Storage.TREE, "location": FileLocation(path=path),
    }  # fmt: skip
    return Credential(id="secret:1", **said | more)


def job(name: str, environment: str = "", **more: Any) -> Identity:
    tags = {"environment": environment} if environment else {"subjects": "branch:main"}
    said = {"tags": tags, "provider": "github"} | more
    return Identity(
        id=f"job:{name}", kind=IdentityKind.WORKFLOW_JOB, name=name,
        location=FileLocation(path=".github/workflows/ci.yml"), **said,
    )  # fmt: skip


def use(subject: str, by: str, kind: UseKind = UseKind.WORKFLOW) -> Use:
    place = FileLocation(path=".github/workflows/ci.yml")
    return Use(id=f"{by} uses {subject}", subject=subject, by=by, kind=kind, location=place)


def role() -> Identity:
    return Identity(
        id="role", kind=IdentityKind.ROLE, provider="aws", name="deploy",
        location=FileLocation(path="main.tf"),
    )  # fmt: skip


def of(inventory: Inventory, about: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = about.facts(inventory, Settings(), NO_RULES)
    return found


def test_a_secret_in_one_place_says_all_it_knows_itself() -> None:
    assert of(build([secret("prod/a.env")]), consumers) == {}


def test_what_was_moved_stands_in_one_application_only(rules: RuleSet) -> None:
    moved = secret("services/billing/a.env", storage=Storage.HISTORY)
    inventory = analysed(build([secret("services/orders/a.env"), moved]), Settings(), rules, NOW)
    assert inventory.facts["secret:1"]["applications"] == ["services/orders"]


def test_a_folder_of_code_is_no_application_by_itself() -> None:
    told = of(build([secret("package/a.py"), secret("notebooks/b.py")]), consumers)["secret:1"]
    assert told["applications"] == []


def test_one_place_of_production_and_one_of_staging() -> None:
    inventory = build([secret("prod/a.env"), secret("staging/a.env")])
    told = of(inventory, consumers)["secret:1"]
    assert told["environments"] == ["production", "staging"]
    assert told["production_places"] == ["prod/a.env:1"]
    assert told["lesser_places"] == ["staging/a.env:1"]


def test_a_test_key_in_production_is_not_of_production() -> None:
    test = secret("prod/a.env", environment=Environment.TEST)
    told = of(build([test, secret("staging/a.env")]), consumers)["secret:1"]
    assert told["production_places"] == []


def test_a_workload_that_a_reader_saw_consumes_what_stands_in_its_file() -> None:
    pod = Resource(id="w", type="Workload", name="web", location=FileLocation(path="k8s/a.yaml"))
    told = of(build([pod, secret("k8s/a.yaml"), secret("a.py")]), consumers)["secret:1"]
    assert told["consumer_kinds"] == ["workload"]
    assert told["surfaces"] == ["code", "workload"]


def test_a_job_that_is_called_test_runs_tests_in_no_environment() -> None:
    inventory = build([role(), job("test"), job("release", "production"),
                       use("role", "job:test"), use("role", "job:release")])  # fmt: skip
    told = of(inventory, consumers)["role"]
    assert told["job_environments"] == ["production"]
    assert told["unguarded_jobs"] == ["workflow job test (.github/workflows/ci.yml:1)"]


def test_the_environment_that_a_job_names_decides_before_its_name() -> None:
    inventory = build([role(), job("production", "staging"), use("role", "job:production")])
    assert of(inventory, consumers)["role"]["job_environments"] == ["staging"]


def test_who_is_refused_does_not_use_it() -> None:
    inventory = build([role(), job("release", "production"), use("role", "job:release")])
    inventory.facts["job:release uses role"] = {"login": "refused"}
    assert of(inventory, consumers)["role"]["consumers"] == []


def test_people_are_those_who_brought_it_into_different_files() -> None:
    def brought(path: str, author: str, **more: Any) -> Credential:
        place = FileLocation(path=path, commit=Commit(id="c", author=author), in_head=True, **more)
        return secret(path, location=place, storage=Storage.HISTORY)

    several = build([brought("a.env", "Jane"), brought("b.env", "Kim")])
    assert of(several, human_use)["secret:1"] == {"people": ["Jane", "Kim"]}
    changed = build([brought("a.env", "Jane"), brought("a.env", "Kim", line=2)])
    assert "secret:1" not in of(changed, human_use)


def test_a_file_that_was_moved_by_somebody_else_has_one_person() -> None:
    old = FileLocation(path="a.env", commit=Commit(id="c", author="Jane"), in_head=False)
    new = FileLocation(path="b.env", commit=Commit(id="d", author="Kim"), in_head=True)
    inventory = build([secret("", location=one, storage=Storage.HISTORY) for one in (old, new)])
    assert "secret:1" not in of(inventory, human_use)


def test_a_word_of_three_letters_at_the_front_is_no_person_without_a_proof_behind_it() -> None:
    kim = Identity(
        id="github:user/kim", kind=IdentityKind.USER, provider="github", name="kim",
        location=ServiceLocation(service="github", account="acme", resource="kim"),
    )  # fmt: skip
    names = ("KIM_TOKEN", "KIM_REGION", "KIMBERLY_TOKEN", "TOKEN")
    secrets = [
        Credential(id=f"github:secret/{name}", kind=CredentialKind.SERVICE_TOKEN, name=name,
                   location=FileLocation(path="ci.yml"))
        for name in names
    ]  # fmt: skip
    assert [*of(build([kim, *secrets]), human_use)] == ["github:secret/KIM_TOKEN"]


def test_nobody_knows_whether_a_secret_is_one_where_only_workflows_name_it(rules: RuleSet) -> None:
    name = Credential(id="github:secret/KEY", kind=CredentialKind.API_KEY, name="KEY",
                      location=FileLocation(path="ci.yml"))  # fmt: skip
    both = [job("a", "production"), job("b", "staging")]
    uses = [use(name.id, one.id) for one in both]
    inventory = analysed(build([name, *both, *uses]), Settings(), rules, NOW)
    assert inventory.facts[name.id]["one_value"] == "unknown"
    one = [both[0], uses[0]]
    assert "one_value" not in analysed(build([name, *one]), Settings(), rules, NOW).facts[name.id]


def test_a_secret_of_several_repositories_is_one_only_if_it_is_so_in_each(rules: RuleSet) -> None:
    name = Credential(id="github:secret/KEY", kind=CredentialKind.API_KEY, name="KEY",
                      location=FileLocation(path="ci.yml"))  # fmt: skip
    both = [job("a", "production"), job("b", "staging")]
    uses = [use(name.id, one.id) for one in both]

    def one_value(**types: str) -> str:
        secrets = [
            Resource(id=f"resource:{where}", type=type, name="KEY", location=FileLocation(path="a.tf"),
                     settings={"secret_name": "key", "repository": where})
            for where, type in types.items()
        ]  # fmt: skip
        inventory = analysed(build([name, *both, *uses, *secrets]), Settings(), rules, NOW)
        return str(inventory.facts[name.id]["one_value"])

    of_repository, of_environment = "github_actions_secret", "github_actions_environment_secret"
    assert one_value(shop=of_repository) == "yes"
    assert one_value(shop=of_environment) == "no"
    assert one_value(shop=of_repository, site=of_repository) == "yes"
    assert one_value(shop=of_repository, site=of_environment) == "unknown"


def _trust(subject: Any) -> Trust:
    return Trust(
        id="t", identity="role", principal="arn:aws:iam::1:oidc-provider/token.actions.githubusercontent.com",
        kind=TrustKind.FEDERATION, provider="aws", location=FileLocation(path="main.tf"),
        conditions={"StringLike": {"token.actions.githubusercontent.com:sub": subject}},
    )  # fmt: skip


def _repositories(*names: str, archived: tuple[str, ...] = ()) -> Resource:
    return Resource(
        id="github:acme/repositories", type=offboarding.REPOSITORIES, name="acme",
        location=ServiceLocation(service="github", account="acme", resource="repositories"),
        settings={"organization": "Acme", "names": [*names], "archived": [*archived]},
    )  # fmt: skip


def _status(subject: Any, *more: Any) -> str:
    found = of(build([_trust(subject), *more]), offboarding)
    return str(found.get("t", {}).get("repository_status", ""))


def test_a_repository_is_gone_only_if_its_organization_has_told_of_all() -> None:
    assert _status("repo:acme/old:ref:refs/heads/main", _repositories("shop")) == "gone"
    assert _status("repo:acme/Shop:ref:refs/heads/main", _repositories("shop")) == ""
    assert _status("repo:other/old:ref:refs/heads/main", _repositories("shop")) == "unknown"
    assert _status("repo:acme/old:ref:refs/heads/main") == "unknown"


def test_a_trust_that_a_wildcard_opens_to_others_has_not_lost_its_repository() -> None:
    assert _status("repo:acme/*:ref:refs/heads/main", _repositories("shop")) == ""
    assert _status("repo:acme/old*:ref:refs/heads/main", _repositories("shop")) == ""
    assert _status("repo:acme/old:*", _repositories("shop")) == "gone"
    both = ["repo:acme/old:*", "repo:acme/s*:*"]
    assert _status(both, _repositories("shop")) == ""
    two = ["repo:acme/old:*", "repo:acme/shop:*"]
    assert _status(two, _repositories("shop")) == ""
    assert _status(two, _repositories("shop", archived=("shop",))) == "gone"


def test_keys_are_gone_only_if_their_account_has_told_of_some() -> None:
    def key(id: str, fingerprint: str, account: str, status: CredentialStatus) -> Credential:
        return Credential(
            id=id, kind=CredentialKind.ACCESS_KEY, name="access key 1 of ci", fingerprint=fingerprint,
            status=status, tags={"type": "AWS::IAM::AccessKey"}, identity="user",
            location=ServiceLocation(service="aws", account=account, resource=id),
        )  # fmt: skip

    here = secret("a.env", format="aws-access-key-id", tags={"account": "1"})
    active = key("k", "2", "1", CredentialStatus.ACTIVE)
    assert of(build([here, active]), offboarding)["secret:1"]["key_status"] == "gone"
    elsewhere = key("k", "2", "9", CredentialStatus.ACTIVE)
    assert "secret:1" not in of(build([here, elsewhere]), offboarding)
    of_root = key("root", "", "1", CredentialStatus.ACTIVE)  # no API tells its id
    assert "secret:1" not in of(build([here, active, of_root]), offboarding)
    off = key("k", "1", "1", CredentialStatus.DISABLED)
    assert of(build([here, off]), offboarding)["secret:1"]["key_status"] == "disabled"


def test_who_has_left_is_known_by_an_address_and_not_by_a_name() -> None:
    def person(provider: str, name: str, status: str = "") -> Identity:
        return Identity(
            id=f"{provider}:{name}", kind=IdentityKind.USER, provider=provider, name=name, status=status,
            location=ServiceLocation(service=provider, account="acme", resource=name),
        )  # fmt: skip

    left = [person("okta", "jane@acme.example", "deprovisioned"), person("github", "kim", "left")]
    here = [person("aws", "Jane@acme.example"), person("aws", "kim")]
    found = of(build([*left, *here]), offboarding)
    assert found == {"aws:Jane@acme.example": {"left_elsewhere": "okta"}}


def test_a_value_of_each_turn_of_a_loop_is_not_one_value() -> None:
    def set_on(repository: str, value: str) -> Resource:
        return Resource(
            id=f"resource:terraform:infra:github_actions_secret.{repository}", type="github_actions_secret",
            name=repository, location=FileLocation(path="infra/a.tf"),
            settings={"repository": repository, "secret_name": "KEY", "plaintext_value": value},
        )  # fmt: skip

    def told(value: str) -> dict[str, Any]:
        return of(build([set_on("a", value), set_on("b", value)]), isolation)

    assert [*told("${var.token}").values()] == [{"also_set_on": ["b"]}]
    assert told("${each.value}") == {}
    assert told("in plain text") == {}


def test_a_role_that_production_and_less_may_become_is_told_of_once() -> None:
    trust = Trust(id="t", identity="role", principal="dev", kind=TrustKind.ASSUME, provider="aws",
                  location=FileLocation(path="main.tf"))  # fmt: skip
    dev = Identity(id="dev", kind=IdentityKind.ROLE, provider="aws", name="dev",
                   location=FileLocation(path="dev.tf"))  # fmt: skip
    inventory = build([role(), dev, trust])
    inventory.facts = {"role": {"environment": "production"}, "dev": {"environment": "development"}}
    assert of(inventory, isolation)["t"]["crosses_from"] == "development"
    inventory.facts["role"]["trusted_environments"] = ["development", "production"]
    assert of(inventory, isolation) == {}


def test_the_first_evidence_is_of_each_environment() -> None:
    jobs = [job(f"release-{number}", "production") for number in range(5)]
    jobs.append(job("preview", "staging"))
    inventory = build([role(), *jobs, *(use("role", one.id) for one in jobs)])
    ways = of(inventory, consumers)["role"][STEPS]["job_environments"]
    assert [way[0].start for way in ways[:2]] == ["job:release-0", "job:preview"]
    assert len(ways) == 6
