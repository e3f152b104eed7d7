"""Everything that is wrong with a spec beyond its shape, all at once.

Each `check_…` module judges one part of the `View`; none of them asks AWS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.nearest import nearest
from backendctl.spec.canary import check_canary
from backendctl.spec.check_api import check_api
from backendctl.spec.check_arns import check_arns
from backendctl.spec.check_callers import check_callers
from backendctl.spec.check_domain import check_domain
from backendctl.spec.check_functions import check_functions
from backendctl.spec.check_links import check_links
from backendctl.spec.check_names import check_tags, check_unique
from backendctl.spec.check_stages import check_stages
from backendctl.spec.check_tables import check_tables
from backendctl.spec.regions import PARTITION
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from backendctl.spec.view import View


def check_parts(view: View) -> None:
    """Put every fault into the view's report."""
    _check_regions(view)
    check_tags(view, ("tags",), view.plain.get("tags", {}))
    check_functions(view)
    check_tables(view)
    check_api(view)
    check_callers(view)
    check_domain(view)
    check_arns(view)
    check_canary(view)
    check_links(view)
    check_stages(view)
    for region in view.regions:
        functions = view.functions[region].items()
        check_unique(view, "functions", {name: view.physical(name, function) for name, function in functions})
    tables = view.plain.get("tables", {}).items()
    check_unique(view, "tables", {name: view.physical(name, table) for name, table in tables})


def _check_regions(view: View) -> None:
    given = view.plain.get("regions", [])
    for index, region in enumerate(given):
        if region not in PARTITION:
            message = f"'{region}' is not an AWS region{nearest(region, PARTITION)}"
            view.report.add(("regions", index), message)
    partitions = sorted({PARTITION[region] for region in given if region in PARTITION})
    if len(partitions) > 1:
        message = f"the regions belong to {listed(partitions)}; no account and no domain reaches across these"
        view.report.add(("regions",), message)
