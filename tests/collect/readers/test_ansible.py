"""What Ansible's files declare and which secrets they hold."""

from __future__ import annotations

import pytest
from hypothesis import given

from keymuster.collect.ansible import playbooks
from keymuster.collect.base import Blob
from keymuster.collect.readers.ansible import Ansible
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Credential, Resource
from keymuster.rules.schema import RuleSet
from reading import only, read, said, structures, survives


def kinds(observed: list[object]) -> list[str]:
    return [one.tags["declared_as"] for one in only(Credential, observed)]


def test_secrets_of_plays_tasks_and_blocks_are_found() -> None:
    text = """\
    - hosts: db
      vars: {db_password: letmein1}
      roles: [{role: db, vars: {admin_password: letmein2}}]
      tasks:
        - name: user
          community.mysql.mysql_user: {name: app, password: letmein3, update_password: on_create}
        - block:
            - local_action: {module: uri, url: https://example.com, url_password: letmein4}
          rescue:
            - win_user: {name: a, password: letmein5}
              environment: {API_PASSWORD: letmein6}
      handlers:
        - docker_login: {username: ci, password: letmein7}
    """
    found = read(Ansible, "site.yml", text)
    assert sorted(line for _, line in said(found)) == [2, 3, 6, 8, 10, 11, 13]
    assert "letmein" not in repr(found)
    assert set(kinds(found)) == {"ansible-variables", "ansible-task"}


def test_vaulted_and_looked_up_values_are_none() -> None:
    text = """\
    - community.mysql.mysql_user:
        name: app
        password: !vault |
          $ANSIBLE_VAULT;1.1;AES256
          6162
        login_password: "{{ lookup('env', 'PASSWORD') }}"
    """
    assert only(Credential, read(Ansible, "tasks.yml", text)) == []
    assert read(Ansible, "group_vars/all.yml", "$ANSIBLE_VAULT;1.1;AES256\n6162\n") == []


def test_the_secret_that_a_module_puts_into_a_store_is_one_whatever_it_looks_like() -> None:
    text = """\
    - name: one
      azure_rm_keyvaultsecret: {secret_name: db-secret, secret_value: letmein1}
    - name: other
      azure_rm_keyvaultsecret: {secret_name: db-secret, secret_value: "{{ password }}"}
    """
    assert [line for _, line in said(read(Ansible, "tasks/main.yml", text))] == [2]


@pytest.mark.parametrize(
    "path", ["group_vars/all.yml", "a/host_vars/web1", "roles/x/defaults/main.yml", "roles/x/vars/main.yaml"]
)  # fmt: skip
def test_variables_are_known_by_their_folders(path: str) -> None:
    assert kinds(read(Ansible, path, "db_password: letmein\n")) == ["ansible-variables"]


def test_what_ansible_signs_in_with_is_told_apart() -> None:
    text = (
        "[web]\nweb1 ansible_host=10.0.0.1 ansible_password='letmein' # x\n# ansible_password=a\n"
    )
    found = read(Ansible, "inventories/hosts", text)
    assert said(found) == [("ansible_password", 2)]
    assert kinds(found) == ["ansible-connection"]
    text = "all:\n  hosts: {web1: {ansible_become_pass: letmein}}\n"
    assert kinds(read(Ansible, "inventory.yml", text)) == ["ansible-connection"]


