"""What Ansible declares and which secrets its variables, tasks and inventories hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from keymuster import regex
from keymuster.collect.base import Blob, Context, Observed, Reader
from keymuster.collect.literals.names import may_name_one
from keymuster.collect.marks import has, has_one

_TASKS = regex.later(
    rb"(?m)^[ \t]{0,8}-[ \t]+[\"']?(?:name|hosts|block|import_\w{1,30}|include\w{0,30}|become|"
    rb"(?:[a-z_]\w{0,40}\.){2}[a-z_]\w{0,60}|[a-z]\w{1,60})[\"']?[ \t]{0,8}:"
)
_LIST = regex.later(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*+(?:#[^\n]*+|---[^\n]*+|\r)?\n)*+[ \t]*+(?:--- *)?-[ \t\r\n]"
)
"""The first thing in a file of plays or tasks is an item of a list."""

_MAP = regex.later(
    rb"(?:\xef\xbb\xbf)?(?:[ \t]*+(?:#[^\n]*+|---[ \t]*+|\r)?\n)*+[A-Za-z_][\w.-]{0,200}[ \t]*+:[ \t\r\n]"
)
_NOT_ALONE = (b"hosts", b"\n...")
"""What a file has in which there may be plays, or another document behind the end of one."""

_VARIABLE_FOLDERS = ("group_vars/", "host_vars/", "vars/", "defaults/")
_VAULTED = b"$ANSIBLE_VAULT;"


class Ansible(Reader):
    """Playbooks, task files, variables and inventories. Vaulted values are none of its business."""

    name: ClassVar[str] = "ansible"

    def __init__(self, context: Context) -> None:
        self._context = context
        self._rules = context.rules  # not looked at before a file needs it: that loads them

    def reads(self, path: str) -> bool:
        return path.endswith((".yaml", ".yml")) or _is_inventory(path) or _is_variables(path)

    def read(self, blob: Blob) -> Iterator[Observed]:
        if blob.core is not None or blob.data[: len(_VAULTED)] == _VAULTED:
            return
        in_variables = _is_variables(blob.path)
        is_inventory = _is_inventory(blob.path)
        names_ansible = has(blob.data, b"ansible_")
        has_tasks = _LIST.match(blob.data) and _TASKS.search(blob.data)
        if not (names_ansible or (not is_inventory and (in_variables or has_tasks))):
            return
        if (is_inventory or _is_map(blob.text.content)) and not may_name_one(blob.text.content):
            return
        from keymuster.collect.ansible.playbooks import Playbooks

        playbooks = Playbooks(self._context, self._rules.resource_types)
        if is_inventory:
            yield from playbooks.inventory(blob)
        else:
            yield from playbooks.read(blob, in_variables)


def _is_map(content: bytes) -> bool:
    """Whether a file is for certain nothing but one map, of which nobody wants to know more than its
    names: neither plays nor tasks, and not several documents."""
    found = _MAP.match(content)
    return (
        found is not None
        and not has_one(content, _NOT_ALONE)
        and (content.find(b"\n---", found.end() - 1) < 0)
    )


def _is_variables(path: str) -> bool:
    if "vars/" not in path and "defaults/" not in path:
        return False
    return any(f"/{folder}" in f"/{path}" for folder in _VARIABLE_FOLDERS) and (
        path.endswith((".yaml", ".yml")) or "group_vars/" in path or "host_vars/" in path
    )


def _is_inventory(path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return name in ("hosts", "inventory") or name.endswith((".ini", ".inventory"))
