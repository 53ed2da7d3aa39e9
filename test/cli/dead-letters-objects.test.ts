/**
 * `sluice dead-letters` over objects, with real processes: a gateway that fills them and runs on, and the
 * command beside it. In a directory; and in MinIO, where there is one.
 */
import { mkdirSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { sharedLetters } from "../../src/delivery/dead-letters/object-letters.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { bytesOfEnvelope } from "../../src/pipeline/stored.ts";
import { openDirectory } from "../../src/runtimes/node/objects/directory.ts";
import { openObjects } from "../../src/runtimes/node/objects/open.ts";
import { namesIn } from "../contract/objects.ts";
import { request } from "../contract/rig.ts";
import { startSink } from "../contract/sinks.ts";
import { ORIGIN } from "../delivery/delivery-rig.ts";
import { leaves } from "../harness/multiset.ts";
import { MINIO, Minio } from "../harness/minio.ts";
import { bareHost } from "../processors/support.ts";
import { folder, Running, sluice } from "./harness.ts";

const ITEMS = 5;
const ENV = { LETTERS_KEY: "sluice-secret-1" };
const requests = [1, 2, 3].map((seed) => payload("traces", { items: ITEMS, seed }).bytes);

function yamlOf(extension: string, sink: string): string {
  return `
extensions: {object_storage: {${extension}}}
receivers: {otlp: {protocols: {http: {endpoint: "127.0.0.1:0"}}}}
exporters: {otlp_http: {endpoint: "${sink}", compression: none, dead_letters: {storage: object_storage}}}
service: {extensions: [object_storage], telemetry: {metrics: {level: none}}, pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`;
}

/** A gateway whose destination has refused three requests, and the command over the same configuration. */
async function begin(extension: string) {
  const answers = { status: 400 };
  const sink = await startSink((_request, response) => void response.writeHead(answers.status).end());
  const files = folder({ "sluice.yaml": yamlOf(extension, sink.url) });
  const config = ["--config", files.path("sluice.yaml")];
  const gateway = new Running(["run", ...config], ENV);
  const [, url = ""] = await gateway.until(/address=(\S+)/);
  const told = await Promise.all(requests.map((body) => request(`${url}/v1/traces`, body)));
  sink.bodies.length = 0;
  return {
    answers,
    sink,
    gateway,
    told: told.map(({ status }) => status),
    letters: (command: string, ...args: readonly string[]) => sluice(["dead-letters", command, ...config, ...args], ENV),
    end: async () => {
      gateway.signal("SIGTERM");
      const ended = await gateway.ended;
      await sink.close();
      files.dispose();
      return ended;
    },
  };
}

function itemsOf(bodies: readonly Uint8Array[]): string[] {
  // Copies: of a Buffer the judge would make Buffers.
  return bodies.flatMap((body) => leaves("traces", Uint8Array.from(body))).toSorted();
}

function idsIn(stdout: string): string[] {
  const found: unknown = JSON.parse(stdout);
  return Array.isArray(found) ? found.map(({ id }: { readonly id: string }) => id) : [];
}

interface Place {
  readonly extension: string;
  /** Names of the objects there. */
  readonly names: () => Promise<readonly string[]>;
}

function checkCommand(make: () => Promise<Place>): void {
  it("lists, shows, replays and drops what a gateway that runs has put there", async () => {
    const { extension, names } = await make();
    const { answers, end, letters, sink, told } = await begin(extension);
    expect((await names()).length).toBe(3);
    expect(told).toEqual([200, 200, 200]);
    const [listed, shown] = await Promise.all([letters("list", "--json"), letters("show")]);
    const ids = idsIn(listed.stdout);
    expect([listed.code, ids.length, shown.code, shown.stdout.match(/"spanId"/g)?.length]).toEqual([0, 3, 0, 3 * ITEMS]);
    answers.status = 200;
    const replayed = await letters("replay", "--id", ids[0] ?? "", "--id", ids[1] ?? "");
    expect([replayed.code, replayed.stdout]).toEqual([0, "2 letters replayed: 10 items accepted, 0 rejected; 0 failed and stay\n"]);
    const left = await letters("drop", "--yes", "--json");
    expect(JSON.parse(left.stdout)).toEqual({ letters: 1, items: ITEMS, dropped: true });
    const every = new Set(itemsOf(requests));
    expect([itemsOf(sink.bodies).length, itemsOf(sink.bodies).every((item) => every.has(item))]).toEqual([2 * ITEMS, true]);
    const { code, stderr } = await end();
    expect([await names(), code]).toEqual([[], 0]);
    expect([listed, shown, replayed, left].map((one) => one.stderr).join() + stderr).not.toContain(ENV.LETTERS_KEY);
  });
}

describe("in a directory", () => {
  const place = folder({});
  afterAll(() => place.dispose());
  const directory = (name: string) => {
    mkdirSync(place.path(name));
    return place.path(name);
  };

  checkCommand(async () => {
    const path = directory("whole");
    const store = await openDirectory(path, Date.now());
    return { extension: `directory: ${path}`, names: () => namesIn(store) };
  });

  it("tells what is damaged, leaves alone what is none of its own, and does the rest", async () => {
    const path = directory("damaged");
    const letters = sharedLetters(await openDirectory(path, Date.now()), {
      host: { ...bareHost, clock: { ...bareHost.clock, nowMs: Date.now } },
      counters: new Counters(),
    });
    for (const body of requests) {
      const bytes = bytesOfEnvelope({ signal: "traces", requests: [body], items: ITEMS, id: "r", origin: ORIGIN }, "never");
      await letters.put({ exporter: "otlp_http", signal: "traces", reason: "refused", items: ITEMS, bytes: bytes.length, atMs: Date.now() }, bytes, []);
    }
    const kept = join(path, "delivery", "dead", "otlp_http");
    const [cut = "", garbage = ""] = readdirSync(kept);
    truncateSync(join(kept, cut), 100);
    writeFileSync(join(kept, garbage), new Uint8Array(300).fill(0xff));
    writeFileSync(join(kept, "notes.txt"), "none of ours");
    const sink = await startSink();
    const files = folder({ "sluice.yaml": yamlOf(`directory: ${path}`, sink.url) });
    const command = (name: string, ...args: readonly string[]) => sluice(["dead-letters", name, "--config", files.path("sluice.yaml"), ...args]);
    const shown = await command("show");
    expect([shown.code, shown.stdout.match(/"spanId"/g)?.length, shown.stderr.match(/: damaged: /g)?.length]).toEqual([1, ITEMS, 2]);
    const replayed = await command("replay");
    expect([replayed.code, replayed.stdout]).toEqual([1, "1 letter replayed: 5 items accepted, 0 rejected; 2 failed and stay\n"]);
    expect(readdirSync(kept).toSorted()).toEqual([cut, garbage, "notes.txt"].toSorted());
    await sink.close();
    files.dispose();
  });

  it("that is missing, or a bucket that nobody or only a Worker has, ends it with a cure", async () => {
    const s3 = 's3: {endpoint: "http://127.0.0.1:9", bucket: letters, access_key_id: a, secret_access_key: b}';
    const files = folder({
      "nobody.yaml": yamlOf(s3, "http://127.0.0.1:9"),
      "missing.yaml": yamlOf(`directory: ${place.path("nowhere")}`, "http://127.0.0.1:9"),
      "worker.yaml": yamlOf("binding: SLUICE_DEAD_LETTERS", "http://127.0.0.1:9"),
    });
    const [missing, worker, nobody] = await Promise.all(
      ["missing", "worker", "nobody"].map((name) => sluice(["dead-letters", "list", "--config", files.path(`${name}.yaml`)])),
    );
    files.dispose();
    expect([missing?.code, missing?.stderr]).toEqual([1, expect.stringMatching(/there is no such directory[^]*Make it/)]);
    expect([nobody?.code, nobody?.stderr]).toEqual([1, expect.stringMatching(/Cannot list the bucket "letters"[^]*Check s3.endpoint/)]);
    expect([worker?.code, worker?.stderr]).toEqual([2, expect.stringMatching(/a binding is there on Workers alone[^]*Give it s3/)]);
  });
});

describe.skipIf(MINIO === undefined)("in MinIO", () => {
  const server = new Minio();
  beforeAll(() => server.start());
  afterAll(() => server.end());

  checkCommand(async () => {
    const place = await server.bucket();
    const { accessKeyId, bucket, endpoint, region } = place;
    const keys = `endpoint: "${endpoint}", bucket: ${bucket}, region: ${region}, access_key_id: ${accessKeyId}, secret_access_key: "\${env:LETTERS_KEY}"`;
    const store = await openObjects(place, { nowMs: Date.now, monotonicMs: () => performance.now() });
    return { extension: `prefix: otel/eu, s3: {${keys}}`, names: () => namesIn(store, "otel/eu/") };
  });
});
