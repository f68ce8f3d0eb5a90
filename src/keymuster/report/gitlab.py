"""The secrets that were found, as GitLab's secret detection reports them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, TextIO

from keymuster.model import Finding, Report
from keymuster.report import _gitlab
from keymuster.report._alike import is_leak
from keymuster.report.base import Reporter, Style


class Gitlab(Reporter):
    """One vulnerability for each place of a secret. GitLab takes no other findings in a report of this kind: those
    are in `gitlab-sast`."""

    name: ClassVar[str] = "gitlab"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        secrets = [one for one in report.findings if is_leak(one)]
        others = [one for one in report.findings if not is_leak(one)]
        messages = (*_gitlab.accepted(secrets), *_elsewhere(_gitlab.open_of(others)))
        _gitlab.write(report, "secret_detection", _gitlab.open_of(secrets), messages, out)


def _elsewhere(others: list[Finding]) -> Iterator[str]:
    if number := len(others):
        what = "finding that is no secret is" if number == 1 else "findings that are no secrets are"
        yield f"{number} {what} not in this report; -o gitlab-sast=FILE writes them."
