"""What DynamoDB would refuse of a plan is told before the first call."""

from __future__ import annotations

import json
import shlex
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from botocore import xform_name
from botocore.exceptions import ClientError, EndpointConnectionError
from botocore.session import get_session
from botocore.validate import ParamValidator

from backendctl.aws.connection import Access, Aws
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan, change_of
from backendctl.engine.safety import EVERYTHING, Allowed, refusal_of
from backendctl.resources.dynamodb.replica import STANDALONE, Replica
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.dynamodb.table_capacity import PROVISIONED
from backendctl.resources.dynamodb.table_indexes import GlobalIndex
from backendctl.resources.dynamodb.table_refusals import refused_by_dynamodb, with_dynamodb, worth_knowing
from backendctl.resources.dynamodb.table_shape import LocalIndex
from backendctl.spec.model import Attribute, Key

EAST, WEST, IRELAND = "us-east-1", "us-west-2", "eu-west-1"
NAME = "shop-orders"
UPDATE: Any = get_session().get_service_model("dynamodb").operation_model("UpdateTable").input_shape
NOON = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
BY_SUM = LocalIndex(range=Attribute(name="sum", type="N"))


def table(**fields: Any) -> Table:
    key = Key(hash=Attribute(name="id", type="S"), range=Attribute(name="at", type="S"))
    return Table(region=EAST, name="orders", owner="shop", physical=NAME, key=key, **fields)


def replica(**fields: Any) -> Replica:
    return Replica(region=WEST, name="orders", owner="shop", physical=NAME, primary=EAST, **fields)


def told(change: Change | None, *, now: datetime = NOON, **described: Any) -> list[str]:
    """The refusals of one change, where the table is described so."""
    shown = {"TableName": NAME, "TableStatus": "ACTIVE", **described}
    return refused_by_dynamodb([change] if change else [], seeing(shown), now=now)


def seeing(group: dict[str, Any] | None) -> Aws:
    """Whose primary region shows the table so, or has none."""
    aws = Aws(Access(keys=("testing", "testing")), backend="shop")
    aws.remember(("table", EAST, NAME, "description"), group)
    return aws


def removing(live: Table | Replica) -> Change:
    return Change(action=Action.DELETE, desired=None, live=live)


def changing(before: Table, after: Table) -> Change:
    change = change_of(after, before)
    assert change is not None
    return change


def test_a_harmless_change_is_not_refused() -> None:
    assert told(changing(table(ttl=""), table(ttl="expires"))) == []


@pytest.mark.parametrize("live", [table(deletion_protection=True), replica(deletion_protection=True)])
def test_what_is_protected_is_not_deleted(live: Table | Replica) -> None:
    (reason,) = told(removing(live))
    assert "has deletion protection" in reason
    assert f"--region {live.region} --table-name {NAME} --no-deletion-protection-enabled" in reason


def test_protection_does_not_stand_against_keeping_the_data() -> None:
    assert told(removing(replica(deletion_protection=True, keep_data=True))) == []


def test_local_indexes_come_with_the_table_or_never() -> None:
    added = changing(table(local_indexes={}), table(local_indexes={"by-sum": BY_SUM}))
    left_out = changing(table(local_indexes={"by-sum": BY_SUM}), table(local_indexes={}))
    assert "cannot be added to a table that exists" in told(added)[0]
    assert "write it under 'local-indexes'" in told(left_out)[0]


def test_a_global_tables_stream_stays() -> None:
    change = changing(table(stream="NEW_AND_OLD_IMAGES", members=(WEST,)), table(stream=""))
    (reason,) = told(change)
    assert "replicates through its stream" in reason


def lowering(name: str) -> Change:
    """Units of a name, as `fixed_capacity` has it, go down."""
    return changing(
        table(billing=PROVISIONED, fixed_capacity={name: 9}), table(billing=PROVISIONED, fixed_capacity={name: 5})
    )


def decreased(times: int, *, minutes_ago: int = 10) -> dict[str, Any]:
    last = NOON - timedelta(minutes=minutes_ago)
    return {"NumberOfDecreasesToday": times, "LastDecreaseDateTime": last}


def test_a_fifth_decrease_of_a_day_is_refused_with_the_time_of_the_last() -> None:
    assert told(lowering("read"), ProvisionedThroughput=decreased(3)) == []
    (reason,) = told(lowering("read"), ProvisionedThroughput=decreased(4))
    assert "the capacity of the table went down 4 times today" in reason
    assert "the last was at 11:50 UTC" in reason


def test_after_an_hour_without_a_decrease_there_may_be_one_more() -> None:
    assert told(lowering("read"), ProvisionedThroughput=decreased(4, minutes_ago=61)) == []


def test_decreases_are_counted_for_each_index_by_itself() -> None:
    index = {"IndexName": "by-sum", "ProvisionedThroughput": decreased(4)}
    (reason,) = told(lowering("by-sum/write"), ProvisionedThroughput=decreased(0), GlobalSecondaryIndexes=[index])
    assert "the capacity of index by-sum went down 4 times today" in reason
    assert told(lowering("read"), ProvisionedThroughput=decreased(0), GlobalSecondaryIndexes=[index]) == []


