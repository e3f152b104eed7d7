"""What expressions in a spec ask of AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.aws.errors import explain

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


class AwsLookups:
    """What expressions in the spec ask of AWS."""

    def __init__(self, aws: Aws, account: str) -> None:
        self._aws = aws
        self._account = account

    def account(self) -> str:
        return self._account

    def parameter(self, region: str, name: str) -> str:
        def ask() -> str:
            try:
                return self._aws.ssm(region).get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
            except Exception as error:
                raise explain(error, doing=f"read the parameter {name} in {region}, which the spec names") from error

        return self._aws.shared(("parameter", region, name), ask)
