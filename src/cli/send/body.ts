/** From a request's protobuf to the body that is sent: as JSON by the kernel, compressed by the runtime's zlib. */
import { SluiceError } from "../../base/errors.ts";
import type { Codecs, Coding } from "../../base/host.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Encoding } from "../../otlp/responses.ts";
import { Chunk } from "../../wire/chunk.ts";
import type { SentSignal } from "./content.ts";

export interface BodyForm {
  readonly signal: SentSignal;
  readonly encoding: Encoding;
  readonly coding: Coding | "none";
}

/** Bytes of the caller's own. Throws `over_budget` for a batch that does not fit into the engine's memory as JSON. */
export async function bodyOf(form: BodyForm, protobuf: Uint8Array, engine: Engine, codecs: Codecs): Promise<Uint8Array> {
  const plain = form.encoding === "json" ? jsonOf(form.signal, protobuf, engine) : protobuf;
  if (form.coding === "none") return plain;
  const { block, start, end } = await codecs.compress(form.coding, [plain], undefined);
  const bytes = Uint8Array.from(engine.bytes.subarray(start, end));
  block.release();
  return bytes;
}

function jsonOf(signal: SentSignal, protobuf: Uint8Array, engine: Engine): Uint8Array {
  const block = engine.pool.take(protobuf.length);
  if (block === undefined) throw new SluiceError("over_budget", "Cannot make JSON of a batch: it is too large", { cure: "Make --batch smaller" });
  engine.bytes.set(protobuf, block.start);
  const chunk = Chunk.of(engine.kernel, block.start, block.start + protobuf.length, block);
  try {
    const json = engine.toJson(signal, [chunk]);
    // A copy: the memory is shared, and the next request needs it.
    const bytes = Uint8Array.from(engine.bytes.subarray(json.start, json.end));
    json.block.release();
    return bytes;
  } finally {
    chunk.release();
  }
}
