/** Endpoints that a test plays, behind the balancer. */
import type { Signal } from "../../src/base/signal.ts";
import { BalancedExporter } from "../../src/delivery/balancing/exporter.ts";
import { balancingOf, loadBalancingSchema } from "../../src/delivery/balancing/settings.ts";
import type { Outcome } from "../../src/pipeline/outcome.ts";
import { batchBytes } from "../harness/engine.ts";
import { leaves } from "../harness/multiset.ts";
import { Played, sendTo, testContext, type TestContext } from "./played.ts";

interface Options {
  readonly on?: TestContext;
  readonly names?: readonly string[];
}

/** Endpoints a, b, c, unless they have other names. */
export function balanced(settings: Readonly<Record<string, unknown>> = {}, { on = testContext(), names = ["a", "b", "c"] }: Options = {}) {
  const section = loadBalancingSchema.parse({ endpoints: names.map((name) => `http://${name}`), ...settings });
  const parsed = balancingOf(section);
  const checks = new Map<string, boolean>();
  let checked = 0;
  const endpoints = names.map((name, index) => ({ name, weight: parsed.endpoints[index]?.weight ?? 1, exporter: new Played(on.clock) }));
  const check = (name: string) => () => {
    checked++;
    return Promise.resolve(checks.get(name) ?? true);
  };
  const exporter = new BalancedExporter(
    endpoints.map((endpoint) => ({ ...endpoint, check: check(endpoint.name) })),
    parsed,
    on,
  );
  const at = (name: string): Played => {
    const found = endpoints.find((endpoint) => endpoint.name === name);
    if (found === undefined) throw new Error(`There is no ${name}`);
    return found.exporter;
  };
  let sent = 0;
  const expected: string[] = [];
  const send = (items = 10, signal: Signal = "traces"): Promise<Outcome> => {
    const batch = on.batch(items, ++sent, signal);
    expected.push(...leaves(signal, batchBytes(batch)));
    return sendTo(exporter, batch);
  };
  /** Names in the order in which they were asked. */
  const asked = () => endpoints.flatMap(({ exporter: { arrivals }, name }) => arrivals.map(({ atMs }) => ({ atMs, name })));
  const countOf = (name: string) => at(name).arrivals.length;
  const arrived = (signal: Signal = "traces") => endpoints.flatMap(({ exporter: { arrivals } }) => arrivals.flatMap(({ bytes }) => leaves(signal, bytes)));
  const total = (what: string, endpoint: string, labels = {}) => on.total(`sluice_exporter_endpoint_${what}`, { exporter: on.id, endpoint, ...labels });
  return { ...on, exporter, at, send, asked, countOf, arrived, expected, checks, total, checked: () => checked };
}
