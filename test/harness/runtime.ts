/** Which runtime runs this, by what only that runtime has: never by what the others imitate. */
const MARKS: Readonly<Record<string, boolean>> = {
  node: navigator.userAgent.startsWith("Node.js/"),
  bun: "Bun" in globalThis,
  deno: "Deno" in globalThis,
  workers: "WebSocketPair" in globalThis,
};

/** Every runtime whose mark is here: one, or the marks are wrong. */
export const RUNTIMES_FOUND: readonly string[] = Object.keys(MARKS).filter((name) => MARKS[name]);
