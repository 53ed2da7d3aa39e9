/** OTTL's converters of times, durations, ids and addresses. */
import { type Case, valueCases } from "../case.ts";

const NOON = `Time("2024-02-29T12:34:56.789Z", "%Y-%m-%dT%H:%M:%S.%LZ")`;
const OLD = `Time("1969-12-31 23:59:58", "%Y-%m-%d %H:%M:%S")`;
const int = `log.attributes["int"]`;
const text = `log.attributes["text"]`;
const missing = `log.attributes["missing"]`;

/** Every substitute, as it writes a time. */
const SUBSTITUTES = "YymoqbhBdegaAHIlpPMSLfszZijkwDxFTXrRntc%".split("").map((one) => `FormatTime(${NOON}, "%${one}")`);

const PARSED: readonly (readonly [value: string, format: string])[] = [
  ["2024-02-29", "%Y-%m-%d"],
  ["02/04/2023", "%m/%d/%Y"],
  ["29 Feb 24", "%d %b %y"],
  ["Thursday February 29 2024", "%A %B %e %Y"],
  ["12:34:56 PM", "%I:%M:%S %p"],
  ["2024-02-29 12:34:56 +0200", "%Y-%m-%d %H:%M:%S %z"],
  ["2024-02-29 12:34:56 EST", "%Y-%m-%d %H:%M:%S %Z"],
  ["2024-02-29T12:34:56.123456", "%Y-%m-%dT%H:%M:%S.%f"],
  ["2024-02-29T12:34:56,123456789", "%Y-%m-%dT%H:%M:%S,%s"],
  ["2024-02-29T12:34:56-07:00", "%Y-%m-%dT%H:%M:%S%j"],
  ["2023-02-29", "%Y-%m-%d"],
  ["2024-13-01", "%Y-%m-%d"],
  ["x", "%Y"],
  ["", "%Y"],
  ["2024-02-29 rest", "%Y-%m-%d"],
  ["2024-02-29", "%K"],
  ["2024-02-29", ""],
  ["1709210096", "%s"],
  ["Thu Feb 29 12:34:56 2024", "%c"],
  ["02/29/24", "%D"],
  ["12:34", "%R"],
];

const TIME: Readonly<Record<string, readonly string[]>> = {
  Time: [
    ...PARSED.map(([value, format]) => `UnixNano(Time("${value}", "${format}"))`),
    `UnixNano(Time("2024-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", "America/New_York"))`,
    `UnixNano(Time("2024-01-01 12:00:00", "%Y-%m-%d %H:%M:%S", location = "Europe/Berlin"))`,
    `UnixNano(Time("2024-03-31 02:30:00", "%Y-%m-%d %H:%M:%S", "Europe/Berlin"))`,
    `UnixNano(Time("2024-01-01", "%Y-%m-%d", "Nowhere/City"))`,
    `UnixNano(Time("29 février 2024", "%d %B %Y", locale = "fr"))`,
    `UnixNano(Time("29 Februar 2024", "%d %B %Y", "Europe/Berlin", "de"))`,
    `UnixNano(Time("29 Feb 2024", "%d %b %Y", locale = "nope"))`,
    `UnixNano(Time(${int}, "%Y"))`,
    `UnixNano(Time(${missing}, "%Y"))`,
    `Time("2024-02-29", "%Y-%m-%d")`,
    `UnixNano(Time("2024", "%Y", ${text}))`,
  ],
  FormatTime: [
    ...SUBSTITUTES,
    `FormatTime(${NOON}, "%A %h %e %Y at 15:04")`,
    `FormatTime(${NOON}, "")`,
    `FormatTime(${NOON}, "%K")`,
    `FormatTime(${OLD}, "%F %T")`,
    `FormatTime(UnixNano(1), "%F")`,
    `FormatTime(log.time, "%Y-%m-%dT%H:%M:%S.%s%z")`,
    `FormatTime(Time("2024-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", "America/New_York"), "%F %T %z %Z %j")`,
    `FormatTime(${int}, "%Y")`,
    `FormatTime(Unix(0), "2006-01-02")`,
    `FormatTime(Unix(0), "%F")`,
  ],
  parts: [
    ...["Year", "Month", "Day", "Hour", "Minute", "Second", "Nanosecond", "Weekday"].flatMap((name) => [
      `${name}(${NOON})`,
      `${name}(${OLD})`,
      `${name}(${int})`,
      `${name}(log.time)`,
    ]),
    `Hour(Time("2024-07-01 12:00:00", "%Y-%m-%d %H:%M:%S", "America/New_York"))`,
    `Weekday(Time("2024-03-03", "%Y-%m-%d"))`,
  ],
  Unix: [
    ...["UnixNano", "UnixMicro", "UnixMilli", "UnixSeconds"].flatMap((name) => [
      `${name}(${NOON})`,
      `${name}(${OLD})`,
      `${name}(${text})`,
      `${name}(${missing})`,
    ]),
    `UnixNano(Unix(1709210096))`,
    `UnixNano(Unix(1709210096, 789))`,
    `UnixNano(Unix(-1, 1))`,
    `UnixNano(Unix(0, 2000000000))`,
    `UnixNano(Unix("0"))`,
    `UnixNano(Unix(1.5))`,
  ],
  Duration: [
    ...[
      "3s",
      "333ms",
      "1h2m3.5s",
      "-1.5h",
      "0",
      "1000000h",
      "1us",
      "1µs",
      "1ns",
      "",
      "3",
      "x",
      "1d",
      "+5m",
      ".5s",
      "1.s",
      "9223372036854775807ns",
      "9223372036854775808ns",
    ].map((one) => `Nanoseconds(Duration("${one}"))`),
    `Duration("1h")`,
    `Nanoseconds(Duration(${int}))`,
    `Nanoseconds(Duration(${missing}))`,
  ],
  "durations in": [
    ...["Hours", "Minutes", "Seconds", "Milliseconds", "Microseconds", "Nanoseconds"].flatMap((name) => [
      `${name}(Duration("1h30m"))`,
      `${name}(Duration("-1.5s"))`,
      `${name}(Duration("1234567ns"))`,
      `${name}(${int})`,
      `${name}(${missing})`,
    ]),
    `Seconds(log.observed_time - log.time)`,
  ],
  TruncateTime: [
    `FormatTime(TruncateTime(${NOON}, Duration("1h")), "%F %T")`,
    `UnixNano(TruncateTime(${NOON}, Duration("10s")))`,
    `UnixNano(TruncateTime(${OLD}, Duration("7s")))`,
    `UnixNano(TruncateTime(${NOON}, Duration("0s")))`,
    `UnixNano(TruncateTime(${NOON}, Duration("168h")))`,
    `UnixNano(TruncateTime(${int}, Duration("1s")))`,
    `UnixNano(TruncateTime(${NOON}, 5))`,
  ],
  "arithmetic of times": [
    `Seconds(${NOON} - ${OLD})`,
    `UnixNano(${NOON} + Duration("1h"))`,
    `UnixNano(Duration("1h") + ${NOON})`,
    `UnixNano(${NOON} - Duration("1h"))`,
    `Seconds(Duration("1h") + Duration("1m"))`,
    `Seconds(Duration("1h") - Duration("1m"))`,
    `${NOON} + ${NOON}`,
    `Duration("1h") * 2`,
    `Duration("1h") + 1`,
  ],
};

