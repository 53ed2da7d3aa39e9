/**
 * A suite through one process of a real Collector: a receiver for each list of requests, which feeds
 * the pipelines of all cases that have it, and an exporter a case into a sink here. Cases that the
 * Collector refuses are found by its complaints, and left out of the next attempt to start it.
 */
import type { Case, Recorded } from "../../test/differential/case.ts";
import { payloadBytes } from "../../test/differential/payloads.ts";
import { answer } from "../../test/differential/sluice.ts";
import { startCollector } from "./collector.ts";
import { configuration, type Numbered, receiversOf } from "./configuration.ts";
import { category, refusedIn } from "./refusals.ts";
import { freePorts, type Sink, startSink } from "./sink.ts";

export const VERSION = "0.159.0";

/** Each attempt finds one refused case at the least. */
const ATTEMPTS_MAX = 60;

export async function record(binary: string, suite: readonly Case[]): Promise<ReadonlyMap<string, Recorded>> {
  const answers = new Map<string, Recorded>();
  let left: readonly Numbered[] = suite.map((one, number) => ({ ...one, number }));
  const sink = await startSink();
  const ports = await freePorts(receiversOf(left).length);
  try {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const started = await startCollector(binary, configuration(left, ports, sink.port), ports.slice(0, receiversOf(left).length));
      if (started.kind === "running") {
        try {
          await sendAll(left, ports, sink, answers);
        } catch (error) {
          throw new Error(`Cannot record: ${panicIn(started.log())}`, { cause: error });
        } finally {
          await started.stop();
        }
        return answers;
      }
      const refused = refusedIn(started.log);
      const before = left.length;
      left = left.filter(({ number, id }) => {
        const words = refused.get(number);
        if (words !== undefined) answers.set(id, { refused: category(words) });
        return words === undefined;
      });
      if (left.length === before) throw new Error(`Cannot record: the Collector does not start, and names no case:\n${started.log.slice(-4000)}`);
      if (left.length === 0) return answers;
    }
    throw new Error(`Cannot record: the Collector did not start in ${ATTEMPTS_MAX} attempts`);
  } finally {
    await sink.close();
  }
}

async function sendAll(suite: readonly Numbered[], ports: readonly number[], sink: Sink, answers: Map<string, Recorded>): Promise<void> {
  for (const [index, { signal, payloads, headers, fed }] of receiversOf(suite).entries()) {
    const out = new Map(fed.map((one): [Numbered, unknown[]] => [one, []]));
    for (const payload of payloads) {
      const body = payloadBytes(signal, payload);
      sink.arrived.clear();
      const response = await fetch(`http://127.0.0.1:${ports[index]}/v1/${signal}`, {
        method: "POST",
        headers: { ...headers, "content-type": "application/x-protobuf" },
        body,
      });
      const text = await response.text();
      // 500 and 503: a case whose statement fails under propagate. The others were passed on all the same.
      if (![200, 500, 503].includes(response.status)) throw new Error(`Cannot record "${payload}": ${response.status} ${text}`);
      for (const [one, list] of out) list.push(answer(one, body, sink.arrived.get(one.number) ?? []));
    }
    for (const [{ id }, list] of out) answers.set(id, { out: list });
  }
}

/** A statement that makes it panic ends the request for all cases: it has no place in a suite. */
function panicIn(log: string): string {
  const at = log.indexOf("panic");
  return at < 0 ? "the Collector did not answer" : log.slice(at, at + 2000);
}
