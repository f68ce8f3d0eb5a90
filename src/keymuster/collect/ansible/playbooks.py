"""What plays, tasks, variables and inventories of Ansible say."""

from __future__ import annotations

from collections.abc import Container, Iterator
from itertools import chain

from msgspec.structs import replace

from keymuster import regex
from keymuster.collect import meanings
from keymuster.collect.ansible import modules
from keymuster.collect.base import Blob, Context, Observed
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.literals.search import once, within
from keymuster.collect.readers.kubernetes import declared
from keymuster.collect.syntax import documents
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.model import Credential, CredentialKind, Resource
from keymuster.model.ids import in_id

_PLAYBOOK = regex.later(rb"(?m)^-[ \t]+hosts[ \t]*:|^-[ \t]+name[ \t]*:[^\n]*\n[ \t]+hosts[ \t]*:")

_PLAY = {
    "hosts", "import_playbook", "ansible.builtin.import_playbook", "tasks", "pre_tasks", "post_tasks",
    "handlers", "roles",
}  # fmt: skip
_KEYWORDS = _PLAY | {
    "name", "when", "register", "loop", "loop_control", "until", "retries", "delay", "become",
    "become_user", "become_method", "become_flags", "vars", "tags", "notify", "no_log", "delegate_to",
    "delegate_facts", "run_once", "ignore_errors", "changed_when", "failed_when", "environment",
    "args", "block", "rescue", "always", "listen", "check_mode", "connection", "remote_user",
    "any_errors_fatal", "module_defaults", "collections", "async", "poll", "diff", "throttle",
    "timeout", "port", "debugger", "action", "local_action", "gather_facts", "serial", "strategy",
    "vars_files", "vars_prompt", "max_fail_percentage", "force_handlers", "order", "gather_subset",
    "ignore_unreachable", "become_exe", "first_available_file", "sudo", "sudo_user",
}  # fmt: skip
_LISTS_OF_TASKS = (
    "tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always",
)  # fmt: skip
_SIGNS = {"register", "when", "notify", "become", "loop", "delegate_to", "no_log", "loop_control"}
_MODULE = regex.later(r"(?:[a-z_][\w]{0,60}\.){2}[a-z_]\w{0,60}")
_DEEPEST = 30

_CONNECTION = regex.later(
    r"ansible_(?:\w{1,30}_)?(?:password|pass|passphrase)|ansible_(?:become|ssh|sudo|su)_pass(?:word)?"
)
_INVENTORY_LINE = regex.later(
    r"(?P<name>[A-Za-z_]\w{2,80})[ \t]{0,4}=[ \t]{0,4}(?P<value>\"[^\"\n]{1,200}\"|'[^'\n]{1,200}'|[^\s\"'#;]{1,200})"
)


