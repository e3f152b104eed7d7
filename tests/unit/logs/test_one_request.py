"""One request, found from any of its ids."""

from __future__ import annotations

import json

import pytest

from backendctl.errors import UsageError
from backendctl.logs.one_request import gather
from backendctl.logs.sources import Kind, Source
from tests.unit.warmth.logs_service import REGION, Line, Logs

T = 1_800_000_000.0
API, OWN, OTHER = (f"{n}1111111-2222-4333-8444-555555555555" for n in (1, 2, 3))
ACCESS, FUNCTION = "/access", "/aws/lambda/shop-places"
SOURCES = [
    Source(region=REGION, group=ACCESS, kind=Kind.ACCESS, name="prod"),
    Source(region=REGION, group=FUNCTION, kind=Kind.FUNCTION, name="places", physical="shop-places"),
]


def written() -> Logs:
    """Two requests of one environment, the second of which is the wanted one."""
    logs = Logs(now=T + 60)
    logs.groups = {ACCESS, FUNCTION}
    for number, request in enumerate((OTHER, OWN)):
        at = T + 10 * number
        told = (f"START RequestId: {request} Version: 7", f"own words {number}", f"END RequestId: {request}")
        logs.lines += [Line(group=FUNCTION, at=at + n, message=text) for n, text in enumerate(told)]
    access = json.dumps({"requestId": API, "integrationRequestId": OWN})
    logs.lines.append(Line(group=ACCESS, at=T + 13, message=access))
    return logs


@pytest.mark.parametrize("given", [API, OWN])
def test_either_id_leads_to_the_other_and_to_all_lines(given: str) -> None:
    found = gather(
        written().aws(), SOURCES, given, since=int(T * 1000), until=int(T * 1000) + 60_000, whole=False, workers=1
    )
    assert set(found.ids) == {API, OWN}
    assert found.lines[0].message == "own words 1"
    assert {line.source.kind for line in found.lines} == {Kind.ACCESS, Kind.FUNCTION}
    assert len(found.lines) == 2


@pytest.mark.parametrize("given", ["a", "two words", 'quo"te-it', ""])
def test_what_is_no_id_is_refused(given: str) -> None:
    with pytest.raises(UsageError, match="is not an id"):
        gather(Logs().aws(), SOURCES, given, since=0, until=1, whole=False, workers=1)


def test_a_word_of_many_requests_is_refused() -> None:
    logs = written()
    for number in range(20):
        id_ = f"{number:08x}-2222-4333-8444-555555555555"
        logs.lines.append(Line(group=ACCESS, at=T, message=f'{{"requestId":"{id_}","route":"/places"}}'))
    with pytest.raises(UsageError, match="more than one request"):
        gather(logs.aws(), SOURCES, "/places", since=0, until=int(T * 1000) + 1, whole=False, workers=1)
