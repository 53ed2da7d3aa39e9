/** Which runtime answers: by what it says at the back end, and by the file that the listening process runs. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { VERSION } from "../../src/base/version.ts";
import { type Sink, startSink } from "../contract/sinks.ts";
import { headersOf, send } from "./client.ts";
import { goodTraces } from "./payloads.ts";
import { executableOf } from "./processes.ts";
import { yamlFor } from "./rig.ts";
import { startTarget, TARGET, type Target } from "./target.ts";

let target: Target;
let sink: Sink;

beforeAll(async () => {
  sink = await startSink();
  target = await startTarget(yamlFor(sink.url, sink.url));
}, 120_000);

afterAll(async () => {
  await target?.stop();
  await sink?.close();
}, 30_000);

const EXECUTABLES = { node: /\/node$/, bun: /\/bun(?:\.exe)?$/, deno: /\/deno$/, workers: /\/workerd$/ } as const;

test("the runtime that was asked for answers, and no other", async () => {
  const { bytes } = goodTraces();
  const reply = await send(target.port, { headers: headersOf("proto"), body: bytes });
  expect(reply.status).toBe(200);
  expect(sink.requests.map(({ headers }) => headers["user-agent"])).toEqual([`Sluice/${VERSION} (${TARGET})`]);
  expect(executableOf(target.pid)).toMatch(EXECUTABLES[TARGET]);
});
