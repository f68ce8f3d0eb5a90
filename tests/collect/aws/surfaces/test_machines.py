from __future__ import annotations

from base64 import b64encode
from gzip import compress

import moto_server
from asking_aws import answering, asked, objects, records
from keymuster.collect.aws.start_scripts import script
from keymuster.collect.declared import Declared
from keymuster.model import Credential, Use
from keymuster.rules.schema import RuleSet
from reading import only

PASSWORD = "hiccup-" + "wagon-93-rusk"
SCRIPT = f"#!/bin/sh\nexport DB_PASSWORD={PASSWORD}\n"
ENCODED = b64encode(SCRIPT.encode()).decode()


def image(endpoint: str) -> str:
    return str(
        moto_server.client("ec2", endpoint).describe_images(Owners=["amazon"])["Images"][0][
            "ImageId"
        ]
    )


def test_an_instance_has_a_profile_a_script_and_rules_of_who_reaches_it(
    aws: str, rules: RuleSet
) -> None:
    moto_server.client("iam", aws).create_instance_profile(InstanceProfileName="web")
    client = moto_server.client("ec2", aws)
    group = client.create_security_group(GroupName="web", Description="web")["GroupId"]
    client.authorize_security_group_ingress(
        GroupId=group, IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0"
    )
    client.run_instances(
        ImageId=image(aws), MinCount=1, MaxCount=1, UserData=SCRIPT,
        IamInstanceProfile={"Name": "web"},
        NetworkInterfaces=[
            {"DeviceIndex": 0, "AssociatePublicIpAddress": True, "Groups": [group]}
        ],
    )  # fmt: skip
    [one] = objects(asked("ec2"))["AWS::EC2::Instance"]
    assert one.text("PublicIpAddress")
    groups = one.get("SecurityGroups").plain()  # type: ignore[union-attr]
    assert groups[0]["IpPermissions"][0]["IpRanges"][0]["CidrIp"] == "0.0.0.0/0"
    found = records([one], rules)
    assert [use.subject for use in only(Use, found)] == ["aws:123456789012:instance-profile/web"]
    assert [each.tags["declared_as"] for each in only(Credential, found)] == ["start-script"]


def test_a_template_in_its_version_of_use_and_in_its_last(aws: str, rules: RuleSet) -> None:
    client = moto_server.client("ec2", aws)
    client.create_launch_template(
        LaunchTemplateName="web", LaunchTemplateData={"IamInstanceProfile": {"Name": "web"}}
    )
    for data in ({}, {"UserData": ENCODED}):
        client.create_launch_template_version(
            LaunchTemplateName="web", LaunchTemplateData={"ImageId": "ami-1", **data}
        )
    default, last = objects(asked("ec2"))["AWS::EC2::LaunchTemplate"]
    assert (default.name, last.name) == ("web", "web")
    assert last.id == f"{default.id}:3"
    assert [one.name for one in only(Credential, records([last], rules))] == ["DB_PASSWORD"]


def test_an_instance_of_a_known_template_is_not_asked_for_its_script() -> None:
    template = {
        "LaunchTemplateId": "lt-1", "LaunchTemplateName": "web", "VersionNumber": 2,
        "DefaultVersion": True, "LaunchTemplateData": {"UserData": ENCODED},
    }  # fmt: skip
    tags = [
        {"Key": "aws:ec2launchtemplate:id", "Value": "lt-1"},
        {"Key": "aws:ec2launchtemplate:version", "Value": "2"},
    ]
    instances = [{"InstanceId": "i-1", "Tags": tags}, {"InstanceId": "i-2"}]
    with answering(
        "ec2",
        ("describe_launch_template_versions", {"LaunchTemplateVersions": [template]}),
        ("describe_instances", {"Reservations": [{"Instances": instances}]}),
        ("describe_instance_attribute", {"InstanceId": "i-2", "UserData": {"Value": ENCODED}}),
    ) as ask:
        first, second = objects(ask)["AWS::EC2::Instance"]
    assert (first.text("UserData"), second.text("UserData")) == ("", SCRIPT)


def test_a_launch_configuration_has_a_script(aws: str, rules: RuleSet) -> None:
    moto_server.client("autoscaling", aws).create_launch_configuration(
        LaunchConfigurationName="old", ImageId=image(aws), InstanceType="t3.micro", UserData=SCRIPT,
        IamInstanceProfile="web",
    )  # fmt: skip
    [one] = objects(asked("autoscaling"))["AWS::AutoScaling::LaunchConfiguration"]
    found = records([one], rules)
    assert [each.name for each in only(Credential, found)] == ["DB_PASSWORD"]


def test_scripts_are_compressed_and_several() -> None:
    assert script(b64encode(compress(SCRIPT.encode())).decode()) == SCRIPT
    parts = (
        "Content-Type: multipart/mixed; boundary=b\nMIME-Version: 1.0\n\n--b\n"
        f"Content-Type: text/x-shellscript\nContent-Transfer-Encoding: base64\n\n{ENCODED}\n--b--\n"
    )
    assert SCRIPT in script(b64encode(parts.encode()).decode())
    assert script("no base64 at all!") == "no base64 at all!"


def test_a_script_that_is_refused_is_a_trouble_and_the_instance_is_told_of() -> None:
    with answering(
        "ec2",
        ("describe_launch_template_versions", {"LaunchTemplateVersions": []}),
        ("describe_instances", {"Reservations": [{"Instances": [{"InstanceId": "i-1"}]}]}),
        ("describe_instance_attribute", "UnauthorizedOperation"),
    ) as ask:
        [one] = ask.surface.look(ask)
    assert isinstance(one, Declared)
    assert one.get("UserData") is None
    [trouble] = ask.troubles()
    assert "ec2:DescribeInstanceAttribute was denied" in trouble.message
    assert "ec2:DescribeInstanceAttribute" in trouble.advice
