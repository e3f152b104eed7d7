"""What releases have written, as a destroy finds it."""

from __future__ import annotations

from backendctl.aws.connection import Aws
from backendctl.resources.ssm.release_parameters import ReleaseLog
from tests.unit.resources.api_helpers import EAST, Calls, mocked


def put(aws: Aws, *names: str) -> None:
    for name in names:
        aws.ssm(EAST).put_parameter(Name=name, Value="{}", Type="String")


def test_every_parameter_below_the_path_goes_whatever_became_of_its_stage() -> None:
    with mocked() as aws:
        mine = [f"/backendctl/corkhounds/releases/prodv1/{number}" for number in range(23)]
        put(aws, *mine, "/backendctl/corkhounds/releases/places/live", "/backendctl/corkhounds/regions/us-east-1")
        put(aws, "/backendctl/corkhounds-two/releases/prodv1")
        (found,) = ReleaseLog.owned(aws, EAST)
        assert len(found.parameters) == 24
        calls = Calls(aws.ssm(EAST), "ssm")
        found.delete(aws)
        assert [len(call["Names"]) for call in calls.of("DeleteParameters")] == [10, 10, 4]
        found.delete(aws)
        left = aws.ssm(EAST).get_parameters_by_path(Path="/backendctl", Recursive=True)["Parameters"]
        assert sorted(one["Name"] for one in left) == [
            "/backendctl/corkhounds-two/releases/prodv1",
            "/backendctl/corkhounds/regions/us-east-1",
        ]


def test_where_nothing_was_released_there_is_none() -> None:
    with mocked() as aws:
        assert list(ReleaseLog.owned(aws, EAST)) == []