const IDS: Readonly<Record<string, readonly string[]>> = {
  TraceID: [
    `Hex(TraceID("a389023abaa839283293ed323892389d"))`,
    `Hex(TraceID(0x0102030405060708090a0b0c0d0e0f10))`,
    `TraceID(0x01)`,
    `TraceID("xyz")`,
    `Hex(TraceID("A389023ABAA839283293ED323892389D"))`,
    `String(TraceID("a389023abaa839283293ed323892389d"))`,
    `TraceID(${int})`,
    `TraceID(${missing})`,
  ],
  SpanID: [`Hex(SpanID("1112131415161718"))`, `Hex(SpanID(0x0102030405060708))`, `SpanID(0x01)`, `SpanID("nope")`],
  ProfileID: [`Hex(ProfileID("a389023abaa839283293ed323892389d"))`, `ProfileID(0x0102)`],
  CommunityID: [
    `CommunityID("128.232.110.120", 34855, "66.35.250.204", 80)`,
    `CommunityID("66.35.250.204", 80, "128.232.110.120", 34855, "TCP", 1)`,
    `CommunityID("192.168.1.1", 54321, "10.0.0.1", 90, "UDP", 2)`,
    `CommunityID("2001:db8::1", 1, "2001:db8::2", 2, protocol = "ICMP6")`,
    `CommunityID("10.0.0.1", 8, "10.0.0.2", 0, "ICMP")`,
    `CommunityID("x", 1, "10.0.0.1", 2)`,
    `CommunityID("10.0.0.1", 70000, "10.0.0.1", 2)`,
    `CommunityID("10.0.0.1", 1, "10.0.0.1", 2, "NOPE")`,
    `CommunityID("10.0.0.1", 1, "10.0.0.1", 2, "TCP", 70000)`,
    `CommunityID("10.0.0.1", 1, "2001:db8::2", 2)`,
  ],
  IsInCIDR: [
    `IsInCIDR(log.attributes["ip"], ["192.168.0.0/16"])`,
    `IsInCIDR(log.attributes["ip"], ["10.0.0.0/8", "192.168.7.0/24"])`,
    `IsInCIDR(log.attributes["ip"], ["10.0.0.0/8"])`,
    `IsInCIDR("2001:db8::1", ["2001:db8::/32"])`,
    `IsInCIDR("::ffff:192.168.7.9", ["192.168.0.0/16"])`,
    `IsInCIDR(${text}, ["10.0.0.0/8"])`,
    `IsInCIDR(log.attributes["ip"], ["nope"])`,
    `IsInCIDR(log.attributes["ip"], [])`,
    `IsInCIDR(${int}, ["10.0.0.0/8"])`,
    `IsInCIDR("192.168.7.9", ["192.168.7.9/32", ${text}])`,
  ],
};

export const VALUES_TIME: readonly Case[] = [TIME, IDS].flatMap((groups) => Object.entries(groups).flatMap(([group, values]) => valueCases(group, values)));
