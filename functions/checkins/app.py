"""Who was at a place: check in, and see the latest."""

from datetime import UTC, datetime, timedelta
from itertools import islice

from shared.fields import identifier, known, text, whole
from shared.place import KEY as PLACE_KEY
from shared.place import existing
from shared.store import Item, open_store
from shared.web import Answer, App, Request

KEPT = timedelta(days=30)

app = App()


@app.route("POST /places/{id}/checkins")
def check_in(request: Request) -> Answer:
    body = request.json()
    known(body, "by", "note")
    item: Item = {"place": identifier(request.path, "id"), "by": identifier(body, "by")}
    if "note" in body:
        item["note"] = text(body, "note", longest=500)
    existing(request.stores["places"], item["place"])
    # Two visitors in one millisecond must not share a key: only the visitor makes it theirs.
    item["at"] = f"{_moment(request.now)}/{item['by']}"
    item["expires"] = request.now // 1000 + int(KEPT.total_seconds())
    request.stores["checkins"].put(item)
    return Answer(status=201, body=_shown(item))


@app.route("GET /places/{id}/checkins")
def latest(request: Request) -> Answer:
    limit = whole(request.query, "limit", high=100, default=20)
    place = identifier(request.path, "id")
    existing(request.stores["places"], place)
    newest = request.stores["checkins"].find("place", place, newest=True)
    # DynamoDB deletes what has expired when it gets to it, which may take days.
    alive = (item for item in newest if item["expires"] * 1000 > request.now)
    return Answer(body={"checkins": [_shown(item) for item in islice(alive, limit)]})


def _shown(item: Item) -> Item:
    seen: Item = {name: item[name] for name in ("place", "by", "note") if name in item}
    return {**seen, "at": item["at"].partition("/")[0]}


def _moment(milliseconds: int) -> str:
    """ISO 8601 with a fixed number of digits, so that the order of texts is the order of time."""
    return datetime.fromtimestamp(milliseconds / 1000, tz=UTC).isoformat(timespec="milliseconds")


handler = app.handler(
    places=open_store("TABLE", key=PLACE_KEY),
    checkins=open_store("CHECKINS_TABLE", key=("place", "at")),
)
