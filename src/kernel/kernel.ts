/**
 * The kernel: the WebAssembly module that checks a request and leaves its tape, over the memory that
 * the requests lie in. Addresses are absolute. The memory never grows, so the views stay valid.
 * The module has state of its own between a call and its accessors: one kernel a memory, one call at
 * a time, and what a call left is read before the next.
 */
import { type Copies, type Memory, plainCopies, type Splicer } from "../base/memory.ts";

/** 32-bit words of one record on the tape. */
export const TAPE_WORDS = 8;
/** Words of a record: level, flags and the trace id's top, the first byte of its tag, of its body, its end, next index. */
export const TAPE_LEVEL = 0;
export const TAPE_TAG = 1;
export const TAPE_BODY = 2;
export const TAPE_END = 3;
/** Index of the first record behind this one's subtree. */
export const TAPE_NEXT = 4;
/**
 * By level. Group and scope group: tag, body, end of `resource` or `scope`. Metric: the same of its
 * data field. Span and log record: address of the 16 bytes of the trace id, key set (low, high).
 * Point: key set (low, high), number of the metric's data field. Profile: zeros.
 */
export const TAPE_A = 5;
export const TAPE_B = 6;
export const TAPE_C = 7;
/** Low byte of the first word. */
export const LEVEL_MASK = 0xff;
export const LEVEL_GROUP = 1;
export const LEVEL_SCOPE = 2;
export const LEVEL_ITEM = 3;
export const LEVEL_POINT = 4;
/** Flag in the first word: the span's own trace or span id is missing or invalid. */
export const FLAG_BAD_ID = 0x100;
/** Flag in the first word: the span has no trace_state. Without the flag it may have one: an index does not look. */
export const FLAG_NO_TRACE_STATE = 0x200;
/** Spans and log records, first word, from this bit on: bytes 9 and 10 of the trace id, big-endian; 0 without an id. */
export const TRACE_TOP_SHIFT = 16;

/** Bits of `repairs()`: what is well framed and yet must not pass as it is. */
export const REPAIR_OWN_ID = 1;
export const REPAIR_OTHER_ID = 2;
export const REPAIR_TEXT = 4;
export const REPAIR_TWICE = 8;
export const REPAIR_STRINDEX = 16;

/** How a check ended: 0 clean, 1 repairs needed, below 0 damaged. */
export const CHECK_CLEAN = 0;
export const CHECK_REPAIRS = 1;
/** A tag, a varint or a value is cut off by the end of its message. */
export const FAIL_TRUNCATED = -1;
/** Wire type 6 or 7. */
export const FAIL_WIRE_TYPE = -2;
/** Field number 0, or above 2^29 - 1. */
export const FAIL_FIELD_NUMBER = -3;
/** A varint of more than 10 bytes, or above 64 bits. */
export const FAIL_VARINT = -4;
/** A length reaches past the end of the message around it. */
export const FAIL_LENGTH = -5;
/** A known field with another wire type. */
export const FAIL_KNOWN_TYPE = -6;
/** AnyValues nested deeper than 64, or unknown groups deeper than 100. */
export const FAIL_DEPTH = -7;
/** An end of a group without its start, or the reverse. */
export const FAIL_GROUP = -8;
/** A packed run of fixed-size values whose length is no multiple of theirs. */
export const FAIL_PACKED = -9;
/** The tape has no room for another record. */
export const FAIL_TAPE = -10;
/** More than `ATTRIBUTES_MAX` attributes in one message, or entries in one map. */
export const FAIL_ATTRIBUTES = -11;

/** Attributes that a message may have, and entries that a map may: rules take up to 3 us for each, so that one item is done in 100 ms. */
export const ATTRIBUTES_MAX = 32_768;

/** Bytes behind a body that must be readable; what they hold never matters. */
export const KERNEL_PADDING = 16;

/**
 * Words of an attribute's row: its state (below 3: live), where it stood in the chunk, where it
 * stands now, its key, the body of its AnyValue; each place is a start and an end.
 */
export const ATTRIBUTE_WORDS = 9;
/** Bytes that an attribute takes at the most besides its key and its value's body. */
export const ATTRIBUTE_OVERHEAD = 22;

