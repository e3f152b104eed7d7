"""What each region's table has of its own, and what may not be said of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backendctl.spec import Offline
from backendctl.spec.model import LocalIndex, Scaling, TableReplica

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.spec import Draft

HEAD = "backend: shop\nregions: [us-east-1, us-west-2]\n"
TABLE = HEAD + "tables:\n  items:\n    key: {hash: id S, range: at S}\n    "
SCALED = TABLE + "billing: {read: {min: 1, max: 9}, write: {min: 1, max: 9}}\n    "
REMEDY = "add it to 'key', or make them global indexes"
KINDS = "aws-owned, aws-managed, or a key's ARN (arn:aws:kms:REGION:ACCOUNT:key/ID)"
EAST_KEY = "arn:aws:kms:us-east-1:123456789012:key/a"
WEST_KEY = "arn:aws:kms:us-west-2:123456789012:key/b"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            HEAD + "tables:\n  items:\n    key: {hash: id S}\n    local-indexes: {by-at: {range: at N}}\n",
            [f"6:5: a table without 'range' in its key has no local indexes: {REMEDY}"],
        ),
        (
            TABLE + "local-indexes: {by-at: {range: at S}, by-id: {range: id S}}\n",
            [
                "6:36: that is the table's own 'range': the index would repeat the table",
                "6:58: 'id' is the table's 'hash' already",
            ],
        ),
        (
            TABLE + "indexes: {by-sum: {hash: sum N}}\n    local-indexes: {by-sum: {range: sum N}}\n",
            ["7:21: 'by-sum' is a global index too; the indexes of a table share their names"],
        ),
        (
            TABLE + "stream: keys-only\n",
            ["6:13: a table in several regions replicates through its stream, which then has new-and-old-images"],
        ),
        (
            TABLE + f"encryption: {EAST_KEY}\n",
            ["6:17: a key serves the region it is in: give the ARN of one for each region, as REGION: ARN"],
        ),
        (
            TABLE + f"encryption: {{us-east-1: '{EAST_KEY}'}}\n",
            ["6:5: there is no key for us-west-2: a table has keys in all of its regions or in none"],
        ),
        (
            TABLE + f"encryption: {{us-east-1: '{EAST_KEY}', us-west-2: '{EAST_KEY}'}}\n",
            ["6:84: this key is in us-east-1, and us-west-2 needs one of its own"],
        ),
        (
            TABLE + "encryption: alias/mine\n",
            [f"6:17: an alias will not do: {KINDS}"],
        ),
        (
            TABLE + "replicas: {us-wset-2: {table-class: standard}}\n",
            ["6:16: the table is not in 'us-wset-2'; did you mean 'us-west-2'?"],
        ),
        (
            TABLE + "replicas: {us-east-1: {table-class: standard}}\n",
            ["6:16: 'us-east-1' is the primary region: what it has stands in the table itself"],
        ),
        (
            TABLE + "replicas: {us-west-2: {read: {min: 1, max: 2}}}\n",
            ["6:28: 'read' has no use: the table is billed on demand"],
        ),
        (
            SCALED + "replicas: {us-west-2: {read: {min: 3, max: 2}, indexes: {by-x: {min: 1, max: 2}}}}\n",
            ["7:40: 'min' is 3 and 'max' is 2", "7:62: the table has no index 'by-x'"],
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_place(
    faults_of: Callable[..., list[str]], text: str, faults: list[str]
) -> None:
    assert faults_of(text) == faults


def test_what_may_be_said_becomes_the_model(draft_of: Callable[..., Draft]) -> None:
    text = SCALED + (
        "local-indexes: {by-sum: {range: sum N, projection: keys}}\n    "
        f"encryption: {{us-east-1: '{EAST_KEY}', us-west-2: '{WEST_KEY}'}}\n    "
        "table-class: infrequent-access\n    "
        "resource-policy: {Statement: [{Resource: 'arn:aws:dynamodb:{{ region }}:1:table/shop-items'}]}\n    "
        "replicas: {us-west-2: {read: {min: 1, max: 2}, table-class: standard}}\n"
    )
    table = draft_of(text).expand(Offline()).tables[0]
    assert [(one.name, one.projection) for one in table.local_indexes] == [("by-sum", "KEYS_ONLY")]
    assert isinstance(table.local_indexes[0], LocalIndex)
    assert table.encryption == {"us-east-1": EAST_KEY, "us-west-2": WEST_KEY}
    assert table.replicas == {"us-west-2": TableReplica(read=Scaling(min=1, max=2), table_class="standard")}
    assert (table.class_in("us-east-1"), table.class_in("us-west-2")) == ("infrequent-access", "standard")
    named = {region: (policy or {})["Statement"][0]["Resource"] for region, policy in table.resource_policies.items()}
    assert named == {region: f"arn:aws:dynamodb:{region}:1:table/shop-items" for region in ("us-east-1", "us-west-2")}
