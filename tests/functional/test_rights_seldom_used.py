"""What a backend needs a right for once in its life: each is used here, under the policy that `iam-policy` prints."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.functional.project import Project
from tests.functional.sandboxed import EAST, TRUST


def furnished(project: Project) -> None:
    """A bucket, a parameter and a role that somebody else has made."""
    project.client("s3", EAST).create_bucket(Bucket=f"{project.name}-code")
    project.client("ssm", EAST).put_parameter(Name=f"/{project.name}/token", Value="t-4471", Type="String")
    role = project.client("iam", EAST)
    role.create_role(RoleName=f"{project.name}-given", AssumeRolePolicyDocument=json.dumps(TRUST))
    statement = {"Effect": "Allow", "Action": ["logs:CreateLogStream", "logs:PutLogEvents"], "Resource": "*"}
    role.put_role_policy(
        RoleName=f"{project.name}-given",
        PolicyName="own",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )


def stranger(project: Project) -> None:
    """Somebody changes whom the role of the functions trusts, and attaches a policy to it."""
    iam, role = project.client("iam", EAST), f"{project.name}-lambda"
    trust = {**TRUST, "Statement": [{**TRUST["Statement"][0], "Sid": "Other"}]}  # type: ignore[dict-item]  # a document
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=json.dumps(trust))
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
    policy = iam.create_policy(PolicyName=f"{project.name}-other", PolicyDocument=json.dumps(document))["Policy"]
    iam.attach_role_policy(RoleName=role, PolicyArn=policy["Arn"])


@pytest.mark.full
def test_every_setting_is_made_changed_judged_and_taken_away_within_the_policy(
    new_project: Callable[..., Project],
) -> None:
    project = new_project(regions=[EAST])
    project.command("sandbox", "up")
    furnished(project)
    spec, given = project.spec, f"arn:aws:iam::123456789012:role/{project.name}-given"
    spec["functions"]["one"]["code"] = {"folder": "functions/one", "bucket": f"{project.name}-code"}
    spec["functions"]["two"] |= {"role": given, "environment": {"TOKEN": f'{{{{ ssm "/{project.name}/token" }}}}'}}
    spec["tables"]["things"] |= {"billing": {"read": {"min": 1, "max": 5}, "write": {"min": 1, "max": 5}}}
    spec["api"] |= {
        "keys": {"app": {"description": "the app"}},
        "usage-plans": {"gold": {"stages": ["prodv1"], "keys": ["app"], "throttling": {"rate": 10, "burst": 10}}},
    }
    project.save()
    project.deploy()
    project.assert_nothing_to_do()

    stranger(project)
    spec["api"]["keys"]["app"]["description"] = "an app"
    spec["api"]["usage-plans"]["gold"]["throttling"]["rate"] = 20
    spec["domain"] |= {"security-policy": "TLS_1_0", "health-check": {"path": "/v1/two"}}
    project.save()
    project.deploy()
    project.assert_nothing_to_do()

    found = project.run("doctor", "-o", "json", expect=None).json["findings"]
    where = {(one["check"], one["where"]) for one in found}
    assert not [one for one in found if one["severity"] == "unknown"], where

    spec["tables"]["things"]["billing"] = "on-demand"
    del spec["api"]["keys"], spec["api"]["usage-plans"]
    project.save()
    project.deploy(*_deleting(project))
    project.assert_nothing_to_do()
    project.run("destroy", "-y", *_deleting(project))


def _deleting(project: Project) -> tuple[str, ...]:
    names = (f"api-key/{project.name}-app", "table/things", f"domain/{project.domain}")
    return tuple(word for name in names for word in ("--allow-delete", name))
