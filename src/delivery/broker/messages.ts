/**
 * A batch as messages of a broker: its stored form (pipeline/stored.ts), in one message where that fits
 * into it, otherwise in halves by bytes until each does. Items of one message stay in their order.
 */
import type { MessageLimit } from "../../base/broker.ts";
import { SluiceError } from "../../base/errors.ts";
import type { Engine } from "../../otlp/engine.ts";
import type { Batch } from "../../pipeline/batch.ts";
import { bytesOfBatch, bytesOfEnvelope } from "../../pipeline/stored.ts";
import { bytesIn, Parcel } from "../queue/parcel.ts";

export interface Message {
  readonly items: number;
  readonly bytes: Uint8Array;
}

/** Throws `too_large` where a single item is over the limit, `over_budget` when there is no room to divide it. */
export function messagesOf(engine: Engine, batch: Batch, limit: MessageLimit): Message[] {
  const { items } = batch;
  const { messageBytesMax } = limit;
  if (bytesIn(batch) <= messageBytesMax) {
    const bytes = bytesOfBatch(batch);
    if (bytes.length <= messageBytesMax) return [{ items, bytes }];
  }
  const messages: Message[] = [];
  const parcels = [Parcel.ofBatch(batch)];
  try {
    for (let parcel = parcels.pop(); parcel !== undefined; parcel = parcels.pop()) {
      const bytes = bytesOfEnvelope(parcel.envelope());
      const halves = bytes.length <= messageBytesMax ? undefined : halvesOf(engine, parcel, bytes.length, limit);
      if (halves === undefined) messages.push({ items: parcel.items, bytes });
      else parcels.push(halves[1], halves[0]);
    }
  } finally {
    for (const parcel of parcels) parcel.close();
  }
  return messages;
}

function halvesOf(engine: Engine, parcel: Parcel, bytes: number, { messageBytesMax, messageCure }: MessageLimit): readonly [Parcel, Parcel] {
  const halves = parcel.halves(engine);
  if (halves !== undefined) return halves;
  throw new SluiceError("too_large", `Cannot keep an item: it is a message of ${bytes} bytes, and the queue takes ${messageBytesMax}: ${messageCure}`);
}
