"""A spec and the options of `cost` as a workload; every fault of spec, prices and options at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, Workload
from tests.unit.warmth.shop import EAST, WEST, Project, shop


@pytest.fixture
def spec() -> dict[str, Any]:
    """The shop, to be changed."""
    return shop()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The shop, written."""
    return Project(tmp_path, shop())


def _region(workload: Workload, name: str) -> RegionLoad:
    return next(region for region in workload.regions if region.name == name)


def _function(workload: Workload, name: str, region: str = EAST) -> FunctionLoad:
    return next(one for one in _region(workload, region).functions if one.name == name)


def test_every_target_of_the_warmer_is_a_ping_and_the_idle_slot_has_its_own(project: Project) -> None:
    search = _function(project.workload(), "search")
    assert (search.pings, search.holds) == (8760 * 2 * 2, 2)  # two instances behind each of two slots
    night = _function(project.workload(), "night")
    assert (night.pings, night.holds) == (730, 1)
    assert _function(project.workload(), "orders").pings == 0


def test_a_warmer_that_is_switched_off_pings_nobody(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["functions"]["search"]["warm"]["enabled"] = False
    search = _function(Project(tmp_path, spec).workload(), "search")
    assert (search.pings, search.holds) == (0, 0)


def test_requests_are_spread_over_regions_and_over_routes(project: Project) -> None:
    workload = project.workload(requests=("6M",))
    assert [region.requests for region in workload.regions] == [3e6, 3e6]
    assert [one.requests for one in _region(workload, EAST).functions] == [2e6, 1e6, 0]


def test_a_region_and_a_function_may_have_requests_of_their_own(project: Project) -> None:
    workload = project.workload(requests=("6M", "us-east-1=4M", "orders=3M"))
    assert [region.requests for region in workload.regions] == [4e6, 2e6]
    assert [one.requests for one in _region(workload, EAST).functions] == [2e6, 2e6, 0]
    assert [one.requests for one in _region(workload, WEST).functions] == [1e6, 1e6, 0]


def test_a_function_that_no_route_reaches_has_invocations_beside_the_requests(project: Project) -> None:
    workload = project.workload(requests=("6M", "night=1M"))
    assert [region.requests for region in workload.regions] == [3e6, 3e6]
    assert [one.requests for one in _region(workload, EAST).functions] == [2e6, 1e6, 0.5e6]
    alone = project.workload(requests=("night=1M",))
    assert [region.requests for region in alone.regions] == [0, 0]
    assert _function(alone, "night").requests == 0.5e6


def test_requests_that_reach_no_function_are_told(project: Project) -> None:
    said = project.workload(requests=("6M", "search=1M", "orders=2M")).assumptions
    assert "3,000,000 requests reach no function of this spec" in said


def test_regions_alone_make_the_total(project: Project) -> None:
    workload = project.workload(requests=("us-east-1=4k", "us-west-2=1_000"))
    assert [region.requests for region in workload.regions] == [4000, 1000]


def test_durations_are_of_all_functions_or_of_one(project: Project) -> None:
    workload = project.workload(requests=("1k",), duration=("40", "orders=1.5s"), ping_duration="2ms")
    assert [one.ms for one in _region(workload, EAST).functions] == [40, 1500, 40]
    assert {one.ping_ms for one in _region(workload, EAST).functions} == {2}


def test_a_write_is_written_in_every_region_and_into_every_index(project: Project) -> None:
    items = ("orders:gb=3,kb=2.5,reads=8M,strong-reads=1M,writes=1M",)
    for region in project.workload(items=items).regions:
        (table,) = region.tables
        assert (table.writes, table.replicated) == (1.5e6, 1.5e6)  # 3 units an item, half of them from there
        assert table.index_writes == (3 + 1) * 1e6  # one holds everything, one the keys
        assert table.reads == (8e6 / 2 + 1e6) / 2  # one unit of 4 KB an item
        assert (table.gb, table.index_gb) == (3, 3)


def test_an_item_of_no_size_takes_a_unit_all_the_same(project: Project) -> None:
    (table,) = _region(project.workload(items=("orders:kb=0,writes=2",)), EAST).tables
    assert table.writes + table.replicated == 2


def test_provisioned_tables_are_counted_by_what_they_hold_at_least(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["tables"]["orders"]["billing"] = {"read": {"min": 5, "max": 50}, "write": {"min": 3, "max": 30}}
    (table,) = _region(Project(tmp_path, spec).workload(), EAST).tables
    assert table.capacity == (15, 9)


def test_settings_are_those_of_the_region(project: Project) -> None:
    workload = project.workload()
    assert [_function(workload, "orders", region).memory for region in (EAST, WEST)] == [512, 256]
    assert {(region.check, region.stages[0].cache) for region in workload.regions} == {(10, "0.5")}
    assert workload.zones == 1


def test_the_zones_of_all_domains_count_each_once(tmp_path: Path, spec: dict[str, Any]) -> None:
    zone = spec["domain"].pop("zone")
    spec["domain"].pop("health-check", None)
    further = [{"name": f"{name}.{zone}", "zone": zone} for name in ("b", "c")]
    spec["domains"] = [*further, {"name": "d.else.example", "zone": "else.example"}]
    workload = Project(tmp_path, spec).workload(requests=("1M",))
    assert (workload.zones, workload.queries) == (2, 1e6)
    assert any(one.startswith("as many DNS queries as requests") for one in workload.assumptions)


def test_regions_can_be_chosen(project: Project) -> None:
    workload = project.workload(WEST, requests=("1M",))
    assert [(region.name, region.requests) for region in workload.regions] == [(WEST, 1e6)]


def test_without_an_api_requests_are_invocations(tmp_path: Path, spec: dict[str, Any]) -> None:
    del spec["api"], spec["domain"], spec["functions"]["search"]["warm"]
    workload = Project(tmp_path, spec).workload(requests=("6k",))
    assert {region.requests for region in workload.regions} == {0}
    assert [one.requests for one in _region(workload, EAST).functions] == [1000, 1000, 1000]
    assert "requests without a function are split evenly" in workload.assumptions


def test_what_is_taken_for_granted_is_said(project: Project) -> None:
    said = project.workload(requests=("1M",)).assumptions
    assert "requests are spread evenly over the regions" in said
    assert "an invocation of search, orders, night is billed 100 ms (--duration)" in said
    timed = project.workload(requests=("1M",), duration=("search=5",)).assumptions
    assert "an invocation of orders, night is billed 100 ms (--duration)" in timed
    assert not any("100 ms (--duration)" in one for one in project.workload(duration=("9",)).assumptions)
    assert any("orders (--items)" in sentence for sentence in said)
    assert any(sentence.startswith("no --requests") for sentence in project.workload().assumptions)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"requests": ("ten",)}, "--requests: 'ten' is not a number; write 250000, 250k, 10M or 1.5B"),
        ({"requests": ("-5",)}, "--requests: '-5' is negative"),
        ({"requests": ("",)}, "--requests: '' is not a number; write 250000, 250k, 10M or 1.5B"),
        ({"requests": ("1", "2")}, "--requests: the total is given twice"),
        (
            {"requests": ("serch=1",)},
            "--requests: the spec names no region or function 'serch'; did you mean 'search'?",
        ),
        ({"requests": ("1M", "us-east-1=2M")}, "--requests: the regions named have 1,000,000 more than the total"),
        (
            {"requests": ("3", "us-east-1=1", "us-west-2=1")},
            "--requests: every region is named, and 1 of the total are in none of them",
        ),
        ({"requests": ("3", "search=4")}, "--requests: the functions named have 1 more than the total"),
        ({"duration": ("soon",)}, "--duration: 'soon' is not a duration; write 120 (milliseconds) or 1.5s"),
        ({"duration": ("-1",)}, "--duration: '-1' is negative"),
        ({"duration": ("orders=nan",)}, "--duration: orders 'nan' is not a duration; write 120 (milliseconds) or 1.5s"),
        (
            {"duration": ("xyz=1",)},
            "--duration: the spec names no function 'xyz'; it names 'search', 'orders' and 'night'",
        ),
        ({"ping_duration": "1h"}, "--ping-duration: '1h' is not a duration; write 120 (milliseconds) or 1.5s"),
        ({"items": ("order:gb=1",)}, "--items: the spec names no table 'order'; did you mean 'orders'?"),
        ({"items": ("orders",)}, "--items: 'orders' is not of the form TABLE:gb=2,kb=1,reads=5M,writes=1M"),
        ({"items": ("orders:reeds=1",)}, "--items: orders: 'reeds=1' is not a setting; did you mean 'reads'?"),
        ({"items": ("orders:gb=x",)}, "--items: orders: gb 'x' is not a number; write 250000, 250k, 10M or 1.5B"),
        ({"items": ("orders:gb=1,gb=2",)}, "--items: orders: 'gb' is given twice"),
        ({"log_kb": "-1"}, "--log-kb: '-1' is negative"),
        ({"response_kb": "1KB"}, "--response-kb: '1KB' is not a number; write 250000, 250k, 10M or 1.5B"),
        (
            {"from_metrics": "a month"},
            "--from-metrics: 'a month' is not a duration: write for instance 90s, 30m, 24h or 7d",
        ),
        ({"from_metrics": "0d"}, "--from-metrics: '0d' is not a duration: write for instance 90s, 30m, 24h or 7d"),
        ({"from_metrics": "500d"}, "--from-metrics: '500d' is longer than CloudWatch keeps figures, 455 days"),
        (
            {"from_metrics": "30d", "requests": ("1M",)},
            "--requests: it is measured with --from-metrics; leave one of the two out",
        ),
    ],
)
def test_one_fault_is_one_sentence(project: Project, given: dict[str, Any], fault: str) -> None:
    assert project.faults(**given) == [fault]


def test_the_spec_the_prices_and_the_options_are_faulty_at_once(tmp_path: Path, spec: dict[str, Any]) -> None:
    spec["functions"]["search"]["memry"] = 5
    told = Project(tmp_path, spec).faults(prices="glbal: {}\n", requests=("ten",), duration=("nope=soon",))
    assert len(told) == 4
    assert "'memry' is not a setting of a function; did you mean 'memory'?" in told[0]
    assert "'glbal' is not a setting of a price file; did you mean 'global'?" in told[1]
    assert told[2:] == [
        "--requests: 'ten' is not a number; write 250000, 250k, 10M or 1.5B",
        "--duration: nope 'soon' is not a duration; write 120 (milliseconds) or 1.5s",
    ]


def test_a_region_that_the_spec_does_not_name_is_a_fault_beside_the_others(project: Project) -> None:
    told = project.faults("us-west-1", requests=("ten",))
    assert told == [
        "--region: the spec names no region 'us-west-1'; did you mean 'us-west-2'?",
        "--requests: 'ten' is not a number; write 250000, 250k, 10M or 1.5B",
    ]
