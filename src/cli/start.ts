/**
 * `sluice start`, which is `npm start`: with `--config` the same as `run`; without, the example that
 * prints what arrives, and a word on what to type next.
 */
import { randomBytes } from "node:crypto";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { type ConfigOptions, withConfigOptions } from "./configuration.ts";
import { type MemoryOption, withMemoryOption } from "./memory-option.ts";
import { type Listening, run } from "./run.ts";
import { type Paint, painter } from "./terminal.ts";

/** At the same distance from src/cli and from dist/cli. */
const EXAMPLE = new URL("../../examples/quickstart.yaml", import.meta.url);

export function startCommand(): Command {
  return withMemoryOption(withConfigOptions(new Command("start")))
    .description("run the example that prints what arrives, or a configuration with --config")
    .action((options: ConfigOptions & MemoryOption) => (options.config.length > 0 ? run(options) : run({ ...options, config: [examplePath()] }, welcome)));
}

/** Relative where that is shorter: it stands in messages. */
function examplePath(): string {
  const path = fileURLToPath(EXAMPLE);
  const near = relative(process.cwd(), path);
  return near.length < path.length ? near : path;
}

const welcome: Listening = (addresses) => {
  const address = addresses[0]?.address ?? "http://127.0.0.1:4318";
  process.stderr.write(welcomeText(address.replace("0.0.0.0", "127.0.0.1"), painter(process.stderr)));
};

function welcomeText(address: string, paint: Paint): string {
  return `
${paint("bold", "Sluice listens, and prints what arrives.")} In another terminal, send it a trace:

${paint("cyan", curlText(address))}

or let an application with an OpenTelemetry SDK send its own:

${paint("cyan", `  export OTEL_EXPORTER_OTLP_ENDPOINT=${address}\n  export OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf`)}

Your own configuration, the Collector's YAML: ${paint("cyan", "npm start -- --config FILE")}. Ctrl-C ends.

`;
}

/** A command line that a shell takes as it is: two spans of just now, the inner one with an error. */
function curlText(address: string): string {
  const now = BigInt(Date.now()) * 1_000_000n;
  const nanos = (ms: bigint) => String(now + ms * 1_000_000n);
  const [traceId, root, inner] = [16, 8, 8].map((bytes) => randomBytes(bytes).toString("hex"));
  const spans = [
    { traceId, spanId: root, name: "GET /checkout", kind: 2, startTimeUnixNano: nanos(-120n), endTimeUnixNano: nanos(0n) },
    {
      traceId,
      spanId: inner,
      parentSpanId: root,
      name: "charge card",
      kind: 3,
      startTimeUnixNano: nanos(-95n),
      endTimeUnixNano: nanos(-20n),
      status: { code: 2, message: "declined" },
    },
  ];
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "shop" } }] };
  const lines = spans.map((span) => `    ${JSON.stringify(span)}`).join(",\n");
  return `  curl ${address}/v1/traces -H 'content-type: application/json' -d '{"resourceSpans":[{
    "resource":${JSON.stringify(resource)},
    "scopeSpans":[{"spans":[
${lines}]}]}]}'`;
}
