"""CORS, API keys, usage plans and limits of single methods in a spec: what is refused, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from backendctl.errors import SpecError
from backendctl.spec import Offline
from backendctl.spec.callers import ApiKey, Quota, Throttling, UsagePlan

if TYPE_CHECKING:
    from collections.abc import Callable

    Faults = Callable[..., list[str]]

FUNCTION = "functions:\n  items: {code: x.zip, runtime: java21, handler: a.B}\n"
HEAD = f"backend: shop\nregions: [us-east-1, us-west-2]\n{FUNCTION}"
API = HEAD + "api:\n  definition: api.yaml\n  stages: {prod: {path: v1, variables: {itemsAlias: version1}}}\n  "
VALUE = "'{{ must_env \"PARTNER_KEY\" }}'"
ENVIRON = {
    "PARTNER_KEY": "k" * 20,
    "SHORT": "short-but-secret",
    "LINE": "short-but-secret-and-a-line\n",
    "BLANK": " short-but-secret-and-a-blank",
    "UMLAUT": "short-but-secret-ünd-more",
}


@pytest.mark.parametrize(
    ("cors", "fault"),
    [
        (
            "{origins: ['*'], credentials: true}",
            "'*' with credentials: any page could act as whoever visits it; name the",
        ),
        ("{origins: '*', credentials: true}", "'*' with credentials"),
        ("{origins: ['null'], credentials: true}", "'null' with credentials"),
        ("{origins: ['*', 'https://a.example']}", "'*' is every origin: write it alone"),
        ("{origins: ['https://a.example/']}", "'https://a.example/' is not an origin; write 'https://a.example'"),
        ("{origins: [a.example]}", "'a.example' is not an origin: write scheme://host or scheme://host:port"),
        ("{origins: ['https://App.Example']}", "is never sent by a browser; write 'https://app.example'"),
        ("{origins: ['HTTPS://a.example']}", "write 'https://a.example'"),
        ("{origins: ['https://a.example:443']}", "write 'https://a.example'"),
        ("{origins: ['http://a.example:080']}", "write 'http://a.example'"),
        ("{origins: ['https://münchen.example']}", "write 'https://xn--mnchen-3ya.example'"),
        ("{origins: ['https://a.example:99999']}", "'https://a.example:99999' is not an origin"),
        ("{origins: ['https://*.example']}", "browsers know '*' alone, not a pattern"),
        ("{origins: []}", "'origins' is empty"),
        ("{}", "cors needs 'origins'"),
        ("{origins: '*', headers: ['a b']}", "'a b' is not a name of a header"),
        (
            "{origins: ['https://a.example'], headers: ['*'], credentials: true}",
            "browsers take '*' for the name of a header",
        ),
        ("{origins: '*', methods: [FETCH]}", "'FETCH'"),
        ("{origins: '*', max-age: -1}", "'max-age' must be from 0 to 86400 seconds, not -1"),
        ("{origins: '*', max_age: 1}", "did you mean 'max-age'?"),
    ],
)
def test_cors_that_no_browser_understands_is_refused(cors: str, fault: str, faults_of: Faults) -> None:
    found = faults_of(API + f"cors: {cors}\n")
    assert len(found) == 1
    assert found[0].startswith("8:")
    assert fault in found[0]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("keys: {partner: {value: written-out-in-the-spec}}", "8:27: a key written in the spec is not secret"),
        (f"keys: {{a: {{value: {VALUE}}}, b: {{value: {VALUE}}}}}", "'b' and 'a' have the same value"),
        ("keys: {partner: {value: '{{ must_env \"SHORT\" }}'}}", "has 20 to 128 characters, and this one has 16"),
        ("keys: {partner: {value: '{{ must_env \"LINE\" }}'}}", "has a blank at its end, a line break or another"),
        ("keys: {partner: {value: '{{ must_env \"BLANK\" }}'}}", "has a blank at its end, a line break or another"),
        ("keys: {partner: {value: '{{ must_env \"UMLAUT\" }}'}}", "character no header carries"),
        ("keys: {'a b': {}}", "'a b' is not a valid name of an API key"),
        ("usage-plans: {gold: {stages: [pord]}}", "8:33: there is no stage 'pord'; did you mean 'prod'?"),
        ("usage-plans: {gold: {stages: {pord: {}}}}", "there is no stage 'pord'"),
        ("usage-plans: {gold: {stages: [prod], keys: [partner]}}", "there is no key 'partner'; `api` has no `keys`"),
        (
            "keys: {p: {}}\n  usage-plans: {gold: {stages: [prod], keys: [p]}, tin: {stages: [prod], keys: [p]}}",
            "9:81: the usage plan 'gold' has the key 'p' already",
        ),
        ("usage-plans: {gold: {keys: []}}", "a usage plan needs 'stages'"),
        ("usage-plans: {gold: {stages: [prod], quota: {limit: 0, per: day}}}", "'limit' must be at least 1"),
        ("usage-plans: {gold: {stages: [prod], quota: {limit: 5, per: hour}}}", "'per' cannot be 'hour'"),
        ("usage-plans: {gold: {stages: {prod: {healthz: {rate: 1, burst: 1}}}}}", "'healthz' is not a route"),
        ("usage-plans: {gold: {stages: {prod: {GET /helthz: {rate: 1, burst: 1}}}}}", "did you mean '/healthz'?"),
        (
            "usage-plans: {gold: {stages: {prod: {PUT /healthz: {rate: 1, burst: 1}}}}}",
            "the definition has no PUT /healthz",
        ),
    ],
)
def test_keys_and_plans_that_lead_nowhere_are_refused(text: str, fault: str, faults_of: Faults) -> None:
    found = faults_of(API + text + "\n", environ=ENVIRON)
    assert len(found) == 1, found
    assert fault in found[0]
    assert "short-but-secret" not in found[0]


def test_limits_of_a_stage_name_routes_of_the_definition(draft_of: Any, faults_of: Faults) -> None:
    text = (
        HEAD
        + "api:\n  definition: api.yaml\n  stages:\n    prod: {variables: {itemsAlias: version1}, method-throttling: "
    )
    spec = draft_of(text + "{GET /healthz: {rate: 1, burst: 2}}}\n").expand(Offline())
    assert spec.api.stages[0].method_throttling == {"GET /healthz": Throttling(rate=1, burst=2)}
    assert "has no path '/x'" in faults_of(text + "{GET /x: {rate: 1, burst: 2}}}\n")[0]


def test_keys_and_plans_as_the_model_has_them(draft_of: Any) -> None:
    text = f"""keys: {{partner: {{value: {VALUE}}}, app: {{enabled: false}}}}
  usage-plans:
    gold:
      stages: {{prod: {{GET /healthz: {{rate: 2, burst: 4}}}}}}
      keys: [partner, app]
      throttling: {{rate: 10, burst: 20}}
      quota: {{limit: 1000, per: month}}
