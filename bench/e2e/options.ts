/** The command line of the harness. */
import { parseArgs } from "node:util";
import type { Form, Gateway } from "./gateway.ts";
import { commandGateway } from "./gateways-peers.ts";
import { DEFAULT_GATEWAYS, GATEWAYS } from "./gateways.ts";
import { HELP } from "./help.ts";
import { type TableRow, TABLE } from "./rows.ts";
import { SIGNALS, type Signal } from "../../src/base/signal.ts";
import { idOf, titleOf, workOf } from "./works.ts";

/** What is measured: rows, latency at a fixed rate, start-up. */
export type Part = "rows" | "latency" | "start";

export interface Options {
  readonly parts: readonly Part[];
  readonly rows: readonly TableRow[];
  readonly rotation: number;
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly starts: number;
  /** Items a second, and items a request, of the latency run. */
  readonly rate: number;
  readonly rateItems: number;
  readonly minutesMax: number;
  readonly gateways: readonly Gateway[];
  readonly collector: string | undefined;
  readonly form: Form;
  readonly json: boolean;
  readonly out: string | undefined;
}

const SUITES: Readonly<Record<string, readonly Part[]>> = {
  full: ["rows", "latency", "start"],
  rows: ["rows"],
  latency: ["latency"],
  start: ["start"],
};
const FULL_RESULT = new URL("../results/end-to-end.json", import.meta.url).pathname;

/** Throws RangeError on what is not an option, with what is. A text: help was asked for. */
export function parseOptions(args: readonly string[]): Options | string {
  const { values } = parseArgs({ args: [...args], options: SHAPE });
  if (values.help) return HELP;
  const suite = values.latency ? "latency" : values.suite;
  const parts = suite === undefined ? (["rows"] as const) : SUITES[suite];
  if (parts === undefined) throw new RangeError(`Cannot run the suite "${suite}": there are ${Object.keys(SUITES).join(", ")}`);
  const custom = [...values.gateway.map((text) => commandGateway(text, false)), ...values.copier.map((text) => commandGateway(text, true))];
  return {
    parts,
    rows: suite === undefined ? [oneRow(values)] : rowsOf(values.rows),
    rotation: numberOf("rotation", values.rotation, 1, 256),
    connections: numberOf("connections", values.connections, 1, 256),
    rounds: numberOf("rounds", values.rounds, 1, 100),
    seconds: numberOf("seconds", values.seconds, 0.1, 120),
    warmSeconds: numberOf("warm", values.warm, 0, 60),
    starts: numberOf("starts", values.starts, 1, 50),
    rate: numberOf("rate", values.rate, 1, 1e8),
    rateItems: suite === undefined ? 100 : numberOf("items", values.items ?? "100", 1, 100_000),
    minutesMax: numberOf("minutes", values.minutes, 0.1, 1440),
    gateways: [...gatewaysOf(values.gateways), ...custom],
    collector: values.collector,
    form: formOf(values.form),
    json: values.json,
    out: values.out ?? (suite === "full" ? FULL_RESULT : undefined),
  };
}

const SHAPE = {
  help: { type: "boolean", short: "h", default: false },
  suite: { type: "string" },
  latency: { type: "boolean", default: false },
  rows: { type: "string" },
  work: { type: "string", default: "plain-upsert" },
  signal: { type: "string", default: "traces" },
  items: { type: "string" },
  order: { type: "string", default: "ascending" },
  rotation: { type: "string", default: "64" },
  connections: { type: "string", default: "4" },
  rounds: { type: "string", default: "5" },
  seconds: { type: "string", default: "2" },
  warm: { type: "string", default: "2" },
  starts: { type: "string", default: "7" },
  rate: { type: "string", default: "100000" },
  minutes: { type: "string", default: "60" },
  gateways: { type: "string" },
  gateway: { type: "string", multiple: true, default: [] as string[] },
  copier: { type: "string", multiple: true, default: [] as string[] },
  collector: { type: "string" },
  form: { type: "string", default: "auto" },
  json: { type: "boolean", default: false },
  out: { type: "string" },
} as const;

interface RowValues {
  readonly work: string;
  readonly signal: string;
  readonly items?: string | undefined;
  readonly order: string;
}

/** A row that the command line describes; the table's own when it has it, with what that asks for. */
function oneRow(values: RowValues): TableRow {
  const work = workOf(values.work);
  const signal = oneOf<Signal>("signal", values.signal, SIGNALS);
  if (!work.signals.includes(signal)) throw new RangeError(`Cannot do the work "${work.id}" on ${signal}: it takes ${work.signals.join(", ")}`);
  const order = oneOf("order", values.order, ["ascending", "descending", "interleaved"] as const);
  const row = { work, signal, items: numberOf("items", values.items ?? "1000", 1, 100_000), order };
  const id = idOf(row);
  return TABLE.find((one) => one.id === id) ?? { row, id, title: titleOf(row), asked: { kind: "nothing" } };
}

function rowsOf(list: string | undefined): readonly TableRow[] {
  if (list === undefined) return TABLE;
  const known = TABLE.map(({ id }) => id);
  return list.split(",").map((id) => {
    const found = TABLE.find((one) => one.id === id);
    if (found === undefined) throw new RangeError(`Cannot measure the row "${id}": there are ${known.join(", ")}`);
    return found;
  });
}

function gatewaysOf(list: string | undefined): readonly Gateway[] {
  if (list === "none") return [];
  return (list?.split(",") ?? DEFAULT_GATEWAYS).map((id) => {
    const found = GATEWAYS.find((one) => one.id === id);
    if (found === undefined) throw new RangeError(`Cannot measure "${id}": there are ${GATEWAYS.map((one) => one.id).join(", ")}`);
    return found;
  });
}

function formOf(text: string): Form {
  return oneOf("form", text, ["auto", "dist", "sources"] as const);
}

function oneOf<T extends string>(name: string, text: string, known: readonly T[]): T {
  const found = known.find((one) => one === text);
  if (found === undefined) throw new RangeError(`Cannot take --${name} ${text}: there are ${known.join(", ")}`);
  return found;
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new RangeError(`Cannot take --${name} ${text}: it is a number from ${min} to ${max}`);
  return value;
}
