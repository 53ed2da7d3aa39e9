/** What an exporter cannot have of a queue that a broker, or the platform, keeps is found before anything runs. */
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { validateBuiltIn } from "../../src/config/registry.ts";

async function problemsOf(extension: string, exporter: string): Promise<readonly string[]> {
  const yaml = `
extensions: {${extension}: , file_storage: }
receivers: {otlp: {protocols: {http: }}}
exporters: {otlp_http: {endpoint: "http://127.0.0.1:9", ${exporter}}}
service: {extensions: [${extension}, file_storage], pipelines: {traces: {receivers: [otlp], exporters: [otlp_http]}}}
`;
  const loaded = await loadConfig({ configs: [`yaml:${yaml}`] }, { env: () => undefined, readFile: () => Promise.reject(new TypeError("There are no files")) });
  const { problems } = await validateBuiltIn(loaded);
  return problems.map(({ cure, message, where }) => `${where?.line}: ${message} => ${cure}`);
}

describe.each(["nats_jetstream", "cloudflare_queue"])("%s", (extension) => {
  const storage = `storage: ${extension}`;

  it.each([
    [
      "sizer: items",
      `4: Cannot use exporters.otlp_http.sending_queue.sizer: "${extension}" counts messages => Leave sizer out: queue_size counts requests then`,
    ],
    [
      "on_full: drop_oldest",
      `4: Cannot use exporters.otlp_http.sending_queue.on_full: what "${extension}" drops nobody counts => Leave on_full out: it refuses then`,
    ],
    [
      "stored_bytes_max: 2097152",
      `4: Cannot use exporters.otlp_http.sending_queue.stored_bytes_max: "${extension}" has a bound of its own => Leave it out, and see what bounds that`,
    ],
  ])("cannot have %s", async (key, problem) => {
    expect(await problemsOf(extension, `sending_queue: {${storage}, ${key}}`)).toEqual([problem]);
    expect(await problemsOf(extension, `sending_queue: {enabled: false, ${storage}, ${key}}`)).toEqual([]);
    expect(await problemsOf(extension, `sending_queue: {storage: file_storage, ${key}}`)).toEqual([]);
  });

  it("keeps no dead letters", async () => {
    expect(await problemsOf(extension, `sending_queue: {${storage}}, dead_letters: {storage: file_storage}`)).toEqual([]);
    expect(await problemsOf(extension, `dead_letters: {${storage}}`)).toEqual([
      `4: Cannot use exporters.otlp_http.dead_letters.storage: "${extension}" keeps sending queues, and nothing else => Name another extension, for example file_storage`,
    ]);
  });
});

it.each([
  ["batch: ", "batch: nothing is held between two messages, of which a batch would be made => Leave batch out, or name a file_storage"],
  [
    "send_window: 1s",
    `send_window: what was sent to "cloudflare_queue" cannot be taken back => Leave it out: the exporter's timeout is for the one attempt before`,
  ],
])("cloudflare_queue cannot have %s, and nats_jetstream can", async (key, problem) => {
  expect(await problemsOf("cloudflare_queue", `sending_queue: {storage: cloudflare_queue, ${key}}`)).toEqual([
    `4: Cannot use exporters.otlp_http.sending_queue.${problem}`,
  ]);
  expect(await problemsOf("nats_jetstream", `sending_queue: {storage: nats_jetstream, ${key}}`)).toEqual([]);
});
