/** A Collector's YAML for many cases at once. */
import type { Case } from "../../test/differential/case.ts";
import { indented } from "../../test/differential/sluice.ts";

/** A case with its number in the suite, by which the Collector's ids name it. */
export interface Numbered extends Case {
  readonly number: number;
}

/** The requests of a receiver, and the cases that it feeds. */
export interface Fed extends Pick<Case, "signal" | "payloads" | "headers"> {
  readonly fed: readonly Numbered[];
}

export function receiversOf(suite: readonly Numbered[]): readonly Fed[] {
  const groups = Map.groupBy(suite, ({ signal, payloads, headers }) => `${signal} ${payloads.join()} ${JSON.stringify(headers)}`);
  return [...groups.values()].map((fed) => ({ signal: "traces", payloads: [], ...fed[0], fed }));
}

/** `ports` of the receivers, in order. */
export function configuration(suite: readonly Numbered[], ports: readonly number[], sinkPort: number): string {
  const receivers = receiversOf(suite);
  return [
    "receivers:",
    ...receivers.map(
      ({ headers }, index) =>
        `  otlp/${index}: {protocols: {http: {endpoint: "127.0.0.1:${ports[index]}"${headers === undefined ? "" : ", include_metadata: true"}}}}`,
    ),
    "processors:",
    ...suite.flatMap((one) => Object.entries(one.processors).map(([id, settings], at) => `  ${processorId(one, id, at)}:\n${indented(settings)}`)),
    "exporters:",
    ...suite.map(({ number, signal }) => exporter(number, signal, sinkPort)),
    "service:",
    "  telemetry: {metrics: {level: none}, logs: {level: error, disable_caller: true, disable_stacktrace: true}}",
    "  pipelines:",
    ...receivers.flatMap(({ fed }, index) =>
      fed.map((one) => {
        const ids = Object.keys(one.processors).map((id, at) => processorId(one, id, at));
        return `    ${one.signal}/${one.number}: {receivers: [otlp/${index}], processors: [${ids.join(", ")}], exporters: [otlp_http/${one.number}]}`;
      }),
    ),
    "",
  ].join("\n");
}

/** For example `transform/case17-0`, which refusals.ts reads again. */
function processorId({ number }: Numbered, id: string, at: number): string {
  return `${id.split("/")[0]}/case${number}-${at}`;
}

function exporter(number: number, signal: string, port: number): string {
  const settings = `${signal}_endpoint: "http://127.0.0.1:${port}/${number}", compression: none`;
  return `  otlp_http/${number}: {${settings}, sending_queue: {enabled: false}, retry_on_failure: {enabled: false}}`;
}