@pytest.mark.parametrize(
    "behind",
    ["---\n- {user: {name: a, password: letmein}}\n", "...\n- {user: {name: a, no_log: no}}\n",
     "list:\n- hosts: all\n  tasks: [\n", "pass: a\n"],
)  # fmt: skip
def test_variables_without_words_of_secrets_are_not_looked_at_any_further(
    behind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[str] = []

    def documents(blob: Blob) -> list[Node]:
        looked_at.append(blob.path)
        return []

    monkeypatch.setattr(playbooks, "_documents", documents)
    plain = "---\n# All of them.\nport: 80\nitems:\n- a\n"
    assert read(Ansible, "vars/main.yml", plain) == looked_at == []
    read(Ansible, "vars/main.yml", plain + behind)
    assert looked_at == ["vars/main.yml"]


def declared(text: str, *types: str) -> list[Resource]:
    rules = RuleSet(tokens=[], policies=[], frameworks=[], mapping={}, samples={})
    reader = read(Ansible, "a.yml", text, rules=_wanting(rules, *types))
    return only(Resource, reader)


def _wanting(rules: RuleSet, *types: str) -> RuleSet:
    from msgspec.structs import replace

    from keymuster import pipeline

    [policy] = [one for one in pipeline.load_rules().policies if one.id == "tiller-deployed"]
    return replace(rules, policies=[replace(policy, types=list(types))])


def test_a_task_declares_an_object_of_its_cloud_where_it_stands() -> None:
    text = """\
    - name: trust
      amazon.aws.iam_role:
        name: ci
        assume_role_policy_document: '{"Statement": [{"Principal": {"AWS": "*"}}]}'
        managed_policies: arn:aws:iam::aws:policy/AdministratorAccess
        tags: {owner: me}
    """
    [role] = declared(text, "AWS::IAM::Role")
    assert role.settings == {
        "RoleName": "ci",
        "AssumeRolePolicyDocument": {"Statement": [{"Principal": {"AWS": "*"}}]},
        "ManagedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"],
        "Tags": [{"Key": "owner", "Value": "me"}],
    }
    assert (role.location.line, role.location.end_line) == (1, 6)  # type: ignore[union-attr]


def test_a_task_that_takes_something_away_declares_nothing() -> None:
    text = "- amazon.aws.iam_role: {name: ci, state: absent}\n"
    assert declared(text, "AWS::IAM::Role") == []


def test_a_manifest_in_a_task_is_one() -> None:
    text = """\
    - kubernetes.core.k8s:
        definition:
          apiVersion: v1
          kind: Pod
          metadata: {name: a}
          spec: {containers: [{name: a, image: b}]}
    """
    assert [one.type for one in declared(text, "x")] == ["Workload"]


def test_lists_of_something_else_are_left_alone() -> None:
    for text in (
        "- name: a\n  password: letmein\n",
        "- name: step\n  run: deploy\n  env: {PASSWORD: letmein}\n",
        "- a\n- b\n",
    ):
        assert read(Ansible, "a.yml", text) == []


def test_a_broken_playbook_is_said_to_be() -> None:
    with pytest.raises(Broken):
        read(Ansible, "site.yml", "- hosts: all\n  tasks: [\n")
    assert read(Ansible, "a.yml", "- name: all\n  tasks: [\n") == []


def test_only_tasks_that_changed_count() -> None:
    text = "- user: {name: a, password: one}\n- user: {name: b, password: two}\n"
    assert said(read(Ansible, "a.yml", text, changed=[(2, 2)])) == [("password", 2)]


KEYS = (
    "hosts", "tasks", "vars", "block", "name", "when", "amazon.aws.iam_role", "iam", "iam_policy", "iam_type",
    "access_key_state", "active", "managed_policies", "policy", "policy_json", "user", "state", "tags",
    "assume_role_policy_document", "kubernetes.core.k8s", "definition", "apiVersion", "kind", "Pod",
    "gcp_compute_instance", "service_accounts", "azure_rm_aks", "service_principal", "local_action", "module",
    "{{ a }}", "{\"a\": [", "password", "no_log",
)  # fmt: skip


@given(structures(*KEYS), structures(*KEYS))
def test_anything_is_read(one: object, other: object) -> None:
    play = {
        "hosts": "all",
        "vars": one,
        "tasks": [{"amazon.aws.iam_role": other}, {"iam": one}, other],
    }
    survives(Ansible, "site.yml", [play, {"block": [one]}, other])
    survives(Ansible, "group_vars/a.yml", one)
    task = {"name": "x", "when": "a", "community.aws.iam": one, "args": other}
    survives(
        Ansible,
        "tasks.yml",
        [task, {"amazon.aws.iam_policy": one}, {"azure.a.azure_rm_aks": other}],
    )
