"""botocore's descriptions of services are read once per sandbox, by its own parts and by ministack."""

from __future__ import annotations

import botocore.session
import pytest
from ministack.core import responses

from backendctl.sandbox.service_models import known_regions, service_model, share


def test_a_model_is_read_once_and_is_the_one_a_botocore_session_finds() -> None:
    known = botocore.session.get_session().get_service_model("sts")
    assert service_model("sts").operation_names == known.operation_names
    assert service_model("sts") is service_model("sts")


def test_the_regions_are_those_botocore_has_for_dynamodb() -> None:
    assert known_regions() == frozenset(botocore.session.get_session().get_available_regions("dynamodb"))


def test_ministack_uses_the_same_models_and_knows_when_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(responses, "_service_model", responses._service_model)  # put back afterwards
    share()
    assert responses._service_model("monitoring") is service_model("cloudwatch")
    assert responses._service_model("no-such-service") is None
