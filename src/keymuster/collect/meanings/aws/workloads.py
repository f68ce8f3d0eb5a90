"""Workloads, agents and services that act as a role: which of them, and as which."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.collect.agents.clouds import agent, agent_id
from keymuster.collect.declared import Declared
from keymuster.collect.meanings.aws.names import alias, tags, who
from keymuster.collect.syntax.node import Node
from keymuster.model import Observation, Resource, Use, UseKind
from keymuster.model.kubernetes import by_issuer

_ROLES: dict[str, tuple[str, ...]] = {
    "AWS::Amplify::App": ("IAMServiceRole", "ComputeRoleArn"),
    "AWS::AppRunner::Service": (
        "InstanceConfiguration.InstanceRoleArn",
        "SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",
    ),
    "AWS::AppSync::DataSource": ("ServiceRoleArn",),
    "AWS::Batch::JobDefinition": (
        "ContainerProperties.JobRoleArn",
        "ContainerProperties.ExecutionRoleArn",
    ),
    "AWS::Bedrock::Agent": ("AgentResourceRoleArn",),
    "AWS::Bedrock::DataAutomationProject": ("RoleArn",),
    "AWS::Bedrock::Flow": ("ExecutionRoleArn",),
    "AWS::Bedrock::KnowledgeBase": ("RoleArn",),
    "AWS::BedrockAgentCore::BrowserCustom": ("ExecutionRoleArn",),
    "AWS::BedrockAgentCore::CodeInterpreterCustom": ("ExecutionRoleArn",),
    "AWS::BedrockAgentCore::Gateway": ("RoleArn",),
    "AWS::BedrockAgentCore::Harness": ("ExecutionRoleArn",),
    "AWS::BedrockAgentCore::Memory": ("MemoryExecutionRoleArn",),
    "AWS::BedrockAgentCore::PaymentManager": ("RoleArn",),
    "AWS::BedrockAgentCore::Runtime": ("RoleArn",),
    "AWS::CodeBuild::Project": ("ServiceRole",),
    "AWS::CloudFormation::Stack": ("RoleARN",),
    "AWS::CodeDeploy::DeploymentGroup": ("ServiceRoleArn",),
    "AWS::CodePipeline::Pipeline": ("RoleArn", "Stages.Actions.RoleArn"),
    "AWS::DataPipeline::Pipeline": ("Role",),
    "AWS::ECS::Service": ("Role",),
    "AWS::ECS::TaskDefinition": ("TaskRoleArn", "ExecutionRoleArn"),
    "AWS::EKS::Cluster": ("RoleArn",),
    "AWS::EKS::FargateProfile": ("PodExecutionRoleArn",),
    "AWS::EKS::Nodegroup": ("NodeRole",),
    "AWS::ElasticBeanstalk::Environment": ("OperationsRole",),
    "AWS::EMR::Cluster": ("ServiceRole",),
    "AWS::Events::Rule": ("RoleArn", "Targets.RoleArn"),
    "AWS::GameLift::Fleet": ("InstanceRoleARN",),
    "AWS::Glue::Crawler": ("Role",),
    "AWS::Glue::DevEndpoint": ("RoleArn",),
    "AWS::Glue::Job": ("Role",),
    "AWS::IoT::RoleAlias": ("RoleArn",),
    "AWS::KinesisAnalyticsV2::Application": ("ServiceExecutionRole",),
    "AWS::KinesisFirehose::DeliveryStream": (
        "ExtendedS3DestinationConfiguration.RoleARN",
        "S3DestinationConfiguration.RoleARN",
    ),
    "AWS::Lambda::Function": ("Role",),
    "AWS::MWAA::Environment": ("ExecutionRoleArn",),
    "AWS::Pipes::Pipe": ("RoleArn",),
    "AWS::RolesAnywhere::Profile": ("RoleArns",),
    "AWS::SageMaker::Domain": ("DefaultUserSettings.ExecutionRole",),
    "AWS::SageMaker::Model": ("ExecutionRoleArn",),
    "AWS::SageMaker::NotebookInstance": ("RoleArn",),
    "AWS::SageMaker::Pipeline": ("RoleArn",),
    "AWS::SageMaker::UserProfile": ("UserSettings.ExecutionRole",),
    "AWS::Scheduler::Schedule": ("Target.RoleArn",),
    "AWS::Serverless::Function": ("Role",),
    "AWS::Serverless::StateMachine": ("Role",),
    "AWS::StepFunctions::StateMachine": ("RoleArn",),
    "AWS::Synthetics::Canary": ("ExecutionRoleArn",),
    "AWS::Transfer::User": ("Role",),
}
"""Type -> where it names its roles."""

_PLATFORM: dict[str, tuple[str, ...]] = {
    "AWS::AppRunner::Service": ("SourceConfiguration.AuthenticationConfiguration.AccessRoleArn",),
    "AWS::Batch::JobDefinition": ("ContainerProperties.ExecutionRoleArn",),
    "AWS::ECS::TaskDefinition": ("ExecutionRoleArn",),
}
"""Those of them that AWS has to start a workload, and what runs in it has not."""

_PROFILES: dict[str, tuple[str, ...]] = {
    "AWS::AutoScaling::LaunchConfiguration": ("IamInstanceProfile",),
    "AWS::EC2::Instance": ("IamInstanceProfile",),
    "AWS::EC2::LaunchTemplate": (
        "LaunchTemplateData.IamInstanceProfile.Arn",
        "LaunchTemplateData.IamInstanceProfile.Name",
    ),
    "AWS::EC2::SpotFleet": (
        "SpotFleetRequestConfigData.LaunchSpecifications.IamInstanceProfile.Arn",
    ),
    "AWS::EMR::Cluster": ("JobFlowRole",),
    "AWS::ImageBuilder::InfrastructureConfiguration": ("InstanceProfileName",),
}
"""Type -> where it names an instance profile, which hands on a role."""

_CALLED: dict[str, tuple[str, tuple[str, ...]]] = {
    "AWS::AppRunner::Service": ("service", ("ServiceName",)),
    "AWS::Batch::JobDefinition": ("job-definition", ("JobDefinitionName", "Name")),
    "AWS::BedrockAgentCore::BrowserCustom": ("browser", ()),
    "AWS::BedrockAgentCore::CodeInterpreterCustom": ("code-interpreter", ()),
    "AWS::BedrockAgentCore::Runtime": ("agent-runtime", ()),
    "AWS::CloudFormation::Stack": ("stack", ("StackName",)),
    "AWS::CodeBuild::Project": ("project", ("Name",)),
    "AWS::EC2::Instance": ("instance", ()),
    "AWS::EC2::LaunchTemplate": ("launch-template", ()),
    "AWS::Glue::DevEndpoint": ("dev-endpoint", ("EndpointName",)),
    "AWS::Lambda::Function": ("function", ("FunctionName",)),
    "AWS::SageMaker::NotebookInstance": ("notebook", ("NotebookInstanceName",)),
    "AWS::Serverless::Function": ("function", ("FunctionName",)),
    "AWS::Serverless::StateMachine": ("state-machine", ("Name",)),
    "AWS::StepFunctions::StateMachine": ("state-machine", ("StateMachineName",)),
}
"""Type -> the kind of thing that it is, as `rules/known/aws-escalations.yaml` has it, and where it gives
the name that is in its ARN; none if AWS makes that."""

_OF_SERVICE = ":role/aws-service-role/"
"""Roles that AWS makes for a service, and nobody else: all that the service runs has the same."""

_AGENTS = ("AWS::Bedrock::", "AWS::BedrockAgentCore::")

_NAMED_AGENTS: dict[str, tuple[str, ...]] = {
    "AWS::Bedrock::Agent": ("AgentName",),
    "AWS::BedrockAgentCore::Harness": ("HarnessName", "Name"),
    "AWS::BedrockAgentCore::Runtime": ("AgentRuntimeName",),
}
"""Those that are agents themselves, and where they say their name: the others are what agents have."""


def workload(one: Declared) -> Iterator[Observation]:
    kind_of_all = _kind(one.type)
    yield from called(one)
    by = one.id
    if (names := _NAMED_AGENTS.get(one.type)) is not None:
        runs_in = one.id if one.type in _CALLED else ""
        yield from agent(one, "bedrock", names, ("Description",), tags(one), uses=runs_in)
        by = one.id if runs_in else agent_id(one)
    for word, table in (("role", _ROLES), ("instance-profile", _PROFILES)):
        for path in table.get(one.type, ()):
            for node in at(one.settings, path):
                if _OF_SERVICE in node.text():
                    continue
                kind = UseKind.OTHER if path in _PLATFORM.get(one.type, ()) else kind_of_all
                yield from _use(one, who(one, node.text(), word), path, kind, node, by)


def _kind(type: str) -> UseKind:
    if type == "AWS::CloudFormation::Stack":
        return UseKind.WORKFLOW  # it deploys, and nothing runs in it
    return UseKind.AGENT if type.startswith(_AGENTS) else UseKind.WORKLOAD


def registered(one: Declared) -> Iterator[Observation]:
    """An agent that stands in the registry of AgentCore. Tools and skills stand there, too."""
    if one.text("DescriptorType") == "A2A":
        told = {"registry": one.text("Status").lower() or "draft"}
        yield from agent(one, "bedrock", ("Name",), ("Description",), told)


def called(one: Declared) -> Iterator[Resource]:
    """A workload by the name that policies call it by."""
    word, settings = _CALLED.get(one.type, ("", ()))
    if not word:
        return
    name = next((text for key in settings if (text := one.known(key))), "")
    yield Resource(
        id=one.id, type=f"aws:{word}", name=name or one.name, location=one.location,
        aliases=alias(one, word, name),
    )  # fmt: skip


def cluster(one: Declared) -> Iterator[Observation]:
    """Tasks have no names of their own that are known: they are called by that of their cluster."""
    name = one.known("ClusterName")
    yield Resource(
        id=one.id, type="aws:task", name=name or one.name, location=one.location,
        aliases=alias(one, "task", name),
    )  # fmt: skip


def service(one: Declared) -> Iterator[Observation]:
    """A service whose tasks take commands: who may send them has what its task definition has."""
    yield from workload(one)
    definition = _meant(one, one.text("TaskDefinition"))
    if definition and one.text("EnableExecuteCommand").lower() == "true":
        text = one.text("Cluster")
        by = _meant(one, text) or f"aws:task/{text.rpartition('/')[2] or 'default'}"
        yield from _use(one, definition, "TaskDefinition", UseKind.OTHER, one.settings, by)


def _meant(one: Declared, text: str) -> str:
    """The object that a setting names: a reference where it is declared, its ARN where it exists."""
    return text if one.key and text.startswith("arn:") else one.target(text)


def sam_workload(one: Declared) -> Iterator[Observation]:
    """As any, but SAM makes a role of its own for one that names none."""
    if one.get("Role") is not None:
        yield from workload(one)
    else:
        yield from called(one)
        yield from _use(one, f"{one.id}Role", "Role", UseKind.WORKLOAD, one.settings)


def identity_pool(one: Declared) -> Iterator[Observation]:
    """The roles that those get who sign in at an identity pool, or do not."""
    roles = one.get("Roles")
    for key, node in roles.entries() if roles else ():
        yield from _use(one, who(one, node.text(), "role"), f"Roles.{key}", UseKind.OTHER, node)


def pods(one: Declared) -> Iterator[Observation]:
    """The role that pods of a service account in a cluster get: it is that account which consumes it.
    Of what exists the cluster is known, by the issuer of its tokens, and others have accounts of the same name."""
    namespace, account = one.known("Namespace"), one.known("ServiceAccount")
    issuer = one.known("OpenIdConnectIssuerUrl")
    by = one.id
    if namespace and account and not one.key:
        by = f"kubernetes:ServiceAccount/{namespace}/{account}"
    elif namespace and account and issuer:
        by = by_issuer(issuer, namespace, account)
    for path in ("RoleArn", "TargetRoleArn"):
        for node in at(one.settings, path):
            subject = who(one, node.text(), "role")
            yield from _use(one, subject, path, UseKind.WORKLOAD, node, by)


def _use(
    one: Declared, subject: str, path: str, kind: UseKind, node: Node, by: str = ""
) -> Iterator[Use]:
    if subject:
        yield Use(
            id=f"{one.id}#{path}/{subject}",
            subject=subject,
            by=by or one.id,
            kind=kind,
            location=node.location(),
        )


def at(node: Node, path: str) -> Iterator[Node]:
    """What is in a map under the keys of a path, in each item where there are lists."""
    key, _, rest = path.partition(".")
    for item in node.items():
        if (found := item.get(key)) is not None:
            yield from at(found, rest) if rest else found.items()


TYPES = {
    **dict.fromkeys((*_ROLES, *_PROFILES), workload),
    "AWS::BedrockAgentCore::RegistryRecord": registered,
    "AWS::Cognito::IdentityPoolRoleAttachment": identity_pool,
    "AWS::ECS::Cluster": cluster,
    "AWS::ECS::Service": service,
    "AWS::EKS::PodIdentityAssociation": pods,
    "AWS::Serverless::Function": sam_workload,
    "AWS::Serverless::StateMachine": sam_workload,
}
