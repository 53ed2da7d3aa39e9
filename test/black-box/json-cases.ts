/** Group B of the campaign: OTLP/JSON that is odd or wrong. Every input is sent plain and as gzip. */
import { expect } from "vitest";
import { list, text } from "../harness/multiset.ts";
import { pointsIn, sendBoth, spansIn, valuesIn } from "./arrivals.ts";
import { acceptSpan, bare, IDS, log, point, refuse, SPAN, span, TRACE } from "./json-inputs.ts";
import { expectAccepted, type Case, type Group } from "./rig.ts";

const NAMES: readonly Case[] = [
  {
    id: "B26",
    input: "an enum by its name",
    answer: "read as its number; a name that the enum does not have is 400",
    async run(rig) {
      await acceptSpan(rig, span('"kind":"SPAN_KIND_SERVER"'), ({ kind }) => expect(kind).toBe(2));
      await refuse(rig, "traces", [span('"kind":"SERVER"')], "resourceSpans[0].scopeSpans[0].spans[0].kind");
    },
  },
  {
    id: "B26",
    input: "keys in snake_case",
    answer: "read like those in camelCase",
    async run(rig) {
      const snake = `{"resource_spans":[{"scope_spans":[{"spans":[{"trace_id":"${TRACE}","span_id":"${SPAN}","start_time_unix_nano":"5"}]}]}]}`;
      await acceptSpan(rig, snake, ({ startTimeUnixNano }) => expect(startTimeUnixNano).toBe("5"));
    },
  },
  {
    id: "B26",
    input: "unknown keys at every level, and null",
    answer: "ignored; null is absent",
    async run(rig) {
      const odd = '"x":{"y":[1,{"z":null}]},"w":"\\u0041"';
      const all = `{${odd},"resourceSpans":[{${odd},"resource":{${odd}},"scopeSpans":[{${odd},"scope":null,"spans":[{${odd},${IDS},"name":null,"attributes":null,"kind":null,"events":[{${odd}}]}]}]}]}`;
      await acceptSpan(rig, all, (one) => {
        expect(Object.keys(one).toSorted()).toEqual(["events", "spanId", "traceId"]);
      });
    },
  },
];

const NUMBERS: readonly Case[] = [
  {
    id: "B27",
    input: "64-bit integers as JSON numbers beyond 2^53",
    answer: "exact",
    async run(rig) {
      await acceptSpan(rig, span('"startTimeUnixNano":1581452772000000321,"endTimeUnixNano":18446744073709551615'), (one) => {
        expect([one["startTimeUnixNano"], one["endTimeUnixNano"]]).toEqual(["1581452772000000321", "18446744073709551615"]);
      });
      for (const value of ["9007199254740993", "9223372036854775807", "-9223372036854775808"]) {
        await sendBoth(rig, "logs", "json", log(`{"intValue":${value}}`), (reply, arrived) => {
          expectAccepted(reply, "json");
          expect(valuesIn(arrived)).toEqual([{ intValue: value }]);
        });
      }
    },
  },
  {
    id: "B28",
    input: "64-bit integers as strings that are no plain decimal, or out of range",
    answer: "400",
    async run(rig) {
      const wrong = ["1e3", "0x10", " 1", "", "+1", "1.0", "99999999999999999999"];
      await refuse(
        rig,
        "traces",
        wrong.map((one) => span(`"startTimeUnixNano":"${one}"`)),
        "resourceSpans[0].scopeSpans[0].spans[0].startTimeUnixNano",
      );
      await refuse(rig, "logs", [log('{"intValue":"9223372036854775808"}'), log('{"intValue":9223372036854775808}')], "body.intValue");
    },
  },
  {
    id: "B29",
    input: "NaN and Infinity, bare and as strings; 1e999",
    answer: "strings are read and leave as strings; bare ones and 1e999 are 400",
    async run(rig) {
      for (const value of ["NaN", "Infinity", "-Infinity"]) {
        await sendBoth(rig, "metrics", "json", point(`"asDouble":"${value}"`), (reply, arrived, json) => {
          expectAccepted(reply, "json");
          expect(pointsIn(arrived).map((one) => one["asDouble"])).toEqual([Number(value)]);
          expect(json).toContain(`"asDouble":"${value}"`);
        });
      }
      await refuse(
        rig,
        "metrics",
        ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", '"1e999"'].map((one) => point(`"asDouble":${one}`)),
        "dataPoints[0].asDouble",
      );
    },
  },
];