def test_an_index_whose_key_changed_is_explained_as_a_new_one_and_the_old_stays() -> None:
    before, after = (GlobalIndex(key=Key(hash=Attribute(name="owner", type=kind))) for kind in ("S", "N"))
    (reason,) = told(changing(table(indexes={"by-owner": before}), table(indexes={"by-owner": after})))
    assert "here by-owner (hash: owner S → hash: owner N)" in reason
    assert "under a new name" in reason
    coming_and_going = changing(table(indexes={"old": before}), table(indexes={"new": after}))
    assert told(coming_and_going) == []


@pytest.mark.parametrize("group", [None, {"TableName": NAME, "TableStatus": "ACTIVE"}])
def test_a_table_in_the_way_of_a_replica_is_refused_and_not_offered_for_adoption(group: dict[str, Any] | None) -> None:
    change = change_of(replica(), replace(replica(status=STANDALONE), owner=None))
    assert change is not None
    assert change.foreign
    plan = with_dynamodb(Plan(backend="shop", regions=(EAST, WEST), changes=(change,)), seeing(group))
    refusal = refusal_of(plan, Allowed())
    (reason,) = refusal.reasons
    assert "exists in us-west-2 already, and DynamoDB cannot make it a replica" in reason
    assert "--adopt" not in refusal.hint
    assert refusal_of(plan, Allowed(adopt=(EVERYTHING,)))


KEY = f"arn:aws:kms:{EAST}:123456789012:key/1"


def encrypted(manager: str) -> tuple[Aws, dict[str, Any]]:
    """A table with a key, and who manages that."""
    sse = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": KEY}
    shown = {"TableName": NAME, "TableStatus": "ACTIVE", "SSEDescription": sse}
    aws = seeing(shown)
    aws.remember(("table", EAST, NAME, "key"), "aws-managed" if manager == "AWS" else KEY)
    return aws, shown


def test_a_replica_of_a_table_with_a_key_of_the_account_needs_one_of_its_own() -> None:
    create = change_of(replica(), None)
    assert create is not None
    (reason,) = refused_by_dynamodb([create], encrypted("CUSTOMER")[0])
    assert f"encrypted in us-east-1 with a key of the account ({KEY})" in reason
    assert refused_by_dynamodb([create], encrypted("AWS")[0]) == []
    with_key = change_of(replica(encryption=KEY.replace(EAST, WEST)), None)
    assert with_key is not None
    assert refused_by_dynamodb([with_key], encrypted("CUSTOMER")[0]) == []


class WithoutKms(Aws):
    """Aws in which KMS refuses."""

    code = "AccessDeniedException"

    def client(self, service: str, region: str, *, patience: int | None = None) -> Any:
        del service, region, patience
        refused = ClientError({"Error": {"Code": self.code, "Message": ""}}, "DescribeKey")
        not_found = type("NotFoundException", (Exception,), {})

        def describe_key(**_: Any) -> None:
            raise refused

        return SimpleNamespace(describe_key=describe_key, exceptions=SimpleNamespace(NotFoundException=not_found))


def test_who_manages_a_key_that_the_caller_may_not_look_at_is_left_to_aws() -> None:
    create = change_of(replica(), None)
    assert create is not None
    aws = WithoutKms(Access(keys=("testing", "testing")), backend="shop")
    aws.remember(("table", EAST, NAME, "description"), encrypted("CUSTOMER")[1])
    assert refused_by_dynamodb([create], aws) == []
    aws.code = "KMSInternalException"
    (told,) = refused_by_dynamodb([create], aws)
    assert "ask who manages the key" in told
    aws.code = "ServiceUnavailable"
    assert refused_by_dynamodb([create], aws) == []  # no answer is no refusal


def test_a_stream_of_another_kind_is_told_to_whoever_reads_it() -> None:
    change = changing(table(stream="KEYS_ONLY"), table(stream="NEW_IMAGE"))
    (line,) = worth_knowing([change], seeing(None))
    assert "the stream gets a new ARN" in line
    (line,) = worth_knowing([changing(table(stream="KEYS_ONLY"), table(stream=""))], seeing(None))
    assert "the stream ends" in line
    assert worth_knowing([changing(table(stream=""), table(stream="NEW_IMAGE"))], seeing(None)) == []


def test_a_global_table_of_the_ended_version_is_named_with_the_way_out() -> None:
    (reason,) = told(change_of(replica(), None), GlobalTableVersion="2017.11.29")
    assert "version 2017.11.29, which AWS has ended" in reason
    assert "Update version" in reason


