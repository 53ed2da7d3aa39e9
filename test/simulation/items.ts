/** Spans that exist once in a run: their ids are numbers behind a mark, found again in whatever bytes they lie. */
import { judge } from "../harness/judge.ts";

/** Field 2 of a span, eight bytes, of which the first four are ours. */
const MARK = [0x12, 0x08, 0x51, 0x75, 0x1c, 0xe5] as const;
const NUMBER_AT = MARK.length;
const TRACE_ID = Uint8Array.from({ length: 16 }, (_, index) => index + 1);

/** A span, and whether the processors let it pass. */
export interface Item {
  readonly number: number;
  readonly kept: boolean;
}

/** `padding`: bytes besides, in its first span. */
export function requestOf(items: readonly Item[], padding: number): Uint8Array {
  const spans = items.map(({ kept, number }, index) => ({
    traceId: TRACE_ID,
    spanId: spanIdOf(number),
    name: kept ? "keep" : "drop",
    attributes: index === 0 && padding > 0 ? [{ key: "padding", value: { bytesValue: new Uint8Array(padding) } }] : [],
  }));
  return judge("traces").encode({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

/** The numbers of the spans in these bytes, in their order. */
export function numbersIn(bytes: Uint8Array): number[] {
  const numbers: number[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = bytes.indexOf(MARK[0]); at >= 0 && at + NUMBER_AT + 4 <= bytes.length; at = bytes.indexOf(MARK[0], at + 1)) {
    const start = at;
    if (MARK.every((byte, index) => bytes[start + index] === byte)) numbers.push(view.getUint32(at + NUMBER_AT));
  }
  return numbers;
}

function spanIdOf(number: number): Uint8Array {
  const id = Uint8Array.from([...MARK.slice(2), 0, 0, 0, 0]);
  new DataView(id.buffer).setUint32(4, number);
  return id;
}
