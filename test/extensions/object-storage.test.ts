/** The `object_storage` extension: its keys, what of it each runtime has, and what it is not for. The stores: test/contract/objects.test.ts. */
import { describe, expect, it } from "vitest";
import { SluiceError } from "../../src/base/errors.ts";
import type { Host } from "../../src/base/host.ts";
import type { ObjectPlace } from "../../src/base/objects.ts";
import { loadConfig } from "../../src/config/load.ts";
import { validateBuiltIn } from "../../src/config/registry.ts";
import { objectStorage } from "../../src/extensions/object-storage.ts";
import { Counters } from "../../src/pipeline/counters.ts";
import { ExtensionSet } from "../../src/pipeline/extension-set.ts";
import { Health } from "../../src/pipeline/health.ts";
import { MemoryObjects } from "../contract/object-faults.ts";
import { testEngine } from "../harness/engine.ts";
import { bareHost } from "../processors/support.ts";

const S3 = { endpoint: "https://s3.example.com", bucket: "letters", access_key_id: "id", secret_access_key: "hush-hush-1" };

/** A host of Node, Bun or Deno, and what it was asked to open. */
function machine(failure?: SluiceError) {
  const asked: ObjectPlace[] = [];
  const objects = new MemoryObjects();
  const openObjects = (place: ObjectPlace) => {
    asked.push(place);
    return failure === undefined ? Promise.resolve(objects) : Promise.reject(failure);
  };
  return { asked, objects, host: { ...bareHost, runtime: "node", openObjects } satisfies Host };
}

/** A host of Workers, and the bindings that it was asked for. */
function worker() {
  const asked: string[] = [];
  const objects = new MemoryObjects();
  return { asked, objects, host: { ...bareHost, runtime: "workers", boundObjects: (name: string) => (asked.push(name), objects) } satisfies Host };
}

function create(settings: unknown, host: Host) {
  const extension = objectStorage.create(objectStorage.schema.parse(settings), { id: "object_storage/a", host, logger: host.logger });
  const start = () => extension.start({ host, counters: new Counters(), engine: testEngine(1 << 20), health: new Health(host.clock) });
  return { extension, start };
}

describe("keys", () => {
  it.each([
    [{ directory: "/var/letters" }, { kind: "directory", directory: "/var/letters" }],
    [{ s3: S3 }, { kind: "s3", endpoint: S3.endpoint, bucket: "letters", region: "auto", accessKeyId: "id", secretAccessKey: "hush-hush-1" }],
    [
      { binding: "R2", s3: { ...S3, endpoint: "http://127.0.0.1:9000/", region: "eu-1" } },
      { endpoint: "http://127.0.0.1:9000", region: "eu-1" },
    ],
  ])("%j reach the platform", async (settings, place) => {
    const { asked, host } = machine();
    await create(settings, host).start();
    expect(asked).toEqual([expect.objectContaining(place)]);
  });

  it("`prefix` stands before every name, in a bucket that is bound, too", async () => {
    for (const { host, objects } of [machine(), worker()]) {
      const { extension, start } = create({ binding: "R2", s3: S3, prefix: "otel/eu" }, host);
      const opening = extension.objects?.();
      await start();
      await (await opening)?.put("a", new Uint8Array(1));
      expect([...objects.objects.keys()]).toEqual(["otel/eu/a"]);
      await extension.stop(0);
    }
  });

  it("of R2 are the binding's on Workers", async () => {
    const { asked, host } = worker();
    await create({ binding: "R2", s3: S3 }, host).start();
    expect(asked).toEqual(["R2"]);
  });
});

describe("what cannot work", () => {
  it.each([
    [{ directory: "/a" }, worker().host, "on Workers: there are no files", "Bind an R2 bucket"],
    [{ s3: S3 }, worker().host, "on Workers: a bucket is bound there", "Bind an R2 bucket"],
    [{ binding: "R2" }, machine().host, "here: a binding is there on Workers alone", "Give it s3"],
    [{ directory: "/a" }, bareHost, "here", "Give it s3"],
    [{ binding: "R2", s3: { ...S3, secret_access_key: null } }, machine().host, "here: s3.secret_access_key is empty", "Set it"],
  ] as const)("is an error: %j", (settings, host, state, cure) => {
    const expected = { code: "config", path: "extensions.object_storage/a", cure: expect.stringContaining(cure) };
    const message = expect.stringContaining(`Cannot use extension "object_storage/a" ${state}`);
    expect(() => create(settings, host)).toThrow(expect.objectContaining({ ...expected, message }));
  });

  it("is told at the start, with its place, and to whoever waits for it", async () => {
    const { host } = machine(new SluiceError("storage", "Cannot keep objects", { cure: "Make it" }));
    const { extension, start } = create({ directory: "/a" }, host);
    const waiting = extension.objects?.();
    await expect(start()).rejects.toMatchObject({ code: "storage", path: "extensions.object_storage/a", cure: "Make it" });
    await expect(waiting).rejects.toThrow("Cannot keep objects");
  });

  it("is anything but dead letters", async () => {
    const { host } = machine();
    const planned = { id: "object_storage", definition: objectStorage, config: objectStorage.schema.parse({ directory: "/a" }) };
    const set = new ExtensionSet([planned], host);
    await expect(set.storage("object_storage")).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("it keeps dead letters, and nothing else"),
    });
    expect([set.broker("object_storage"), set.platformQueue("object_storage"), set.objects("other")]).toEqual([undefined, undefined, undefined]);
  });
});

