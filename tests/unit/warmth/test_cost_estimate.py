"""A month's quantities as money: what is known by heart comes out, and what changes cost is what they cost."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backendctl.warmth.cost.estimate import Delta, Estimate, estimate
from backendctl.warmth.cost.prices import PriceList, global_keys, load_prices, regional_keys
from backendctl.warmth.cost.pricing import Priced, price
from backendctl.warmth.cost.usage import usages
from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, StageLoad, TableLoad, Workload
from backendctl.warmth.schedule import pings_per_month

EAST, WEST = "us-east-1", "us-west-2"
X86 = 16.6667e-6
PINGED = FunctionLoad(name="one", memory=1024, pings=pings_per_month("rate(5 minutes)"), ping_ms=100, holds=1)


def _workload(*functions: FunctionLoad, regions: tuple[str, ...] = (EAST,), **more: object) -> Workload:
    loads = tuple(RegionLoad(name=name, functions=functions, **more) for name in regions)  # type: ignore[arg-type]
    return Workload(backend="b", regions=loads)


def _priced(workload: Workload, prices: PriceList | None = None) -> Priced:
    return price(usages(workload), prices or load_prices())


def _cost(priced: Priced, item: str, region: str | None = EAST) -> float | None:
    return next(one.cost for one in priced.lines if (one.usage.item, one.usage.region) == (item, region))


def _change(found: Estimate, name: str) -> Delta:
    return next(one for one in found.deltas if one.name == name)


def _prices(folder: Path, text: str) -> PriceList:
    (folder / "prices.yaml").write_text(text, encoding="utf-8")
    return load_prices(folder / "prices.yaml")


def test_the_classic_figures_come_out() -> None:
    found = estimate(_workload(PINGED), load_prices())
    for pings in (found.pings, found.classic):
        assert pings.invocations == 8760
        assert pings.seconds == pytest.approx(876)
        assert pings.free_seconds == 400_000
        assert pings.left == pytest.approx(399_124)
    seconds = next(one for one in found.priced.free if one.key == "lambda-gb-seconds")
    assert seconds.left == pytest.approx(399_124)


def test_the_classic_figures_stand_beside_those_of_any_spec() -> None:
    found = estimate(_workload(replace(PINGED, memory=512, pings=10), regions=(EAST, WEST)), load_prices())
    assert (found.pings.invocations, found.pings.gb_seconds) == pytest.approx((20, 1))
    assert (found.classic.invocations, found.classic.seconds, found.classic.left) == (8760, 876, 399_124)


def test_free_amounts_are_taken_off_the_account_once_and_not_once_a_region() -> None:
    busy = FunctionLoad(name="one", memory=1024, requests=1e6, ms=300)
    found = _priced(_workload(busy, regions=(EAST, WEST)))
    assert {one.key: one.region for one in found.free} == {"lambda-requests": None, "lambda-gb-seconds": None}
    assert {one.key: one.saves for one in found.free} == {
        "lambda-requests": pytest.approx(0.20),
        "lambda-gb-seconds": pytest.approx(400_000 * X86),
    }
    assert found.total == pytest.approx(2 * 0.20 + 600_000 * X86)
    assert found.total_with_free == pytest.approx(0.20 + 200_000 * X86)


def test_no_more_is_free_than_is_used() -> None:
    found = _priced(_workload(FunctionLoad(name="one", memory=128, requests=1000, ms=100)))
    assert found.total > 0
    assert found.total_with_free == pytest.approx(0)


def test_stored_data_is_free_in_each_region() -> None:
    table = TableLoad(name="t", gb=20, index_gb=10)
    found = _priced(_workload(regions=(EAST, WEST), tables=(table,)))
    assert {one.region: one.saves for one in found.free} == pytest.approx({EAST: 6.25, WEST: 6.25})
    assert found.total == pytest.approx(2 * 30 * 0.25)


def test_tiers_count_all_functions_of_a_region_and_each_pays_its_part() -> None:
    large = FunctionLoad(name="large", memory=1024, requests=6e9, ms=1000)
    small = replace(large, name="small", requests=3e9)
    found = _priced(_workload(large, small))
    compute = {one.usage.of: one.cost for one in found.lines if one.usage.item == "compute"}
    together = 6e9 * X86 + 3e9 * 15e-6
    assert compute == {"large": pytest.approx(together * 2 / 3), "small": pytest.approx(together / 3)}


def test_regions_have_tiers_of_their_own() -> None:
    found = _priced(_workload(regions=(EAST, WEST), requests=333e6))
    assert [_cost(found, "requests", region) for region in (EAST, WEST)] == [pytest.approx(1165.5)] * 2


def test_provisioned_environments_cost_by_the_month_and_draw_on_nothing_free() -> None:
    held = FunctionLoad(name="one", memory=1024, requests=1e6, ms=100, provisioned=2)
    found = _priced(_workload(held))
    assert _cost(found, "provisioned") == pytest.approx(2 * 2_628_000 * 4.1667e-6)
    assert _cost(found, "compute") == pytest.approx(100_000 * 9.7222e-6)
    assert found.free == ()


def test_arm_is_priced_as_arm() -> None:
    found = _priced(_workload(FunctionLoad(name="one", memory=2048, architecture="arm64", requests=1e6, ms=100)))
    assert _cost(found, "compute") == pytest.approx(200_000 * 13.3334e-6)


def test_health_checks_cost_their_options_even_when_the_first_fifty_are_free() -> None:
    slow, fast = RegionLoad(name=EAST, check=30), RegionLoad(name=WEST, check=10)
    found = _priced(Workload(backend="b", regions=(slow, fast), zones=1))
    assert found.total == pytest.approx(0.50 + 2 * 0.50 + 1.00 + 2.00)
    assert found.total_with_free == pytest.approx(0.50 + 3.00)


def test_what_is_not_confirmed_is_shown_and_in_no_total() -> None:
    function = FunctionLoad(name="one", memory=128, requests=1e6, log_kb=1024)
    found = _priced(_workload(function))
    assert _cost(found, "ingest") == pytest.approx(1e6 / 1024 * 0.50)
    assert found.total == pytest.approx(0.20)


def test_the_users_own_figure_counts(tmp_path: Path) -> None:
    function = FunctionLoad(name="one", memory=128, requests=1e6, log_kb=1024)
    found = _priced(_workload(function), _prices(tmp_path, "regions: {us-east-1: {logs-gb: 0.6}}"))
    assert found.total == pytest.approx(0.20 + 1e6 / 1024 * 0.60)


def test_what_has_no_price_is_named_with_its_key_and_never_guessed() -> None:
    table = TableLoad(name="t", gb=1, backup=True, capacity=(5, 5))
    found = estimate(_workload(tables=(table,), stages=(StageLoad(name="s", cache="6.1"),)), load_prices())
    assert _cost(found.priced, "backup") is None
    assert found.priced.total == pytest.approx(0.25)
    told = "\n".join(found.not_priced)
    for key in ("dynamodb-backup-gb", "dynamodb-read-capacity-hours", "dynamodb-write-capacity-hours", "api-cache-6.1"):
        assert f"set '{key}' in the price file" in told
    assert "CloudFront, DAX, SnapStart on Python or .NET" in told


def test_fixed_amounts_of_the_price_file_are_in_the_total(tmp_path: Path) -> None:
    prices = _prices(tmp_path, "monthly: {DAX: 30}")
    found = estimate(_workload(PINGED), prices)
    assert found.priced.total == pytest.approx(estimate(_workload(PINGED), load_prices()).priced.total + 30)
    assert not any("DAX" in one for one in found.not_priced)


def test_a_region_of_another_list_is_labelled_figure_by_figure(tmp_path: Path) -> None:
    workload = _workload(PINGED, regions=(EAST, WEST), requests=10)
    assert set(estimate(workload, load_prices()).borrowed) == {WEST}
    own = _prices(tmp_path, "regions: {us-west-2: {lambda-requests: 1, lambda-x86-gb-seconds: 1, events-scheduled: 0}}")
    assert estimate(workload, own).borrowed == {WEST: ("api-requests",)}


def test_one_region_more_has_its_own_pings_replicas_checks_and_no_more_requests() -> None:
    table = TableLoad(name="t", writes=1e6, replicated=1e6, index_writes=4e6, reads=9e6, gb=100)
    function = replace(PINGED, requests=5e6, ms=10)
    found = estimate(_workload(function, regions=(EAST, WEST), tables=(table,), check=30, requests=5e6), load_prices())
    delta = _change(found, "one-region-more")
    pings = 8760 * 0.2e-6 + 876 * X86
    assert delta.cost == pytest.approx(pings + (2e6 + 4e6) * 0.625e-6 + 25 + 1.50)
    assert delta.cost_with_free is not None
    assert delta.cost is not None
    assert delta.cost_with_free == pytest.approx(delta.cost - 876 * X86 - 6.25 - 0.50)  # of the seconds enough are left


def test_provisioned_instead_of_pings_trades_both() -> None:
    found = estimate(_workload(PINGED), load_prices())
    delta = _change(found, "provisioned-instead-of-pings")
    assert delta.cost == pytest.approx(2_628_000 * 4.1667e-6 - 8760 * 0.2e-6 - 876 * X86)
    assert delta.cost_with_free == pytest.approx(2_628_000 * 4.1667e-6)
    assert _change(found, "no-pings").cost == pytest.approx(-found.pings.cost)


def test_what_is_not_pinged_has_nothing_to_be_provisioned_instead_of() -> None:
    found = estimate(_workload(FunctionLoad(name="one", memory=128, requests=5, ms=1)), load_prices())
    assert {one.name for one in found.deltas} == {"one-region-more"}


def test_a_stage_cache_costs_by_the_hour_in_every_region_that_has_none() -> None:
    workload = _workload(regions=(EAST, WEST), stages=(StageLoad(name="s"),))
    assert _change(estimate(workload, load_prices()), "stage-cache").cost == pytest.approx(2 * 0.020 * 730)


def test_another_memory_size_is_priced_at_the_same_duration() -> None:
    function = FunctionLoad(name="one", memory=256, requests=1e7, ms=100)
    found = estimate(_workload(function, replace(function, name="two"), regions=(EAST, WEST)), load_prices())
    one = next(delta for delta in found.memory if delta.function == "one")
    assert one.memory == (256,)
    assert one.sizes[256].cost == pytest.approx(0)
    assert one.sizes[1024].cost == pytest.approx(2 * 1e6 * 0.75 * X86)
    assert one.sizes[128].cost == pytest.approx(-2 * 1e6 * 0.125 * X86)


def test_a_change_leaves_out_what_has_no_price_and_says_so() -> None:
    table = TableLoad(name="t", writes=1e6, gb=40, backup=True)
    delta = _change(estimate(_workload(tables=(table,)), load_prices()), "one-region-more")
    assert delta.cost == pytest.approx(0.625 + 10)
    assert delta.not_priced == ("dynamodb-backup-gb",)
    provisioned = TableLoad(name="t", capacity=(5, 5))
    unknown = _change(estimate(_workload(tables=(provisioned,)), load_prices()), "one-region-more")
    assert unknown.cost is None


def test_everything_that_may_be_used_can_be_priced() -> None:
    functions = [
        FunctionLoad(
            name=f"{chip}{held}",
            memory=128,
            architecture=chip,
            tmp=1024,
            requests=1,
            ms=1,
            pings=1,
            ping_ms=1,
            log_kb=1,
            provisioned=held,
            snapshots=1,
        )
        for chip in ("x86_64", "arm64")
        for held in (0, 1)
    ]
    tables = (
        TableLoad(
            name="t", writes=1, replicated=1, reads=1, index_writes=1, gb=1, index_gb=1, replicated_gb=1, backup=True
        ),
        TableLoad(name="p", capacity=(1, 1)),
    )
    sizes = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
    stages = tuple(StageLoad(name=size, cache=size, tracing=True) for size in sizes)
    region = RegionLoad(
        name=EAST, requests=1, answer_kb=1, stages=stages, functions=tuple(functions), tables=tables, check=10
    )
    used = usages(Workload(backend="b", regions=(region,), zones=1, queries=1))
    others = {"logs-insights-gb"}  # what warm-status pays for its reading
    assert {one.key for one in used if one.region is not None} == set(regional_keys()) - others
    assert {one.key for one in used if one.region is None} == set(global_keys())