def test_a_foreign_global_table_of_the_ended_version_is_refused_in_one_sentence_and_not_offered_for_adoption() -> None:
    mine = table()
    changes = [change_of(mine, replace(mine, owner=None)), change_of(replica(), replica(status=STANDALONE))]
    ended = {"TableName": NAME, "TableStatus": "ACTIVE", "GlobalTableVersion": "2017.11.29"}
    for change in changes:
        assert change is not None
        plan = with_dynamodb(Plan(backend="shop", regions=(EAST, WEST), changes=(change,)), seeing(ended))
        (reason,) = refusal_of(plan, Allowed()).reasons
        assert "version 2017.11.29" in reason


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (change_of(replica(), None), "none can be added"),
        (removing(replica()), "none can be removed alone"),
        (removing(table()), "cannot be deleted while it has them"),
        (changing(table(ttl=""), table(ttl="expires")), "has no TTL"),
    ],
)
def test_regions_of_strong_consistency_stay_as_they_are(change: Change, fault: str) -> None:
    (reason,) = told(change, MultiRegionConsistency="STRONG")
    assert fault in reason


@pytest.mark.parametrize("live", [table(), replica()])
@pytest.mark.parametrize(
    ("replicas", "witnesses"), [(["us-east-2", WEST], []), (["us-east-2"], [WEST])], ids=["replicas", "a-witness"]
)
def test_regions_of_strong_consistency_go_together_by_a_command_that_is_printed(
    live: Table | Replica, replicas: list[str], witnesses: list[str]
) -> None:
    (reason,) = told(
        removing(live),
        MultiRegionConsistency="STRONG",
        Replicas=[{"RegionName": region} for region in replicas],
        GlobalTableWitnesses=[{"RegionName": region} for region in witnesses],
    )
    words = shlex.split(reason[reason.index("aws dynamodb") :].partition(", then")[0])
    options = dict(zip(words[3::2], words[4::2], strict=True))
    assert words[:3] == ["aws", "dynamodb", "update-table"]
    assert options.pop("--region") == EAST
    names = {xform_name(member, "-"): member for member in UPDATE.members}
    request: Any = {names[option[2:]]: text if text == NAME else json.loads(text) for option, text in options.items()}
    assert not ParamValidator().validate(request, UPDATE).has_errors()
    assert [one["Delete"]["RegionName"] for one in request["ReplicaUpdates"]] == sorted(replicas)
    gone = [one["Delete"]["RegionName"] for one in request.get("GlobalTableWitnessUpdates", [])]
    assert gone == witnesses


def test_a_replica_that_aws_deletes_already_cannot_keep_its_data() -> None:
    aws = seeing({"TableName": NAME, "TableStatus": "UPDATING", "Replicas": [leaving(WEST)]})
    here = {"TableName": NAME, "TableStatus": "ACTIVE", "Replicas": [{"RegionName": EAST}]}
    aws.remember(("table", WEST, NAME, "description"), here)
    (reason,) = refused_by_dynamodb([removing(replica(keep_data=True))], aws, now=NOON)
    assert "--keep-data comes too late" in reason
    assert refused_by_dynamodb([removing(replica())], aws, now=NOON) == []


def leaving(region: str) -> dict[str, str]:
    return {"RegionName": region, "ReplicaStatus": "DELETING"}


def test_of_a_replica_that_goes_the_plan_says_what_becomes_of_its_data_and_when_aws_may_refuse() -> None:
    aws = Aws(Access(keys=("testing", "testing")), backend="shop")
    now = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    older, younger = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 11, 28, 9, 30, tzinfo=UTC)
    groups = {WEST: [{"RegionName": IRELAND}], IRELAND: [{"RegionName": WEST}]}
    for region, made in ((WEST, older), (IRELAND, younger)):
        shown = {"TableName": NAME, "TableStatus": "ACTIVE", "CreationDateTime": made, "Replicas": groups[region]}
        aws.remember(("table", region, NAME, "description"), shown)
    data, day = worth_knowing([removing(replica())], aws, now=now)
    assert "goes with its data" in data
    assert "--keep-data" in data
    assert "eu-west-1 was made at 09:30 UTC" in day
    assert "after 29 November 09:30 UTC" in day
    assert worth_knowing([removing(replica(keep_data=True))], aws, now=now) == []
    (alone,) = worth_knowing([removing(replica())], aws, now=datetime(2026, 12, 3, tzinfo=UTC))
    assert alone == data


class NoAnswer(Aws):
    """Aws whose DynamoDB answers nowhere."""

    def dynamodb(self, region: str) -> Any:
        raise EndpointConnectionError(endpoint_url=f"https://dynamodb.{region}.amazonaws.com")


@pytest.mark.parametrize("change", [removing(replica()), change_of(replica(tags={"a": "b"}), replica(tags={}))])
def test_a_plan_is_told_although_the_primary_does_not_answer(change: Change | None) -> None:
    aws = NoAnswer(Access(keys=("testing", "testing")), backend="shop")
    assert refused_by_dynamodb([change] if change else [], aws) == []
    assert len(worth_knowing([change] if change else [], aws)) <= 1
