/** ParseCEF, ParseLEEF, ParseCLF, ParseELF. */
import { describe, expect, it } from "vitest";
import { BuildError } from "../../../src/ottl/contract.ts";
import { isMap, StatementError, type Value } from "../../../src/ottl/value.ts";
import { LOG_FUNCTIONS } from "../../../src/processors/transform/log-functions/functions.ts";
import { call, named } from "../../ottl/functions/harness.ts";

/** Maps as objects, for reading. */
function plain(value: Value): unknown {
  if (isMap(value)) return Object.fromEntries([...value].map(([key, one]) => [key, plain(one)]));
  return Array.isArray(value) ? value.map(plain) : value;
}

const parse = (name: string, target: string, more: Readonly<Record<string, unknown>> = {}) =>
  plain(call(named(LOG_FUNCTIONS, name), { target: () => target, ...more }));

it.each(["ParseCEF", "ParseLEEF", "ParseCLF", "ParseELF"])("%s fails on an empty text", (name) => {
  expect(() => parse(name, "")).toThrow(StatementError);
});

describe("ParseCEF", () => {
  it("reads header and extensions, what stands before it not", () => {
    expect(parse("ParseCEF", String.raw`<13>host CEF:0|Ven\|dor|Pro\\duct|1.0|100|na=me|5|src=10.0.0.1 msg=two words\=1\nnext  cs1Label=x cs1=`)).toEqual({
      "cef.version": "0",
      "cef.device_vendor": "Ven|dor",
      "cef.device_product": String.raw`Pro\duct`,
      "cef.device_version": "1.0",
      "cef.device_event_class_id": "100",
      "cef.name": "na=me",
      "cef.severity": "5",
      "cef.extensions": { src: "10.0.0.1", msg: "two words=1\nnext", cs1Label: "x", cs1: "" },
    });
  });

  it("has no extensions without the last bar, and leaves what is no key in the value", () => {
    expect(parse("ParseCEF", "CEF:1|a|b|c|d|e|f")).toMatchObject({ "cef.severity": "f", "cef.extensions": {} });
    expect(parse("ParseCEF", "CEF:1|a|b|c|d|e|f|stray a.b=1 k=v w=")).toMatchObject({ "cef.extensions": { k: "v", w: "" } });
  });

  it.each(["no mark", "CEF:0|a|b|c|d|e", "CEF:|a|b|c|d|e|f|"])("fails on %j", (text) => {
    expect(() => parse("ParseCEF", text)).toThrow(StatementError);
  });
});

describe("ParseLEEF", () => {
  const header = { "leef.vendor": "IBM", "leef.product.name": "QRadar", "leef.product.version": "1", "leef.event.id": "7" };

  it.each([
    ["LEEF:1.0|IBM|QRadar|1|7|a=1\tb=x|y\t=none\tstray\ta=2", "1.0", { a: "2", b: "x|y" }],
    ["Jan 1 host LEEF:1.0|IBM|QRadar|1|7", "1.0", {}],
    ["LEEF:2.0|IBM|QRadar|1|7", "2.0", {}],
    ["LEEF:2.0|IBM|QRadar|1|7|^|a=1^b= x ", "2.0", { a: "1", b: " x " }],
    ["LEEF:2.0|IBM|QRadar|1|7|0x7C|a=1|b=2", "2.0", { a: "1", b: "2" }],
    ["LEEF:2.0|IBM|QRadar|1|7||a=1\tb=2", "2.0", { a: "1", b: "2" }],
    ["LEEF:2.0|IBM|QRadar|1|7|a=1\tb=x|y", "2.0", { a: "1", b: "x|y" }],
  ])("%j", (text, version, attributes) => {
    expect(parse("ParseLEEF", text)).toEqual({ "leef.version": version, ...header, "leef.attributes": attributes });
  });

  it.each(["x", "LEEF:1.0", "LEEF:3.0|a|b|c|d|", "LEEF:1.0|a|b|c", "LEEF:2.0|a|b|c|d|^^|k^v", "LEEF:2.0|a|b|c|d|0x|k", "LEEF:2.0|a|b|c|d|0x0102|k"])(
    "fails on %j",
    (text) => {
      expect(() => parse("ParseLEEF", text)).toThrow(StatementError);
    },
  );
});

describe("ParseCLF", () => {
  const line = String.raw`127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a\"b HTTP/1.0" 200 2326`;
  const wanted = {
    "clf.remote_host": "127.0.0.1",
    "clf.rfc931": "-",
    "clf.auth_user": "frank",
    "clf.timestamp": "10/Oct/2000:13:55:36 -0700",
    "clf.request": 'GET /a"b HTTP/1.0',
    "clf.method": "GET",
    "clf.request_uri": '/a"b',
    "clf.protocol": "HTTP/1.0",
    "clf.status": 200n,
    "clf.bytes": 2326n,
  };

  it("reads the common form", () => {
    expect(parse("ParseCLF", ` ${line}\n`)).toEqual(wanted);
  });

  it("reads the combined form", () => {
    expect(parse("ParseCLF", String.raw`${line} "http://x/\xc3\xa9" "Agent\t\x \q"`, { format: "combined" })).toEqual({
      ...wanted,
      "clf.referer": "http://x/é",
      "clf.user_agent": String.raw`Agent	\x \q`,
    });
  });

  it("has no parts of a request that has none, and no bytes for a dash", () => {
    const parsed = parse("ParseCLF", 'h - - [t] "-" 408 -');
    expect(parsed).toEqual({ "clf.remote_host": "h", "clf.rfc931": "-", "clf.auth_user": "-", "clf.timestamp": "t", "clf.request": "-", "clf.status": 408n });
  });

  it.each([
    "x",
    'h - - [t] "r" 200',
    'h - - [] "r" 200 1',
    'h - - [t] "r" 200 1 ',
    'h - - [t] "r 200 1',
    'h - - [t] "r" abc 1',
    'h - - [t] "r" 200 1.5',
    'h  - - [t] "r" 200 1',
  ])("%j", (text) => {
    const padded = text.endsWith(" ") ? `${text}x` : text;
    expect(() => parse("ParseCLF", padded)).toThrow(StatementError);
  });

  it("tells the forms apart, and knows no other", () => {
    expect(() => parse("ParseCLF", line, { format: "combined" })).toThrow(StatementError);
    expect(() => parse("ParseCLF", `${line} "a" "b"`)).toThrow(StatementError);
    expect(() => parse("ParseCLF", line, { format: "nginx" })).toThrow(BuildError);
  });
});

describe("ParseELF", () => {
  it("reads directives and lines, each by the fields before it", () => {
    const text = '#Version: 1.0\r\n#Date: today\n#unknown: x\n#Remark\n#Fields: a b\n1 "two ""words"""\n\n#fields:  c\td e\rx y\n#Software: s\n1 2 3 4\n';
    expect(parse("ParseELF", text)).toEqual({
      "elf.entries": [
        { a: "1", b: 'two "words"' },
        { c: "x", d: "y", e: "-" },
        { c: "1", d: "2", e: "3" },
      ],
      "elf.version": "1.0",
      "elf.date": "today",
      "elf.software": "s",
      "elf.fields": ["c", "d", "e"],
    });
  });

  it.each(["#Fields: a\n1", "#Version: 1\n1 2", "#Version: 1\n#Fields a\n1", '#Version: 1\n#Fields: a\n"open', '#Version: 1\n#Fields: a\n"open""'])(
    "fails on %j",
    (text) => {
      expect(() => parse("ParseELF", text)).toThrow(StatementError);
    },
  );
});