export interface Kernel extends Memory, Splicer {
  /** The whole memory as words: the tape at address `a` begins at `words[a >> 2]`. */
  readonly words: Int32Array;
  /** The first address that the module itself does not use. */
  readonly heapBase: number;
  /**
   * Checks the request in [start, end) and writes its tape at `tapeAt`, a multiple of 4, with room for
   * `tapeRecordsMax` records. Signals are numbered as in `SIGNALS`. Never throws.
   */
  check(signal: number, start: number, end: number, tapeAt: number, tapeRecordsMax: number): number;
  /**
   * The tape of a request that was checked before, down to level `depth` (1 to 4), without reading more
   * than that takes. Key sets are all ones. 0, or `FAIL_TRUNCATED` or `FAIL_TAPE`.
   */
  index(signal: number, start: number, end: number, depth: number, tapeAt: number, tapeRecordsMax: number): number;
  /** Where the last call failed, bytes from its `start`; -1 when it did not. */
  errorAt(): number;
  /** `REPAIR_*` bits of the last check. */
  repairs(): number;
  /** Spans, log records, data points or profiles in the last tape. */
  items(): number;
  /** Records in the last tape. */
  tapeCount(): number;
  /**
   * Finds the fields of the checked message at [start, end). `slots` maps the field numbers 0 to 127 to
   * rows (bytes, 255 for none); each of the `rows` at `out` is tag, body and end. Where a field is absent
   * its tag is -1, and body and end mean nothing.
   */
  readFields(start: number, end: number, slots: number, out: number, rows: number): void;
  /** The same of one field that occurs once at most, without reading on behind it. Its row is at `out`. */
  findField(start: number, end: number, number: number, out: number): void;
  /**
   * Reads the attributes with this tag in [start, end) to at most `max` rows of `ATTRIBUTE_WORDS` at
   * `out`, and the set of their keys to the two words at `set`. Returns how many there are, which may be more.
   */
  readAttributes(start: number, end: number, tag: number, out: number, max: number, set: number): number;
  /** The first of `count` rows that is live and has the key at [keyStart, keyEnd), or -1. */
  findAttribute(out: number, count: number, keyStart: number, keyEnd: number): number;
  /** Writes an attribute at `to`, leaves its new place in the row at `row`, and returns where it ends. */
  writeAttribute(to: number, tag: number, keyStart: number, keyEnd: number, valueStart: number, valueEnd: number, row: number): number;
  /** The JSON reader and writer, as the module exports them. */
  readonly readJson: Exported;
  readonly writeJson: Exported;
  /** The address of the byte that the last `readJson` refused. */
  jsonErrorAt(): number;
  /** Any other function that the module exports, by name. */
  exported(name: string): Exported;
}

type Exported = (...args: number[]) => number;

export interface KernelParts {
  /** kernel.wasm for a plain memory, kernel-shared.wasm for a shared one. */
  readonly module: WebAssembly.Module;
  /** Initial and maximum size alike: the budget of bytes in flight. */
  readonly memory: WebAssembly.Memory;
  /** Into it and out of it. Default: JavaScript's own, for plain memory. */
  readonly copies?: (bytes: Uint8Array) => Copies;
}

/** Binds a module to a memory. */
export function createKernel({ module, memory, copies = plainCopies }: KernelParts): Kernel {
  const bytes = new Uint8Array(memory.buffer);
  const numbers = { formatDouble: doubleFormatter(bytes), parseDouble: doubleParser(bytes) };
  const { exports } = new WebAssembly.Instance(module, { env: { memory, ...numbers } });
  const exported = (name: string): Exported => {
    const found = exports[name];
    if (found !== undefined) return found;
    return () => {
      throw new TypeError(`Cannot call the kernel: it has no "${name}"`);
    };
  };
  const words = new Int32Array(memory.buffer);
  const heapBase = exported("heapBase")();
  return {
    ...copies(bytes),
    bytes,
    words,
    heapBase,
    check: exported("check"),
    index: exported("index"),
    errorAt: exported("errorAt"),
    repairs: exported("repairs"),
    items: exported("items"),
    tapeCount: exported("tapeCount"),
    readFields: exported("readFields"),
    findField: exported("findField"),
    readAttributes: exported("readAttributes"),
    findAttribute: exported("findAttribute"),
    writeAttribute: exported("writeAttribute"),
    copy: exported("copy"),
    room: words.subarray(exported("roomAt")() >> 2, heapBase >> 2),
    gather: exported("gather"),
    splice: exported("splice"),
    readJson: exported("readJson"),
    writeJson: exported("writeJson"),
    jsonErrorAt: exported("jsonErrorAt"),
    exported,
  };
}

/**
 * `formatDouble(value, at)` writes a double as OTLP/JSON has it, the shortest text that reads back the
 * same, and returns how many bytes that took. Not a number and the infinities are JSON strings.
 */
function doubleFormatter(bytes: Uint8Array): (value: number, at: number) => number {
  return (value, at) => {
    const text = Number.isFinite(value) ? (Object.is(value, -0) ? "-0" : String(value)) : `"${value}"`;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    return text.length;
  };
}

/** `parseDouble(start, end)` reads ASCII text that the kernel found to be a JSON number. */
function doubleParser(bytes: Uint8Array): (start: number, end: number) => number {
  return (start, end) => {
    let text = "";
    for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i] ?? 0);
    return Number(text);
  };
}
