/**
 * Ids of messages. Each is new, but where a sender gave its request a key: that has the same ones wherever
 * it comes again, so that the broker keeps it once. (A batch's own id will not do: several pipelines may
 * send parts of one batch to the same destination.) Behind the dot is how many items a message has: a
 * damaged one does not say.
 */
import type { Host } from "../../base/host.ts";

const RADIX = 36;
/** About 62 bits: no two gateways are alike. */
const PREFIX_PARTS = 2;
const PART_MAX = 2 ** 31;

export class MessageIds {
  readonly #prefix: string;
  #last = 0;

  constructor({ random }: Pick<Host, "random">) {
    this.#prefix = Array.from({ length: PREFIX_PARTS }, () => Math.floor(random() * PART_MAX).toString(RADIX)).join("");
  }

  /** For the messages of one request, of so many items each. */
  idsOf(itemCounts: readonly number[], key: string | undefined): string[] {
    this.#last++;
    const base = key ?? `${this.#prefix}-${this.#last.toString(RADIX)}`;
    return itemCounts.map((items, index) => `${base}/${index}.${items}`);
  }
}

/** As the id says; 1 where it is not ours. */
export function itemsIn(id: string): number {
  const items = Number(id.slice(id.lastIndexOf(".") + 1));
  return Number.isSafeInteger(items) && items > 0 ? items : 1;
}
