/**
 * OTTL's Format: mixtures of verbs, flags, sizes, indices and stars with values of every kind, made by a
 * seeded generator. Left out is what the Collector writes addresses for: `%p` of bytes and lists, and
 * lists and maps of attributes; and sizes that Sluice does not write.
 */
import { Random } from "../../../src/cli/send/random.ts";
import { type Case, cases, transform } from "../case.ts";

const CALLS = 320;
/** A case has so many, each in an attribute of its own: a gateway for each would take long. */
const CALLS_A_CASE = 20;
const SEED = 20;

const FLAGS = ["+", "-", "#", " ", "0"];
const INDICES = ["[1]", "[2]", "[3]", "[9]", "[0]", "[]", "[x]", "[-1]", "[1"];
const WIDTHS = ["0", "1", "5", "8", "12", "20", "*", "*"];
const PRECISIONS = ["", "0", "1", "2", "3", "5", "10", "20", "*", "*"];
const VERBS = Array.from("vvvvddddsssqqqxxxXXoObbcUtTeEfFgGwzZ!é%]");
const VALUES = [
  ["nil", "true", "false", "0", "1", "-1", "5", "42", "-7", "255", "65", "128512", "1000001", "9223372036854775807"],
  ["0.0", "1.5", "-2.25", "3.14159", "0.0000001", "123456.789", "100000.0", "255.96875"],
  ['""', '"a"', '"hello"', String.raw`"a\"b"`, '"é日本😀"', '"`x`"', '"%d"'],
  ["0x00", "0x0001faff", "0x616263", "0xc3a9"],
  ['Duration("5ns")', 'Duration("-1h1.5s")', "log.time", "log.observed_time", "log.trace_id", "log.span_id"],
  ["huge", "infinite", "nan", "tiny", "umlauts", "min", "bytes", "nobytes", "missing"].map((name) => `log.attributes["${name}"]`),
  ["[]", '[1, "a", nil]', '[0x6162, [true, 2.5], "x"]', '[Duration("3s"), log.span_id]'],
].flat();
/** What Go's fmt says about itself: an index and a size after one, nothing after the sign, a value too many. */
const CHOSEN = [
  'Format("%[3]*.[2]*[1]f|%[3]v %v", [12.0, 2, 6])',
  'Format("%[1]*d|%[2]d", [5, 7])',
  'Format("%-*d|%0*d|%.*f", [-5, 1, -5, 1, 2, 3.14159])',
  'Format("%.*d|%*s", [-1, 2, "x", "y"])',
  'Format("%[2]2d|%[2].2d|%[1].[2]d|%[5]d|%d", [1, 2])',
  'Format("a%", [])',
  'Format("%5.|%.", [1, 2])',
  'Format("%d%%%5%", [1, 2])',
  'Format("%v %+v %#v %T", [log.time, log.time, log.time, log.time])',
  'Format("%d|%x|%t|%w", [log.time, log.time, log.time, log.time])',
  'Format("%#v|%#v|%#v|%#v", [log.trace_id, Duration("5s"), "a", [1, nil, 0x01]])',
  'Format("%p|%p|%p|%p|%p", [1, "a", true, 1.5, Duration("1s")])',
  'Format("%T %T %T %T %T", [nil, 0x01, [1], Duration("1s"), log.trace_id])',
];

const random = new Random(SEED);

function maybe(chance: number, made: () => string): string {
  return random.below(100) < chance ? made() : "";
}

function one(list: readonly string[]): string {
  return list[random.below(list.length)] ?? "";
}

function directive(): string {
  const index = () => maybe(12, () => one(INDICES));
  const flags = Array.from({ length: random.below(3) }, () => one(FLAGS)).join("");
  const width = index() + maybe(40, () => one(WIDTHS));
  const precision = maybe(35, () => `.${index()}${one(PRECISIONS)}`);
  return `%${flags}${width}${precision}${index()}${maybe(98, () => one(VERBS))}`;
}

function call(): string {
  const format = Array.from({ length: 1 + random.below(3) }, directive).join(one(["", "|", " é "]));
  const values = Array.from({ length: random.below(5) }, () => one(VALUES));
  return `Format("${format}", [${values.join(", ")}])`;
}

const MADE = [...CHOSEN, ...Array.from({ length: CALLS - CHOSEN.length }, call)];

function statements(from: number): string[] {
  return MADE.slice(from, from + CALLS_A_CASE).map((made, index) => `set(log.attributes["r${from + index}"], ${made})`);
}

const FROM = Array.from({ length: CALLS / CALLS_A_CASE }, (_, index) => index * CALLS_A_CASE);

export const VALUES_FORMAT: readonly Case[] = cases(
  "Format, made",
  "logs",
  ["record"],
  Object.fromEntries(FROM.map((from) => [`r${from} and on`, { transform: transform("logs", statements(from)) }])),
);
