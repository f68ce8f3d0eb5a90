"""From rule files to rules: what is read, and how a mistake is named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from acme import TOKENS
from keymuster import cache, pipeline, selftest
from keymuster.detect import examples
from keymuster.detect.database import compile_database
from keymuster.detect.engine import Engine
from keymuster.errors import RuleError, SettingsError
from keymuster.rules import frameworks, later, loader, stored, templates
from keymuster.rules.schema import Policy, RuleSet

POLICY = """\
id: acme-rule
title: A title
kind: generic-secret
nhi: [NHI2]
severity: medium
confidence: high
applies_to: credential
when: credential.in_tree
message: "{name}"
why: Because.
remediation: Remove it.
cases:
  - {name: one, path: a.sh, text: "{token:github-pat}", expect: finding}
  - {name: two, path: a.sh, text: "nothing", expect: nothing}
"""

Own = Callable[[str, str], RuleSet]


@pytest.fixture
def own(tmp_path: Path) -> Own:
    """The shipped rules with one more file, given by its path and text."""

    def load(path: str, text: str) -> RuleSet:
        file = tmp_path / "own" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return pipeline.load_rules([tmp_path / "own"])

    return load


def refused(own: Own, path: str, text: str) -> str:
    with pytest.raises(RuleError) as caught:
        own(path, text)
    return caught.value.message


def test_a_file_of_tokens_is_added_to_the_shipped_ones(own: Own, rules: RuleSet) -> None:
    loaded = own("tokens/acme.yaml", TOKENS)
    assert len(loaded.tokens) == len(rules.tokens) + 1
    assert loaded.tokens[-1].vendor_name == "Acme"


def test_the_shipped_formats_come_first(own: Own, rules: RuleSet) -> None:
    assert rules.shipped == len(rules.tokens)
    assert own("tokens/acme.yaml", TOKENS).shipped == len(rules.tokens)


def test_a_policy_is_added(own: Own, rules: RuleSet) -> None:
    assert len(own("policies/own/acme-rule.yaml", POLICY).policies) == len(rules.policies) + 1


@pytest.mark.parametrize(
    ("path", "right", "wrong", "hint"),
    [
        ("tokens/acme.yaml", "vendor: acme", "vender: acme", "did you mean `vendor`?"),
        ("tokens/acme.yaml", "    revoke:", "    revok:", "did you mean `revoke`?"),
        (
            "tokens/acme.yaml",
            "counter_examples",
            "counterexamples",
            "did you mean `counter_examples`?",
        ),
        ("policies/a.yaml", "severity:", "sevrity:", "did you mean `severity`?"),
        ("policies/a.yaml", "expect: finding", "expects: finding", "did you mean `expect`?"),
        ("policies/a.yaml", "remediation:", "remedy:", "unknown field `remedy`"),
    ],
)
def test_a_misspelt_field_is_named_with_the_nearest(
    own: Own, path: str, right: str, wrong: str, hint: str
) -> None:
    text = (TOKENS if path.startswith("tokens") else POLICY).replace(right, wrong, 1)
    message = refused(own, path, text)
    assert hint in message
    assert Path(path).name in message


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("kind: api_key", "kind: apikey", "Invalid enum value 'apikey' - at `$.formats[0].kind`"),
        ("    revoke: Delete it.\n", "", "missing required field `revoke`"),
        ("    kind: api_key\n", "    kind: api_key\n    least_entropy: high\n", "Expected `float`"),
        ("id: acme-key", "id: Acme_Key", "is not lower-case words joined by hyphens"),
        ("shape: acme_", "shape: ac_", "has no literal of three or more characters"),
        ("base62:32", "base26:32", "no alphabet `base26`"),
        ("acme_{base62:32}", '"{base62:20-90}_acme"', "begins with up to 90 characters"),
        ("acme_{base62:32}", '""', "shape: is empty"),
        (
            'examples: ["{token}"]\n    counter',
            "examples: []\n    counter",
            "examples: needs at least one",
        ),
        (
            'counter_examples: ["{short}"]',
            "counter_examples: []",
            "counter_examples: needs at least one",
        ),
        (
            "    shape: acme_{base62:32}\n",
            "",
            "needs exactly one of shape, pattern, recognizer; has none",
        ),
        ("    shape:", "    recognizer: assignment\n    shape:", "has shape and recognizer"),
        ("id: acme-key", "id: github-pat", "github-pat: id is used 2 times"),
        ("    revoke:", "    checksum: crc32-base26\n    revoke:", "did you mean `crc32-base62`?"),
        ("    revoke:", "    decode: aws-acount\n    revoke:", "did you mean `aws-account`?"),
        ("shape: acme_{base62:32}", "recognizer: assignmnt", "did you mean `assignment`?"),
        (
            "shape: acme_{base62:32}",
            "pattern: '(?P<secret>acme'",
            "pattern: missing )",
        ),
        ("shape: acme_{base62:32}", "pattern: '(?P<secret>acme)(?=x)'", "`(?=x` is not RE2"),
        ("shape: acme_{base62:32}", "pattern: '(?P<secret>a.*b.*c.*d)'", "could take too long"),
        (
            "    revoke:",
            "    unless: [{values: ['(']}]\n    revoke:",
            "unless.values: `(`: missing )",
        ),
        ("    revoke:", "    paths: ['[']\n    revoke:", "paths: `[`: ends in the middle"),
    ],
)
def test_a_wrong_format_is_refused(own: Own, right: str, wrong: str, said: str) -> None:
    assert said in refused(own, "tokens/acme.yaml", TOKENS.replace(right, wrong, 1))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("[NHI2]", "[NHI11]", "Invalid enum value 'NHI11'"),
        ("[NHI2]", "[]", "nhi: needs at least one category"),
        ("severity: medium", "severity: mild", "Invalid enum value 'mild'"),
        ("kind: generic-secret", "kind: generic-secrets", "did you mean `generic-secret`?"),
        ("credential.in_tree", "credential.in_treee", "in_tree"),
        (
            "expect: nothing",
            "expect: finding",
            "needs one that is a finding and one that is nothing",
        ),
        ("id: acme-rule", "id: secret-in-tree", "is used 2 times"),
    ],
)
def test_a_wrong_policy_is_refused(own: Own, right: str, wrong: str, said: str) -> None:
    assert said in refused(own, "policies/acme-rule.yaml", POLICY.replace(right, wrong, 1))


@pytest.mark.parametrize(
    "spelling", ["NHI2", "nhi2", "NHI-2", "NHI-02", "nhi_02", "NHI2:2025", "NHI 2"]
)
def test_an_nhi_category_may_be_spelt_in_any_published_way(own: Own, spelling: str) -> None:
    loaded = own("policies/a.yaml", POLICY.replace("[NHI2]", f'["{spelling}"]'))
    assert [category.value for category in loaded.policies[-1].nhi] == ["NHI2"]


@pytest.mark.parametrize("spelling", ["NHI", "NHI0", "NHI11", "2", "ASI02", ""])
def test_what_is_no_nhi_category_has_no_id(spelling: str) -> None:
    assert frameworks.nhi_id(spelling) is None


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("vendor: acme\nname: [\n", "line 3"),
        ("vendor: acme\n  name: x\n", "line 2"),
        ("a: b\n\tc: d\n", "line 2"),
    ],
)
def test_a_yaml_error_says_the_line(own: Own, text: str, line: str) -> None:
    message = refused(own, "tokens/acme.yaml", text)
    assert "acme.yaml" in message
    assert line in message


@pytest.mark.parametrize(
    "text", ["", "- a list\n", "just text\n", "1\n", "\x00", "vendor: &a [*a]\n"]
)
def test_a_file_that_holds_something_else_is_refused(own: Own, text: str) -> None:
    assert "acme.yaml" in refused(own, "tokens/acme.yaml", text)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/acme.yaml").write_bytes(b"vendor: \xff\xfe\xe9\n")
    with pytest.raises(RuleError, match=r"acme\.yaml"):
        pipeline.load_rules([tmp_path])


def test_a_file_in_no_known_folder_is_refused(own: Own) -> None:
    assert "is in none of tokens/, policies/" in refused(own, "other/acme.yaml", TOKENS)


def test_a_rules_folder_that_does_not_exist_is_the_users_mistake(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="is not a folder of rules"):
        pipeline.load_rules([tmp_path / "nowhere"])


def test_an_empty_rules_folder_adds_nothing(tmp_path: Path, rules: RuleSet) -> None:
    assert pipeline.load_rules([tmp_path]).tokens == rules.tokens


def test_other_files_in_a_rules_folder_do_not_matter(tmp_path: Path, rules: RuleSet) -> None:
    (tmp_path / "README.md").write_text("# Rules")
    assert pipeline.load_rules([tmp_path]).tokens == rules.tokens


def test_what_the_search_refuses_is_named(own: Own) -> None:
    loaded = own(
        "tokens/acme.yaml",
        TOKENS.replace("shape: acme_{base62:32}", "pattern: '(?P<secret>(?:acme)?)'"),
    )
    with pytest.raises(RuleError, match=r"a pattern cannot be compiled: `"):
        compile_database(dict(enumerate(Engine(loaded)._patterns)))


def test_a_rule_that_is_there_twice_is_named_with_both_files(own: Own, tmp_path: Path) -> None:
    message = refused(own, "tokens/acme.yaml", TOKENS.replace("id: acme-key", "id: github-pat"))
    assert message.startswith(str(tmp_path / "own/tokens/acme.yaml"))
    assert "github-pat: id is used 2 times" in message
    assert "also in" in message
    assert "github.yaml" in message


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        ("policies/a.yaml", "credential.in_tree", "credential.in_treee"),
        ("policies/a.yaml", '"{name}"', '"{nam}"'),
        ("policies/a.yaml", "kind: generic-secret", "kind: generic-secrets"),
        ("tokens/acme.yaml", "    revoke:", "    checksum: crc32-base26\n    revoke:"),
    ],
)
def test_what_only_shows_later_is_named_with_its_file_too(
    own: Own, tmp_path: Path, path: str, right: str, wrong: str
) -> None:
    text = (TOKENS if path.startswith("tokens") else POLICY).replace(right, wrong, 1)
    assert refused(own, path, text).startswith(f"{tmp_path / 'own' / path}: acme-")


# --- formats in the settings -------------------------------------------------------------------

SHORT = "formats:\n  - id: acme-key\n    shape: acme_{base62:32}\n"


def settings_file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".keymuster.yaml"
    path.write_text(text)
    return path


def test_a_format_in_the_settings_needs_no_more_than_an_id_and_a_shape(tmp_path: Path) -> None:
    path = settings_file(tmp_path, SHORT)
    token = pipeline.load_rules([path]).tokens[-1]
    assert (token.id, token.name, token.vendor) == ("acme-key", "Acme key", "own")
    made = examples.make(token)
    [match] = Engine(loader.one_folder(path)).scan(f"x = {made}".encode())
    assert match.format.id == "acme-key"


@pytest.mark.parametrize(
    "facts",
    [
        "shape: acme_{base62:32}",
        "shape: ['acme_{base62:32}', 'apex_{hex:20-40}']",
        "shape: '{hex:32}'\n    context: [acme, apex]",
    ],
)
def test_the_examples_of_a_short_format_follow_from_its_facts(tmp_path: Path, facts: str) -> None:
    path = settings_file(tmp_path, f"formats:\n  - id: acme-key\n    {facts}\n")
    subjects = loader.one_folder(path)
    assert len(subjects.tokens[0].examples) == 1
    assert list(selftest.problems(subjects)) == []


def test_a_pattern_in_the_settings_is_the_secret_unless_it_names_it(tmp_path: Path) -> None:
    def found(pattern: str) -> bytes:
        text = f"formats:\n  - id: acme-key\n    pattern: '{pattern}'\n"
        [match] = Engine(loader.one_folder(settings_file(tmp_path, text))).scan(b"(acme_ks83hd7q0)")
        return match.secret.reveal()

    assert found("acme_[a-z0-9]{9}") == b"acme_ks83hd7q0"
    assert found("acme_(?P<secret>[a-z0-9]{9})") == b"ks83hd7q0"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("formats: x\n", "Expected `array`, got `str` - at `$.formats`"),
        ("formats: [x]\n", "Expected `object`, got `str` - at `$.formats[0]`"),
        ("formats:\n  - shape: acme_{hex:32}\n", "missing required field `id` - at `$.formats[0]`"),
        ("formats:\n  - id: acme-key\n", "needs exactly one of shape, pattern, recognizer"),
        (SHORT + "    contxt: [a]\n", "did you mean `context`?"),
        (SHORT + "    kind: apikey\n", "Invalid enum value 'apikey' - at `$.formats[0].kind`"),
        (SHORT.replace("base62", "base26"), "no alphabet `base26`"),
        (SHORT.replace("acme-key", "Acme"), "is not lower-case words"),
        (SHORT.replace("acme-key", "github-pat"), "github-pat: id is used 2 times"),
        ("formats:\n  - id: acme-key\n    pattern: '(a|a)*b'\n", "could take too long"),
    ],
)
def test_a_wrong_format_in_the_settings_is_named_with_file_and_field(
    tmp_path: Path, text: str, said: str
) -> None:
    path = settings_file(tmp_path, text)
    with pytest.raises(RuleError) as caught:
        pipeline.load_rules([path])
    assert caught.value.message.startswith(str(path))
    assert said in caught.value.message


def test_a_settings_file_may_lie_below_a_folder_called_as_one_of_rules(tmp_path: Path) -> None:
    (tmp_path / "tokens").mkdir()
    path = settings_file(tmp_path / "tokens", SHORT)
    assert [token.id for token in loader.one_folder(path).tokens] == ["acme-key"]


@pytest.fixture
def _empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYMUSTER_CACHE", str(tmp_path / "cache"))


@pytest.mark.usefixtures("_empty_cache")
def test_rules_survive_their_cache(rules: RuleSet) -> None:
    stored.load("key", lambda: rules)
    assert stored.whole(stored.load("key", _never)) == stored.whole(rules)


def _never() -> RuleSet:
    raise AssertionError("there is no need to make the rules again")


@pytest.mark.usefixtures("_empty_cache")
def test_what_few_ask_of_rules_is_read_when_they_do(rules: RuleSet) -> None:
    stored.load("key", lambda: rules)
    cache.write("rules-key-aws.bin", b"of another version")
    cache.write("rules-key-terraform.bin", b"of another version")
    (Path(cache.folder()) / "rules-key-cases.bin").unlink()
    made: list[RuleSet] = []
    found = stored.load("key", lambda: made.append(rules) or rules)
    assert found.policies[0].id == rules.policies[0].id
    assert found.azure.levels == rules.azure.levels
    assert found.tokens[-1] == rules.tokens[-1]
    assert not made
    assert found.aws.ways == rules.aws.ways
    assert len(made) == 1
    assert list(found.terraform) == list(rules.terraform)
    assert list(found.policies[-1].cases) == list(rules.policies[-1].cases)
    assert len(made) == 1


@pytest.mark.usefixtures("_empty_cache")
def test_a_format_of_another_version_is_made_again(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.load("key", lambda: rules)
    monkeypatch.setattr(later, "_DECODER", msgspec.msgpack.Decoder(Policy))
    assert stored.load("key", lambda: rules).tokens[7] == rules.tokens[7]


@pytest.mark.usefixtures("_empty_cache")
def test_of_policies_only_those_about_what_is_asked_for_are_read(
    rules: RuleSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored.load("key", lambda: rules)
    read: list[str] = []
    derived = stored.derived
    monkeypatch.setattr(
        stored, "derived", lambda name, *rest: (read.append(name), derived(name, *rest))[1]
    )
    again = stored.load("key", lambda: rules)
    assert again.policy_ids == [one.id for one in rules.policies]
    assert again.about("trust") == rules.about("trust") != []
    assert again.policy(rules.about("trust")[1].id) is again.about("trust")[1]
    assert read == ["rules-key.bin", "rules-key-policies-trust.bin", "rules-key-cases.bin"]
    assert list(again.policies) == rules.policies


def test_a_format_is_found_by_its_name(rules: RuleSet) -> None:
    assert all(rules.token(one.id) is one for one in rules.tokens)
    assert rules.token("no-such-format") is None


def test_rules_that_were_kept_are_not_read_again_but_once(own: Own) -> None:
    loaded = pipeline.load_rules()
    loader.keep(loaded)

    assert own("policies/acme/acme-rule.yaml", POLICY).policies[-1].id == "acme-rule"
    assert loaded.policies[-1].id != "acme-rule"
    assert pipeline.load_rules() is loaded
    assert pipeline.load_rules() is not loaded


def test_the_key_of_rules_changes_with_any_byte(own: Own) -> None:
    keys = {own("tokens/acme.yaml", TOKENS + "#" * number).key for number in range(3)}
    assert len(keys) == 3


def test_a_policy_changes_nothing_of_the_search_and_a_format_does(own: Own, rules: RuleSet) -> None:
    policy = own("policies/acme/acme-rule.yaml", POLICY)
    assert policy.key != rules.key
    assert policy.search_key == rules.search_key == rules.key
    again = own("policies/acme/acme-rule.yaml", POLICY)  # from the cache
    assert again.search_key == rules.search_key
    format = own("tokens/acme.yaml", TOKENS)
    assert format.search_key == format.key != rules.search_key


def test_one_folder_holds_its_own_rules_only(tmp_path: Path, rules: RuleSet) -> None:
    (tmp_path / "tokens").mkdir()
    (tmp_path / "tokens/acme.yaml").write_text(TOKENS)
    alone = loader.one_folder(tmp_path)
    assert [token.id for token in alone.tokens] == ["acme-key"]
    assert alone.policies == []
    assert alone.mapping == rules.mapping


@pytest.mark.parametrize("kind", ["token", "policy"])
def test_the_rule_to_start_from_loads(own: Own, kind: str) -> None:
    path, text = templates.start(kind, "acme-api-key")
    assert "acme-api-key" in {rule.id for rule in own(path, text).rules}


@pytest.mark.parametrize("name", ["Acme", "acme_key", "-acme", "", "acme key", "../acme"])
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is not lower-case words"):
        templates.start("token", name)


@pytest.mark.parametrize("name", ["2024-13-45", "1" + "0" * 5000])
def test_a_value_that_yaml_cannot_hold_is_named_with_its_file(own: Own, name: str) -> None:
    assert "acme.yaml" in refused(own, "tokens/acme.yaml", f"vendor: acme\nname: {name}\n")


def test_a_rule_file_that_cannot_be_read_is_named(own: Own, tmp_path: Path) -> None:
    (tmp_path / "own/tokens").mkdir(parents=True)
    (tmp_path / "own/tokens/gone.yaml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RuleError, match=r"gone\.yaml.*cannot be read"):
        pipeline.load_rules([tmp_path / "own"])


def test_a_misspelt_field_of_what_is_known_of_aws_is_named(own: Own) -> None:
    shipped = loader.builtin_root() / "known" / "aws-escalations.yaml"
    text = shipped.read_text(encoding="utf-8").replace("leads_to:", "leeds_to:", 1)
    assert "did you mean `leads_to`?" in refused(own, "known/aws-escalations.yaml", text)


TABLE = """\
source: What its vendor publishes.
words: pascal
types:
  acme_robot: {type: "Acme::Robots::Robot", names: {id: RobotId}}
