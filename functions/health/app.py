"""GET /healthz: whether this region can serve, asked by Route 53 before it sends anybody here.

It reads from the table, for a region that cannot reach its data should not be given users.
"""

import logging

from botocore.exceptions import BotoCoreError, ClientError
from shared.place import KEY
from shared.store import open_store
from shared.web import Answer, App, Request, place_of_service

log = logging.getLogger(__name__)

FIELDS_OF_AN_ALIAS_ARN = 8

app = App()


@app.route("GET /healthz")
def health(request: Request) -> Answer:
    where = {**place_of_service(), **_invoked_as(request.context.invoked_function_arn)}
    try:
        request.stores["places"].touch()
    except (BotoCoreError, ClientError):
        log.exception("the table does not answer")
        return Answer(status=503, body={"status": "failing", **where})
    return Answer(body={"status": "ok", **where})


def _invoked_as(arn: str) -> dict[str, str]:
    """The function's name and, when it was called through one, the alias.

    They are the end of arn:aws:lambda:<region>:<account>:function:<name>:<alias>.
    """
    parts = arn.split(":")
    name = {"function": parts[6]}
    return {**name, "alias": parts[7]} if len(parts) == FIELDS_OF_AN_ALIAS_ARN else name


handler = app.handler(places=open_store("TABLE", key=KEY))

# changed
