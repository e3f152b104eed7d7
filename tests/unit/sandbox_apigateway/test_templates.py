"""Mapping templates: what they make, and how they say what is not emulated."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.sandbox.apigateway.exchange import NotEmulatedError
from backendctl.sandbox.apigateway.template import Scope, TemplateError, json_path, render

BODY = {
    "name": "Rex",
    "age": 3,
    "good": True,
    "none": None,
    "tags": ["a", "b", "c"],
    "owner": {"first": "Ann", "last": "O'Hara"},
    "dogs": [{"id": 1, "kind": "corgi"}, {"id": 2, "kind": "pug"}],
}
PASS_EVERYTHING = """
##  what the console offers as "method request passthrough"
#set($allParams = $input.params())
{
"body-json" : $input.json('$'),
"params" : {
#foreach($type in $allParams.keySet())
    #set($params = $allParams.get($type))
"$type" : {
    #foreach($paramName in $params.keySet())
    "$paramName" : "$util.escapeJavaScript($params.get($paramName))"
        #if($foreach.hasNext),#end
    #end
}
    #if($foreach.hasNext),#end
#end
},
"stage-variables" : {
#foreach($key in $stageVariables.keySet())
"$key" : "$util.escapeJavaScript($stageVariables.get($key))"
    #if($foreach.hasNext),#end
#end
},
"context" : {
    "stage" : "$context.stage",
    "source-ip" : "$context.identity.sourceIp",
    "user" : "$context.identity.user"
    }
}
"""


def scope(body: Any = BODY) -> Scope:
    return Scope(
        context={"stage": "dev", "identity": {"sourceIp": "127.0.0.1", "user": None}},
        variables={"alias": "version1", "color": "red"},
        body=body if isinstance(body, str) else json.dumps(body),
        path={"id": "42"},
        query={"q": 'say "hi"'},
        headers={"X-Own": "y"},
    )


def made(template: str, body: Any = BODY) -> str:
    return render(template, scope(body))


def test_the_console_template_passes_everything() -> None:
    assert json.loads(made(PASS_EVERYTHING)) == {
        "body-json": BODY,
        "params": {"path": {"id": "42"}, "querystring": {"q": 'say "hi"'}, "header": {"X-Own": "y"}},
        "stage-variables": {"alias": "version1", "color": "red"},
        "context": {"stage": "dev", "source-ip": "127.0.0.1", "user": ""},
    }


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("plain $ 5 # text #FF00FF $5", "plain $ 5 # text #FF00FF $5"),
        ("$context.stage-less ${context.stage}-more", " dev-more"),
        ("$stageVariables.alias ${stageVariables['color']} $stageVariables.no.", "version1 red ."),
        ("$unknown $!unknown ${unknown}", "$unknown  ${unknown}"),
        ("\\$context.stage", "$context.stage"),
        ("a ## away\nb #* away\ntoo *# c", "a b  c"),
        ("$input.params('id') $input.params().header.get('X-Own') $input.params('x-own')$input.params('no')", "42 y y"),
        ("$input.path('$.name') $input.path('$.tags[1]') $input.path('$.none')$input.path('$.no')", "Rex b "),
        ("$input.json('$.owner') $input.json('$.no')", '{"first": "Ann", "last": "O\'Hara"} ""'),
        ("#set($r = $input.path('$'))$r.owner.first $r.tags.size() $r.tags[0] $r.no.deeper", "Ann 3 a "),
        ("#set($x = 1)#set($x = $x + 2 * 3)$x", "7"),
        ("#set($x = 7 / 2)$x #set($y = 7 % 4)$y #set($z = (1 + 2) * -3)$z", "3 3 -9"),
        ("#set($s = 'a $context.stage')$s #set($t = \"a $context.stage\")$t", "a $context.stage a dev"),
        ("#if($input.path('$.good'))yes#{else}no#end", "yes"),
        ("#if($input.path('$.no'))yes#elseif($input.path('$.age') >= 3)three#{else}no#end", "three"),
        ("#if('' && !$input.path('$.no'))yes#end#if($stageVariables.alias == 'version1')same#end", "yessame"),
        ("#if('3' == 3)same#end#if('a' != 'b' || $no)differ#end#if(not (1 gt 2))less#end", "samedifferless"),
        (
            "#foreach($d in $input.path('$.dogs'))$foreach.index:$d.kind#if($foreach.hasNext), #end#end",
            "0:corgi, 1:pug",
        ),
        ("#foreach($i in [1..3])$i$velocityCount #end", "11 22 33 "),
        ("#foreach($v in {'a': 1, 'b': 2})$v#end#foreach($v in ['x', $context.stage])$v#end", "12xdev"),
        ("#foreach($e in $input.path('$.owner').entrySet())$e.key=$e.value;#end", "first=Ann;last=O'Hara;"),
        ("#foreach($a in [1, 2])#foreach($b in [1, 2])$foreach.count#end$foreach.count #end", "121 122 "),
        ("#set($m = {})#set($m.a = 1)#set($ignored = $m.put('b', 2))$m.a$m.b$m.size()", "122"),
        ("$input.path('$.name').toUpperCase().substring(0, 2)$input.path('$.name').replaceAll('(.)x', '$1!')", "RERe!"),
        ("#set($t = 'a,b,')#set($l = $t.split(','))$l.size()", "2"),
        ("$util.escapeJavaScript($input.path('$.owner').last)", "O\\'Hara"),
        ("$util.urlEncode('a b/ü') $util.urlDecode('a+b%2F')", "a+b%2F%C3%BC a b/"),
        ("$util.base64Encode('hi') $util.base64Decode('aGk=')", "aGk= hi"),
        ("$util.parseJson('{\"a\": [1, 2]}').a[1]", "2"),
        ("$input.body", json.dumps(BODY)),
    ],
)
def test_a_template_gives(template: str, text: str) -> None:
    assert made(template) == text


@pytest.mark.parametrize(
    ("template", "named"),
    [
        ("#macro(x)#end", "#macro"),
        ("#parse('other')", "#parse"),
        ("#foreach($x in [1])#break#end", "#break"),
        ("$util.time.nowISO8601()", r"\$util.time"),
        ("$util.toJson('x')", r"\$util.toJson"),
        ("$input.foo('x')", r"\$input.foo"),
        ("$input.path('$..id')", r"\$\.\.id"),
        ("$input.path('$.owner')", "an object in the text"),
        ("$context.stage.getClass()", r"getClass\(\) of a text"),
        ("#set($context.stage = 'x')", r"setting \$context.stage"),
        ("#set($x = 'a' + 'b')", r"\+ on a text and a text"),
    ],
)
def test_what_is_not_emulated_is_named(template: str, named: str) -> None:
    with pytest.raises(NotEmulatedError, match=named):
        made(template)


@pytest.mark.parametrize(
    "template",
    [
        "#if(true)no end",
        "#end",
        "#set($x 1)",
        "#set($x = )",
        "#foreach($x in 5)$x#end",
        "#foreach($x in [1..1001])$x#end",
        "#if(true)a#{else}b#{else}c#end",
        "$util.parseJson('no json')",
        "$input.path('$.tags').get(9)",
        "$input.path('$.name').substring()",
    ],
)
def test_a_template_that_cannot_be_carried_out_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError):
        made(template)


def test_a_template_cannot_change_the_stage_or_the_next_request() -> None:
    variables = {"alias": "a"}
    one = Scope(context={}, variables=variables)
    render("#set($ignored = $stageVariables.put('alias', 'b'))", one)
    assert variables == {"alias": "a"}


def test_a_template_may_override_the_response() -> None:
    one = scope()
    text = "#set($context.responseOverride.status = 404)#set($context.responseOverride.header.X-Why = 'gone')x"
    assert render(text, one) == "x"
    assert one.override == {"status": 404, "header": {"X-Why": "gone"}}


def test_simple_paths_find_every_item() -> None:
    text = json.dumps(BODY)
    assert json_path(text, "$.dogs[*].kind") == ["corgi", "pug"]
    assert json_path(text, "$['owner'].first") == "Ann"
    assert json_path("no json", "$") == "no json"
