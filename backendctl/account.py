"""Which account the credentials are for, and whether it may be touched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backendctl.errors import AwsError, RefusedError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def _identity(aws: Aws, regions: Sequence[str]) -> tuple[str, str]:
    """Account and partition from the first region that answers; what AWS itself refuses is final."""
    for region in regions[:-1]:
        try:
            return aws.identity(region)
        except AwsError as error:
            if not error.silent:
                raise
    return aws.identity(regions[-1])


def refuse_account(aws: Aws, regions: Sequence[str], *, allowed: Sequence[str]) -> tuple[str, str]:
    """The account id and the partition, once it is sure that they may be touched.

    Args:
        allowed: account ids; empty means any.

    Raises:
        RefusedError: config.yaml does not allow this account.
        AwsError: no credentials, or AWS does not let us in.
    """
    account, partition = _identity(aws, regions)
    if allowed and account not in allowed:
        raise RefusedError(
            [f"these credentials are for account {account}; config.yaml allows {', '.join(allowed)}"],
            hint="choose another --profile, or add the account to `accounts` in config.yaml",
        )
    return account, partition
