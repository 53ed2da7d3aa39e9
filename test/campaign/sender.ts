/** Senders in a closed loop: each repeats its batch until it was acknowledged, as an SDK with patience would. */
import { judge } from "../harness/judge.ts";
import type { Books } from "./books.ts";

const ITEMS = 20;
const TIMEOUT_MS = 10_000;
const PAUSE_MS = 30;
const TRACE_ID = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

export interface SendersOptions {
  readonly url: string;
  readonly books: Books;
  readonly senders: number;
}

export class Senders {
  readonly #options: SendersOptions;
  readonly #loops: Promise<void>[];
  #ending = false;
  #batches = 0;
  /** Batches that were acknowledged. */
  acknowledged = 0;
  /** Attempts that were not: refused, timed out, or cut by a kill. */
  failed = 0;

  constructor(options: SendersOptions) {
    this.#options = options;
    this.#loops = Array.from({ length: options.senders }, () => this.#loop());
  }

  /** Each ends when its batch was acknowledged. */
  async end(): Promise<void> {
    this.#ending = true;
    await Promise.all(this.#loops);
  }

  async #loop(): Promise<void> {
    const { books } = this.#options;
    while (!this.#ending) {
      const { bytes, items } = requestOf(this.#batches++);
      for (let attempt = 0; ; attempt++) {
        if (await this.#send(bytes)) break;
        this.failed++;
        books.repeat(items);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
      this.acknowledged++;
      books.acknowledge(items);
    }
  }

  async #send(body: Uint8Array<ArrayBuffer>): Promise<boolean> {
    try {
      const response = await fetch(`${this.#options.url}/v1/traces`, {
        method: "POST",
        body,
        headers: { "content-type": "application/x-protobuf" },
        signal: AbortSignal.timeout(TIMEOUT_MS),
      });
      await response.arrayBuffer();
      return response.status === 200;
    } catch {
      // Nobody listens, or it was killed meanwhile.
      return false;
    }
  }
}

/** A request of spans that exist once in the whole campaign. */
function requestOf(number: number): { readonly bytes: Uint8Array<ArrayBuffer>; readonly items: readonly string[] } {
  const ids = Array.from({ length: ITEMS }, (_, index) => {
    const id = new Uint8Array(8);
    new DataView(id.buffer).setUint32(0, number + 1);
    new DataView(id.buffer).setUint32(4, index);
    return id;
  });
  const spans = ids.map((spanId) => ({ traceId: TRACE_ID, spanId, name: "campaign" }));
  const bytes = judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  return { bytes, items: ids.map((id) => Buffer.from(id).toString("hex")) };
}
