/**
 * Writes a tree as one request, in one block whatever the number of groups: a block each, as `partition`
 * gives, would be 16 KiB for every user id that a request has.
 */
import { SluiceError } from "../../base/errors.ts";
import { RESOURCE } from "../../otlp/cursor.ts";
import type { Engine } from "../../otlp/engine.ts";
import * as tape from "../../otlp/tape.ts";
import { Chunk } from "../../wire/chunk.ts";
import { LEN, varintSize, writeVarint } from "../../wire/varint.ts";
import { type Field, sizeOf } from "./bytes.ts";
import type { Group, Metric, Scope } from "./tree.ts";

const RESOURCE_TAG = (RESOURCE << 3) | LEN;
const GROUP_TAG = (1 << 3) | LEN;
/** Scope groups in a group, and metrics in a scope group. */
const CHILD_TAG = (2 << 3) | LEN;

/** The request as a chunk, which the caller holds. `fields` are those of the request besides its groups. Throws `over_budget`. */
export function writeTree(engine: Engine, records: tape.Tape, fields: readonly Field[], groups: Iterable<Group>): Chunk {
  const writer = new Writer(engine, records);
  const all = [...groups];
  const size = sizeOf(fields) + all.reduce((sum, group) => sum + framed(writer.measureGroup(group)), 0);
  const block = engine.pool.take(size);
  if (block === undefined) throw new SluiceError("over_budget", "Cannot group a batch: no room in the pool", { retryable: true });
  writer.write(block.start, fields, all);
  return Chunk.of(engine.kernel, block.start, block.start + size, block);
}

/** A body with a tag of one byte and its length in front. */
function framed(body: number): number {
  return 1 + varintSize(body) + body;
}

/** Sizes are measured first, in the order in which they are written. */
class Writer {
  readonly #engine: Engine;
  readonly #records: tape.Tape;
  readonly #sizes = new Map<object, number>();
  #at = 0;

  constructor(engine: Engine, records: tape.Tape) {
    this.#engine = engine;
    this.#records = records;
  }

  measureGroup(group: Group): number {
    let size = sizeOf(group.fields) + (group.resource === undefined ? 0 : framed(sizeOf(group.resource)));
    for (const scope of group.children.values()) size += framed(this.#measureScope(scope));
    return this.#remember(group, size);
  }

  write(at: number, fields: readonly Field[], groups: readonly Group[]): void {
    this.#at = at;
    this.#put(fields);
    for (const group of groups) {
      this.#open(GROUP_TAG, this.#sizes.get(group) ?? 0);
      if (group.resource !== undefined) {
        this.#open(RESOURCE_TAG, sizeOf(group.resource));
        this.#put(group.resource);
      }
      this.#put(group.fields);
      for (const scope of group.children.values()) this.#writeScope(scope);
    }
  }

  #measureScope(scope: Scope): number {
    let size = sizeOf(scope.fields) + this.#lengthOf(scope.items);
    for (const metric of scope.children.values()) size += framed(this.#measureMetric(metric));
    return this.#remember(scope, size);
  }

  #measureMetric(metric: Metric): number {
    const data = this.#remember(metric.points, sizeOf(metric.data) + this.#lengthOf(metric.points));
    return this.#remember(metric, sizeOf(metric.fields) + metric.dataTag.length + varintSize(data) + data);
  }

  #remember(of: object, size: number): number {
    this.#sizes.set(of, size);
    return size;
  }

  #writeScope(scope: Scope): void {
    this.#open(CHILD_TAG, this.#sizes.get(scope) ?? 0);
    this.#put(scope.fields);
    this.#copy(scope.items);
    for (const metric of scope.children.values()) {
      this.#open(CHILD_TAG, this.#sizes.get(metric) ?? 0);
      this.#put(metric.fields);
      this.#engine.bytes.set(metric.dataTag, this.#at);
      this.#at = writeVarint(this.#engine.bytes, this.#at + metric.dataTag.length, this.#sizes.get(metric.points) ?? 0);
      this.#put(metric.data);
      this.#copy(metric.points);
    }
  }

  #open(tag: number, size: number): void {
    const { bytes } = this.#engine;
    this.#at = writeVarint(bytes, writeVarint(bytes, this.#at, tag), size);
  }

  #put(fields: readonly Field[]): void {
    for (const { bytes } of fields) {
      this.#engine.bytes.set(bytes, this.#at);
      this.#at += bytes.length;
    }
  }

  #lengthOf(records: readonly number[]): number {
    let length = 0;
    for (const record of records) length += this.#word(record, tape.END_WORD) - this.#word(record, tape.TAG_WORD);
    return length;
  }

  /** Whole items, tags included, from where they lie. */
  #copy(records: readonly number[]): void {
    for (const record of records) {
      const start = this.#word(record, tape.TAG_WORD);
      const length = this.#word(record, tape.END_WORD) - start;
      this.#engine.kernel.copy(this.#at, start, length);
      this.#at += length;
    }
  }

  #word(record: number, word: number): number {
    return this.#records.words[this.#records.base + record * tape.RECORD_WORDS + word] ?? 0;
  }
}
