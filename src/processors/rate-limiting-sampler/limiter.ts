/** Decides item by item along the tape, and leaves out with `partition` what found no token. */
import type { Signal } from "../../base/signal.ts";
import type { Engine } from "../../otlp/engine.ts";
import { partition } from "../../otlp/partition.ts";
import { KEY_VALUE_KEY, RESOURCE_ATTRIBUTES } from "../../otlp/tables.ts";
import * as tape from "../../otlp/tape.ts";
import { joined as joinedRequests } from "../../pipeline/envelope.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import { type Edited, Reasons } from "../envelopes/edit-stage.ts";
import { fieldsOf, find, inside, textOf } from "../envelopes/fields.ts";
import { attributesKey, joined } from "../envelopes/identity.ts";
import type { Bucket, Buckets } from "./buckets.ts";

export interface LimiterParts {
  readonly engine: Engine;
  readonly signal: Signal;
  /** Attributes of the resource whose values make a key. */
  readonly attributeKeys: readonly string[];
  readonly perTenant: boolean;
  readonly buckets: Buckets;
}

/** Keys of `partition`. */
const KEPT = 1;
const LEFT_OUT = 0;

export class Limiter {
  readonly #parts: LimiterParts;

  constructor(parts: LimiterParts) {
    this.#parts = parts;
  }

  /** Throws `over_budget` when the pool has no room to divide. */
  edit({ requests, items, origin }: Envelope): Edited {
    const reasons = new Reasons();
    const tenant = this.#parts.perTenant ? origin.tenant : "";
    const edited = requests.map((request) => this.#request(request, tenant, reasons));
    return {
      requests: reasons.total === 0 ? requests : edited.filter((request) => request !== undefined),
      items: items - reasons.total,
      dropped: reasons.counts,
    };
  }

  /** The request with what passes; undefined when nothing does. */
  #request(request: Uint8Array, tenant: string, reasons: Reasons): Uint8Array | undefined {
    const { engine, signal } = this.#parts;
    const chunk = joinedRequests(engine, [request]);
    try {
      const records = engine.index(signal, chunk, tape.leafLevel(signal));
      const kept = this.#decide(records, tenant);
      const left = kept.reduce((sum, one) => sum + one, 0);
      const leaves = countLeaves(records, tape.leafLevel(signal));
      if (left === leaves) return request;
      reasons.add("rate_limited", leaves - left);
      if (left === 0) return undefined;
      const parts = partition(engine, signal, chunk, (_words, at) => kept[(at - records.base) / tape.RECORD_WORDS] ?? LEFT_OUT);
      let bytes: Uint8Array | undefined;
      for (const { key, chunk: part } of parts) {
        const { start, end } = part.contiguous(engine.pool);
        if (key === KEPT) bytes = engine.bytes.slice(start, end);
        part.release();
      }
      return bytes;
    } finally {
      chunk.release();
    }
  }

  /** 1 for each leaf's record that passes. */
  #decide({ words, base, count }: tape.Tape, tenant: string): Uint8Array {
    const kept = new Uint8Array(count);
    const leaf = tape.leafLevel(this.#parts.signal);
    let bucket: Bucket | undefined;
    for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) {
      const level = (words[at] ?? 0) & 0xff;
      if (level === tape.GROUP_LEVEL) bucket = this.#bucketOf(words, at, tenant);
      if (level !== leaf || bucket === undefined) continue;
      const size = (words[at + tape.END_WORD] ?? 0) - (words[at + tape.TAG_WORD] ?? 0);
      if (this.#parts.buckets.take(bucket, size)) kept[record] = KEPT;
    }
    return kept;
  }

  #bucketOf(words: Int32Array, at: number, tenant: string): Bucket {
    const { attributeKeys, buckets, engine } = this.#parts;
    if (attributeKeys.length === 0) return buckets.of(tenant);
    const has = (words[at + tape.PART_TAG_WORD] ?? 0) !== 0;
    const resource = has ? fieldsOf(engine.bytes, words[at + tape.PART_BODY_WORD], words[at + tape.PART_END_WORD]) : [];
    const values = attributeKeys.map((key) => {
      const pair = resource.find((field) => field.number === RESOURCE_ATTRIBUTES && textOf(find(inside(field), KEY_VALUE_KEY)) === key);
      return pair === undefined ? "" : attributesKey([pair], RESOURCE_ATTRIBUTES);
    });
    return buckets.of(joined(tenant, ...values));
  }
}

function countLeaves({ words, base, count }: tape.Tape, leaf: number): number {
  let leaves = 0;
  for (let record = 0, at = base; record < count; record++, at += tape.RECORD_WORDS) if (((words[at] ?? 0) & 0xff) === leaf) leaves++;
  return leaves;
}
