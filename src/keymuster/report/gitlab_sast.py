"""The findings that are no secrets, as GitLab's static application security testing reports them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, TextIO

from keymuster.model import Report
from keymuster.report import _gitlab
from keymuster.report._alike import is_leak
from keymuster.report.base import Reporter, Style


class GitlabSast(Reporter):
    """One vulnerability for each place. GitLab has no kind of report for identities and what they may do; what
    other scanners say of declared infrastructure comes to it in one of this kind."""

    name: ClassVar[str] = "gitlab-sast"

    def __init__(self, style: Style) -> None:
        pass

    def write(self, report: Report, out: TextIO) -> None:
        rest = [one for one in report.findings if not is_leak(one)]
        secrets = [one for one in _gitlab.open_of(report.findings) if is_leak(one)]
        messages = (*_gitlab.accepted(rest), *_elsewhere(len(secrets)))
        _gitlab.write(report, "sast", _gitlab.open_of(rest), messages, out)


def _elsewhere(number: int) -> Iterator[str]:
    if number:
        secrets = "secret is" if number == 1 else "secrets are"
        yield f"{number} {secrets} not in this report; -o gitlab=FILE writes them."
