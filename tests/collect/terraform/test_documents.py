"""Policies: in heredocs, in `jsonencode`, in `aws_iam_policy_document`, with the places of statements."""

from __future__ import annotations

from keymuster.collect.syntax.node import Node
from terraforming import objects, settings


def statements(text: str, name: str = "aws_iam_policy.p") -> list[Node]:
    found = objects(text)[f".:{name}"].get("PolicyDocument", "Statement")
    assert found is not None
    return found.items()


def test_a_statement_in_a_heredoc_stands_where_it_is_written() -> None:
    text = """resource "aws_s3_bucket" "b" {
  bucket = "logs"
}
resource "aws_iam_policy" "p" {
  policy = <<-EOF
    {
      "Statement": [
        {"Effect": "Allow", "Action": "s3:*", "Resource": "arn:aws:s3:::${aws_s3_bucket.b.bucket}/*"},
        {"Effect": "Deny",
         "Action": "*", "Resource": "arn:${var.p}:s3:::${aws_x.y["k"].arn}/$${aws:username}"}
      ]
    }
  EOF
}
"""
    first, second = statements(text)
    assert first.plain()["Resource"] == "arn:aws:s3:::logs/*"
    assert second.plain()["Resource"] == 'arn:${var.p}:s3:::${aws_x.y["k"].arn}/${aws:username}'
    assert (first.line, first.column) == (8, 9)
    assert (second.line, second.column, second.end_line) == (9, 9, 10)
    assert text.splitlines()[second.end_line - 1][second.end_column - 2] == "}"


def test_a_gap_where_a_value_should_be_is_not_known() -> None:
    (one,) = statements(
        'resource "aws_iam_policy" "p" {\n  policy = <<EOF\n'
        '{"Statement": [{"Effect": "Allow", "Action": ${jsonencode(var.a)}, "Resource": ${jsonencode(["r"])}}]}\n'
        "EOF\n}\n"
    )
    assert one.plain() == {"Effect": "Allow", "Action": "${jsonencode(var.a)}", "Resource": ["r"]}


def test_json_in_quotes_has_its_places_too() -> None:
    text = 'resource "aws_iam_policy" "p" {\n  policy = "{\\"Statement\\": [{\\"Action\\": \\"*\\", \\"Effect\\": \\"Allow\\", \\"Resource\\": \\"*\\"}]}"\n}\n'
    (one,) = statements(text)
    assert one.column == text.splitlines()[1].index('{\\"Action') + 1


def test_text_that_is_no_json_stays_text() -> None:
    found = settings(
        'resource "aws_iam_policy" "p" {\n  policy = "{nonsense"\n}\n', "aws_iam_policy.p"
    )
    assert found == {"PolicyDocument": "{nonsense"}


def test_jsonencode_keeps_the_places_of_statements() -> None:
    text = """locals {
  extra = [{ Effect = "Deny", Action = "*", Resource = "*" }]
}
resource "aws_iam_policy" "p" {
  policy = jsonencode({
    Statement = concat([
      {
        Effect   = "Allow"
        Action   = ["s3:GetObject"]
        Resource = var.arn
      },
    ], local.extra)
  })
}
"""
    first, second = statements(text)
    assert (first.line, first.end_line) == (7, 11)
    assert first.plain()["Resource"] == "${var.arn}"
    assert second.line == 2


_DOCUMENT = """
data "aws_iam_policy_document" "base" {
  statement {
    sid     = "Read"
    actions = ["s3:GetObject"]
    resources = ["arn:aws:s3:::b/&{aws:username}/*"]
  }
  statement {
    sid         = "Rest"
    effect      = "Deny"
    not_actions = ["iam:*"]
    not_resources = ["r"]
    not_principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::111111111111:root"]
    }
  }
}
data "aws_iam_policy_document" "whole" {
  source_policy_documents   = [data.aws_iam_policy_document.base.json]
  override_policy_documents = [jsonencode({ Statement = [{ Sid = "Last", Effect = "Deny", Action = "*", Resource = "*" }] })]
  statement {
    sid     = "Read"
    actions = ["s3:PutObject"]
    resources = ["*"]
    principals {
      type        = "AWS"
      identifiers = ["a", "b"]
    }
    principals {
      type        = "AWS"
      identifiers = ["c"]
    }
    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
    condition {
      test     = "StringLike"
      variable = "aws:PrincipalArn"
      values   = ["x"]
    }
    condition {
      test     = "StringLike"
      variable = "aws:SourceArn"
      values   = ["y"]
    }
  }
  statement {
    sid     = "Last"
    actions = ["sts:AssumeRole"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
  }
}
resource "aws_iam_policy" "p" { policy = data.aws_iam_policy_document.whole.json }
"""


def test_documents_of_terraform_are_policies() -> None:
    assert [one.plain() for one in statements(_DOCUMENT)] == [
        {
            "Effect": "Allow",
            "Sid": "Read",
            "Action": ["s3:PutObject"],
            "Resource": ["*"],
            "Principal": {"AWS": ["a", "b", "c"], "Service": ["ec2.amazonaws.com"]},
            "Condition": {"StringLike": {"aws:PrincipalArn": ["x"], "aws:SourceArn": ["y"]}},
        },
        {
            "Effect": "Deny",
            "Sid": "Rest",
            "NotAction": ["iam:*"],
            "NotResource": ["r"],
            "NotPrincipal": {"AWS": ["arn:aws:iam::111111111111:root"]},
        },
        {"Sid": "Last", "Effect": "Deny", "Action": "*", "Resource": "*"},
    ]


def test_a_statement_block_is_the_place_of_its_statement() -> None:
    lines = _DOCUMENT.splitlines()
    read, rest, _ = statements(_DOCUMENT)
    assert (lines[read.line - 1], lines[read.end_line - 1]) == ("  statement {", "  }")
    assert "Rest" in lines[rest.line]


def test_variables_of_iam_are_written_as_iam_has_them() -> None:
    text = _DOCUMENT.replace(
        "aws_iam_policy_document.whole.json", "aws_iam_policy_document.base.json"
    )
    assert statements(text)[0].plain()["Resource"] == ["arn:aws:s3:::b/${aws:username}/*"]


def test_a_document_that_is_not_known_stands_for_its_statements() -> None:
    text = """
data "aws_iam_policy_document" "d" {
  source_policy_documents = [var.more]
  statement {
    actions = ["a:b"]
  }
}
resource "aws_iam_policy" "p" { policy = data.aws_iam_policy_document.d.json }
"""
    assert [one.plain() for one in statements(text)] == [
        "${var.more}",
        {"Effect": "Allow", "Action": ["a:b"]},
    ]


def test_a_document_that_nothing_takes_is_an_object_of_its_own() -> None:
    text = 'data "aws_iam_policy_document" "d" {\n  statement {\n    actions = ["*"]\n  }\n}\n'
    found = objects(text)
    assert found[".:data.aws_iam_policy_document.d"].settings.plain() == {
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": ["*"]}],
        }
    }
    used = text + 'resource "aws_iam_policy" "p" { policy = data.aws_iam_policy_document.d.json }\n'
    assert set(objects(used)) == {".:aws_iam_policy.p"}


def test_google_policies_are_documents_too() -> None:
    text = """
data "google_iam_policy" "a" {
  binding {
    role    = "roles/owner"
    members = ["allUsers"]
  }
}
resource "google_project_iam_policy" "p" { policy_data = data.google_iam_policy.a.policy_data }
"""
    found = settings(text, "google_project_iam_policy.p")
    assert "allUsers" in str(found["policy_data"])
