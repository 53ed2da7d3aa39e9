/** What a Worker and its objects have in common: bindings instead of variables, no files, one memory. */
import { SluiceError } from "../../base/errors.ts";
import kernel from "../../kernel/kernel.wasm";
import type { Engine } from "../../otlp/engine.ts";
import type { Ground } from "../fetch/mount.ts";
import { consoleLogger, workersEngine } from "./host.ts";

let engine: Engine | undefined;

/** The isolate's: a Worker and several of its objects may share one, and there is no room for two memories. */
export function engineHere(): Engine {
  engine ??= workersEngine(kernel);
  return engine;
}

/** The ground of a configuration, without its parts. */
export function groundOf(env: unknown): Omit<Ground, "parts"> {
  return {
    unread: "drain",
    logger: consoleLogger("info"),
    env: (name) => bindingOf(env, name),
    readFile: () => Promise.reject(new SluiceError("config", "there are no files on Workers")),
  };
}

/** Variables and secrets are text; a JSON variable counts as its text. */
function bindingOf(env: unknown, name: string): string | undefined {
  if (typeof env !== "object" || env === null || !Object.hasOwn(env, name)) return undefined;
  const found: unknown = Reflect.get(env, name);
  if (typeof found === "string") return found;
  return typeof found === "number" || typeof found === "boolean" ? String(found) : undefined;
}
