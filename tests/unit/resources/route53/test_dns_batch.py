"""Changes of a zone that come together: what goes in one batch, and what a refused one does to the others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.aws.errors import ClientError
from backendctl.resources.route53.dns_batch import change_together
from backendctl.resources.route53.record_changes import change
from tests.unit.resources.api_helpers import Calls, mocked

ZONE = "corkhounds.example"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        connection.route53().create_hosted_zone(Name=ZONE, CallerReference="z")
        yield connection


def texts(name: str, values: Sequence[str]) -> Callable[[Any], list[Any]]:
    """Changes that make so many records under a name."""
    one: Any = {"Name": f"{name}.", "Type": "TXT", "TTL": 60, "Weight": 1}
    made: list[Any] = [
        {**one, "SetIdentifier": value, "ResourceRecords": [{"Value": f'"{value}"'}]} for value in values
    ]
    return lambda found: [] if found else [change("CREATE", record) for record in made]


def together(aws: Aws, parts: Sequence[tuple[str, Callable[[Any], list[Any]]]]) -> list[Any]:
    """Several changes at once; what became of each."""
    zone = aws.route53().list_hosted_zones()["HostedZones"][0]["Id"].rpartition("/")[2]
    barrier = threading.Barrier(len(parts))

    def wait_for_all(_: float) -> None:
        barrier.wait()

    aws.sleep = wait_for_all  # the window ends when all are in it
    with ThreadPoolExecutor(len(parts)) as pool:
        futures = [pool.submit(change_together, aws, zone, name, made, what=name) for name, made in parts]
    return [future.exception() or future.result() for future in futures]


def test_a_batch_holds_what_route_53_takes_and_never_half_of_a_name(aws: Aws) -> None:
    calls = Calls(aws.route53(), "route-53")
    names = [f"{letter}.{ZONE}" for letter in "abc"]
    parts = [(name, texts(name, [str(number) for number in range(150)])) for name in names]
    assert together(aws, parts) == [True, True, True]
    sent = [one["ChangeBatch"]["Changes"] for one in calls.of("ChangeResourceRecordSets")]
    assert sorted(len(changes) for changes in sent) == [150, 300]
    assert sum(len({change["ResourceRecordSet"]["Name"] for change in changes}) for changes in sent) == len(names)


def test_what_route_53_refuses_of_one_spoils_no_other(aws: Aws) -> None:
    good, bad = f"good.{ZONE}", f"bad.{ZONE}"
    again = texts(bad, ["x"])([])
    assert together(aws, [(bad, lambda _: again)]) == [True]
    done, refused = together(aws, [(good, texts(good, ["1"])), (bad, lambda _: again)])
    assert done is True
    assert isinstance(refused, ClientError)
    assert refused.response["Error"]["Code"] == "InvalidChangeBatch"