"""


def test_words_of_a_terraform_provider_are_added(own: Own, rules: RuleSet) -> None:
    loaded = own("known/terraform-acme.yaml", TABLE)
    assert len(loaded.terraform) == len(rules.terraform) + 1
    assert loaded.terraform[-1].types["acme_robot"].names == {"id": "RobotId"}


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (("words: pascal", "words: loud"), "loud"),
        (("names:", "nmes:"), "did you mean `names`?"),
        (("names: {id: RobotId}", "like: acme_other"), "is like `acme_other`"),
    ],
)
def test_a_wrong_table_of_words_is_refused(own: Own, change: tuple[str, str], problem: str) -> None:
    assert problem in refused(own, "known/terraform-acme.yaml", TABLE.replace(*change))


VENDORS = """
vendors:
  - id: umbrella
    name: Umbrella
    domains: [umbrella.example]
    tenants: {99999999-8888-7777-6666-555555555555: our contract}
"""


def test_vendors_and_scopes_of_ones_own_stand_beside_the_shipped(own: Own) -> None:
    loaded = own("known/vendors.yaml", VENDORS)
    assert loaded.vendors.vendors[-1].domains == ("umbrella.example",)
    assert len(loaded.vendors.vendors) > 100
    scopes = "apis: [{providers: [umbrella], source: our contract, read: ['*:see']}]"
    assert own("known/scopes.yaml", scopes).scopes.apis[-1].read == ("*:see",)


def test_a_misspelt_key_of_a_vendor_is_named(own: Own) -> None:
    problem = refused(own, "known/vendors.yaml", VENDORS.replace("domains", "domain"))
    assert "did you mean `domains`?" in problem
