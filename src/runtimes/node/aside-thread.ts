/** The thread of aside.ts: one body after the other through an engine of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { messageOf, SluiceError } from "../../base/errors.ts";
import { bytesAt, type Made, placeOf, TAKEN, type Task } from "./aside.ts";
import { nodeEngine } from "./host.ts";

// aside.ts starts this file, and gives it the size.
const memoryBytes: number = workerData;
const engine = nodeEngine(memoryBytes, { shared: true });
const NONE = new Uint8Array(0);
/** Of what was made last, which stays until it was taken. */
let release = (): void => {};

parentPort?.on("message", (message: Task | typeof TAKEN) => {
  if (message === TAKEN) release();
  else parentPort?.postMessage(make(message), []);
});

function make({ encoding, place, signal }: Task): Made {
  try {
    const made = engine.canonicalOf(signal, encoding, bytesAt(place));
    const { canonical } = made;
    ({ release } = made);
    if (canonical.kind === "malformed") return { kind: "made", canonical, place: undefined };
    return { kind: "made", canonical: { ...canonical, bytes: NONE }, place: placeOf(canonical.bytes) };
  } catch (error) {
    return { kind: "failed", code: error instanceof SluiceError ? error.code : "internal", message: messageOf(error) };
  }
}
