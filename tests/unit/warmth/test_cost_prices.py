"""The price list: the shipped figures, tiers, and the user's file over them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.errors import SpecError
from backendctl.warmth.cost.prices import Price, global_keys, load_prices, regional_keys

EAST, WEST = "us-east-1", "us-west-2"


def _price(key: str, region: str | None = EAST, *, file: Path | None = None) -> Price:
    found = load_prices(file).find(region, key)
    assert found is not None
    return found


def _file(folder: Path, text: str, name: str = "prices.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def _faults(path: Path) -> list[str]:
    with pytest.raises(SpecError) as raised:
        load_prices(path)
    return [str(fault).removeprefix(f"{path}:") for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("key", "quantity", "usd"),
    [
        ("api-requests", 1e6, 3.50),
        ("api-requests", 333e6, 1165.50),
        ("api-requests", 1e9, 1165.50 + 667 * 2.80),
        ("api-requests", 20e9, 1165.50 + 667 * 2.80 + 19_000 * 2.38),
        ("api-requests", 21e9, 1165.50 + 667 * 2.80 + 19_000 * 2.38 + 1000 * 1.51),
        ("lambda-x86-gb-seconds", 16e9, 6e9 * 16.6667e-6 + 9e9 * 15e-6 + 1e9 * 13.3334e-6),
        ("lambda-requests", 10e6, 2.00),
        ("dynamodb-writes", 8e6, 5.00),
    ],
)
def test_a_tier_pays_for_its_own_part_only(key: str, quantity: float, usd: float) -> None:
    assert _price(key).cost(quantity) == pytest.approx((usd, 0))


def test_zones_and_queries_have_tiers_too() -> None:
    assert _price("route53-zones", None).cost(30) == pytest.approx((25 * 0.50 + 5 * 0.10, 0))
    assert _price("route53-alias-queries", None).cost(2e9) == pytest.approx((600 + 300, 0))


def test_a_quantity_beyond_the_last_known_tier_is_not_priced() -> None:
    assert _price("transfer-out-gb").cost(10_240 + 5) == pytest.approx((921.6, 5))


def test_every_shipped_figure_has_its_source_and_date() -> None:
    shipped = load_prices()
    figures = [*shipped.everywhere.values(), *(one for prices in shipped.regional.values() for one in prices.values())]
    assert [one.key for one in figures if not one.source or not one.date] == []


def test_what_is_not_confirmed_is_marked() -> None:
    assert not _price("logs-gb").confirmed
    assert not _price("xray-traces").confirmed
    assert not _price("route53-alias-queries", None).confirmed
    assert _price("api-requests").confirmed


def test_what_nobody_confirmed_has_no_figure_at_all() -> None:
    shipped = load_prices()
    for key in ("dynamodb-backup-gb", "dynamodb-write-capacity-hours", "api-cache-1.6"):
        assert key in regional_keys()
        assert shipped.find(EAST, key) is None


def test_a_region_without_prices_borrows_those_of_us_east_1() -> None:
    shipped = load_prices()
    assert shipped.borrowed("eu-west-1")
    assert _price("api-requests", "eu-west-1").region == EAST


def test_the_users_file_wins_and_what_it_does_not_say_stays(tmp_path: Path) -> None:
    text = """
        date: 2026-12-01
        regions:
          us-west-2:
            api-requests: [{up-to: 1000000, price: 4}, {price: 3}]
            logs-gb: 0.55
            lambda-requests: {price: 0.3, source: my contract}
        free: {lambda-requests: 0, lambda-gb-seconds: {amount: 5}}
        monthly: {CloudFront: 12.5}
    """
    merged = load_prices(_file(tmp_path, text))
    west = merged.regional[WEST]
    assert west["api-requests"].cost(3e6) == pytest.approx((4 + 6, 0))
    assert (west["logs-gb"].confirmed, west["logs-gb"].source, west["logs-gb"].date) == (
        True,
        "your price file",
        "2026-12-01",
    )
    assert west["lambda-requests"].source == "my contract"
    assert not merged.borrowed(WEST)
    assert merged.find(WEST, "dynamodb-writes") == load_prices().find(EAST, "dynamodb-writes")
    assert (merged.free["lambda-requests"], merged.free["lambda-gb-seconds"]) == (0, 5)
    assert merged.monthly == {"CloudFront": 12.5}


def test_a_price_file_may_be_json_and_may_be_empty(tmp_path: Path) -> None:
    json_file = _file(tmp_path, '{"global": {"route53-zones": 0.4}}', "prices.json")
    assert _price("route53-zones", None, file=json_file).cost(1) == (0.4, 0)
    assert load_prices(_file(tmp_path, "")).everywhere == load_prices().everywhere


def test_every_fault_of_a_price_file_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    text = """regions:
  us-west-2:
    api-request: 3.5
    lambda-requests: "0.2"
    logs-gb: [{up-to: 10, price: 1}, {up-to: 5, price: 1}]
    xray-traces: {confirmed: true}
    api-requests: [{price: 1}, {price: 2}]
  us-wst-2: {}
global: {route53-zones: -1}
monthly: {CloudFront: lots}
"""
    assert _faults(_file(tmp_path, text)) == [
        "3:5: 'api-request' is not a setting of the prices of a region; did you mean 'api-requests'?",
        "4:22: 'lambda-requests' must be a number or a list or a mapping, not '0.2'",
        "5:46: a tier must end above the one before it, 10",
        "6:18: a price needs exactly one of 'price' and 'tiers'",
        "7:20: only the last tier may go without 'up-to'",
        "8:3: there is no region 'us-wst-2'; did you mean 'us-west-2'?",
        "9:25: 'route53-zones' must be at least 0, not -1",
        "10:23: 'CloudFront' must be a number, not 'lots'",
    ]


@pytest.mark.parametrize("text", ["- 1\n", "3\n", "regions: [us-east-1]\n", "global: 5\n", "regions: {us-east-1: 3}\n"])
def test_a_price_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    assert _faults(_file(tmp_path, text))


def test_keys_are_of_a_region_or_of_none() -> None:
    assert not regional_keys().keys() & global_keys().keys()


def test_a_number_that_no_price_has_is_refused(tmp_path: Path) -> None:
    huge = "1" + 400 * "0"
    text = f"monthly: {{DAX: {huge}}}\nregions: {{us-east-1: {{logs-gb: {huge}}}}}\n"
    assert [fault.split(": ", 1)[1] for fault in _faults(_file(tmp_path, text))] == [
        "the number is greater than 1e+15",
        "the number is greater than 1e+15",
    ]
