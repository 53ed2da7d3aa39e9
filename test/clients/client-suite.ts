/** The one suite of all clients: each sends one of everything through the gateway, plain and compressed. */
import { afterAll, beforeAll, beforeEach, describe, it } from "vitest";
import { expectEverything, type Sent } from "./arrival.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { type Sink, startSink } from "./sink.ts";
import { missing, type Ran } from "./tools.ts";

export interface Client {
  readonly name: string;
  readonly encodings: readonly ("protobuf" | "json")[];
  /** Makes ready, once. Undefined: ready; a string: why this machine cannot. Throws when it is our fault. */
  prepare(): Promise<string | undefined>;
  run(env: Readonly<Record<string, string>>): Promise<Ran>;
}

/** A first preparation downloads a Maven repository, or Go modules, and compiles. */
const PREPARE_MS_MAX = 300_000;
const RUN_MS_MAX = 60_000;

export function clientSuite(client: Client): void {
  describe(`${client.name} through the gateway`, () => {
    let sink: Sink;
    let gateway: Gateway | undefined;
    let absent: string | undefined;

    beforeAll(async () => {
      sink = await startSink();
      absent = await client.prepare();
      if (absent === undefined) gateway = await startGateway(sink.url);
    }, PREPARE_MS_MAX);

    afterAll(async () => {
      await gateway?.stop();
      await sink.stop();
    });

    beforeEach(() => sink.forget());

    for (const encoding of client.encodings) {
      for (const compression of ["none", "gzip"]) {
        it(`sends ${encoding}, ${compression}`, { timeout: RUN_MS_MAX }, async ({ skip }) => {
          if (absent !== undefined) {
            process.stderr.write(`${client.name} did not run: ${absent}\n`);
            skip(`did not run: ${absent}`);
          }
          const ran = await client.run({
            CLIENT_ENDPOINT: gateway?.url ?? "",
            CLIENT_ENCODING: encoding,
            CLIENT_COMPRESSION: compression,
          });
          expectEverything(sink, sentOf(client, ran));
        });
      }
    }
  });
}

function sentOf({ name }: Client, ran: Ran): Sent {
  if (ran.kind !== "ok") throw new Error(`The ${name} client failed: ${ran.kind === "failed" ? ran.output : "its program is gone"}`);
  // Maven puts colours around it.
  const line = /\{.*"service".*\}/.exec(ran.output)?.[0];
  if (line === undefined) throw new Error(`The ${name} client said nothing of what it sent: ${ran.output}`);
  // The shape that every client prints.
  const sent: Sent = JSON.parse(line);
  return sent;
}

/** Runs each preparation in turn; the first that fails decides. */
export async function prepareWith(tool: string, steps: readonly (() => Promise<Ran>)[]): Promise<string | undefined> {
  for (const step of steps) {
    const ran = await step();
    if (ran.kind === "ok") continue;
    const why = missing(tool, ran);
    if (why !== undefined) return why;
    throw new Error(`Cannot prepare with ${tool}: ${ran.kind === "failed" ? ran.output : ""}`);
  }
  return undefined;
}
