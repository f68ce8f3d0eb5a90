"""The objects that a service of the Serverless Framework becomes when it is deployed to AWS."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from keymuster.collect.base import Blob, Context
from keymuster.collect.cloudformation import templates
from keymuster.collect.cloudformation.intrinsics import Template, unknown
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax import json, yaml
from keymuster.collect.syntax.node import Broken, File, Node

DEFAULT_ROLE = "IamRoleLambdaExecution"
"""What the framework calls the role that all functions share that have none of their own."""


def objects(blob: Blob, scope: str, context: Context, *, surely: bool) -> Iterator[Declared]:
    """What a file declares if it is a service; of a broken one only a complaint if it surely is."""
    for document in _documents(blob, surely=surely):
        service = _Service(document, blob, scope, context)
        if service.is_one():
            yield from service.objects()


def _documents(blob: Blob, *, surely: bool) -> list[Node]:
    text = blob.text.content.decode("utf-8", "replace")
    try:
        if blob.path.lower().endswith(".json"):
            return [json.parse(text, File.of(blob))]
        return yaml.parse(text, File.of(blob))
    except Broken:
        if surely:
            raise
        return []


class _Service:
    def __init__(self, document: Node, blob: Blob, scope: str, context: Context) -> None:
        self._variables = _Variables(document)
        self._document = document
        self._blob = blob
        self._scope = scope
        self._context = context
        self._sealing = Sealing.of(context, blob)
        self._provider = self._value(document, "provider") or document.holding({})

    def is_one(self) -> bool:
        name = self._provider.get("name") or self._provider
        has_work = any(self._document.get(key) for key in ("functions", "resources", "service"))
        return name.text() == "aws" and has_work

    def objects(self) -> Iterator[Declared]:
        yield from self._roles()
        for name, node in self._functions():
            if self._blob.counts(node.line, node.end_line):
                yield from self._function(name, node)
        yield from self._api()
        resources = self._value(self._document, "resources")
        for part in resources.items() if resources else ():
            if isinstance(part.value, dict):
                template = Template(part)
                yield from templates.objects(template, self._scope, self._context, self._blob)

    def _roles(self) -> Iterator[Declared]:
        """The role of all functions, as far as the service says what it may do."""
        role = self._provider.get("iam", "role")
        made = {
            "Statement": self._statements(self._provider, role),
            "ManagedPolicyArns": self._provider.get("iamManagedPolicies")
            or (role and (role.get("managedPolicies"))),
            "PermissionsBoundary": self._provider.get("rolePermissionsBoundary")
            or (role and (role.get("permissionsBoundary") or role.get("permissionBoundary"))),
            "RoleName": role and role.get("name"),
        }
        if self._own_role(self._provider) is None:
            place = role or self._provider.get("iamRoleStatements") or self._provider
            yield self._role(DEFAULT_ROLE, place, made)

    def _statements(self, node: Node, role: Node | None) -> Node | None:
        return (role.get("statements") if role else None) or node.get("iamRoleStatements")

    def _role(self, name: str, place: Node, made: dict[str, Node | None]) -> Declared:
        statement = made.pop("Statement", None)
        settings: dict[str, object] = {key: value for key, value in made.items() if value}
        settings["AssumeRolePolicyDocument"] = _LAMBDA_TRUST
        if statement is not None:
            document = statement.holding({"Statement": statement})
            settings["Policies"] = [{"PolicyName": "statements", "PolicyDocument": document}]
        return self._declared("AWS::IAM::Role", name, place, settings)

    def _own_role(self, node: Node) -> Node | None:
        """A role that is named, by its ARN or by what declares it."""
        role = node.get("iam", "role") or node.get("role")
        return role if role and not role.get("statements") and _names_role(role) else None

    def _functions(self) -> Iterator[tuple[str, Node]]:
        functions = self._value(self._document, "functions")
        for part in functions.items() if functions else ():
            yield from part.entries()

    def _function(self, name: str, node: Node) -> Iterator[Declared]:
        id = _logical(name)
        statements = node.get("iamRoleStatements")
        role = self._own_role(node) or self._own_role(self._provider)
        if statements is not None:  # the plugin that gives each function a role
            inherited = self._statements(self._provider, self._provider.get("iam", "role"))
            inherits = node.get("iamRoleStatementsInherit")
            if inherits is not None and inherits.value is True and inherited is not None:
                statements = statements.holding([*statements.items(), *inherited.items()])
            yield self._role(f"{id}Role", statements, {"Statement": statements})
            role = node.holding(unknown(f"{id}Role.Arn"))
        variables = {
            key: value
            for where in (self._provider, node)
            for key, value in (where.get("environment") or node.holding({})).entries()
        }
        settings: dict[str, object] = {
            "FunctionName": node.get("name"),
            "Runtime": node.get("runtime") or self._provider.get("runtime"),
            "Role": _role_reference(role) if role else unknown(f"{DEFAULT_ROLE}.Arn"),
            "Environment": {"Variables": variables} if variables else None,
        }
        yield self._declared("AWS::Lambda::Function", f"{id}LambdaFunction", node, settings)
        yield from self._addresses(id, node)

    def _addresses(self, id: str, node: Node) -> Iterator[Declared]:
        """How a function is called over HTTP."""
        url = node.get("url")
        if url is not None and url.value is not False:
            asks = url.get("authorizer")
            type = "AWS_IAM" if asks and asks.text() == "aws_iam" else "NONE"
            yield self._declared(
                "AWS::Lambda::Url", f"{id}LambdaFunctionUrl", url, {"AuthType": type}
            )
        events = node.get("events")
        for index, event in enumerate(events.items() if events else ()):
            for word, type in _HTTP.items():
                if (call := event.get(word)) is not None:
                    yield self._declared(type, f"{id}Event{index}", call, self._call(call))

    def _call(self, call: Node) -> dict[str, object]:
        method = call.get("method")
        words = call.text().split()
        private = call.get("private")
        return {
            "HttpMethod": (method.text() if method else words[0] if words else "ANY").upper(),
            "RouteKey": call.text() or None,
            "AuthorizationType": "CUSTOM" if self._has_authorizer(call) else "NONE",
            "ApiKeyRequired": bool(private and private.value is True),
        }

    def _has_authorizer(self, call: Node) -> bool:
        for_all = self._provider.get("httpApi", "authorizers")
        return call.get("authorizer") is not None or for_all is not None

    def _api(self) -> Iterator[Declared]:
        gateway = self._provider.get("apiGateway")
        policy = gateway.get("resourcePolicy") if gateway else None
        policy = policy or self._provider.get("resourcePolicy")
        if policy is not None:
            document = policy.holding({"Statement": policy})
            yield self._declared(
                "AWS::ApiGateway::RestApi", "ApiGatewayRestApi", policy, {"Policy": document}
            )
        keys = (gateway.get("apiKeys") if gateway else None) or self._provider.get("apiKeys")
        for index, key in enumerate(keys.items() if keys else ()):
            settings = {"Name": key.get("name") or key.text(), "Value": key.get("value")}
            yield self._declared(
                "AWS::ApiGateway::ApiKey", f"ApiGatewayApiKey{index}", key, settings
            )

    def _declared(
        self, type: str, name: str, place: Node, settings: Mapping[str, object]
    ) -> Declared:
        kept = {key: value for key, value in settings.items() if value is not None}
        plain = place.made(kept)
        made = Template(place.holding({})).resolved(plain) or plain
        return Declared(
            type=type, name=name, scope=self._scope, settings=made, sealing=self._sealing
        )

    def _value(self, node: Node, key: str) -> Node | None:
        found = node.get(key)
        return self._variables.resolved(found) if found else None


_HTTP = {"http": "AWS::ApiGateway::Method", "httpApi": "AWS::ApiGatewayV2::Route"}

_LAMBDA_TRUST = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ]
}


def _names_role(role: Node) -> bool:
    """Whether a role is given, and not what the role of the service may do."""
    return bool(role.text()) or role.get("Fn::GetAtt") is not None or role.tag.startswith("!")


def _role_reference(role: Node) -> Node:
    """A role as its ARN, or by the logical name of what declares it: `role: MyRole`."""
    text = role.text()
    if not text or role.tag or ":" in text or "${" in text:
        return role
    return role.holding(unknown(f"{text}.Arn"))


def _logical(name: str) -> str:
    """The beginning of what the framework calls the objects of a function."""
    words = name.replace("-", "Dash").replace("_", "Underscore")
    return words[:1].upper() + words[1:]


_VARIABLE = re.compile(r"\$\{([^${}]*)\}")
_ROUNDS = 12
"""How often the innermost variables of a text are filled in: they may stand inside each other."""

_MOST = 60_000
"""Values, and sixteens of characters, that variables of one file may bring."""


class _Variables:
    """`${self:custom.x}`, `${opt:stage, 'dev'}`: what the file tells of them. The rest is unknown."""

    def __init__(self, document: Node) -> None:
        self._document = document
        self._left = _MOST

    def resolved(self, node: Node, depth: int = 0) -> Node:
        if depth:
            self._left -= 1
        match node.value:
            case dict() as entries:
                made = {key: self.resolved(one, depth) for key, one in entries.items()}
                return self._like(node, node.holding(made))
            case list() as items:
                return self._like(node, node.holding([self.resolved(one, depth) for one in items]))
            case str() as text if "${" in text:
                return self._like(node, self._filled(node, text, depth))
            case _:
                return node

    @staticmethod
    def _like(node: Node, made: Node) -> Node:
        made.tag, made.style = made.tag or node.tag, node.style
        return made

    def _filled(self, node: Node, text: str, depth: int) -> Node:
        whole = _VARIABLE.fullmatch(text)
        if whole and (found := self._meant(whole[1])) is not None:
            if depth >= _ROUNDS or self._left < 0:
                return node.holding(unknown(whole[1]))
            return self.resolved(found, depth + 1)
        for _ in range(_ROUNDS):
            before = text
            text = _VARIABLE.sub(self._part, text)
            self._left -= len(text) // 16
            if text == before or self._left < 0:
                break
        return node.holding(_VARIABLE.sub(lambda found: _left_open(found[1]), text))

    def _part(self, found: re.Match[str]) -> str:
        meant = self._meant(found[1])
        if meant is None or isinstance(meant.value, dict | list):
            return found[0]
        return meant.text()

    def _meant(self, words: str) -> Node | None:
        """The first of what a variable may be, parted by commas, that the file tells."""
        for word in (one.strip() for one in words.split(",")):
            if word.startswith("self:"):
                found = self._document.get(*filter(None, word[5:].split(".")))
                if found is not None:
                    return found
            elif len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
                return self._document.holding(word[1:-1])
        return None


def _left_open(name: str) -> str:
    """A variable that stays: one of CloudFormation, or unknown."""
    return "${" + name + "}" if name.startswith("AWS::") or ":" not in name else unknown(name)
