"""IAM Roles Anywhere, which moto has not."""

from __future__ import annotations

from asking import asking
from keymuster.collect import meanings
from keymuster.collect.aws.surfaces import roles_anywhere
from keymuster.collect.declared import Declared
from keymuster.model import Use

[SURFACE] = roles_anywhere.SURFACES
BASE = "arn:aws:rolesanywhere:us-east-1:123456789012"
ROLE = "arn:aws:iam::123456789012:role/build"
ID = "5f8a1c0d-1111-2222-3333-444455556666"


def test_anchors_and_profiles_are_told_as_code_would() -> None:
    anchor = {
        "trustAnchorId": ID, "trustAnchorArn": f"{BASE}:trust-anchor/{ID}", "name": "own", "enabled": True,
        "source": {"sourceType": "CERTIFICATE_BUNDLE", "sourceData": {"x509CertificateData": "x"}},
    }  # fmt: skip
    private = {
        **anchor, "source": {"sourceType": "AWS_ACM_PCA", "sourceData": {"acmPcaArn": "arn:aws:acm-pca:::x"}},
    }  # fmt: skip
    profile = {
        "profileId": ID, "profileArn": f"{BASE}:profile/{ID}", "name": "p", "enabled": False, "roleArns": [ROLE],
        "durationSeconds": 3600, "managedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
        "acceptRoleSessionName": True,
    }  # fmt: skip
    with asking(SURFACE, "rolesanywhere") as (ask, stub):
        stub.add_response("list_trust_anchors", {"trustAnchors": [anchor, private]})
        stub.add_response("list_profiles", {"profiles": [profile]})
        found = [one for one in SURFACE.look(ask) if isinstance(one, Declared)]
    first, second, third = (one.settings.plain() for one in found)
    assert first == {
        "Name": "own", "Enabled": True, "Source": {"SourceType": "CERTIFICATE_BUNDLE"},
    }  # fmt: skip
    assert second["Source"]["SourceData"] == {"AcmPcaArn": "arn:aws:acm-pca:::x"}
    assert (third["Enabled"], third["AcceptRoleSessionName"]) == (False, True)
    [use] = [one for one in meanings.records(found[2], ()) if isinstance(one, Use)]
    assert (use.subject, use.by) == ("aws:123456789012:role/build", f"{BASE}:profile/{ID}")
