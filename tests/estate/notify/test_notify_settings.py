from __future__ import annotations

from typing import Any

import msgspec
import pytest

from keymuster.errors import SettingsError
from keymuster.estate.channels.base import Became
from keymuster.estate.notify.settings import Notify, settings
from keymuster.model import Severity

SLACK = {"kind": "slack", "url": {"env": "SLACK"}}
MAIL = {"kind": "email", "server": "smtp.acme.test", "from": "keymuster@acme.test"}


def said(**words: Any) -> Notify:
    return msgspec.convert(words, Notify)


def test_a_channel_has_a_filter_and_options_of_its_kind() -> None:
    found = settings(
        said(
            channels={"appsec": {**SLACK, "severity": "high", "tells": ["new", "not observed"]}},
            always="appsec",
        )
    )
    options = found["appsec"].options
    assert (options.severity, options.tells) == (Severity.HIGH, (Became.NEW, Became.NOT_OBSERVED))
    assert str(options.url) != ""


SECRET = "https://hooks.slack.test/services/T000/B000/words-that-are-secret"


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ({"channels": {"a": {}}}, "no such sort of channel; there are"),
        ({"channels": {"a": {"kind": "slak"}}}, "did you mean `slack`"),
        ({"channels": {"a": {"kind": "slack"}}, "always": "a"}, "missing required field `url`"),
        ({"channels": {"a": {"kind": "slack", "url": SECRET}}, "always": "a"}, r"url: .* named by reference"),
        ({"channels": {"a": {"kind": "slack", "url": {"env": SECRET}}}, "always": "a"}, "url"),
        ({"channels": {"a": {**SLACK, "tells": [SECRET]}}, "always": "a"}, "none of what it may be"),
        ({"channels": {"a": {**SLACK, "severty": "high"}}, "always": "a"}, "did you mean `severity`"),
        ({"channels": {"a": SLACK}}, "never told of anything"),
        ({"channels": {"a": SLACK}, "always": ["a", "b"]}, "there is no channel `b`"),
        ({"channels": {"a": SLACK}, "routes": [{"to": "b"}]}, "routes.0: there is no channel `b`"),
        ({"channels": {"a": SLACK}, "routes": [{"to": "a", "recipient": "a@b.test"}]}, "cannot be told whom"),
        ({"channels": {"m": MAIL}, "otherwise": "m"}, "does not know whom to write to"),
        ({"channels": {"m": MAIL}, "routes": [{"to": "m", "recipient": "a@b.test,c@d.test"}]}, "can write to one address"),
        ({"channels": {"m": {**MAIL, "to": ["a b"]}}, "otherwise": "m"}, "to"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_without_a_value(words: dict[str, Any], problem: str) -> None:
    with pytest.raises(SettingsError, match=problem) as found:
        settings(said(**words))
    assert "secret" not in str(found.value)
