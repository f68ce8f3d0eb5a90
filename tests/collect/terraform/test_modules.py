"""Resources by the instance, modules as they are called, blocks that are made."""

from __future__ import annotations

from keymuster.model import Trouble
from terraforming import everything, objects, settings


def test_a_resource_is_there_once_for_each_key() -> None:
    found = objects("""
resource "aws_iam_user" "u" {
  for_each = toset(["a", "b"])
  name     = "user-${each.key}"
}
resource "aws_iam_user" "n" {
  count = 2
  name  = "n${count.index}"
}
resource "aws_iam_user" "m" {
  for_each = { x = "one" }
  name     = "${each.key}-${each.value}"
}
resource "aws_iam_user" "none" {
  count = 0
  name  = "none"
}
""")
    assert {name: one.text("UserName") for name, one in found.items()} == {
        '.:aws_iam_user.u["a"]': "user-a",
        '.:aws_iam_user.u["b"]': "user-b",
        ".:aws_iam_user.n[0]": "n0",
        ".:aws_iam_user.n[1]": "n1",
        '.:aws_iam_user.m["x"]': "x-one",
    }


def test_one_stands_for_all_if_their_number_is_not_known() -> None:
    found = objects("""
resource "aws_iam_role" "r" {
  for_each = var.names
  name     = "r-${each.value}"
}
resource "aws_iam_role" "c" {
  count = var.make ? 1 : 0
}
resource "x_y" "z" {
  a = aws_iam_role.r["k"].arn
  b = aws_iam_role.c[0].arn
  c = aws_iam_role.c[*].arn
}
""")
    assert found[".:aws_iam_role.r"].text("RoleName") == "r-${each.value}"
    user = found[".:x_y.z"]
    assert user.target(user.text("a")) == found[".:aws_iam_role.r"].id
    assert user.target(user.text("b")) == found[".:aws_iam_role.c"].id
    assert user.target(user.texts("c")[0]) == found[".:aws_iam_role.c"].id


def test_too_many_instances_are_one_and_a_trouble() -> None:
    found = everything('resource "x_y" "z" {\n  count = 1000000000\n}\n')
    assert sorted(type(one).__name__ for one in found) == ["Declared", "Trouble"]


def test_dynamic_blocks_are_blocks() -> None:
    found = settings(
        """
resource "x_y" "z" {
  dynamic "rule" {
    for_each = { a = 1, b = 2 }
    iterator = it
    content {
      name = it.key
      size = it.value
    }
  }
  dynamic "open" {
    for_each = var.some
    content {
      name = open.value.name
    }
  }
}
""",
        "x_y.z",
    )
    assert found["rule"] == [{"name": "a", "size": 1}, {"name": "b", "size": 2}]
    assert found["open"] == {"name": "${open.value.name}"}


_MODULE = """
variable "name" {}
variable "suffix" { default = "s" }
resource "aws_iam_role" "ci" { name = "${var.name}-${var.suffix}" }
resource "aws_iam_role_policy" "p" { role = aws_iam_role.ci.id }
output "arn" { value = aws_iam_role.ci.arn }
output "name" { value = aws_iam_role.ci.name }
"""


def test_a_module_is_evaluated_as_it_is_called() -> None:
    found = objects(
        {
            "env/main.tf": """
module "one" {
  source = "../modules/role"
  name   = "a"
}
module "many" {
  source   = "../modules/role"
  for_each = toset(["x", "y"])
  name     = each.key
}
resource "x_y" "z" {
  a = module.one.arn
  b = module.many["y"].name
  c = [for m in module.many : m.arn]
}
""",
            "modules/role/main.tf": _MODULE,
        }
    )
    roles = {name: one.text("RoleName") for name, one in found.items() if one.type.endswith("Role")}
    assert roles == {
        "env:module.one.aws_iam_role.ci": "a-s",
        'env:module.many["x"].aws_iam_role.ci': "x-s",
        'env:module.many["y"].aws_iam_role.ci': "y-s",
    }
    policy = found["env:module.one.aws_iam_role_policy.p"]
    assert policy.target(policy.text("RoleName")) == "terraform:env:module.one.aws_iam_role.ci"
    user = found["env:x_y.z"]
    assert user.target(user.text("a")) == "terraform:env:module.one.aws_iam_role.ci"
    assert user.text("b") == "y-s"
    assert user.texts("c")[1] == '${module.many["y"].aws_iam_role.ci.arn}'


def test_a_module_that_nobody_calls_stands_for_itself() -> None:
    found = objects({"modules/role/main.tf": _MODULE})
    assert found["modules/role:aws_iam_role.ci"].text("RoleName") == "${var.name}-s"


def test_a_module_from_elsewhere_is_named() -> None:
    found = objects(
        'module "vpc" {\n  source = "terraform-aws-modules/vpc/aws"\n  version = "5"\n}\n'
    )
    assert found[".:module.vpc"].type == "terraform:module"
    assert found[".:module.vpc"].text("source") == "terraform-aws-modules/vpc/aws"


def test_policies_that_such_a_module_is_given_are_taken_apart() -> None:
    text = 'module "m" {\n  source = "far/away"\n  rules = jsonencode({ Statement = [{ Action = "*" }] })\n}\n'
    assert settings(text, "module.m")["rules"] == {"Statement": [{"Action": "*"}]}


def test_modules_that_call_each_other_end() -> None:
    files = {
        "a/main.tf": 'module "b" {\n  source = "../b"\n}\nresource "x_y" "a" {}\n',
        "b/main.tf": 'module "a" {\n  source = "../a"\n}\nresource "x_y" "b" {}\n',
    }
    assert {"a:x_y.a", "a:module.b.x_y.b"} <= set(objects(files))


