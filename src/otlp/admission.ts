/** What the door learns about a request's bytes: the result of `Engine.admit`. */
import type { ErrorCode } from "../base/errors.ts";
import type { Chunk } from "../wire/chunk.ts";

export type Admission =
  | {
      readonly kind: "admitted";
      /** The request in canonical form. The caller holds it. */
      readonly chunk: Chunk;
      /** Leaf items kept: spans, data points, log records, profiles. */
      readonly items: number;
      /** Items cut for invalid content (law 6), to be told as a partial success. */
      readonly rejected: number;
      /** Why, in English; empty when nothing was cut or repaired. */
      readonly message: string;
      /** The bytes are those that came in. */
      readonly unchanged: boolean;
      readonly repairs: Repairs;
    }
  | {
      readonly kind: "malformed";
      readonly code: ErrorCode;
      readonly message: string;
      /** Offset in the decompressed body, bytes. */
      readonly offset: number;
      /** For example `resource_spans[0].scope_spans[0].spans[3].attributes[1]`. */
      readonly path: string;
    };

/** What was mended, by kind, for the counters. */
export interface Repairs {
  readonly spansCut: number;
  readonly idsCleared: number;
  readonly textsRepaired: number;
  readonly fieldsMerged: number;
  readonly indicesCleared: number;
}

export const NO_REPAIRS: Repairs = { spansCut: 0, idsCleared: 0, textsRepaired: 0, fieldsMerged: 0, indicesCleared: 0 };
