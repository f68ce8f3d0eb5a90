"""Which files of a client can speak of agents at all."""

from __future__ import annotations

import json
from typing import Any

from keymuster.collect.agents.clients import Clients, may_speak
from keymuster.rules.schema import RuleSet

FILE = ".vscode/settings.json"


def _nested(path: str) -> bytes:
    made: Any = "x"
    for word in reversed(path.split(".")):
        made = {"any" if word == "*" else word: made}
    return json.dumps(made).encode()


def test_each_known_setting_may_speak_however_it_is_written(rules: RuleSet) -> None:
    configured = Clients(rules.agents).of(FILE)
    assert configured is not None
    paths = [*configured.file.servers]
    for one in configured.client.settings:
        paths += one.at if isinstance(one.at, list) else [one.at]
    assert len(paths) > 10
    for path in paths:
        assert may_speak(configured, _nested(path))
        assert may_speak(configured, json.dumps({path.replace("*", "any"): "x"}).encode())


def test_settings_of_an_editor_that_name_none_do_not(rules: RuleSet) -> None:
    configured = Clients(rules.agents).of(FILE)
    assert configured is not None
    assert not may_speak(configured, b'{"editor.tabSize": 4, "path": "C:\\\\tools"}')


def test_a_key_with_escapes_is_not_guessed_at(rules: RuleSet) -> None:
    configured = Clients(rules.agents).of(FILE)
    assert configured is not None
    assert may_speak(configured, rb'{"mc\u0070": {"servers": {}}}')
