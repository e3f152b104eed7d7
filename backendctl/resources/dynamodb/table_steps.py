"""A table's way from live to desired, as the UpdateTable calls it takes: pure, one logical change per call (C40)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backendctl.aws import tags as tagging
from backendctl.resources.dynamodb import table_indexes, table_shape
from backendctl.resources.dynamodb.table_capacity import ON_DEMAND, PROVISIONED, TABLE, units_name, units_of
from backendctl.spec.model import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.resources.dynamodb.table import Table

_MODES = {ON_DEMAND: "PAY_PER_REQUEST", PROVISIONED: "PROVISIONED"}


def creation(desired: Table) -> dict[str, Any]:
    """The CreateTable call, with everything that may ride along; the mark is in it."""
    indexes, local = desired.indexes or {}, desired.local_indexes or {}
    local_keys = [Key(hash=desired.key.hash, range=one.range) for one in local.values()]
    keys = [desired.key, *local_keys, *(one.key for one in indexes.values())]
    request: dict[str, Any] = {
        "TableName": desired.physical,
        "KeySchema": table_indexes.schema_of(desired.key),
        "AttributeDefinitions": table_indexes.definitions(keys),
        "BillingMode": _MODES[desired.billing],
        "DeletionProtectionEnabled": bool(desired.deletion_protection),
        "Tags": tagging.to_list(desired.tags or {}),
        **_shape(desired),
    }
    if desired.billing == PROVISIONED:
        request["ProvisionedThroughput"] = table_indexes.throughput(desired.capacity[TABLE])
    if indexes:
        request["GlobalSecondaryIndexes"] = [
            table_indexes.creation(name, indexes[name], desired.capacity.get(name)) for name in sorted(indexes)
        ]
    if local:
        request["LocalSecondaryIndexes"] = [
            table_shape.local_creation(name, local[name], hashed=desired.key.hash) for name in sorted(local)
        ]
    return request


def _shape(desired: Table) -> dict[str, Any]:
    """What may be given at creation and is changed by calls of its own later."""
    made: dict[str, Any] = {}
    if desired.stream:
        made["StreamSpecification"] = table_shape.stream_request(desired.stream)
    if desired.table_class not in (None, table_shape.STANDARD):
        made["TableClass"] = table_shape.class_request(desired.table_class)
    if desired.encryption not in (None, table_shape.AWS_OWNED):
        made["SSESpecification"] = table_shape.encryption_request(desired.encryption)
    return made


def steps(desired: Table, live: Table) -> list[dict[str, Any]]:
    """The UpdateTable calls that lead from live to desired, in order; wait after each.

    Protection first, because what follows may fail. Indexes go before they come (C41), and the billing mode is
    switched between, so that a new index is born with the right one.
    """
    return [
        {"TableName": desired.physical, **step}
        for step in (
            *_protection(desired, live),
            *_stream(desired, live),
            *_encryption(desired, live),
            *_table_class(desired, live),
            *_dropped_indexes(desired, live),
            *_billing(desired, live),
            *_units(desired, live),
            *_new_indexes(desired, live),
        )
    ]


def numbered(steps: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """Each step with which of the indexes it makes or drops: "2 of 5"; empty where there is one, or none."""
    of_indexes = [step for step in steps if _is_queued(step)]
    places = {id(step): f"{number} of {len(of_indexes)}" for number, step in enumerate(of_indexes, start=1)}
    return [(places.get(id(step), "") if len(of_indexes) > 1 else "", step) for step in steps]


def _is_queued(step: dict[str, Any]) -> bool:
    """AWS takes one such at a time (C41)."""
    return any({"Create", "Delete"} & update.keys() for update in step.get("GlobalSecondaryIndexUpdates", ()))


def holds(description: TableDescriptionTypeDef, step: dict[str, Any], *, own: bool = True) -> bool:
    """Whether a description shows the effect of a step; one asked right after the call may not yet (C58).

    Args:
        own: whether it is of the region in which the step was made; another may read with a capacity of its own (C30).
    """
    for name, shows in _SHOWS.items():
        if name in step:
            return shows(description, step[name])
    if "ProvisionedThroughput" in step or _is_units(step):
        return _units_hold(description, step, own=own)
    present = {index["IndexName"] for index in description.get("GlobalSecondaryIndexes", ())}
    return all(
        update["Create"]["IndexName"] in present if "Create" in update else update["Delete"]["IndexName"] not in present
        for update in step["GlobalSecondaryIndexUpdates"]
    )


def _encrypted(description: TableDescriptionTypeDef, wanted: dict[str, Any]) -> bool:
    """AWS shows UPDATING until the new key holds (C53)."""
    if description.get("SSEDescription", {}).get("Status") in {"ENABLING", "DISABLING", "UPDATING"}:
        return False
    found = table_shape.encryption_of(description)
    if not wanted["Enabled"]:
        return found == table_shape.AWS_OWNED
    key = str(wanted.get("KMSMasterKeyId", ""))
    return found == key if key else found != table_shape.AWS_OWNED


_SHOWS: dict[str, Callable[[TableDescriptionTypeDef, Any], bool]] = {
    "DeletionProtectionEnabled": lambda found, wanted: found.get("DeletionProtectionEnabled", False) is wanted,
    "StreamSpecification": lambda found, wanted: table_shape.stream_of(found) == wanted.get("StreamViewType", ""),
    "TableClass": lambda found, wanted: table_shape.class_request(table_shape.class_of(found)) == str(wanted),
    "SSESpecification": _encrypted,
    "BillingMode": lambda found, wanted: mode_of(found) == str(wanted),
}


def _is_units(step: dict[str, Any]) -> bool:
    return any("Update" in update for update in step["GlobalSecondaryIndexUpdates"])


def _units_hold(description: TableDescriptionTypeDef, step: dict[str, Any], *, own: bool) -> bool:
    wanted = {TABLE: step["ProvisionedThroughput"]} if "ProvisionedThroughput" in step else {}
    updates = [update["Update"] for update in step.get("GlobalSecondaryIndexUpdates", ())]
    wanted |= {update["IndexName"]: update["ProvisionedThroughput"] for update in updates}
    live = units_of(description)
    return all(
        live.get(units_name(name, "write")) == units["WriteCapacityUnits"]
        and (not own or live.get(units_name(name, "read")) == units["ReadCapacityUnits"])
        for name, units in wanted.items()
    )


def mode_of(description: TableDescriptionTypeDef) -> str:
    """AWS's billing mode; a table that was never on-demand does not tell."""
    return description.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")


