/**
 * What does not run where, and why. One list serves three: vitest leaves out the files, the table
 * fills their cells, and a cell that no rule and no run fills fails `npm test`. A rule for a case that
 * passes all the same is an error, too. Reasons are short: they stand in the table's cells.
 */
export const RUNTIMES = ["node", "bun", "deno", "workers"] as const;

/** A runtime of the matrix. */
export type Runtime = (typeof RUNTIMES)[number];

/** A tool that not every machine has. */
export type Tool = "chromium" | "collector" | "go" | "java" | "minio" | "mount" | "nats-server" | "python";

/** Cases that cannot run on some runtimes. */
export interface NotApplicable {
  /** A file, or a folder with a slash behind, from the root. */
  readonly where: string;
  /** Only cases whose name begins so; none: whole files, which are left out of the run. */
  readonly cases?: string;
  readonly runtimes: readonly Runtime[];
  readonly reason: string;
}

/** Cases that run only beside a tool: their cells say so on every machine. */
export interface NeedsTool {
  readonly where: string;
  readonly cases?: string;
  readonly tool: Tool;
}

/** Folders whose files run on Node and drive one runtime's real server: their cells are that runtime's. */
export const DRIVEN: readonly { readonly where: string; readonly runtimes: readonly Runtime[] }[] = [
  { where: "test/black-box/", runtimes: RUNTIMES },
  { where: "test/runtimes/workers/", runtimes: ["workers"] },
  { where: "test/campaign/", runtimes: ["node", "bun", "deno"] },
  { where: "test/faults/gateway/", runtimes: ["node", "bun", "deno"] },
];

const NO_LISTENING = "a Worker cannot listen";
const NO_SHARED_MEMORY = "no shared memory in a Worker";
const WORKERD_READS = "workerd reads HTTP by its own rules";
const CONTINUES = "its server sends 100 by itself";
const FROM_NODE = "drives processes from Node";
const ALL_BUT_WORKERS: readonly Runtime[] = ["node", "bun", "deno"];
const ALL_BUT_NODE: readonly Runtime[] = ["bun", "deno", "workers"];

