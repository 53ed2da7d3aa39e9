import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { allComponents, COMPONENTS, validateBuiltIn } from "../../src/config/registry.ts";

describe("the built-in components", () => {
  it("are listed under the kind, the id and the older ids that they have", async () => {
    const listed = COMPONENTS.map(({ kind, id, aliases = [] }) => ({ kind, id, aliases }));
    expect((await allComponents()).map(({ kind, id, aliases = [] }) => ({ kind, id, aliases }))).toEqual(listed);
  });

  it("are found by id, with a name behind it, and by an older id; others are named where one is unknown", async () => {
    const text = `
receivers: {otlp/a: {protocols: {http: }}}
processors: {logdedup/b: , resoure: }
exporters: {debug: }
service: {pipelines: {logs: {receivers: [otlp/a], processors: [logdedup/b], exporters: [debug]}}}
`;
    const loaded = await loadConfig({ configs: ["file:c.yaml"] }, { env: () => undefined, readFile: () => Promise.resolve(text) });
    const { problems, warnings } = await validateBuiltIn(loaded);
    expect(problems.map(({ message, cure }) => [message, cure])).toEqual([
      ['Cannot use processor "resoure": there is no such component', 'Did you mean "resource"?'],
    ]);
    expect(warnings.map(({ message }) => message)).toContain('"logdedup" alias is deprecated; use "log_dedup"');
  });
});
