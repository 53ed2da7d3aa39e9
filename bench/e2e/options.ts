/** The command line of the harness. */
import { parseArgs } from "node:util";
import { GATEWAYS } from "./gateways.ts";
import { WORKS, type Work } from "./works.ts";

export interface Options {
  readonly work: Work;
  readonly items: number;
  readonly rotation: number;
  readonly connections: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly warmSeconds: number;
  readonly starts: number;
  /** Items a second of the open loop; 0: none. */
  readonly rate: number;
  readonly gateways: readonly string[];
  readonly collector: string | undefined;
  readonly json: boolean;
  readonly out: string | undefined;
}

export const HELP = `node bench/e2e/main.ts [options]

  --work ID          ${WORKS.map(({ id }) => id).join(", ")} (default plain-upsert)
  --items N          items a request (1000)
  --rotation N       different requests (64)
  --connections N    of the closed loop, twice as many for the open one (4)
  --rounds N         times that each gateway has its turn (5)
  --seconds S        of each turn, each loop (3)
  --warm S           seconds of load before the first turn (3)
  --rate N           items a second of the open loop, 0 for none (100000)
  --starts N         starts, for the start-up time (3)
  --gateways A,B     of ${GATEWAYS.map(({ id }) => id).join(", ")} (default: all that are there)
  --collector PATH   an OpenTelemetry Collector (default: OTELCOL, or otelcol* on PATH)
  --json             print JSON instead of tables
  --out FILE         write the JSON there too
`;

/** Throws on what is not an option, with what is. Undefined: help was asked for. */
export function parseOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: "boolean", short: "h", default: false },
      work: { type: "string", default: "plain-upsert" },
      items: { type: "string", default: "1000" },
      rotation: { type: "string", default: "64" },
      connections: { type: "string", default: "4" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "3" },
      warm: { type: "string", default: "3" },
      rate: { type: "string", default: "100000" },
      starts: { type: "string", default: "3" },
      gateways: { type: "string" },
      collector: { type: "string" },
      json: { type: "boolean", default: false },
      out: { type: "string" },
    },
  });
  if (values.help) return undefined;
  return {
    work: workOf(values.work),
    items: numberOf("items", values.items, 1, 100_000),
    rotation: numberOf("rotation", values.rotation, 1, 256),
    connections: numberOf("connections", values.connections, 1, 256),
    rounds: numberOf("rounds", values.rounds, 1, 100),
    seconds: numberOf("seconds", values.seconds, 0.1, 120),
    warmSeconds: numberOf("warm", values.warm, 0, 60),
    rate: numberOf("rate", values.rate, 0, 1e8),
    starts: numberOf("starts", values.starts, 1, 50),
    gateways: gatewaysOf(values.gateways),
    collector: values.collector,
    json: values.json,
    out: values.out,
  };
}

function workOf(id: string): Work {
  const found = WORKS.find((work) => work.id === id);
  if (found === undefined) throw new RangeError(`Cannot do the work "${id}": there are ${WORKS.map((work) => work.id).join(", ")}`);
  return found;
}

function gatewaysOf(list: string | undefined): readonly string[] {
  const known = GATEWAYS.map(({ id }) => id);
  if (list === undefined) return known;
  const wanted = list.split(",");
  const stranger = wanted.find((id) => !known.includes(id));
  if (stranger !== undefined) throw new RangeError(`Cannot measure "${stranger}": there are ${known.join(", ")}`);
  return wanted;
}

function numberOf(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new RangeError(`Cannot take --${name} ${text}: it is a number from ${min} to ${max}`);
  return value;
}
