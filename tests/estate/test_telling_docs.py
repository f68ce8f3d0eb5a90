"""What `docs/telling.md` shows is what estate.yaml takes, and what it lists is what there is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families as parsed

from estate.store.looking import Looking, finding
from keymuster.estate import config
from keymuster.estate.channels.tracker import FIELDS
from keymuster.estate.metrics import Metrics, rendered
from keymuster.estate.notify.settings import settings
from keymuster.estate.store.store import Store

PAGES = Path(__file__).parents[2]
PAGE = (PAGES / "docs/telling.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- example -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
README = (PAGES / "README.md").read_text(encoding="utf-8")
EXAMPLES += re.findall(r"```yaml\n(notify:\n.*?)```", README, re.DOTALL)


@pytest.mark.parametrize("text", EXAMPLES)
def test_an_example_is_taken(text: str, tmp_path: Path) -> None:
    (tmp_path / "estate.yaml").write_text(text)
    said = config.load(str(tmp_path / "estate.yaml"))
    assert settings(said.notify) or said.events


def test_there_are_examples() -> None:
    assert len(EXAMPLES) == 3


def test_every_field_of_a_template_is_listed() -> None:
    assert [name for name in FIELDS if f"`{name}`" not in PAGE] == []


def test_the_rules_ask_for_metrics_that_there_are(tmp_path: Path) -> None:
    store = Store.open(f"sqlite:///{tmp_path}/estate.db")
    Looking(store).look(finding("a"))
    text, _ = rendered(Metrics(store, ["appsec"]), "")
    store.close()
    there = {family.name for family in parsed(text.decode())}
    [rules] = re.findall(r"```yaml\n(groups:.*?)```", PAGE, re.DOTALL)
    asked = [rule["expr"] for rule in yaml.safe_load(rules)["groups"][0]["rules"]]
    assert {
        name for expression in asked for name in re.findall(r"keymuster_\w+", expression)
    } <= there
