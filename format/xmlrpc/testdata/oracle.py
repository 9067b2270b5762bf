#!/usr/bin/python3
"""Records what Python's xmlrpc.client and Koji's layer over it read and write.

Run it as  PYTHONPATH=<koji source> python3 oracle.py > oracle.json
The Go tests only need the JSON.
"""
import json
import sys
import xmlrpc.client

import koji.xmlrpcplus as plus


def plain(v):
    """A value in a form that JSON keeps the type of."""
    if v is None:
        return ["nil"]
    if isinstance(v, bool):
        return ["bool", v]
    if isinstance(v, int):
        return ["int", str(v)]
    if isinstance(v, float):
        return ["double", repr(v)]
    if isinstance(v, str):
        return ["string", v]
    if isinstance(v, bytes):
        return ["bytes", v.hex()]
    if isinstance(v, xmlrpc.client.Binary):
        return ["bytes", v.data.hex()]
    if isinstance(v, xmlrpc.client.DateTime):
        return ["datetime", v.value]
    if isinstance(v, (list, tuple)):
        return ["array", [plain(x) for x in v]]
    if isinstance(v, dict):
        return ["struct", [[k, plain(v[k])] for k in sorted(v)]]
    raise TypeError(type(v))


VALUES = {
    "nil": None, "true": True, "false": False,
    "zero": 0, "minus": -1, "int max": 2**31 - 1, "int min": -2**31,
    "i8": 2**31, "i8 minus": -2**31 - 1, "i8 max": 2**63 - 1, "i8 min": -2**63,
    "double one": 1.0, "double time": 1795245671.737231, "double neg zero": -0.0,
    "double 1e15": 1e15, "double 1e16": 1e16, "double 123456789012345680.0": 123456789012345680.0,
    "double 1e-4": 0.0001, "double 1e-5": 0.00001, "double third": 1 / 3, "double big": 1.7976931348623157e308,
    "double tiny": 5e-324, "double 1e22": 1e22, "double 0.1": 0.1,
    "string": "kura", "empty": "", "escape": "a < b && c > d \"q\" 'q' ]]>", "umlaut": "Bücher 蔵 🍶",
    "newline": "one\ntwo\tthree",
    "bytes": b"kura\x00\xff", "bytes empty": b"", "bytes long": bytes(range(256)),
    "datetime": xmlrpc.client.DateTime("20261121T07:21:11"),
    "array": [1, "two", None, [3.0, []]], "array empty": [],
    "struct": {"a": 1, "b <&>": [True], "c": {"d": None}}, "struct empty": {},
    "build": {"build_id": 7, "epoch": None, "name": "kernel", "nvr": "kernel-6.12-1", "start_ts": 1795245671.737231},
}

