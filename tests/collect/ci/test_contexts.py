"""Who decides what a context expands to."""

from __future__ import annotations

import pytest

from keymuster.collect.ci.contexts import Control, control


@pytest.mark.parametrize(
    ("path", "who"),
    [
        ("github.event.issue.title", Control.ANYONE),
        ("github.event.commits.*.message", Control.ANYONE),
        ("github.event.pull_request.head.ref", Control.ANYONE),
        ("github.event.pull_request.head.repo.default_branch", Control.ANYONE),
        ("github.event.something.new", Control.ANYONE),
        ("github.event", Control.ANYONE),
        ("github", Control.ANYONE),
        ("github.head_ref", Control.ANYONE),
        ("github.ref_name", Control.CALLER),
        ("github.event.client_payload.x", Control.CALLER),
        ("inputs.x", Control.CALLER),
        ("steps.x.outputs.y", Control.EARLIER),
        ("steps.x.outcome", Control.NOBODY),
        ("needs.x.result", Control.NOBODY),
        ("github.actor", Control.NAME),
        ("github.event.repository.default_branch", Control.NAME),
        ("github.event.issue.number", Control.NOBODY),
        ("github.event.pull_request.head.sha", Control.NOBODY),
        ("github.event.pull_request.html_url", Control.NOBODY),
        ("github.event.deployment_status.target_url", Control.ANYONE),
        ("github.sha", Control.NOBODY),
        ("secrets.x", Control.SECRET),
        ("github.token", Control.SECRET),
        ("vars.x", Control.SETTING),
        ("runner.os", Control.NOBODY),
        ("something", Control.EARLIER),
    ],
)
def test_free_text_is_anyones_and_numbers_are_nobodys(path: str, who: Control) -> None:
    assert control(tuple(path.split("."))) is who