const CONTENT: readonly Case[] = [
  {
    id: "B30",
    input: "ids in upper case hexadecimal",
    answer: "the same id",
    async run(rig) {
      await acceptSpan(rig, bare(`"traceId":"ABCDEF0123456789abcdef0123456789","spanId":"ABcd000000000001"`), (one) => {
        expect(text(one["traceId"])).toBe(text(Uint8Array.from(Buffer.from("abcdef0123456789abcdef0123456789", "hex"))));
      });
    },
  },
  {
    id: "B30",
    input: "an id that is no hexadecimal: odd length, other letters, base64",
    answer: "400",
    async run(rig) {
      const wrong = ["abc", `${TRACE.slice(1)}g`, "AAECAwQFBgcICQoLDA0ODw==", `0x${TRACE.slice(2)}`];
      await refuse(
        rig,
        "traces",
        wrong.map((id) => bare(`"traceId":"${id}","spanId":"${SPAN}"`)),
        "resourceSpans[0].scopeSpans[0].spans[0].traceId",
      );
    },
  },
  {
    id: "B30",
    input: "an id that is empty, too short, too long or all zero",
    answer: "200 with a partial success: the span is rejected, its neighbours are kept",
    async run(rig) {
      for (const id of ["", "0102", `${TRACE}00`, "0".repeat(32)]) {
        const both = `{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"${id}","spanId":"${SPAN}"},{${IDS},"name":"kept"}]}]}]}`;
        await sendBoth(rig, "traces", "json", both, (reply, arrived) => {
          expect(reply.status).toBe(200);
          const message = "1 span without a valid trace_id and span_id was rejected";
          expect(JSON.parse(reply.body.toString())).toEqual({ partialSuccess: { rejectedSpans: "1", errorMessage: message } });
          expect(spansIn(arrived).map(({ name }) => name)).toEqual(["kept"]);
        });
      }
    },
  },
  {
    id: "B31",
    input: "bytesValue in base64: standard, URL-safe, without padding, and none at all",
    answer: "the first three are read; garbage is 400",
    async run(rig) {
      for (const value of ["+/+/AQ==", "-_-_AQ==", "+/+/AQ", "-_-_AQ"]) {
        await sendBoth(rig, "logs", "json", log(`{"bytesValue":"${value}"}`), (reply, arrived) => {
          expectAccepted(reply, "json");
          expect(valuesIn(arrived).map(text)).toEqual([text({ bytesValue: Uint8Array.of(0xfb, 0xff, 0xbf, 0x01) })]);
        });
      }
      await refuse(
        rig,
        "logs",
        ["A", "AA*A", "A===", "AA==AA=="].map((one) => log(`{"bytesValue":"${one}"}`)),
        "body.bytesValue",
      );
    },
  },
  {
    id: "B32",
    input: "a key twice; stringValue and intValue in one value",
    answer: "the last counts",
    async run(rig) {
      await acceptSpan(rig, span('"name":"first","name":"last"'), ({ name }) => expect(name).toBe("last"));
      for (const [json, value] of [
        ['{"stringValue":"a","intValue":"5"}', { intValue: "5" }],
        ['{"intValue":"5","stringValue":"a"}', { stringValue: "a" }],
      ] as const) {
        await sendBoth(rig, "logs", "json", log(json), (reply, arrived) => {
          expectAccepted(reply, "json");
          expect(valuesIn(arrived)).toEqual([value]);
        });
      }
    },
  },
  {
    id: "B33",
    input: "`__proto__`, `constructor` and `toString` as attribute keys and as JSON keys",
    answer: "attributes are kept, unknown JSON keys ignored",
    async run(rig) {
      const names = ["__proto__", "constructor", "toString"];
      const keys = names.map((name) => `{"key":"${name}","value":{"stringValue":"${name}"}}`);
      const members = names.map((name) => `"${name}":{"name":"polluted","polluted":true}`);
      await acceptSpan(rig, span(`${members.join()},"attributes":[${keys.join()}]`), (one) => {
        expect(list(one, "attributes").map(({ key, value }) => [key, value])).toEqual(names.map((name) => [name, { stringValue: name }]));
        expect(one).not.toHaveProperty("name");
      });
    },
  },
];

export const JSON_GROUPS: readonly Group[] = [
  { title: "JSON: names", cases: NAMES },
  { title: "JSON: numbers", cases: NUMBERS },
  { title: "JSON: content", cases: CONTENT },
];