class Playbooks:
    """Secrets by the names of their settings, and what tasks declare of the `wanted` types."""

    def __init__(self, context: Context, wanted: Container[str]) -> None:
        self._context = context
        self._wanted = wanted

    def read(self, blob: Blob, in_variables: bool) -> Iterator[Observed]:
        """A file in YAML; all of it is variables, or it is what it looks like."""
        for root in _documents(blob):
            if isinstance(root.value, list):
                yield from self._list(blob, root)
            elif in_variables or _is_yaml_inventory(root):
                yield from self._secrets(blob, root, "ansible-variables")

    def _list(self, blob: Blob, root: Node) -> Iterator[Observed]:
        items = [one for one in root.items() if isinstance(one.value, dict)]
        if not any(_is_ansible(one) for one in items):
            return
        for item in items:
            if _PLAY & item.value.keys():  # type: ignore[union-attr]
                yield from self._play(blob, item)
            else:
                yield from self._task(blob, item, 0)

    def _play(self, blob: Blob, play: Node) -> Iterator[Observed]:
        for key in ("vars", "roles", "environment"):
            if (found := play.get(key)) is not None:
                yield from self._secrets(blob, found, "ansible-variables")
        for key in _LISTS_OF_TASKS:
            found = play.get(key)
            for task in found.items() if found else ():
                yield from self._task(blob, task, 1)

    def _task(self, blob: Blob, task: Node, depth: int) -> Iterator[Observed]:
        if not isinstance(task.value, dict) or depth > _DEEPEST:
            return
        for key in ("block", "rescue", "always"):
            found = task.get(key)
            for inner in found.items() if found else ():
                yield from self._task(blob, inner, depth + 1)
        for key in ("vars", "environment", "args"):
            if (found := task.get(key)) is not None:
                yield from self._secrets(blob, found, "ansible-variables")
        module, parameters = _module(task)
        if parameters is None or not blob.counts(task.line, task.end_line):
            return
        stored = self._stored(blob, module, parameters)
        yield from once(chain(stored, self._secrets(blob, parameters, "ansible-task")))
        yield from self._declared(blob, task, module, parameters)

    def _stored(self, blob: Blob, module: str, parameters: Node) -> Iterator[Credential]:
        """The secret that a module is to put into a store."""
        sealing = Sealing.of(self._context, blob)
        for name in modules.SECRETS.get(module.rpartition(".")[2], ()):
            node = parameters.get(name)
            if node is None or node.tag or not isinstance(node.value, str):
                continue
            found = sealing.credential(
                node, name, declared_as="ansible-task", kind=CredentialKind.PASSWORD
            )
            if found is not None:
                yield found

    def _declared(
        self, blob: Blob, task: Node, module: str, parameters: Node
    ) -> Iterator[Observed]:
        if not isinstance(parameters.value, dict):
            return
        label = task.get("name")
        called = f"{label.text() if label else module}.{task.line}"
        for number, (kind, settings) in enumerate(modules.forms(module, parameters)):
            settings.line, settings.column = task.line, task.column
            settings.end_line, settings.end_column = task.end_line, task.end_column
            yield from _without_literals(
                meanings.records(
                    Declared(
                        type=kind, name=f"{called}.{number}" if number else called,
                        scope=f"ansible:{in_id(blob.path)}", settings=settings,
                        sealing=Sealing.of(self._context, blob),
                    ),
                    self._wanted,
                )
            )  # fmt: skip
        if "ansible:task" in self._wanted:
            no_log = task.get("no_log")
            yield Resource(
                id=f"resource:ansible:{in_id(blob.path)}:{called}",
                type="ansible:task",
                name=label.text() if label else module,
                location=task.location(),
                settings={
                    "module": module.rpartition(".")[2],
                    "no_log": no_log.text().lower() if no_log else "",
                    "parameters": modules.known(parameters).plain(),
                },
            )
        definition = parameters.get("definition") or parameters.get("resource_definition")
        if module.rpartition(".")[2] in ("k8s", "k8s_raw", "openshift_raw") and definition:
            for one in declared([modules.known(definition)], blob, self._context):
                yield from meanings.records(one, self._wanted)

    def _secrets(self, blob: Blob, node: Node, declared_as: str) -> Iterator[Credential]:
        sealing = Sealing.of(self._context, blob)
        found = within(node, sealing, declared_as=declared_as, counts=blob.counts)
        yield from map(_as_connection, found)

    def inventory(self, blob: Blob) -> Iterator[Observed]:
        """An inventory in INI form: `web1 ansible_host=10.0.0.1 ansible_password=...`."""
        file, sealing = File.of(blob), Sealing.of(self._context, blob)
        text = blob.text.content.decode("utf-8", "replace")
        for number, line in enumerate(text.split("\n"), 1):
            if line.lstrip().startswith(("#", ";")) or not blob.counts(number, number):
                continue
            for found in _INVENTORY_LINE.finditer(line[:4000]):
                node = Node(
                    value=None, file=file, line=number, column=found.start() + 1,
                    end_line=number, end_column=found.end() + 1,
                )  # fmt: skip
                value = found["value"].strip("\"'")
                secret = sealing.credential(
                    node, found["name"], value, declared_as="ansible-variables"
                )
                if secret is not None:
                    yield _as_connection(secret)


def _as_connection(one: Credential) -> Credential:
    """What Ansible signs in to hosts with is told apart from other variables."""
    if _CONNECTION.fullmatch(one.name):
        return replace(one, tags={**one.tags, "declared_as": "ansible-connection"})
    return one


def _without_literals(records: Iterator[Observed]) -> Iterator[Observed]:
    """What a task's parameters hold was found by their names already."""
    return (one for one in records if not (isinstance(one, Credential) and one.fingerprint))


def _documents(blob: Blob) -> list[Node]:
    try:
        return documents.documents(blob)
    except Broken:
        if _PLAYBOOK.search(blob.data):
            raise
        return []


def _is_yaml_inventory(root: Node) -> bool:
    return any(
        group.get("hosts") or group.get("children") or group.get("vars")
        for name, group in root.entries()
        if name in ("all", "ungrouped") or group.get("hosts")
    )


def _is_ansible(item: Node) -> bool:
    """Whether an entry of a list is a play or a task."""
    keys = item.value.keys() if isinstance(item.value, dict) else set()
    if "hosts" in keys or "import_playbook" in keys or any(map(_MODULE.fullmatch, keys)):
        return True
    module, parameters = _module(item)
    return parameters is not None and bool(_SIGNS & keys or _is_known(module))


def _is_known(module: str) -> bool:
    return module in modules.FORMS or module in modules.SECRETS or module in _COMMON


_COMMON = {
    "uri", "get_url", "shell", "command", "copy", "template", "mysql_user", "postgresql_user",
    "mysql_db", "postgresql_db", "docker_login", "docker_container", "user", "iam", "iam_policy",
    "k8s", "git", "debug", "set_fact", "include_vars", "lineinfile", "mongodb_user", "win_user",
    "rabbitmq_user", "htpasswd", "ec2", "cloudformation", "service", "apt", "yum", "file",
    "aws_s3", "add_host", "expect", "blockinfile",
}  # fmt: skip


def _module(task: Node) -> tuple[str, Node | None]:
    """The module that a task calls, and its parameters."""
    for key in ("action", "local_action"):
        found = task.get(key)
        if found is not None and (called := found.get("module")):
            return called.text(), found
    for key, node in task.entries():
        if key not in _KEYWORDS and not key.startswith("with_"):
            return key, node
    return "", None
