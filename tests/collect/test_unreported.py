"""What is recognised and not reported."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from keymuster.collect.unreported import NAME, RULE, VALUE, Unreported, check, elsewhere
from keymuster.detect.engine import Engine
from keymuster.errors import SettingsError
from keymuster.model import Commit, Credential, CredentialKind, FileLocation
from keymuster.rules import loader
from keymuster.rules.schema import RuleSet, TokenFormat, Unless
from keymuster.settings import Exclude

FORMAT = """\
formats:
  - id: acme-key
    shape: acme_{base62:20}
"""
VALUE_OF_ACME = "acme_" + "k7Q2x9Wb4Tz8Rn3Vc6Ym"


@pytest.fixture
def own(tmp_path: Path) -> RuleSet:
    path = tmp_path / ".keymuster.yaml"
    path.write_text(FORMAT)
    return loader.one_folder(path)


@pytest.fixture
def reason(own: RuleSet) -> Callable[..., str]:
    """Why the one match in a text is not reported."""
    engine = Engine(own)

    def ask(text: str, *unless: Unless, **exclude: tuple[str, ...]) -> str:
        [match] = engine.scan(text.encode())
        match.format.unless = list(unless)
        id = f"secret:{match.secret.fingerprint()}"
        answer = Unreported(Exclude(**exclude)).reason(text.encode(), match, id)
        match.format.unless = []
        return answer

    return ask


@pytest.mark.parametrize(
    "text",
    [
        "csrf_token = '{}'", "CSRF_TOKEN={}", "csrfToken: \"{}\"", '"csrf-token": "{}",',
        "const csrfToken: string = `{}`", "my.csrfToken = {}", "<csrfToken>{}</csrfToken>",
        "run --csrf-token {}", "setenv('CSRF_TOKEN', '{}')", "token = x; csrf_token := b'{}'",
        "CSRF_TOKEN=https://a:{}", "CSRFToken => '{}'", "csrf_token ||= {}",
    ],
)  # fmt: skip
def test_a_value_of_an_excluded_name_is_not_reported(text: str, reason: Callable[..., str]) -> None:
    assert reason(text.format(VALUE_OF_ACME), names=("csrf_token",)) == NAME
    assert reason(text.format(VALUE_OF_ACME), names=("csrf",)) == NAME
    assert reason(text.format(VALUE_OF_ACME), names=("*csrf*",)) == NAME
    assert reason(text.format(VALUE_OF_ACME), names=("password", "srf", "csrf_toke")) == ""


def test_a_name_on_another_line_is_not_the_values_name(reason: Callable[..., str]) -> None:
    assert reason(f"csrf_token =\n{VALUE_OF_ACME}", names=("csrf",)) == ""


@pytest.mark.parametrize(
    "entry",
    [
        "sha256:" + sha256(VALUE_OF_ACME.encode()).hexdigest(),
        VALUE_OF_ACME,
        "acme_k7*",
        "*Yc?Ym".replace("Yc", "Vc"),
    ],
)
def test_an_excluded_value_is_not_reported(entry: str, reason: Callable[..., str]) -> None:
    assert reason(f"key = {VALUE_OF_ACME}", values=(entry,)) == VALUE


def test_a_value_may_be_given_by_the_id_that_reports_give_it(
    own: RuleSet, reason: Callable[..., str]
) -> None:
    [match] = Engine(own).scan(VALUE_OF_ACME.encode())
    assert reason(VALUE_OF_ACME, values=(f"secret:{match.secret.fingerprint()}",)) == VALUE
    assert reason(VALUE_OF_ACME, values=(f"secret:{'0' * 32}", "acme_", "ACME_*")) == ""


@pytest.mark.parametrize(
    ("exception", "answer"),
    [
        (Unless(words=["WB4tz"]), RULE),
        (Unless(words=["other"]), ""),
        (Unless(values=["^acme_k"]), RULE),
        (Unless(values=["^k7Q2"]), ""),
        (Unless(lines=["import .* from"]), RULE),
        (Unless(lines=["other line"]), ""),
        (Unless(words=["wb4"], values=["^other"]), RULE),
        (Unless(words=["wb4"], values=["^other"], all=True), ""),
        (Unless(words=["wb4"], values=["^acme"], all=True), RULE),
        (Unless(paths=["a"], commits=["b"]), ""),
    ],
)
def test_a_format_may_say_what_is_none_of_it(
    exception: Unless, answer: str, reason: Callable[..., str]
) -> None:
    text = f"other line\nimport x from '{VALUE_OF_ACME}'\nother line\n"
    assert reason(text, exception) == answer


def test_an_expression_is_not_held_against_a_text_longer_than_it_is_made_for(
    reason: Callable[..., str], tmp_path: Path
) -> None:
    path = tmp_path / ".keymuster.yaml"
    path.write_text(FORMAT.replace("20", "1500"))
    rules = loader.one_folder(path)
    long = "acme_" + "".join(sha256(str(n).encode()).hexdigest() for n in range(30))[:1500]
    [match] = Engine(rules).scan(long.encode())
    match.format.unless = [Unless(values=["^acme"])]
    assert Unreported(Exclude()).reason(long.encode(), match, "") == ""


def credential(path: str, commit: str = "") -> Credential:
    return Credential(
        id="secret:x", kind=CredentialKind.API_KEY, name="x",
        location=FileLocation(path=path, commit=Commit(id=commit) if commit else None),
    )  # fmt: skip


def token(*unless: Unless, paths: tuple[str, ...] = ()) -> TokenFormat:
    return TokenFormat(
        id="x", name="x", kind=CredentialKind.API_KEY, revoke="", examples=[], counter_examples=[],
        paths=list(paths), unless=list(unless),
    )  # fmt: skip


def test_a_format_may_count_only_in_some_files() -> None:
    terraform = token(paths=(r"(?i)\.tf$",))
    assert not elsewhere(credential("a/main.TF"), terraform)
    assert elsewhere(credential("a/main.tf.bak"), terraform)


def test_a_format_may_not_count_in_some_files_or_from_some_commits() -> None:
    made = token(Unless(paths=["^docs/"], commits=["abc"]))
    assert elsewhere(credential("docs/a"), made)
    assert elsewhere(credential("a", "abc"), made)
    assert not elsewhere(credential("a/docs", "abd"), made)
    assert not elsewhere(
        credential("docs/a"), token(Unless(paths=["^docs/"], words=["x"], all=True))
    )
    assert not elsewhere(credential("docs/a"), None)


def test_a_secret_in_the_clear_is_refused_with_its_hash(
    rules: RuleSet, token: Callable[..., str]
) -> None:
    made = token("github-pat")
    with pytest.raises(SettingsError) as caught:
        check(Exclude(values=("fine", made)), rules)
    said = caught.value.message + caught.value.advice()
    assert "exclude.values[1]" in said
    assert sha256(made.encode()).hexdigest() in said
    assert made not in said
    check(Exclude(values=("changeme*", "sha256:" + "0" * 64)), rules)