export const NOT_APPLICABLE: readonly NotApplicable[] = [
  { where: "test/cli/", runtimes: ["workers"], reason: "a Worker has no command line" },
  { where: "test/cli/send-runtimes.test.ts", runtimes: ["bun", "deno"], reason: FROM_NODE },
  { where: "test/clients/", runtimes: ALL_BUT_NODE, reason: FROM_NODE },
  { where: "test/bench/", runtimes: ALL_BUT_NODE, reason: FROM_NODE },
  { where: "test/browser/", runtimes: ALL_BUT_NODE, reason: "drives a browser from Node" },
  { where: "test/engine/", runtimes: ALL_BUT_NODE, reason: "counts with flags of Node's V8" },
  { where: "test/runtimes/node/", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/runtimes/bun/", runtimes: ["node", "deno", "workers"], reason: "Bun's own server" },
  { where: "test/runtimes/deno/", runtimes: ["node", "bun", "workers"], reason: "Deno's own API" },
  { where: "test/runtimes/workers/", runtimes: ALL_BUT_WORKERS, reason: "drives workerd" },
  { where: "test/durable-object/", runtimes: ALL_BUT_WORKERS, reason: "inside a Durable Object" },
  { where: "test/campaign/", runtimes: ["workers"], reason: "a Worker has no process to kill" },
  { where: "test/faults/gateway/", runtimes: ["workers"], reason: "a Worker has no process and no disk" },
  { where: "test/admin/listening.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/admin/telemetry.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/admin/run.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/admin/mounted.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/black-box/telemetry.test.ts", cases: "Telemetry: ", runtimes: ["workers"], reason: "a Worker has no port of its own" },
  { where: "test/delivery-policies/sockets.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/runtimes/fetch/mounting.test.ts", runtimes: ALL_BUT_NODE, reason: FROM_NODE },
  { where: "test/differential/page.test.ts", runtimes: ALL_BUT_NODE, reason: "writes a page from Node" },
  { where: "test/runtimes/fetch/client.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  {
    where: "test/black-box/access.test.ts",
    cases: "Access: clients > C51 `client_ca_file`",
    runtimes: ["workers"],
    reason: "TLS ends in front of a Worker",
  },
  { where: "test/runtimes/fetch/", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/delivery/queue-sockets.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/contract/exchange.test.ts", cases: "node:http", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/contract/ownership.test.ts", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/contract/exporters.test.ts", cases: "otlp_http", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/exporters/otlp-http.test.ts", cases: "requests", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/exporters/otlp-http.test.ts", cases: "answers > an answer over 4 MiB", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/exporters/otlp-http.test.ts", cases: "answers > no connection", runtimes: ["workers"], reason: NO_LISTENING },
  { where: "test/exporters/otlp-http.test.ts", cases: "settings > a certificate", runtimes: ["workers"], reason: "a Worker has no files" },
  { where: "test/kernel/tape.test.ts", cases: "the tape, shared memory", runtimes: ["workers"], reason: NO_SHARED_MEMORY },
  { where: "test/kernel/tape.test.ts", cases: "two memories", runtimes: ["workers"], reason: NO_SHARED_MEMORY },
  { where: "test/kernel/json-payloads.test.ts", cases: "a shared memory", runtimes: ["workers"], reason: NO_SHARED_MEMORY },
  connections("Connections: framing > C43 Content-Length beside Transfer-Encoding", ["workers"], WORKERD_READS),
  connections("Connections: slow senders > C45 a connection that is kept and not used", ["workers"], WORKERD_READS),
  connections("Connections: heads > C46 ", ["workers"], WORKERD_READS),
  connections("Connections: heads > C47 several requests", ["bun"], "Bun closes pipelined connections"),
  connections("Connections: heads > C47 Expect: 100-continue, with a length over", ["bun", "workers"], CONTINUES),
];

function connections(cases: string, runtimes: readonly Runtime[], reason: string): NotApplicable {
  return { where: "test/black-box/connections.test.ts", cases, runtimes, reason };
}

export const NEEDS_TOOL: readonly NeedsTool[] = [
  { where: "test/clients/go-sdk.test.ts", tool: "go" },
  { where: "test/clients/java-sdk.test.ts", tool: "java" },
  { where: "test/clients/python-sdk.test.ts", tool: "python" },
  { where: "test/runtimes/node/jetstream.test.ts", tool: "nats-server" },
  { where: "test/runtimes/node/jetstream-secure.test.ts", tool: "nats-server" },
  { where: "test/faults/gateway/nats.test.ts", tool: "nats-server" },
  { where: "test/runtimes/node/s3.test.ts", tool: "minio" },
  { where: "test/cli/dead-letters-objects.test.ts", cases: "in MinIO", tool: "minio" },
  { where: "test/browser/", tool: "chromium" },
  ...["a disk of 8 MB", "a disk that somebody else fills", "a disk that is read-only"].map((cases): NeedsTool => ({
    where: "test/faults/gateway/disk.test.ts",
    cases,
    tool: "mount",
  })),
];

/** Whether a rule is about this file and, where it names cases, this case. */
export function matches(rule: { readonly where: string; readonly cases?: string }, file: string, name: string): boolean {
  const here = rule.where.endsWith("/") ? file.startsWith(rule.where) : file === rule.where;
  return here && (rule.cases === undefined || name.startsWith(rule.cases));
}

/** Patterns of the files that do not run inside this runtime. */
export function filesLeftOut(runtime: Runtime): string[] {
  const whole = NOT_APPLICABLE.filter((rule) => rule.cases === undefined && rule.runtimes.includes(runtime));
  return [...whole, ...DRIVEN].map(({ where }) => (where.endsWith("/") ? `${where}**` : where));
}

/** Folders of the files that drive this runtime from Node. */
export function foldersDriving(runtime: Runtime): string[] {
  return DRIVEN.filter(({ runtimes }) => runtimes.includes(runtime)).map(({ where }) => where);
}

/** The runtime that TEST_RUNTIME names. Throws for a name that is none. */
export function runtimeOf(name: string): Runtime {
  const found = RUNTIMES.find((runtime) => runtime === name);
  if (found === undefined) throw new RangeError(`Cannot test on "${name}": use one of ${RUNTIMES.join(", ")}`);
  return found;
}
