"""What an expression asks of AWS and does not get is told with its region."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from backendctl.errors import AwsError
from backendctl.lookups import AwsLookups

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.aws.connection import Aws


class Silent:
    """A Parameter Store that does not answer."""

    def shared(self, _: object, make: Callable[[], str]) -> str:
        return make()

    def ssm(self, _: str) -> Silent:
        return self

    def get_parameter(self, **_: object) -> None:
        raise ReadTimeoutError(endpoint_url="https://ssm")


def test_a_parameter_that_cannot_be_read_is_told_with_its_name_and_region() -> None:
    with pytest.raises(AwsError, match="read the parameter /shop/token in us-west-2, which the spec names: NoAnswer"):
        AwsLookups(cast("Aws", Silent()), "123456789012").parameter("us-west-2", "/shop/token")
