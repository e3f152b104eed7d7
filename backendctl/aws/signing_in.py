"""The session with the user's credentials: profiles, roles, MFA codes, and what goes wrong with them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from botocore.config import Config
from botocore.credentials import AssumeRoleCredentialFetcher, DeferredRefreshableCredentials
from botocore.exceptions import NoCredentialsError
from botocore.session import Session

from backendctl.aws import event_names
from backendctl.aws.errors import explain, no_credentials
from backendctl.aws.newer_models import teach
from backendctl.errors import BackendctlError, UsageError

Prompt = Callable[[str], str]


def refuse_to_prompt(question: str) -> str:
    """Nobody is there to be asked.

    Raises:
        UsageError: always.
    """
    raise UsageError(
        f"refusing to prompt: stdin is not a TTY ({question.strip().rstrip(':')})",
        hint="sign in beforehand, e.g. with aws sts get-session-token, and name that profile with --profile",
    )


def open_session(
    *,
    profile: str | None,
    role_arn: str | None,
    endpoint_url: str | None,
    prompt: Prompt,
    home: Callable[[], str | None],
    config: Config,
    listening: Callable[[Session], None],
) -> Session:
    """A session that signs with the profile's credentials, or with those of a role.

    Args:
        role_arn: a role to assume; its credentials renew themselves, because a replica may take hours (F11).
        endpoint_url: where roles are assumed; None for STS of the region that `home` tells (F12).
        prompt: asks for an MFA code.
        home: the region whose STS is asked; None leaves it to the profile.
        listening: gets each session below, before it makes a client.

    Raises:
        AwsError: there is no such profile, or the AWS configuration cannot be read.
    """
    try:
        source = event_names.session(profile=profile or os.environ.get("AWS_PROFILE"))
        source.get_scoped_config()  # a profile that is not there is told before anything else
        listening(source)
        teach(source.get_component("data_loader"))
        creator = sts_clients(source, endpoint_url=endpoint_url, home=home, config=config)
        provider: Any = source.get_component("credential_provider").get_provider("assume-role")
        provider._client_creator = creator  # botocore's own asks the region of the profile
        provider._prompter = prompt  # botocore's own reads the terminal behind a spinner
        opened = _assuming(source, role_arn, creator) if role_arn else source
        if opened is not source:
            listening(opened)
    except Exception as error:
        raise explain(error, doing="open the AWS profile") from error
    return opened


def check_credentials(session: Session, *, doing: str) -> None:
    """Get the credentials, so that what is wrong with them is told as that.

    Raises:
        AwsError: there are none, or what should give them failed.
        UsageError: an MFA code is needed, and nobody is there to be asked.
    """
    try:
        found = session.get_credentials()
        if found is not None:
            found.get_frozen_credentials()
    except BackendctlError:
        raise
    except Exception as error:
        raise no_credentials(error, doing=doing) from error
    if found is None:
        raise no_credentials(NoCredentialsError(), doing=doing)


def sts_clients(
    source: Session, *, endpoint_url: str | None, home: Callable[[], str | None], config: Config
) -> Callable[..., Any]:
    """Makes the clients that assume roles; see `open_session`."""

    def create(service: str, **given: Any) -> Any:
        region = home() or given.pop("region_name", None) or source.get_config_variable("region") or "us-east-1"
        given = {**given, "region_name": region, "config": config}
        if endpoint_url is not None:
            given["endpoint_url"] = endpoint_url
        return source.create_client(service, **given)

    return create


def _assuming(source: Session, role_arn: str, creator: Callable[..., Any]) -> Session:
    credentials = source.get_credentials()
    if credentials is None:
        raise NoCredentialsError
    fetcher = AssumeRoleCredentialFetcher(
        client_creator=creator,
        source_credentials=credentials,
        role_arn=role_arn,
        extra_args={"RoleSessionName": "backendctl"},
    )
    inner = event_names.session(profile=source.profile)
    inner.register_component("data_loader", source.get_component("data_loader"))  # which has read some already
    inner._credentials = DeferredRefreshableCredentials(  # type: ignore[attr-defined]
        method="assume-role", refresh_using=fetcher.fetch_credentials
    )
    return inner
