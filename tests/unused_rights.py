"""Which rights a run of the whole functional suite did not use."""

from __future__ import annotations

from pathlib import Path

import pytest

_SUITE = Path(__file__).parent / "functional"


def unused_rights(config: pytest.Config) -> list[str]:
    """In words; [] where only a part of the suite was run, which cannot tell."""
    if not _is_whole(config):
        return []
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    used = {
        right
        for reports in (reporter.stats if reporter is not None else {}).values()
        for report in reports
        for name, rights in getattr(report, "user_properties", ())
        if name == "rights"
        for right in rights
    }
    if not used:
        return []
    from tests.functional.rights import unused  # noqa: PLC0415  # boto3 only where there is something to tell

    return unused(used)


def _is_whole(config: pytest.Config) -> bool:
    if any(config.getoption(name) for name in ("keyword", "markexpr", "maxfail")):
        return False
    return any(_SUITE.is_relative_to(Path(one).resolve()) for one in config.args)
