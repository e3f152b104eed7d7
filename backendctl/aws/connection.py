"""The one place where AWS clients are made: credentials, regions, cached clients, reads shared within a plan."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from botocore.config import Config

from backendctl.aws.call_log import Hear, listen
from backendctl.aws.crew import PatientLock, asleep
from backendctl.aws.errors import explain
from backendctl.aws.isolated import isolated_client, isolated_session
from backendctl.aws.journal import Journal
from backendctl.aws.pacing import Pacer
from backendctl.aws.seam import Seam
from backendctl.aws.signing_in import Prompt, check_credentials, open_session, refuse_to_prompt
from backendctl.aws.silence import Silence
from backendctl.aws.trusting import share_trust

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_acm import ACMClient
    from mypy_boto3_apigateway import APIGatewayClient
    from mypy_boto3_application_autoscaling import ApplicationAutoScalingClient
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_iam import IAMClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_logs import CloudWatchLogsClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient
    from mypy_boto3_sts import STSClient

T = TypeVar("T")

_GLOBAL_REGION = "us-east-1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Access:
    """How to reach AWS.

    Attributes:
        endpoint_url: for every service; None is AWS itself.
        role_arn: a role to assume, with credentials that renew themselves (F11).
        keys: access key id and secret, for a local AWS only; nothing of the user's AWS configuration counts then.
        time_scale: 1.0 is AWS's pace; all waits are multiplied by it.
        minute: seconds of the clock that a minute of a rule's rate takes; 60 on AWS.
        pool: connections per client; at least the number of threads (F6).
        timeout: seconds that one call may wait for an answer, all attempts together.
        attempts: how often a call is made at most that gets no answer, or a throttle.
        prompt: asks the user for an MFA code; gets the question, returns the answer.
        rates: (service, operation) → calls per second, over the built-in ones.
        command: which of ours calls, as CloudTrail and other logs of AWS tell it.
        hear: is told how each call ended; None when nobody wants to know.
    """

    profile: str | None = None
    role_arn: str | None = None
    endpoint_url: str | None = None
    keys: tuple[str, str] | None = None
    time_scale: float = 1.0
    minute: float = 60.0
    pool: int = 32
    timeout: float = 60.0
    attempts: int = 5
    prompt: Prompt = refuse_to_prompt
    rates: Mapping[tuple[str, str], float] = field(default_factory=dict)
    command: str = ""
    hear: Hear | None = None


@dataclass(slots=True)
class _Shared:
    """A bulk read, and the lock under which it is made. lasting: it stays when a plan begins to be carried out."""

    lock: PatientLock = field(default_factory=PatientLock)
    loaded: bool = False
    lasting: bool = False
    value: Any = None


class Aws:
    """AWS as one backend sees it; safe to use from many threads.

    Attributes:
        spec_names: names in AWS that the spec gives to functions and tables: what begins with the backend's name is
            looked for anyway, and these beside it.
        spec_zones: name of a custom domain → name or id of the hosted zone that the spec gives to it.
        granted: functions of others that the API calls: a destroy looks through their policies for our statements.

    Args:
        backend: whose mark is looked for and set.
        journal: where mutating calls are noted; None notes nothing.
        clock, sleep: seconds; passed in so that tests need not wait.
    """

    def __init__(
        self,
        access: Access,
        *,
        backend: str,
        journal: Journal | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.backend = backend
        self.spec_names: frozenset[str] = frozenset()
        self.spec_zones: Mapping[str, str] = {}
        self.granted: frozenset[str] = frozenset()
        self.clock = clock
        self.sleep = sleep = asleep(sleep)
        self.time_scale = access.time_scale
        self.minute = access.minute
        self.journal = journal
        self._access = access
        pacer = Pacer(clock=clock, sleep=sleep, overrides=access.rates, time_scale=access.time_scale)
        self._silence = Silence(access.timeout)
        self._seam = Seam(
            pacer=pacer,
            journal=journal,
            time_scale=access.time_scale,
            silence=self._silence,
            clock=clock,
            sleep=sleep,
        )
        self._home: str | None = None
        self._session = self._open(access)
        self._clients: dict[tuple[str, str, int | None], Any] = {}
        self._clients_lock = PatientLock()
        self._shared: dict[tuple[object, ...], _Shared] = {}
        self._locks: dict[object, PatientLock] = {}
        self._in_common: dict[object, object] = {}
        self._locks_lock = threading.Lock()

    def open_journal(self, *, allowed: Sequence[str] = ()) -> None:
        """Make sure that what is changed can be noted, and note what may be deleted.

        Raises:
            BackendctlError: the journal cannot be written.
        """
        if self.journal is not None:
            self.journal.open()
            self.journal.allow(allowed)

    def _open(self, access: Access) -> Session:
        if access.keys is not None:
            session = isolated_session(access.keys)
            listen(session, access.hear, clock=self.clock)
            return session
        return open_session(
            profile=access.profile,
            role_arn=access.role_arn,
            endpoint_url=access.endpoint_url,
            prompt=access.prompt,
            home=lambda: self._home,
            config=self._config("sts"),
            listening=lambda session: listen(session, access.hear, clock=self.clock),
        )

    def _config(self, service: str, patience: int | None = None) -> Config:
        return Config(
            retries={"mode": "standard", "total_max_attempts": self._access.attempts},  # never the default (F1)
            max_pool_connections=self._access.pool,
            connect_timeout=self._silence.connecting(),
            read_timeout=patience or self._silence.reading(service),
            user_agent_extra=f"md/backendctl#{self._access.command or 'library'}",
        )

    def as_command(self, name: str) -> Self:
        """The same connection, whose calls say that another command makes them."""
        other = copy.copy(self)
        other._access = replace(self._access, command=name)
        other._clients = {}
        return other

    def client(self, service: str, region: str, *, patience: int | None = None) -> Any:
        """The client of that service and region; made once (F7).

        Args:
            patience: seconds that one attempt may wait for an answer; by default what `--timeout` leaves it.
        """
        key = (service, region, patience)
        if (known := self._clients.get(key)) is not None:
            return known
        with self._clients_lock:
            if key not in self._clients:
                config = self._config(service, patience)
                url = self._access.endpoint_url
                if self._access.keys is None:
                    made = self._session.create_client(service, region_name=region, endpoint_url=url, config=config)
                else:
                    made = isolated_client(self._session, service, region, endpoint_url=url, config=config)
                _keep_user_agent(made)
                share_trust(made)
                self._seam.attach(made)
                self._clients[key] = made
            return self._clients[key]

    def lambda_(self, region: str) -> LambdaClient:
        """Lambda in that region."""
        return cast("LambdaClient", self.client("lambda", region))

    def calling(self, region: str, *, timeout: int) -> LambdaClient:
        """Lambda for Invoke: a function that takes all of its timeout (seconds) is not called twice."""
        return cast(
            "LambdaClient", self.client("lambda", region, patience=max(int(self._silence.timeout), timeout + 10))
        )

    def apigateway(self, region: str) -> APIGatewayClient:
        """API Gateway v1 in that region."""
        return cast("APIGatewayClient", self.client("apigateway", region))

    def dynamodb(self, region: str) -> DynamoDBClient:
        """DynamoDB in that region."""
        return cast("DynamoDBClient", self.client("dynamodb", region))

    def scaling(self, region: str) -> ApplicationAutoScalingClient:
        """Application Auto Scaling in that region."""
        return cast("ApplicationAutoScalingClient", self.client("application-autoscaling", region))

    def events(self, region: str) -> EventBridgeClient:
        """EventBridge in that region."""
        return cast("EventBridgeClient", self.client("events", region))

    def scheduler(self, region: str) -> Any:
        """EventBridge Scheduler in that region."""
        return self.client("scheduler", region)

    def logs(self, region: str) -> CloudWatchLogsClient:
        """CloudWatch Logs in that region."""
        return cast("CloudWatchLogsClient", self.client("logs", region))

    def cloudwatch(self, region: str) -> CloudWatchClient:
        """CloudWatch in that region."""
        return cast("CloudWatchClient", self.client("cloudwatch", region))

    def acm(self, region: str) -> ACMClient:
        """Certificate Manager in that region."""
        return cast("ACMClient", self.client("acm", region))

    def s3(self, region: str) -> S3Client:
        """S3 in that region."""
        return cast("S3Client", self.client("s3", region))

    def ssm(self, region: str) -> SSMClient:
        """Systems Manager in that region."""
        return cast("SSMClient", self.client("ssm", region))

    def iam(self) -> IAMClient:
        """IAM, which is global."""
        return cast("IAMClient", self.client("iam", _GLOBAL_REGION))

    def route53(self) -> Route53Client:
        """Route 53, which is global (E33)."""
        return cast("Route53Client", self.client("route53", _GLOBAL_REGION))

    def sts(self, region: str) -> STSClient:
        """STS in that region; global tokens do not work in opt-in regions (F12)."""
        return cast("STSClient", self.client("sts", region))

    def identity(self, region: str) -> tuple[str, str]:
        """The account id and the partition in use.

        Raises:
            AwsError: no credentials, expired, or the region is not enabled.
        """

        def ask() -> tuple[str, str]:
            self._home = region
            check_credentials(self._session, doing=f"sign in to {region}")
            try:
                caller = self.sts(region).get_caller_identity()
                account, arn = caller["Account"], caller["Arn"]
            except Exception as error:
                raise explain(error, doing=f"get the caller identity in {region}") from error
            return account, arn.split(":")[1]

        return self.shared(("identity",), ask)

    @property
    def account(self) -> str:
        """The account id; 12 digits."""
        return self.identity(_GLOBAL_REGION)[0]

    @property
    def partition(self) -> str:
        """aws, aws-cn, … (F14)."""
        return self.identity(_GLOBAL_REGION)[1]

    def shared(self, key: tuple[object, ...], load: Callable[[], T], *, lasting: bool = False) -> T:
        """One bulk read, shared by everybody who asks for it until `forget`; concurrent askers wait for one.

        Args:
            lasting: whether it serves the apply of a plan too, because every change of ours to it forgets it.
        """
        with self._locks_lock:
            entry = self._shared.setdefault(key, _Shared(lasting=lasting))
        with entry.lock:
            if not entry.loaded:
                entry.value = load()
                entry.loaded = True
            return cast("T", entry.value)

    def remember(self, key: tuple[object, ...], value: object, *, lasting: bool = False) -> None:
        """Have `shared` give back what is known without asking, e.g. from the answer to a change."""
        with self._locks_lock:
            self._shared[key] = _Shared(loaded=True, value=value, lasting=lasting)

    def forget(self, *prefix: object) -> None:
        """Drop the shared reads whose key starts so (all of them without one), because AWS has changed.

        A read that is under way still answers those who wait for it, and nobody who asks from now on. Who we are stays:
        it does not change.
        """
        with self._locks_lock:
            for key in [k for k in list(self._shared) if k[: len(prefix)] == prefix and k != ("identity",)]:
                del self._shared[key]

    def begin(self) -> None:
        """Drop the shared reads, because a plan begins to change AWS; those that are `lasting` stay."""
        with self._locks_lock:
            self._shared = {k: read for k, read in self._shared.items() if read.lasting or k == ("identity",)}

    def in_common(self, key: tuple[object, ...], make: Callable[[], T]) -> T:
        """One object in which threads meet, kept as long as the connection; `forget` does not touch it."""
        with self._locks_lock:
            if key not in self._in_common:
                self._in_common[key] = make()
            return cast("T", self._in_common[key])

    def exclusive(self, *key: object) -> PatientLock:
        """A lock for what has room for one writer, e.g. a function's policy (B42)."""
        with self._locks_lock:
            return self._locks.setdefault(("exclusive", *key), PatientLock())


class _UserAgent:
    """Says one and the same."""

    def __init__(self, text: str) -> None:
        self._text = text

    def to_string(self) -> str:
        return self._text


def _keep_user_agent(client: Any) -> None:
    """One for all calls: botocore puts the same together anew for each, which is a tenth of what a call costs."""
    creator = getattr(client, "_user_agent_creator", None)
    if creator is not None:
        client._user_agent_creator = _UserAgent(creator.to_string())  # botocore has no setting for it
        if (again := getattr(creator, "rebuild_and_replace_user_agent_handler", None)) is not None:
            service = client.meta.service_model.service_id.hyphenize()
            client.meta.events.unregister(f"request-created.{service}", again)
