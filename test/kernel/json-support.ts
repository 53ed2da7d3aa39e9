/** A kernel for tests of the JSON reader and writer, and OTLP/JSON from the judge's objects. */
import { signalNumber, type Signal } from "../../src/base/signal.ts";
import { KERNEL_PADDING, type Kernel } from "../../src/kernel/kernel.ts";
import { MESSAGES, type MessageSchema } from "../../src/otlp/tables.ts";
import { judge, type Plain } from "../harness/judge.ts";
import { utf8, type Bytes } from "../harness/bytes.ts";
import { testKernel, type MemoryKind } from "../harness/kernel.ts";

export interface Read {
  /** Bytes written, or a code. */
  readonly result: number;
  /** Of the failure, from the text's first byte; undefined when there is none. */
  readonly errorAt: number | undefined;
  readonly bytes: Bytes;
}

export class JsonBench {
  readonly kernel: Kernel;
  readonly start: number;
  readonly #out: number;
  readonly #outEnd: number;
  readonly #errorAt: () => number;

  /** Input may take a third of the memory. */
  constructor(memoryBytes = 8 << 20, kind: MemoryKind = "plain") {
    this.kernel = testKernel(memoryBytes, kind);
    this.#errorAt = this.kernel.exported("jsonErrorAt");
    this.start = (this.kernel.heapBase + 63) & ~63;
    this.#out = this.start + Math.floor((memoryBytes - this.start) / 3 / 64) * 64;
    this.#outEnd = memoryBytes;
  }

  /** Puts bytes in their place, with `fill` behind them. */
  place(bytes: Uint8Array, fill = 0): void {
    if (bytes.length + KERNEL_PADDING > this.#out - this.start) throw new RangeError("Cannot place the text: over a third of the memory");
    this.kernel.bytes.set(bytes, this.start);
    this.kernel.bytes.fill(fill, this.start + bytes.length, this.start + bytes.length + 64);
  }

  read(signal: Signal, text: string | Uint8Array, fill = 0): Read {
    const bytes = typeof text === "string" ? utf8(text) : text;
    this.place(bytes, fill);
    return this.readPlaced(signal, bytes.length);
  }

  /** Reads the first `length` bytes of what is in place, with `room` for the output. */
  readPlaced(signal: Signal, length: number, room = this.#outEnd - this.#out): Read {
    const result = this.kernel.readJson(signalNumber(signal), this.start, this.start + length, this.#out, this.#out + room);
    const at = this.#errorAt();
    return { result, errorAt: at === 0 ? undefined : at - this.start, bytes: this.#output(result) };
  }

  /** The JSON text, or -1 when it does not fit in `room`. */
  write(signal: Signal, bytes: Uint8Array, room = this.#outEnd - this.#out): string | -1 {
    this.place(bytes);
    const result = this.kernel.writeJson(signalNumber(signal), this.start, this.start + bytes.length, this.#out, this.#out + room);
    return result < 0 ? -1 : new TextDecoder("utf-8", { fatal: true }).decode(this.#output(result));
  }

  /** The byte that stands `behind` bytes after the output's room. */
  byteBehind(room: number, behind: number): number {
    return this.kernel.bytes[this.#out + room + behind] ?? 0;
  }

  /** Fills the output's place, to see what is written. */
  fillOutput(value: number, size: number): void {
    this.kernel.bytes.fill(value, this.#out, this.#out + size);
  }

  #output(size: number): Bytes {
    return this.kernel.bytes.slice(this.#out, this.#out + Math.max(0, size));
  }
}

/** The judge's object as OTLP/JSON has it: ids in hexadecimal, other bytes in base64, NaN as text. */
export function toOtlpJson(signal: Signal, object: Plain): unknown {
  return convert(requestSchema(signal), withoutZeros(signal, object), toText);
}

/** The judge's object without the zeros that a field without presence need not have. */
export function withoutZeros(signal: Signal, object: Plain): Plain {
  // A message stays one: the entries of an object come back as an object.
  return convert(requestSchema(signal), object, (value) => value) as Plain;
}

function requestSchema(signal: Signal): MessageSchema | undefined {
  return MESSAGES[judge(signal).type.fullName.slice(1)]?.();
}

const IDS = new Set(["traceId", "spanId", "parentSpanId", "profileId"]);

function toText(value: unknown, key: string): unknown {
  if (value instanceof Uint8Array) return IDS.has(key) ? hexOf(value) : base64Of(value);
  return typeof value === "number" && !Number.isFinite(value) ? String(value) : value;
}

function convert(schema: MessageSchema | undefined, value: unknown, leaf: (value: unknown, key: string) => unknown, key = ""): unknown {
  if (Array.isArray(value)) return value.map((one) => convert(schema, one, leaf, key));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array || schema === undefined) return leaf(value, key);
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) => {
      const field = schema.fields.find(({ jsonName }) => jsonName === name);
      const presence = field === undefined || field.repeated || field.optional || field.oneof !== undefined || field.kind === "message";
      if (!presence && isZero(one)) return [];
      return [[name, convert(field?.message?.(), one, leaf, name)]];
    }),
  );
}

function isZero(value: unknown): boolean {
  return Object.is(value, 0) || value === "0" || value === "" || value === false || (value instanceof Uint8Array && value.length === 0);
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function base64Of(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
