"""One place: read it, write it, and list what an owner wrote.

PUT with the caller's own id, and no POST: a phone that lost the answer sends the same request again, and
nothing is there twice. What is written in one region is read in every other about a second later; of two
writers in two regions the later one wins.
"""

from decimal import Decimal
from itertools import islice

from shared.fields import identifier, known, number, text, whole
from shared.geo import encode
from shared.place import CELL_LENGTH, KEY, existing, lookup, shown
from shared.store import Item, open_store
from shared.web import Answer, App, Request, place_of_service

app = App()


@app.route("GET /places/{id}")
def read(request: Request) -> Answer:
    return Answer(body=shown(existing(request.stores["places"], identifier(request.path, "id"))))


@app.route("PUT /places/{id}")
def write(request: Request) -> Answer:
    places = request.stores["places"]
    item = _item(request)
    before = list(lookup(places, item["id"]))
    item["created"] = min((old["created"] for old in before), default=request.now)
    places.put(item)
    for old in before:
        if old["cell"] != item["cell"]:  # it has moved; deleted last, so that no reader finds neither
            places.delete(old)
    return Answer(status=200 if before else 201, body=shown(item))


@app.route("GET /owners/{owner}/places")
def of_owner(request: Request) -> Answer:
    limit = whole(request.query, "limit", high=100, default=20)
    owner = identifier(request.path, "owner")
    newest = request.stores["places"].find("owner", owner, index="by-owner", newest=True)
    return Answer(body={"places": [shown(item) for item in islice(newest, limit)]})


def _item(request: Request) -> Item:
    """The place of a request, as it is kept; without an owner it is simply not in the index `by-owner`."""
    body = request.json()
    known(body, "name", "lat", "lon", "owner")
    lat = round(number(body, "lat", low=-90, high=90), 6)  # a tenth of a metre, and far from DynamoDB's 38 digits
    lon = round(number(body, "lon", low=-180, high=180), 6)
    owner = {"owner": identifier(body, "owner")} if "owner" in body else {}
    return owner | {
        "cell": encode(lat, lon, CELL_LENGTH),
        "id": identifier(request.path, "id"),
        "name": text(body, "name", longest=200),
        "lat": Decimal(str(lat)),
        "lon": Decimal(str(lon)),
        "updated": request.now,
        "written_in": place_of_service()["region"],
    }


handler = app.handler(places=open_store("TABLE", key=KEY))
