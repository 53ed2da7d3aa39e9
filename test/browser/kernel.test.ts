/**
 * The core in a real browser: what a page checks, mends and converts is what Node does with the same
 * bytes, in plain memory and, where the page is cross-origin isolated, in shared memory.
 */
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { payload } from "../../bench/payloads.ts";
import { SIGNALS } from "../../src/base/signal.ts";
import { counting, field, of } from "../harness/bytes.ts";
import { kernelModule } from "../harness/kernel.ts";
import { findChromium, servePage } from "./chromium.ts";
import { engineOf, perform, type Task, type Told } from "./page.ts";

const executablePath = findChromium();
if (executablePath === undefined) console.warn("NOT RUN: the tests in a browser need Chromium, on PATH or by CHROMIUM_PATH");

const here = { plain: engineOf(kernelModule("plain"), false), shared: undefined };
const GARBAGE: readonly (readonly [encoding: Task["encoding"], text: string])[] = [
  ["proto", "\n\x05\x12\x03"],
  ["proto", "\x0f"],
  ["json", '{"resourceSpans":[{"scopeSpans":3}]}'],
  ["json", '{"resourceSpans":['],
];

describe.skipIf(executablePath === undefined)("in Chromium", () => {
  let browser: Browser;
  let server: Awaited<ReturnType<typeof servePage>>;
  beforeAll(async () => {
    server = await servePage();
    browser = await chromium.launch(executablePath === undefined ? {} : { executablePath });
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  for (const memory of ["plain", "shared"] as const) {
    describe(`${memory} memory`, () => {
      let page: Page;
      beforeAll(async () => {
        page = await browser.newPage();
        page.on("pageerror", (error) => console.error(error));
        await page.goto(`${server.url}/${memory === "shared" ? "isolated" : "plain"}`);
        await page.waitForFunction("globalThis.ready === true");
      });
      // The page's own `perform` is the one imported here.
      const inPage = (task: Task) => page.evaluate<Told>(`perform(${JSON.stringify(task)})`);
      const both = async (task: Task): Promise<Told> => {
        const told = await inPage(task);
        expect(told).toEqual(perform(here, { ...task, memory: "plain" }));
        return told;
      };

      test("runs in a browser, isolated for shared memory alone", async () => {
        expect(await page.evaluate("navigator.userAgent")).toContain("Chrome");
        expect(await page.evaluate("crossOriginIsolated")).toBe(memory === "shared");
      });

      test.each(SIGNALS)("%s are checked, converted to JSON, and back to the same bytes", async (signal) => {
        const { bytes, items } = payload(signal, { items: signal === "profiles" ? 3 : 200 });
        const base64 = Buffer.from(bytes).toString("base64");
        const told = await both({ memory, signal, encoding: "proto", base64 });
        expect(told).toMatchObject({ kind: "admitted", items, rejected: 0, base64 });
        if (told.kind !== "admitted") return;
        const back = await both({ memory, signal, encoding: "json", base64: Buffer.from(told.json).toString("base64") });
        expect(back).toMatchObject({ kind: "admitted", items, json: told.json });
      });

      test("damage is refused with path and offset", async () => {
        for (const [encoding, text] of GARBAGE) {
          const told = await both({ memory, signal: "traces", encoding, base64: Buffer.from(text, "latin1").toString("base64") });
          expect(told.kind, text).toBe("malformed");
        }
      });

      test("text that is not UTF-8 is mended, a span without an id is cut", async () => {
        const named = field(2, field(1, counting(16)), field(2, counting(8)), field(5, of(0xff, 0x41, 0x41)));
        const body = field(1, field(2, named, field(2)));
        const told = await both({ memory, signal: "traces", encoding: "proto", base64: Buffer.from(body).toString("base64") });
        expect(told).toMatchObject({ kind: "admitted", items: 1, rejected: 1 });
        expect(told.kind === "admitted" ? told.json : "").toContain("\ufffdAA");
      });
    });
  }
});
