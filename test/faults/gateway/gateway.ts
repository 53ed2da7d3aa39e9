/**
 * A gateway as an operator runs it on the runtime of TEST_TARGET, with what faults need: its own
 * counters, signals of any kind, and starts that fail.
 *
 * Invariant: what was started is ended with its file (`afterAll(endAll)`), by its process id, and nothing else is.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { payload } from "../../../bench/payloads.ts";
import { runtimeOf } from "../../../scripts/test/rules.ts";
import { readExposition, sumOf } from "../../admin/exposition.ts";
import { headersOf, type Reply, send } from "../../black-box/client.ts";
import { type Answering, type Sink, startSink } from "../../contract/sinks.ts";
import { COMMANDS, ROOT } from "../../harness/command.ts";
import { leaves } from "../../harness/multiset.ts";

const START_MS = 60_000;
const DRAIN_MS = 20_000;

/** Items of each request. */
export const ITEMS = 10;

export interface Settings {
  /** Of `file_storage`. */
  readonly directory: string;
  /** Its other keys, as they stand in the YAML. */
  readonly storage?: string;
  /** Each exporter's id and section. */
  readonly exporters: Readonly<Record<string, string>>;
}

/** One receiver of traces on a free port, one storage, counters on a free port. */
export function yamlOf({ directory, storage = "", exporters }: Settings): string {
  const ids = Object.keys(exporters);
  return `
extensions: {file_storage: {directory: ${JSON.stringify(directory)}${storage === "" ? "" : `, ${storage}`}}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters:
${ids.map((id) => `  ${id}: {compression: none, ${exporters[id]}}`).join("\n")}
service:
  extensions: [file_storage]
  telemetry: {metrics: {readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: 0}}}}]}}
  pipelines: {traces: {receivers: [otlp], exporters: [${ids.join(", ")}]}}
`;
}

const ends: (() => unknown)[] = [];

/** Has `end` called at the end of the file. Tests at the same time share vitest's own hooks. */
export function atEnd(end: () => unknown): void {
  ends.push(end);
}

/** Ends what was opened, the last first. */
export async function endAll(): Promise<void> {
  for (let end = ends.pop(); end !== undefined; end = ends.pop()) await end();
}

/** An empty one. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "sluice-faults-"));
  atEnd(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A destination on loopback. */
export async function sinkFor(answering?: Answering): Promise<Sink> {
  const sink = await startSink(answering);
  atEnd(() => sink.close());
  return sink;
}

export class Gateway {
  /** The exit code; null after a signal that it did not catch. */
  readonly ended: Promise<number | null>;
  readonly #child: ChildProcess;
  #log = "";
  #over = false;

  /** `wrapper`: a command that runs what follows it. */
  constructor(yaml: string, wrapper: readonly string[] = []) {
    const target = runtimeOf(process.env["TEST_TARGET"] ?? "node");
    if (target === "workers") throw new Error("A Worker has no process and no disk: scripts/test/rules.ts leaves this out");
    const [command, ...args] = [...wrapper, ...COMMANDS[target], "run", "--config", `yaml:${yaml}`];
    this.#child = spawn(command, args, {
      cwd: ROOT,
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.#log += text));
    this.ended = new Promise((resolve) => this.#child.once("close", resolve));
    void this.ended.then(() => (this.#over = true));
    atEnd(() => this.end("SIGKILL"));
  }

  /** One that listens. */
  static async start(yaml: string, wrapper: readonly string[] = []): Promise<Gateway> {
    const gateway = new Gateway(yaml, wrapper);
    await gateway.told("Sluice is ready");
    return gateway;
  }

  /** What it wrote to standard error so far. */
  get log(): string {
    return this.#log;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Waits until it has told this; fails with all that it told when it ends before. */
  async told(text: string | RegExp): Promise<void> {
    const told = () => (typeof text === "string" ? this.#log.includes(text) : text.test(this.#log));
    for (const endMs = performance.now() + START_MS; !told();) {
      if (this.#over || performance.now() > endMs) throw new Error(`Not told ${String(text)}: ${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#over) this.#child.kill(name);
  }

  async end(name: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.signal(name);
    return this.ended;
  }

  export(body: Uint8Array): Promise<Reply> {
    return send(this.#port(/Listening component=otlp\S* address=http:\/\/127\.0\.0\.1:(\d+)/), { headers: headersOf("proto"), body });
  }

  /** The sum of its counters of this name. */
  async total(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
    const path = "/metrics";
    const { body } = await send(this.#port(/Listening component=\S*readers\S* address=http:\/\/127\.0\.0\.1:(\d+)/), { method: "GET", path });
    return sumOf(readExposition(body.toString("utf8"), false), name, labels);
  }

  /** Waits until nothing is queued, nor under way. */
  async drained(): Promise<void> {
    for (const endMs = performance.now() + DRAIN_MS; (await this.total("sluice_exporter_queued_spans")) > 0;) {
      if (performance.now() > endMs) throw new Error(`Something is still queued: ${this.#log}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  #port(where: RegExp): number {
    const port = where.exec(this.#log)?.[1];
    if (port === undefined) throw new Error(`It does not say where it listens: ${this.#log}`);
    return Number(port);
  }
}

/** The `seed`th request, different from every other. */
export function requestOf(seed: number, items = ITEMS): Uint8Array {
  return payload("traces", { items, seed }).bytes;
}

/** Every (resource, scope, span), sorted. */
export function spansIn(bodies: readonly Uint8Array[]): string[] {
  // Copies: of a Buffer the judge would make Buffers.
  return bodies.flatMap((body) => leaves("traces", Uint8Array.from(body))).toSorted();
}
