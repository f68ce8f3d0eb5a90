"""Projects of CodeBuild and pipelines of CodePipeline: the roles that they run as, their variables, and what
they sign in to sources with."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.aws.groups import groups
from keymuster.collect.aws.objects import capitalized, told
from keymuster.collect.aws.scope import Scope
from keymuster.collect.aws.surface import Surface, Told

_AT_ONCE = 100


def projects(ask: Scope) -> Iterator[Told]:
    names = ask.pages("codebuild:ListProjects", "projects")
    for some in groups(names, _AT_ONCE):
        for one in ask.pages("codebuild:BatchGetProjects", "projects", names=some):
            yield told("AWS::CodeBuild::Project", one["arn"], capitalized(one))
    for one in ask.pages("codebuild:ListSourceCredentials", "sourceCredentialsInfos"):
        settings = {
            "AuthType": one.get("authType"), "ServerType": one.get("serverType"),
            "Resource": one.get("resource"),
        }  # fmt: skip
        yield told("AWS::CodeBuild::SourceCredential", one["arn"], settings)


def pipelines(ask: Scope) -> Iterator[Told]:
    for listed in ask.pages("codepipeline:ListPipelines", "pipelines"):
        name = listed["name"]
        answer = ask.answer("codepipeline:GetPipeline", "PipelineNotFoundException", name=name)
        if answer is not None:
            one = capitalized(answer["pipeline"], "configuration")
            yield told("AWS::CodePipeline::Pipeline", ask.arn("codepipeline", name), one, name)


SURFACES = (
    Surface(
        name="codebuild",
        calls=(
            "codebuild:ListProjects",
            "codebuild:BatchGetProjects",
            "codebuild:ListSourceCredentials",
        ),
        types=("AWS::CodeBuild::Project", "AWS::CodeBuild::SourceCredential"),
        look=projects,
    ),
    Surface(
        name="codepipeline",
        calls=("codepipeline:ListPipelines", "codepipeline:GetPipeline"),
        types=("AWS::CodePipeline::Pipeline",),
        look=pipelines,
    ),
)
