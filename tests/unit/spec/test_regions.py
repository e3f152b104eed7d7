from __future__ import annotations

import botocore.session

from backendctl.spec.regions import PARTITION


def test_regions_are_those_route_53_knows() -> None:
    shape = botocore.session.get_session().get_service_model("route53").shape_for("ResourceRecordSetRegion")
    assert set(PARTITION) == set(shape.enum)  # type: ignore[attr-defined]


def test_partitions_are_those_of_botocore() -> None:
    session = botocore.session.get_session()
    assert {region: session.get_partition_for_region(region) for region in PARTITION} == PARTITION