DOCS = {
    "bare": "<value>bare text</value>",
    "bare empty": "<value></value>",
    "self closed": "<value/>",
    "spaces round": "<value>\n  <int>5</int>\n </value>",
    "int spaces": "<value><int> 5 </int></value>",
    "int plus": "<value><int>+5</int></value>",
    "i1": "<value><i1>1</i1></value>", "i2": "<value><i2>2</i2></value>",
    "i4": "<value><i4>4</i4></value>", "i8": "<value><i8>9223372036854775807</i8></value>",
    "biginteger": "<value><biginteger>77</biginteger></value>",
    "prefixed i8": "<value xmlns:ex='http://ws.apache.org/xmlrpc/namespaces/extensions'><ex:i8>8</ex:i8></value>",
    "prefixed nil": "<value xmlns:ex='x'><ex:nil/></value>",
    "nil long": "<value><nil></nil></value>",
    "float": "<value><float>1.5</float></value>", "double exp": "<value><double>1e3</double></value>",
    "double word": "<value><double>inf</double></value>", "double bad": "<value><double>one</double></value>",
    "bool bad": "<value><boolean>true</boolean></value>", "bool 2": "<value><boolean>2</boolean></value>",
    "int bad": "<value><int>five</int></value>", "int empty": "<value><int></int></value>",
    "base64 lines": "<value><base64>\na3Vy\nYQ==\n</base64></value>",
    "base64 empty": "<value><base64></base64></value>",
    "datetime": "<value><dateTime.iso8601>20261121T07:21:11</dateTime.iso8601></value>",
    "entities": "<value><string>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#128512;</string></value>",
    "entity unknown": "<value><string>&nbsp;</string></value>",
    "charref nul": "<value><string>&#0;</string></value>",
    "charref control": "<value><string>&#27;</string></value>",
    "charref surrogate": "<value><string>&#xD800;</string></value>",
    "raw control": "<value><string>\x1b[0m</string></value>",
    "raw fffe": "<value><string>\ufffe</string></value>",
    "cr lf": "<value><string>a\r\nb\rc&#13;d</string></value>",
    "cdata": "<value><string>x<![CDATA[<&>]]>y</string></value>",
    "comment in text": "<value><string>a<!-- no -->b</string></value>",
    "comment between": "<value><!-- x --><int>1</int><!-- y --></value>",
    "struct twice": "<value><struct><member><name>a</name><value>1</value></member>"
                    "<member><name>a</name><value>2</value></member></struct></value>",
    "struct spaced": "<value> <struct> <member> <name>a</name> <value>1</value> </member> </struct> </value>",
    "nested": "<value><array><data><value><struct><member><name>k</name><value><array><data/></array>"
              "</value></member></struct></value></data></array></value>",
    "unknown type": "<value><decimal>1</decimal></value>",
    "mismatched": "<value><int>1</string></value>",
    "unclosed": "<value><int>1</int>",
    "bad utf8": None,
}

PRE = "<?xml version='1.0'?>\n<methodCall><methodName>m</methodName><params><param>"
POST = "</param></params></methodCall>"

WHOLE = {
    "no params": "<methodCall><methodName>m</methodName></methodCall>",
    "dtd": "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>" + PRE[22:] + "<value>&a;</value>" + POST,
    "doctype": "<!DOCTYPE x>" + PRE[22:] + "<value>a</value>" + POST,
    "trailing": PRE + "<value>a</value>" + POST + "x",
    "trailing element": PRE + "<value>a</value>" + POST + "<x/>",
    "trailing comment": PRE + "<value>a</value>" + POST + "\n<!-- c -->\n",
    "utf-8 named": "<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + PRE[22:] + "<value>ü</value>" + POST,
    "bom": "\ufeff" + PRE + "<value>a</value>" + POST,
    "empty": "", "spaces": "  ", "not xml": "hello",
    "two params": "<methodCall><methodName>a.b</methodName><params><param><value>1</value></param>"
                  "<param><value><nil/></value></param></params></methodCall>",
}


def decode(doc):
    try:
        parser, target = plus.getparser()
        parser.feed(doc)
        parser.close()
        params = target.close()
        return {"method": target.getmethodname(), "params": plain(params)}
    except Exception as e:  # whatever: the reader refused
        return {"error": type(e).__name__}


out = {"encode": [], "decode": []}
for name, v in VALUES.items():
    doc = plus.dumps((v,), methodresponse=1)
    out["encode"].append({"name": name, "value": plain(v), "doc": doc})
for name, d in DOCS.items():
    doc = (PRE + d + POST).encode() if d is not None else (PRE + "<value>").encode() + b"\xff\xfe" + ("</value>" + POST).encode()
    out["decode"].append(dict(name=name, doc=doc.hex(), **decode(doc)))
for name, d in WHOLE.items():
    out["decode"].append(dict(name=name, doc=d.encode().hex(), **decode(d.encode())))
out["call"] = plus.dumps(("kernel", {"__starstar": True}), "getBuild")
out["fault"] = plus.dumps(plus.Fault(1000, "Invalid method: <x>"))
json.dump(out, sys.stdout, indent=1, ensure_ascii=True)