def test_a_tower_of_modules_is_bounded() -> None:
    files = {
        f"m{n}/main.tf": "".join(
            f'module "c{m}" {{\n  source = "../m{n + 1}"\n}}\n' for m in range(10)
        )
        for n in range(14)
    }
    files["m14/main.tf"] = 'resource "x_y" "z" {}\n'
    found = everything(files)
    assert any(isinstance(one, Trouble) for one in found)
    assert len(found) < 20_000


def test_examples_beside_each_other_are_modules_of_their_own() -> None:
    found = objects(
        {
            "bad.tf": 'resource "x_y" "z" { v = 1 }\n',
            "good.tf": 'resource "x_y" "z" { v = 2 }\n',
            "rest.tf": 'resource "x_y" "other" {}\n',
        }
    )
    assert set(found) == {"bad.tf:x_y.z", "good.tf:x_y.z", ".:x_y.other"}


def test_providers_with_aliases_make_no_module_of_a_file() -> None:
    provider = 'provider "aws" {{\n  alias = "{}"\n}}\n'
    found = objects(
        {
            "a.tf": provider.format("one") + provider.format("two") + "locals { n = 1 }\n",
            "b.tf": 'provider "aws" {}\nresource "x_y" "z" { v = local.n }\n',
        }
    )
    assert found[".:x_y.z"].settings.plain() == {"v": 1}


def test_providers_backends_variables_and_outputs_are_objects_too() -> None:
    found = objects("""
terraform {
  backend "s3" {
    bucket = "b"
  }
}
provider "aws" {
  alias      = "far"
  access_key = var.key
}
variable "key" {
  type    = string
  default = "d"
}
output "o" {
  value     = var.key
  sensitive = true
}
""")
    assert {one.type: one.settings.plain() for one in found.values()} == {
        "terraform:backend": {"backend": "s3", "bucket": "b"},
        "terraform:provider": {"provider": "aws", "alias": "far", "access_key": "d"},
        "terraform:variable": {"variable": "key", "default": "d"},
        "terraform:output": {"output": "o", "value": "d", "sensitive": True},
    }


def test_the_tags_of_the_provider_are_on_what_has_tags() -> None:
    found = objects("""
provider "aws" {
  default_tags {
    tags = { Team = "core", Env = "prod" }
  }
}
resource "aws_iam_role" "r" { tags = { Env = "test" } }
resource "aws_iam_role_policy" "p" { role = "r" }
""")
    assert found[".:aws_iam_role.r"].settings.plain()["Tags"] == {"Team": "core", "Env": "test"}
    assert found[".:aws_iam_role_policy.p"].get("Tags") is None


def test_only_what_stands_in_changed_lines_counts() -> None:
    text = 'resource "x_y" "a" {\n  v = 1\n}\nresource "x_y" "b" {\n  v = 1\n}\n'
    found = objects({"main.tf": text}, changed={"main.tf": [(5, 5)]})
    assert set(found) == {".:x_y.b"}


def test_the_json_form_means_the_same() -> None:
    found = objects(
        {
            "main.tf.json": """{
  "resource": {"aws_iam_role": {"ci": {
    "name": "ci-${var.env}",
    "tags": {"kept_as_is": "x"},
    "inline_policy": [{"name": "p", "policy": "${jsonencode({Statement = []})}"}]
  }}},
  "variable": {"env": {"default": "prod"}},
  "module": {"m": {"source": "./m"}}
}""",
            "m/main.tf": 'resource "x_y" "z" {}\n',
        }
    )
    role = found[".:aws_iam_role.ci"]
    assert role.settings.plain() == {
        "RoleName": "ci-prod",
        "Tags": {"kept_as_is": "x"},
        "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": []}}],
    }
    assert role.location.line == 2
    assert ".:module.m.x_y.z" in found


def test_files_are_taken_in_if_they_were_seen() -> None:
    found = objects(
        {
            "infra/main.tf": """
resource "aws_iam_policy" "p" { policy = file("${path.module}/p.json") }
resource "aws_instance" "i" { user_data = templatefile("init.tpl", { a = "x" }) }
""",
            "infra/p.json": '{\n  "Statement": [\n    {"Effect": "Allow", "Action": "*"}\n  ]\n}',
            "infra/init.tpl": "env=${a} $${HOME}\n",
        }
    )
    statement = found["infra:aws_iam_policy.p"].get("PolicyDocument", "Statement")
    assert statement is not None
    place = statement.items()[0].location()
    assert (place.path, place.line, place.column) == ("infra/p.json", 3, 5)
    assert found["infra:aws_instance.i"].text("UserData") == "env=x ${HOME}\n"


def test_a_managed_policy_is_looked_up_by_its_name() -> None:
    text = """
data "aws_iam_policy" "p" {
  name = "%s"
}
resource "aws_iam_role_policy_attachment" "a" {
  policy_arn = data.aws_iam_policy.p.arn
}
"""
    name = "aws_iam_role_policy_attachment.a"
    published = settings(text % "AmazonS3ReadOnlyAccess", name)
    assert published["policy_arn"] == "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    own = settings(text % "deployer", name)
    assert own["policy_arn"] == "arn:aws:iam::${AWS::AccountId}:policy/deployer"


def test_a_policy_that_is_looked_up_and_not_attached_is_declared_as_such() -> None:
    lookup = 'data "aws_iam_policy" "p" {\n  name = "AdministratorAccess"\n}\n'
    assert objects(lookup)[".:data.aws_iam_policy.p"].type == "data.aws_iam_policy"
    attached = 'resource "aws_iam_role_policy_attachment" "a" {\n  policy_arn = data.aws_iam_policy.p.arn\n}\n'
    assert set(objects(lookup + attached)) == {".:aws_iam_role_policy_attachment.a"}
