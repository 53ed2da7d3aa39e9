/** The thread of aside.ts: one body after the other through an engine of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, SluiceError } from "../../base/errors.ts";
import { type Made, type Task, transferable } from "./aside.ts";
import { nodeEngine } from "./host.ts";

// aside.ts starts this file, and gives it the size.
const memoryBytes: number = workerData;
const engine = nodeEngine(memoryBytes);

parentPort?.on("message", (task: Task) => {
  const made = make(task);
  // A copy out of the engine's memory.
  parentPort?.postMessage(made, made.kind === "made" && made.canonical.kind === "ok" ? transferable(made.canonical.bytes) : []);
});

function make({ bytes, encoding, signal }: Task): Made {
  try {
    return { kind: "made", canonical: engine.canonicalOf(signal, encoding, bytes) };
  } catch (error) {
    return { kind: "failed", code: error instanceof SluiceError ? error.code : "internal", message: messageOf(error) };
  }
}