"""
    api = draft_of(API + text, environ=ENVIRON).expand(Offline()).api
    assert api.keys == (
        ApiKey(name="partner", physical="shop-partner", value="k" * 20),
        ApiKey(name="app", physical="shop-app", enabled=False),
    )
    assert api.usage_plans == (
        UsagePlan(
            name="gold",
            physical="shop-gold",
            stages={"prod": {"GET /healthz": Throttling(rate=2, burst=4)}},
            keys=("partner", "app"),
            throttling=Throttling(rate=10, burst=20),
            quota=Quota(limit=1000, period="MONTH"),
        ),
    )
    assert "kkkk" not in repr(api.keys)


def test_what_a_parameter_holds_is_judged_once_it_is_known(draft_of: Any) -> None:
    draft = draft_of(API + "keys: {p: {value: '{{ ssm \"/k\" }}'}}\n")
    assert draft.expand(Offline()).api.keys[0].value
    with pytest.raises(SpecError) as caught:
        draft.expand(Known())
    assert [fault.message for fault in caught.value.faults] == [
        "the value of a key has 20 to 128 characters, and this one has 3"
    ]


class Known:
    """A parameter store that holds something short."""

    def account(self) -> str:
        """Somebody's."""
        return "123456789012"

    def parameter(self, region: str, name: str) -> str:
        """Always the same."""
        del region, name
        return "abc"


@pytest.mark.parametrize(
    "origin", ["http://localhost:3000", "https://[::1]:8443", "capacitor://localhost", "app://Some.Name", "null"]
)
def test_an_origin_as_a_browser_sends_it_is_fine(origin: str, draft_of: Any) -> None:
    spec = draft_of(API + f"cors: {{origins: ['{origin}']}}\n").expand(Offline())
    assert spec.api.cors.origins == (origin,)


def test_a_plan_that_opens_no_stage_is_told(draft_of: Any) -> None:
    text = "keys: {p: {}}\n  usage-plans: {gold: {stages: [], keys: [p]}}\n"
    assert [one.message for one in draft_of(API + text).warnings] == [
        "the usage plan 'gold' has no stages, so its keys open nothing"
    ]


def test_a_key_that_no_plan_has_is_told(draft_of: Any) -> None:
    assert [one.message for one in draft_of(API + "keys: {p: {}}\n").warnings] == [
        "no usage plan has the key 'p', so it opens nothing"
    ]
