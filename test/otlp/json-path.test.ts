import { describe, expect, it } from "vitest";
import { jsonPathAt } from "../../src/otlp/json-path.ts";

function pathOf(text: string): string {
  const at = text.indexOf("@");
  const bytes = new TextEncoder().encode(text.replace("@", ""));
  return jsonPathAt(bytes, 0, at);
}

describe("jsonPathAt", () => {
  it.each([
    ['@{"a":1}', ""],
    ['{"resourceSpans":[{"a":1},{"scopeSpans":[{"spans":[{"name":@1}]}]}]}', "resourceSpans[1].scopeSpans[0].spans[0].name"],
    ['{"a":[1,2,@]}', "a[2]"],
    ['{"a":{"b":{"c":1}},"d":@', "d"],
    ['{"we\\"ird,[{":@1}', 'we\\"ird,[{'],
    ['{"a":"not } a ] bracket","b":@1}', "b"],
  ])("%s", (text, path) => {
    expect(pathOf(text)).toBe(path);
  });

  it("takes a million brackets without a call for each, and stops naming them", () => {
    const bytes = new TextEncoder().encode('{"a":'.repeat(300_000));
    const path = jsonPathAt(bytes, 0, bytes.length);
    expect(path.length).toBeLessThan(100);
    expect(path.endsWith("...")).toBe(true);
  });
});