describe("a configuration", () => {
  const problemsOf = async (extension: string, exporter = "dead_letters: {storage: object_storage}", env: Readonly<Record<string, string>> = {}) => {
    const yaml = `
extensions: {object_storage: {${extension}}, file_storage: }
receivers: {otlp: {protocols: {http: }}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:9", ${exporter}}}
service: {extensions: [object_storage, file_storage], pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`;
    const files = () => Promise.reject(new TypeError("There are no files"));
    const { problems } = await validateBuiltIn(await loadConfig({ configs: [`yaml:${yaml}`] }, { env: (name) => env[name], readFile: files }));
    return problems.map(({ cure = "", message, where }) => `${where?.line}: ${message} => ${cure}`);
  };
  const s3 = (more = "") => `s3: {endpoint: "https://s3.test", bucket: letters, access_key_id: a, secret_access_key: b${more}}`;

  it.each([
    ["directory: /a"],
    ["binding: R2"],
    [s3()],
    [`binding: R2, prefix: otel, ${s3(", region: eu-1")}`],
    // As the Worker sees it, whose variables are not those of a machine.
    [`binding: R2, s3: {endpoint: "https://s3.test", bucket: letters, access_key_id: "\${env:KEY_ID}", secret_access_key: "\${env:KEY}"}`],
  ])("may have %s", async (extension) => {
    expect(await problemsOf(extension)).toEqual([]);
    expect(await problemsOf(extension, "sending_queue: {storage: file_storage}, dead_letters: {storage: object_storage}")).toEqual([]);
    expect(await problemsOf(extension, "sending_queue: {enabled: false, storage: object_storage}")).toEqual([]);
  });

  it.each([
    ["", "needs a place: directory, binding or s3"],
    ["directory: /a, binding: R2", "stands alone: leave binding out"],
    [`directory: /a, ${s3()}`, "stands alone: leave s3 out"],
    ["directory: /a, prefix: otel", "is for buckets: name another directory"],
    ["binding: R2, prefix: ../up", "parts of letters, digits"],
    ["binding: R2, prefix: a/", "parts of letters, digits"],
    ["s3: {endpoint: https://s3.test}", "bucket"],
    ["s3: {endpoint: https://s3.test, bucket: letters, secret_access_key: b}", "s3.access_key_id: is needed"],
    [s3().replace("secret_access_key: b", 'secret_access_key: "${env:KEY}"'), "s3.secret_access_key: is needed"],
    [s3().replace("s3.test", "s3.test/letters"), "must be a scheme, a host and a port at the most"],
    [s3().replace("https://s3.test", "s3.test"), "must be a scheme, a host and a port at the most"],
    [s3().replace("https://", "https://user:pass@"), "must be a scheme, a host and a port at the most"],
    [s3().replace("letters", "../etc"), "letters, digits, dots, hyphens and underscores"],
  ])("with %s is an error", async (extension, problem) => {
    expect(await problemsOf(extension)).toContainEqual(expect.stringContaining(problem));
  });

  it("keeps no queue there", async () => {
    expect(await problemsOf("directory: /a", "sending_queue: {storage: object_storage}")).toEqual([
      '4: Cannot use exporters.otlp_http.sending_queue.storage: "object_storage" keeps dead letters, and nothing else => Name another extension, for example file_storage',
    ]);
  });

  it("say what to set where a variable is not set, and where the id of a place is empty", async () => {
    const bucket = await problemsOf(s3().replace(/bucket: [^,}]*/, "bucket: '${env:NONE}'"));
    expect(bucket).toEqual([
      expect.stringMatching(/s3\.bucket: expected a string, found nothing from a reference => Set the variable that it is taken from, or give it a default: /),
    ]);
    expect(await problemsOf("directory: /a", "dead_letters: {storage: '${env:NONE}'}")).toEqual([
      expect.stringContaining('Cannot store with "": it is no id => Name an extension that stores'),
    ]);
  });

  it("whose access key is wrong does not repeat it", async () => {
    const problems = await problemsOf(s3().replace("secret_access_key: b", "secret_access_key: ['${env:KEY}']"), undefined, { KEY: "hush-hush-1" });
    expect(problems.length).toBe(1);
    expect(problems.join()).not.toContain("hush");
  });
});
