"""Everything that a backend has in AWS, in all regions, without what differs between two runs by nature."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

Client = Callable[[str, str], Any]
"""(service, region) → a boto3 client."""

_VOLATILE = re.compile(
    r"^(.*(Date|DateTime|Modified|Timestamp|Time|createdAt|ModifiedAt|UpdatedAt)|creationTime|RevisionId|TableId|"
    r"LatestStream(Arn|Label)|storedBytes|TableSizeBytes|ItemCount|RoleId|PolicyId|ResponseMetadata|arn|logGroupArn|"
    r"RoleLastUsed|IndexSizeBytes|DateUpdated|CreationTime|LastModifiedUser|ETag|HealthCheckVersion|cacheClusterStatus)$"
)
_SLOT = re.compile(r"-[ab]$")
_KEPT = frozenset({"Timeout", "timeoutInMillis", "TimeToLiveStatus", "MaximumEventAgeInSeconds"})
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)?")
_PROCESS = re.compile(r'(\\*"process\\*": ?)\d+')
_NONCE = re.compile(r"(backendctl/[^/\"]+/[a-z0-9-]+/|:certificate/)[0-9a-f]{8}(-[0-9a-f-]{27})?\b")


def whole_state(client: Client, regions: tuple[str, ...]) -> dict[str, Any]:
    """Region (and "global") → service → what is there, normalised; two equal states are equal as values."""
    names: dict[str, str] = {}
    raw: dict[str, Any] = {
        region: {
            "apigateway": _gateway(client, region, names),
            **{service: look(client, region) for service, look in _LOOKS.items()},
        }
        for region in regions
    }
    raw["global"] = {"iam": _roles(client, regions[0]), "route53": _dns(client, regions[0], names)}
    plain: dict[str, Any] = _plain(raw, _renaming(names))
    return {place: _by_part(found) for place, found in plain.items()}


def _certificates(client: Client, region: str) -> Any:
    acm = client("acm", region)
    found = [
        acm.describe_certificate(CertificateArn=one["CertificateArn"])["Certificate"]
        for one in _pages(acm, "list_certificates", "CertificateSummaryList")
    ]
    kept = ("DomainName", "SubjectAlternativeNames", "Status")
    return sorted(({key: one[key] for key in kept} for one in found), key=str)


def _by_part(found: dict[str, Any]) -> dict[str, Any]:
    """With "-live" and "-idle" for an alias's two slots: which of them serves is nobody's business."""
    text = json.dumps(found, default=str)
    serving = {
        str(value): str(value)[:-2]
        for api in found.get("apigateway", {}).get("apis", {}).values()
        for stage in api["stages"].values()
        for value in (stage.get("variables") or {}).values()
        if _SLOT.search(str(value))
    }
    for value, alias in serving.items():
        other = f"{alias}-{'b' if value.endswith('-a') else 'a'}"
        text = re.sub(rf"{re.escape(value)}(?![\w-])", f"{alias}-live", text)
        text = re.sub(rf"{re.escape(other)}(?![\w-])", f"{alias}-idle", text)
    parts: dict[str, Any] = json.loads(text)
    return parts


def differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where two states differ, one line each."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key in sorted(wanted.keys() | found.keys()):
            if key not in found:
                yield f"{path}/{key} is missing"
            elif key not in wanted:
                yield f"{path}/{key} is too much: {json.dumps(found[key], default=str)[:200]}"
            else:
                yield from differences(wanted[key], found[key], f"{path}/{key}")
    elif wanted != found:
        yield f"{path}: {json.dumps(wanted, default=str)[:300]} → {json.dumps(found, default=str)[:300]}"


def _renaming(names: Mapping[str, str]) -> Callable[[str], str]:
    """Ids that AWS invents become the names of what has them."""
    if not names:
        return lambda text: text
    pattern = re.compile("|".join(sorted(map(re.escape, names), key=len, reverse=True)))
    return lambda text: pattern.sub(lambda found: names[found[0]], text)


def _plain(value: Any, renamed: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        kept = {key: item for key, item in value.items() if key in _KEPT or not _VOLATILE.match(str(key))}
        return {renamed(str(key)): _plain(item, renamed) for key, item in kept.items()}
    if isinstance(value, list | tuple):
        return [_plain(item, renamed) for item in value]
    if isinstance(value, str):
        return _PROCESS.sub(r"\1", _NONCE.sub(r"\1", _MOMENT.sub("<then>", renamed(value))))
    return value


def _pages(client: Any, operation: str, key: str, **arguments: Any) -> list[Any]:
    return [item for page in client.get_paginator(operation).paginate(**arguments) for item in page[key]]


def _or(load: Callable[[], Any], missing: Any = None) -> Any:
    try:
        return load()
    except ClientError as error:
        if "Not" in error.response["Error"]["Code"] or "NoSuch" in error.response["Error"]["Code"]:
            return missing
        raise


def _tags(found: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in found}


def _by(found: list[Any], key: str) -> dict[str, Any]:
    return {str(one[key]): one for one in sorted(found, key=lambda one: str(one[key]))}


def _gateway(client: Client, region: str, names: dict[str, str]) -> Any:
    gateway = client("apigateway", region)
    found: dict[str, Any] = {"apis": {}, "domains": {}}
    for api in sorted(_pages(gateway, "get_rest_apis", "items"), key=lambda one: str(one["createdDate"])):
        count = sum(key.startswith(f"api {api['name']}") for key in found["apis"])
        label = f"api {api['name']} {count + 1} in {region}"
        names[api["id"]] = label
        deployments = sorted(_pages(gateway, "get_deployments", "items", restApiId=api["id"]), key=_age)
        for number, deployment in enumerate(deployments, 1):
            names[deployment["id"]] = f"deployment {number} of {label}"
        resources = _pages(gateway, "get_resources", "items", restApiId=api["id"], embed=["methods"])
        found["apis"][label] = {
            "api": {key: value for key, value in api.items() if key not in {"id", "rootResourceId"}},
            "deployments": {names[one["id"]]: one.get("description", "") for one in deployments},
            "stages": _by(gateway.get_stages(restApiId=api["id"])["item"], "stageName"),
            "resources": {
                one["path"]: {verb: _integration(method) for verb, method in one.get("resourceMethods", {}).items()}
                for one in resources
            },
        }
    for domain in _pages(gateway, "get_domain_names", "items"):
        names[domain.get("regionalDomainName", "no-name")] = f"{domain['domainName']} in {region}"
        mapped = _pages(gateway, "get_base_path_mappings", "items", domainName=domain["domainName"])
        found["domains"][domain["domainName"]] = {**domain, "mappings": _by(mapped, "basePath")}
    found["plans"] = [plan.get("name") for plan in _pages(gateway, "get_usage_plans", "items")]
    return found


def _age(deployment: Any) -> tuple[str, str]:
    return str(deployment["createdDate"]), deployment.get("description", "")


def _integration(method: Any) -> Any:
    return {"auth": method.get("authorizationType"), "uri": method.get("methodIntegration", {}).get("uri")}


def _functions(client: Client, region: str) -> Any:
    functions = client("lambda", region)
    found = {}
    for one in _pages(functions, "list_functions", "Functions"):
        name = one["FunctionName"]
        versions = _pages(functions, "list_versions_by_function", "Versions", FunctionName=name)
        aliases = _pages(functions, "list_aliases", "Aliases", FunctionName=name)
        found[name] = {
            "configuration": one,
            "versions": {v["Version"]: [v.get("Description"), v["CodeSha256"]] for v in versions},
            "aliases": _by(aliases, "Name"),
            "policies": {
                q or "": _policy(functions, name, q) for q in (None, *sorted(alias["Name"] for alias in aliases))
            },
            "tags": functions.list_tags(Resource=one["FunctionArn"])["Tags"],
            "reserved": functions.get_function_concurrency(FunctionName=name).get("ReservedConcurrentExecutions"),
        }
    return found


def _policy(functions: Any, name: str, qualifier: str | None) -> Any:
    more = {"Qualifier": qualifier} if qualifier else {}
    text = _or(lambda: functions.get_policy(FunctionName=name, **more)["Policy"])
    return _by(json.loads(text)["Statement"], "Sid") if text else {}


def _tables(client: Client, region: str) -> Any:
    dynamodb = client("dynamodb", region)
    found = {}
    for name in _pages(dynamodb, "list_tables", "TableNames"):
        table = dynamodb.describe_table(TableName=name)["Table"]
        backups = dynamodb.describe_continuous_backups(TableName=name)["ContinuousBackupsDescription"]
        found[name] = {
            "table": table,
            "ttl": dynamodb.describe_time_to_live(TableName=name)["TimeToLiveDescription"],
            "recovery": backups.get("PointInTimeRecoveryDescription", {}).get("PointInTimeRecoveryStatus"),
            "tags": _tags(dynamodb.list_tags_of_resource(ResourceArn=table["TableArn"])["Tags"]),
        }
    return found


def _scaling(client: Client, region: str) -> Any:
    scaling = client("application-autoscaling", region)
    asked = {"ServiceNamespace": "dynamodb"}
    targets = _pages(scaling, "describe_scalable_targets", "ScalableTargets", **asked)
    policies = _pages(scaling, "describe_scaling_policies", "ScalingPolicies", **asked)
    return {
        "targets": sorted(
            [t["ResourceId"], t["ScalableDimension"], t["MinCapacity"], t["MaxCapacity"]] for t in targets
        ),
        "policies": sorted([p["PolicyName"], p["ResourceId"], p["ScalableDimension"]] for p in policies),
    }


def _rules(client: Client, region: str) -> Any:
    events = client("events", region)
    found = {}
    for rule in _pages(events, "list_rules", "Rules"):
        targets = events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        tags = _tags(events.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"])
        found[rule["Name"]] = {"rule": rule, "targets": _by(targets, "Id"), "tags": tags}
    return found


def _schedules(client: Client, region: str) -> Any:
    scheduler = client("scheduler", region)
    groups = [group["Name"] for group in _pages(scheduler, "list_schedule_groups", "ScheduleGroups")]
    return {group: _by(_pages(scheduler, "list_schedules", "Schedules", GroupName=group), "Name") for group in groups}


def _logs(client: Client, region: str) -> Any:
    groups = _pages(client("logs", region), "describe_log_groups", "logGroups")
    return {group["logGroupName"]: group.get("retentionInDays") for group in groups}


def _parameters(client: Client, region: str) -> Any:
    ssm = client("ssm", region)
    found = _pages(ssm, "get_parameters_by_path", "Parameters", Path="/", Recursive=True)
    # Not their history: who resumes an entry of the release log writes it once more.
    return {one["Name"]: one["Value"] for one in found if one["Name"].startswith("/backendctl/")}


def _roles(client: Client, region: str) -> Any:
    iam = client("iam", region)
    found = {}
    for role in _pages(iam, "list_roles", "Roles"):
        name = role["RoleName"]
        policies = _pages(iam, "list_role_policies", "PolicyNames", RoleName=name)
        found[name] = {
            "trust": role["AssumeRolePolicyDocument"],
            "policies": {p: iam.get_role_policy(RoleName=name, PolicyName=p)["PolicyDocument"] for p in policies},
            "tags": _tags(iam.list_role_tags(RoleName=name)["Tags"]),
        }
    return found


def _dns(client: Client, region: str, names: dict[str, str]) -> Any:
    route53 = client("route53", region)
    checks = _pages(route53, "list_health_checks", "HealthChecks")
    counts: dict[str, int] = {}
    for check in checks:
        reference = _NONCE.sub(r"\1", check["CallerReference"])
        counts[reference] = counts.get(reference, 0) + 1
        names[check["Id"]] = f"check {reference}{counts[reference]}"
    zones = _pages(route53, "list_hosted_zones", "HostedZones")
    records = {}
    for zone in zones:
        found = _pages(route53, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"])
        kept = [one for one in found if one["Type"] not in {"NS", "SOA"}]
        records[zone["Name"]] = {f"{r['Name']} {r['Type']} {r.get('SetIdentifier', '')}": r for r in kept}
    return {"checks": {names[check["Id"]]: check for check in checks}, "records": records}


_LOOKS: Mapping[str, Callable[[Client, str], Any]] = {
    "acm": _certificates,
    "lambda": _functions,
    "dynamodb": _tables,
    "scaling": _scaling,
    "events": _rules,
    "scheduler": _schedules,
    "logs": _logs,
    "ssm": _parameters,
}