def billing_of(description: TableDescriptionTypeDef) -> str:
    """The billing mode as the spec calls it."""
    return next(name for name, mode in _MODES.items() if mode == mode_of(description))


def frozen(desired: Table, live: Table) -> list[str]:
    """The indexes whose key or projection differs, which AWS cannot change (C60)."""
    wanted, found = desired.indexes or {}, live.indexes or {}
    return sorted(name for name in wanted.keys() & found.keys() if wanted[name] != found[name])


def _protection(desired: Table, live: Table) -> list[dict[str, Any]]:
    if desired.deletion_protection in (None, live.deletion_protection):
        return []
    return [{"DeletionProtectionEnabled": desired.deletion_protection}]


def _stream(desired: Table, live: Table) -> list[dict[str, Any]]:
    """The view cannot be changed: off, then on again, which makes a new stream (C54)."""
    if desired.stream in (None, live.stream):
        return []
    off = [{"StreamSpecification": table_shape.stream_request("")}] if live.stream else []
    return [*off, *([{"StreamSpecification": table_shape.stream_request(desired.stream)}] if desired.stream else [])]


def _encryption(desired: Table, live: Table) -> list[dict[str, Any]]:
    if desired.encryption in (None, live.encryption):
        return []
    return [{"SSESpecification": table_shape.encryption_request(desired.encryption)}]


def _table_class(desired: Table, live: Table) -> list[dict[str, Any]]:
    if desired.table_class in (None, live.table_class):
        return []
    return [{"TableClass": table_shape.class_request(desired.table_class)}]


def _dropped_indexes(desired: Table, live: Table) -> list[dict[str, Any]]:
    if desired.indexes is None:
        return []
    return [
        {"GlobalSecondaryIndexUpdates": [{"Delete": {"IndexName": name}}]}
        for name in sorted((live.indexes or {}).keys() - desired.indexes.keys())
    ]


def _billing(desired: Table, live: Table) -> list[dict[str, Any]]:
    if desired.billing == live.billing:
        return []
    step: dict[str, Any] = {"BillingMode": _MODES[desired.billing]}
    if desired.billing == PROVISIONED:
        step["ProvisionedThroughput"] = table_indexes.throughput(desired.capacity[TABLE])
        staying = sorted((desired.indexes or {}).keys() & (live.indexes or {}).keys())
        if staying:  # every index needs its throughput in the same call (C46)
            step["GlobalSecondaryIndexUpdates"] = [
                {
                    "Update": {
                        "IndexName": name,
                        "ProvisionedThroughput": table_indexes.throughput(desired.capacity[name]),
                    }
                }
                for name in staying
            ]
    return [step]


def _units(desired: Table, live: Table) -> list[dict[str, Any]]:
    """Fixed units that differ, of the table and of the indexes that stay, in one call (C46)."""
    if not desired.billing == live.billing == PROVISIONED:
        return []
    found = live.fixed_capacity
    step: dict[str, Any] = {}
    for name in (TABLE, *sorted((desired.indexes or {}).keys() & (live.indexes or {}).keys())):
        keys = units_name(name, "read"), units_name(name, "write")
        before = found.get(keys[0], 0), found.get(keys[1], 0)
        after = tuple(desired.fixed_capacity.get(key, units) for key, units in zip(keys, before, strict=True))
        if before == after:
            continue
        units = table_indexes.throughput((after[0], after[1]))
        if name == TABLE:
            step["ProvisionedThroughput"] = units
        else:
            update = {"Update": {"IndexName": name, "ProvisionedThroughput": units}}
            step.setdefault("GlobalSecondaryIndexUpdates", []).append(update)
    return [step] if step else []


def _new_indexes(desired: Table, live: Table) -> list[dict[str, Any]]:
    wanted = desired.indexes or {}
    local = [Key(hash=desired.key.hash, range=one.range) for one in (live.local_indexes or {}).values()]
    keys = [desired.key, *local, *(wanted[name].key for name in wanted.keys() & (live.indexes or {}).keys())]
    made = []
    for name in sorted(wanted.keys() - (live.indexes or {}).keys()):
        keys.append(wanted[name].key)
        made.append(
            {
                "AttributeDefinitions": table_indexes.definitions(keys),
                "GlobalSecondaryIndexUpdates": [
                    {"Create": table_indexes.creation(name, wanted[name], desired.capacity.get(name))}
                ],
            }
        )
    return made
