/**
 * Patterns on names of 20 to 60 bytes, and on long texts that make a backtracking engine despair: ours
 * on bytes and on strings, re2js on both, and the host's own RegExp as the floor (which is neither linear
 * nor RE2, and is left out where it would not come back). Medians of several samples, ns a call, by CPU time.
 *
 *     node bench/pattern.ts [--quick]     and the same with `bun` and with `deno run -A`
 */
import { RE2JS } from "re2js";
import { groupsOf, matches, matchesBytes, parsePattern, type Pattern } from "../src/pattern/pattern.ts";
import { cpuClock } from "./cpu-clock.ts";
import { runtimeName } from "./machine.ts";
import { short, spreadOf, tableText } from "./statistics.ts";

const quick = process.argv.includes("--quick");
const SAMPLES = quick ? 5 : 9;
const SAMPLE_MS = quick ? 20 : 100;

const NAMES = [
  "GET /api/v1/users/12345/orders",
  "http_request_duration_seconds",
  "POST /checkout/payment/confirm-and-notify/the-customer",
  "redis.command SET user:session:abcdef",
  "grpc.health.v1.Health/Check",
  "http_client_retries_total",
  "GET /api/v2/products/Straße-42/reviews?page=2",
  "consumer orders.created process",
];
const PATTERNS = [
  "^GET /api/.*",
  "http_.*",
  "^(GET|POST|PUT) /(api|checkout)/",
  "(?i)redis",
  "SELECT|INSERT|redis|kafka|consumer",
  "\\d{3,}",
  "^[a-z._]+$",
  "\\bcheckout\\b",
];
const GROUPS = "^(?P<method>[A-Z]+) /(?P<first>[^/]+)/(?P<rest>.*)$";
const HOPELESS = "(a+)+$";

const clock = cpuClock();
const encoder = new TextEncoder();
/** Names beside one another in shared memory, as the gateway has them. */
const memory = new Uint8Array(new SharedArrayBuffer(1 << 16));
const places = NAMES.map((name, index) => {
  const encoded = encoder.encode(name);
  memory.set(encoded, index * 128);
  return [index * 128, index * 128 + encoded.length] as const;
});
/** What is looked at, so that nothing is left out as unused. */
let found = 0;

console.log(`${runtimeName()}: ns a call, median of ${SAMPLES}, ${clock.name}`);
const rows = [["pattern", "bytes", "string", "re2js string", "re2js bytes", "RegExp string", "times re2js bytes"]];
for (const text of PATTERNS) rows.push(row(text));
console.log(tableText(rows));

const groups = parsed(GROUPS);
const compiled = RE2JS.compile(GROUPS);
console.log(
  tableText([
    ["groups of", "ours", "re2js"],
    [GROUPS, time((at) => (groupsOf(groups, NAMES[at] ?? "") === undefined ? 0 : 1)), time((at) => (compiled.exec(NAMES[at] ?? "") === null ? 0 : 1))].map(
      String,
    ),
  ]),
);

const long = [["pattern, on", "bytes, ms", "string, ms", "re2js string, ms"]];
for (const length of [10_000, 1 << 20]) {
  const text = `${"a".repeat(length)}!`;
  const bytes = encoder.encode(text);
  const ours = parsed(HOPELESS);
  const theirs = RE2JS.compile(HOPELESS);
  const cells = [() => matchesBytes(ours, bytes, 0, bytes.length), () => matches(ours, text), () => theirs.test(text)].map((call) =>
    longMs(call, Math.ceil((1 << 20) / length)),
  );
  long.push([`${HOPELESS}, ${length} a and "!"`, ...cells]);
}
console.log(tableText(long));
if (found < 0) console.log(found);

function row(text: string): string[] {
  const ours = parsed(text);
  const theirs = RE2JS.compile(text);
  const host = new RegExp(text.replace("(?i)", ""), text.startsWith("(?i)") ? "iu" : "u");
  const bytes = time((at) => Number(matchesBytes(ours, memory, places[at]?.[0] ?? 0, places[at]?.[1] ?? 0)));
  const theirBytes = time((at) => Number(theirs.test(memory.subarray(places[at]?.[0], places[at]?.[1]))));
  const strings = [(one: string) => matches(ours, one), (one: string) => theirs.test(one)].map((test) => time((at) => Number(test(NAMES[at] ?? ""))));
  const floor = time((at) => Number(host.test(NAMES[at] ?? "")));
  return [text.replaceAll("|", "\\|"), bytes, ...strings, theirBytes, floor, theirBytes / bytes].map((cell) => (typeof cell === "number" ? short(cell) : cell));
}

function parsed(text: string): Pattern {
  const pattern = parsePattern(text);
  if (typeof pattern === "string") throw new RangeError(`Cannot use "${text}": the pattern ${pattern}`);
  return pattern;
}

/** Nanoseconds a call, over the names in turn. */
function time(call: (at: number) => number): number {
  const samples: number[] = [];
  for (let sample = -2; sample < SAMPLES; sample++) {
    const start = clock.nowMs();
    let calls = 0;
    while (clock.nowMs() - start < SAMPLE_MS) for (let i = 0; i < 8000; i++, calls++) found += call(calls % NAMES.length);
    if (sample >= 0) samples.push(((clock.nowMs() - start) * 1e6) / calls);
  }
  return Number(short(spreadOf(samples).median));
}

/** Milliseconds a call, over `times` of them. */
function longMs(call: () => boolean, times: number): string {
  const samples = Array.from({ length: SAMPLES }, () => {
    const start = clock.nowMs();
    for (let i = 0; i < times; i++) found += Number(call());
    return (clock.nowMs() - start) / times;
  });
  return short(spreadOf(samples).median);
}
