"""Everything this package raises on purpose.

KeymusterError               exit 2: a sentence to stderr, then advice
├── SettingsError            the user's settings or arguments are wrong
├── RuleError                a rule file is wrong; carries its path
├── CollectError             a source could not be read
│   ├── AccessDenied         names the missing permission
│   ├── Unreachable          network or service trouble; worth a retry
│   └── Unreadable           a file or repository is not what its name says
├── PluginError              an extension does not keep its contract
└── ReportError              a report could not be written
"""

from __future__ import annotations

LATER = "Scan again when the machine has less to do."
"""Advice where time was short: what could not be read now may be read then."""


class KeymusterError(Exception):
    """Base of every error a caller may want to catch."""

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self._advice = advice

    def advice(self) -> str:
        """What the reader can do next; empty when the message already says it."""
        return self._advice


class SettingsError(KeymusterError):
    """The user's settings or arguments are wrong."""


class RuleError(KeymusterError):
    """A rule file is wrong."""

    def __init__(self, path: object, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = str(path)
        self.problem = problem

    def __reduce__(self) -> tuple[type[RuleError], tuple[str, str]]:
        return type(self), (self.path, self.problem)


class CollectError(KeymusterError):
    """A source could not be read; the scan goes on and the report says so."""


class AccessDenied(CollectError):
    """The credentials given do not allow a read the collector needs."""

    def __init__(self, permission: str) -> None:
        super().__init__(
            f"missing permission: {permission}",
            f"Grant {permission} (read-only) to the scanning identity.",
        )
        self.permission = permission

    def __reduce__(self) -> tuple[type[AccessDenied], tuple[str]]:
        return type(self), (self.permission,)


class Unreachable(CollectError):
    """The service did not answer."""


class Unreadable(CollectError):
    """A file or repository is not what its name says."""


class PluginError(KeymusterError):
    """An extension does not keep its contract."""


class ReportError(KeymusterError):
    """A report could not be written; what stood there before is untouched."""
