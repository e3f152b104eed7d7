"""A session for the local AWS, which nothing outside can change: no variable, no profile, no file, no proxy.

Whoever tries `--sandbox` may have a broken ~/.aws/config, a profile that does not exist or a company's proxy, and none
of it is of any concern there.
"""

from __future__ import annotations

import functools
import os
from typing import Any

from botocore.config import Config
from botocore.loaders import Loader
from botocore.session import Session

from backendctl.aws import event_names
from backendctl.aws.newer_models import teach


@functools.cache
def _loader() -> Loader:
    """One for the process: reading the descriptions of services takes longer than making clients of them."""
    made = Loader(extra_search_paths=[Loader.BUILTIN_DATA_PATH], include_default_search_paths=False)
    teach(made)
    return made


def isolated_session(keys: tuple[str, str]) -> Session:
    """A session with these keys (access key id and secret) and the SDK's defaults for everything else."""
    defaults = {name: (None, None, told[2], told[3]) for name, told in Session.SESSION_VARIABLES.items()}
    defaults["config_file"] = (None, None, os.devnull, None)
    defaults["credentials_file"] = (None, None, os.devnull, None)
    session = event_names.session(session_vars=defaults)
    session.register_component("data_loader", _loader())  # ~/.aws/models may hold other descriptions of services
    session.set_credentials(*keys)
    return session


def isolated_client(session: Session, service: str, region: str, *, endpoint_url: str | None, config: Config) -> Any:
    """A client of the local AWS: its calls go to the endpoint without any proxy, and it opens no certificates."""
    direct = config.merge(Config(proxies={}))
    return session.create_client(service, region_name=region, endpoint_url=endpoint_url, config=direct, verify=False)
