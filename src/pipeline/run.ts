/**
 * One walk over a batch for a row of fused steps: views move along the kernel's tape, steps keep,
 * drop or set, one script is recorded and applied once. Parents come first, wherever they stand on
 * the wire. A parent whose children were all dropped goes too; one that came in empty stays.
 */
import { SluiceError } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";
import { Cursor, EVENTS, EXEMPLARS } from "../otlp/cursor.ts";
import type { Engine } from "../otlp/engine.ts";
import * as tape from "../otlp/tape.ts";
import type { View } from "../otlp/view.ts";
import { Chunk, copyPieces, lengthOf } from "../wire/chunk.ts";
import { EditScript } from "../wire/script.ts";
import { Scratch } from "../wire/scratch.ts";
import { Batch } from "./batch.ts";
import type { Counter, Counters } from "./counters.ts";
import { MetricRewrite } from "./rewrite.ts";
import { depthOf, EVENT_LEVEL, EXEMPLAR_LEVEL, type Step, writesAbove } from "./step.ts";
import { after, LEN, readVarint, skipValue } from "../wire/varint.ts";

/** Under this many bytes a piece, pieces are laid end to end at once: a write each would cost more (docs/decisions/006). */
const PIECE_BYTES_MIN = 4096;

interface Fused {
  readonly step: Step;
  /** Leaf items that the step dropped from the batch at hand. */
  dropped: number;
  readonly incoming: Counter;
  readonly outgoing: Counter;
  readonly reason: Counter;
  /** Data points that it added, and those that it folded into others: of steps that replace metrics. */
  readonly created: Counter;
  readonly folded: Counter;
}

export class Run {
  readonly #engine: Engine;
  readonly #signal: Signal;
  readonly #fused: readonly Fused[];
  /** The component of the step before the first one, in the walk before this: its steps go on here. */
  readonly #before: string | undefined;
  readonly #byLevel: readonly (readonly Fused[])[];
  readonly #depth: number;
  readonly #leaf: number;
  readonly #lateParents: boolean;
  readonly #prunesResources: boolean;
  readonly #prunesScopes: boolean;
  /** Whether metrics without points go: where points are what is dropped. */
  readonly #prunesMetrics: boolean;
  /** Whether any step runs below the items. */
  readonly #inItems: boolean;
  readonly #scratch: Scratch;
  readonly #cursor: Cursor;
  readonly #script = new EditScript();
  /** Where the last step replaces metrics. */
  readonly #rewrite: MetricRewrite | undefined;
  #tape: tape.Tape = { words: new Int32Array(0), base: 0, count: 0 };
  /** Walks done: with `applied`, the proof of fusing. */
  walked = 0;

  /** `before` is the last step of the walk before this one, which handed on all that it took: undefined for none. */
  constructor(engine: Engine, signal: Signal, steps: readonly Step[], counters: Counters, before?: Step) {
    this.#before = before?.component;
    this.#engine = engine;
    this.#signal = signal;
    this.#fused = steps.map((step) => fusedOf(step, signal, counters));
    this.#byLevel = [0, 1, 2, 3, 4, EXEMPLAR_LEVEL].map((level) => this.#fused.filter(({ step }) => depthOf(step.level) === level));
    this.#leaf = tape.leafLevel(signal);
    const deepest = Math.max(...steps.map(({ level }) => depthOf(level)));
    this.#depth = steps.some(({ drops }) => drops) ? this.#leaf : Math.min(deepest, this.#leaf);
    this.#lateParents = steps.some(writesAbove);
    this.#prunesScopes = steps.some(({ prunes }) => prunes === "parents");
    this.#prunesMetrics = steps.some(({ prunes, level }) => prunes === "parents" && level === "point");
    this.#prunesResources = steps.some(({ prunes }) => prunes !== undefined);
    this.#inItems = deepest > tape.ITEM_LEVEL;
    this.#scratch = new Scratch(engine.pool);
    const desk = engine.desk(this.#scratch, this.#script);
    this.#cursor = new Cursor(desk, signal);
    if (steps.some(({ level }) => level === "event" || level === "exemplar")) this.#cursor.openInner();
    this.#rewrite = signal === "metrics" && steps.at(-1)?.replaces === true ? new MetricRewrite(desk, this.#cursor) : undefined;
    this.#cursor.editor = this.#rewrite;
  }

  /** Scripts applied so far. */
  get applied(): number {
    return this.#script.applied;
  }

  /**
   * The batch after the steps: the same one, retained once more, when nothing changed; otherwise a
   * new one, which the caller holds. No items left: a batch of no items. Throws `over_budget`.
   */
  run(batch: Batch): Batch {
    for (const fused of this.#fused) fused.dropped = 0;
    this.#rewrite?.reset();
    this.#cursor.origin = batch.origin;
    const chunks: Chunk[] = [];
    let changed = false;
    try {
      for (const chunk of batch.chunks) {
        const edited = this.#edit(chunk);
        changed ||= edited !== chunk;
        chunks.push(edited);
      }
    } catch (error) {
      for (const chunk of chunks) chunk.release();
      this.#scratch.drop();
      throw error;
    }
    const items = this.#count(batch.items);
    if (!changed) {
      for (const chunk of chunks) chunk.release();
      return batch.retain();
    }
    return new Batch({ signal: batch.signal, chunks, id: batch.id, items, origin: batch.origin });
  }

  #count(incoming: number): number {
    let items = incoming;
    // A component that goes on here has told already what it took, and that it passed all of it on: so much of it is told again.
    let told = incoming;
    for (const [index, fused] of this.#fused.entries()) {
      // Of one component's steps in a row the first and the last are its door and its exit.
      const { component } = fused.step;
      if ((index === 0 ? this.#before : this.#fused[index - 1]?.step.component) !== component) {
        fused.incoming.add(items);
        told = 0;
      }
      items -= fused.dropped;
      if (fused === this.#fused.at(-1)) items += this.#replacedItems(fused);
      if (this.#fused[index + 1]?.step.component !== component) fused.outgoing.add(items - told);
      if (fused.dropped > 0) fused.reason.add(fused.dropped);
    }
    return items;
  }

  #replacedItems({ created, folded }: Fused): number {
    if (this.#rewrite === undefined) return 0;
    const { createdItems, foldedItems } = this.#rewrite;
    if (createdItems > 0) created.add(createdItems);
    if (foldedItems > 0) folded.add(foldedItems);
    return createdItems - foldedItems;
  }

  /** The edited chunk, or the same one; retained for the caller either way. */
  #edit(chunk: Chunk): Chunk {
    const range = chunk.contiguous(this.#engine.pool);
    this.#tape = this.#engine.index(this.#signal, chunk, this.#depth);
    this.#script.reset(range.start, range.end);
    try {
      this.#walk();
    } finally {
      this.#cursor.close();
    }
    if (this.#script.empty) {
      this.#scratch.drop();
      return chunk.retain();
    }
    const pieces = this.#script.apply(this.#scratch);
    return this.#chunkOf(pieces, chunk);
  }

  /** Large pieces stay where they are; small ones are laid end to end, and the source is let go. */
  #chunkOf(pieces: Int32Array, source: Chunk): Chunk {
    const { kernel, pool } = this.#engine;
    const length = lengthOf(pieces);
    if (pieces.length <= 2 || length >= (pieces.length / 2) * PIECE_BYTES_MIN) {
      const blocks = source.blocks.map((block) => block.retain());
      return new Chunk(kernel, pieces.slice(), [...blocks, ...this.#scratch.hand()]);
    }
    const block = pool.take(length);
    if (block === undefined) {
      throw new SluiceError("over_budget", "Cannot lay out an edited batch: no room in the pool", { retryable: true });
    }
    const end = copyPieces(kernel, pieces, block.start);
    this.#scratch.drop();
    return Chunk.of(kernel, block.start, end, block);
  }

  #walk(): void {
    this.walked++;
    const { words, base, count } = this.#tape;
    const { group, resource } = this.#cursor;
    for (let record = 0; record < count;) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      group.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
      const part = moveToPart(resource, words, at);
      let kept = this.#apply(tape.GROUP_LEVEL, record);
      if (kept) {
        const late = this.#isLate(record, next, part);
        if (!late) resource.flush();
        kept = this.#depth < tape.SCOPE_LEVEL || this.#walkScopes(record + 1, next);
        if (kept && late) resource.flush();
      }
      if (kept) group.flush();
      else this.#drop(undefined, group, tag, end);
      record = next;
    }
  }

  /** Whether any child is left, or there was none. */
  #walkScopes(record: number, stop: number): boolean {
    const { words, base } = this.#tape;
    const { group, scopeGroup, scope } = this.#cursor;
    let left = record === stop && !this.#prunesResources ? 1 : 0;
    while (record < stop) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      scopeGroup.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
      const part = moveToPart(scope, words, at);
      let kept = this.#apply(tape.SCOPE_LEVEL, record);
      if (kept) {
        const late = this.#isLate(record, next, part);
        if (!late) scope.flush();
        kept = this.#depth < tape.ITEM_LEVEL || this.#walkItems(record + 1, next);
        if (kept && late) scope.flush();
      }
      if (kept) {
        scopeGroup.flush();
        left++;
      } else this.#drop(group, scopeGroup, tag, end);
      record = next;
    }
    return left > 0;
  }

  #walkItems(record: number, stop: number): boolean {
    const { words, base } = this.#tape;
    const cursor = this.#cursor;
    const { scopeGroup, item } = cursor;
    const metrics = this.#leaf === tape.POINT_LEVEL;
    if (this.#rewrite !== undefined) return this.#walkRewritten(this.#rewrite, record, stop);
    let left = record === stop && !this.#prunesScopes ? 1 : 0;
    while (record < stop) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      item.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
      if (!metrics) {
        const head = words[at + tape.LEVEL_WORD] ?? 0;
        cursor.traceId = words[at + tape.TRACE_ID_WORD] ?? 0;
        cursor.traceTop = head >>> tape.TRACE_TOP_SHIFT;
        cursor.noTraceState = (head & tape.FLAG_NO_TRACE_STATE) !== 0;
        cursor.setKeys(words[at + tape.KEYS_LOW_WORD] ?? 0, words[at + tape.KEYS_HIGH_WORD] ?? 0);
      } else this.#turnToData(at);
      let kept = this.#apply(tape.ITEM_LEVEL, record);
      if (kept && this.#inItems) {
        if (metrics) kept = this.#walkPoints(record + 1, next);
        else this.#walkInner(EVENT_LEVEL, item, cursor.event, EVENTS);
      }
      if (kept) {
        if (metrics && cursor.dataNumber !== 0) cursor.data.flush();
        item.flush();
        left++;
      } else this.#drop(scopeGroup, item, tag, end);
      record = next;
    }
    return left > 0;
  }

  /** Moves the views of a metric to its data: what the tape says of it. */
  #turnToData(metricAt: number): void {
    const { words } = this.#tape;
    const cursor = this.#cursor;
    const tag = words[metricAt + tape.PART_TAG_WORD] ?? 0;
    if (tag === 0) return cursor.turnTo(0);
    cursor.turnTo(readVarint(cursor.bytes, tag) >>> 3);
    cursor.data.at(tag, words[metricAt + tape.PART_BODY_WORD] ?? 0, words[metricAt + tape.PART_END_WORD] ?? 0);
  }

  #walkPoints(record: number, stop: number): boolean {
    if (record === stop) return !this.#prunesMetrics || this.#cursor.dataNumber === 0;
    const { words, base } = this.#tape;
    const cursor = this.#cursor;
    const { data, point, exemplar } = cursor;
    const exemplars = EXEMPLARS[point.shape.name] ?? 0;
    let left = 0;
    for (; record < stop; record++) {
      const at = base + record * tape.RECORD_WORDS;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      point.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
      cursor.setKeys(words[at + tape.POINT_KEYS_LOW_WORD] ?? 0, words[at + tape.POINT_KEYS_HIGH_WORD] ?? 0);
      if (this.#apply(tape.POINT_LEVEL, record)) {
        if (exemplar !== undefined) this.#walkInner(EXEMPLAR_LEVEL, point, exemplar, exemplars);
        point.flush();
        left++;
      } else this.#drop(data, point, tag, end);
    }
    return left > 0;
  }

  /** Calls the steps for the events of a span, or the exemplars of a point: field `number` of `parent`. */
  #walkInner(level: number, parent: View, inner: View | undefined, number: number): void {
    const cursor = this.#cursor;
    const { bytes } = cursor;
    let at = parent.fieldTag(number);
    if (inner === undefined || at < 0) return;
    cursor.inner = inner;
    cursor.index = 0;
    for (const stop = parent.fieldEnd(number); at < stop;) {
      const tag = readVarint(bytes, at);
      const value = after;
      const next = skipValue(bytes, value, tag);
      if (tag === ((number << 3) | LEN)) {
        readVarint(bytes, value);
        inner.at(at, after, next);
        if (this.#applyInner(level)) inner.flush();
        else this.#drop(parent, inner, at, next);
        cursor.index++;
      }
      at = next;
    }
    cursor.inner = cursor.item;
  }

  /** False as soon as a step drops. Events and exemplars are no items: nothing is counted. */
  #applyInner(level: number): boolean {
    for (const { step } of this.#byLevel[level] ?? []) if (!step.run(this.#cursor)) return false;
    return true;
  }

  /** The metrics of a scope where the last step may replace them or add some. */
  #walkRewritten(rewrite: MetricRewrite, record: number, stop: number): boolean {
    const { words, base } = this.#tape;
    const { scopeGroup, item } = this.#cursor;
    const hasPoints = this.#byLevel[tape.POINT_LEVEL]?.length !== 0;
    let left = record === stop && !this.#prunesScopes ? 1 : 0;
    while (record < stop) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      item.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
      rewrite.begin([]);
      const inMetric = record;
      let kept = this.#apply(tape.ITEM_LEVEL, inMetric);
      if (kept && inMetric + 1 === next) kept = !this.#prunesMetrics || this.#cursor.dataNumber === 0;
      else if (kept && hasPoints) kept = rewrite.walkPoints(() => this.#apply(tape.POINT_LEVEL, inMetric));
      if (kept) {
        const start = rewrite.finish();
        if (start !== 0) this.#script.replace(scopeGroup.node(), tag, end, start, this.#scratch.end);
        left++;
      } else this.#drop(scopeGroup, item, tag, end);
      record = next;
    }
    this.#walkCreated(rewrite);
    return left > 0;
  }

  /** Metrics that the last step added: it alone runs on them, as those before it had run on the whole batch. */
  #walkCreated(rewrite: MetricRewrite): void {
    const { scopeGroup, item } = this.#cursor;
    const step = this.#fused.at(-1)?.step;
    rewrite.eachCreated((created, makers) => {
      item.atField(created);
      const { end } = item;
      rewrite.begin(makers);
      const before = rewrite.countPoints();
      rewrite.createdItems += before;
      if (step?.level === "item") step.run(this.#cursor);
      else rewrite.walkPoints(() => step?.run(this.#cursor) !== false);
      const start = rewrite.finish();
      if (start === 0) this.#script.insert(scopeGroup.node(), scopeGroup.end, created, end);
      else this.#script.insert(scopeGroup.node(), scopeGroup.end, start, this.#scratch.end);
    });
  }

  /** Calls the steps of a level in order; false as soon as one drops. */
  #apply(level: number, record: number): boolean {
    const fused = this.#byLevel[level] ?? [];
    for (let index = 0; index < fused.length; index++) {
      const one = fused[index];
      if (one !== undefined && !one.step.run(this.#cursor)) {
        one.dropped += level === this.#leaf ? 1 : tape.countLeaves(this.#tape, record, this.#leaf);
        return false;
      }
    }
    return true;
  }

  #drop(parent: View | undefined, view: View, tag: number, end: number): void {
    if (view.opened) this.#script.discard(view.node());
    this.#script.cut(parent?.node() ?? 0, tag, end);
  }

  /** Whether a parent's edits are recorded after its children: it stands behind them, or they may write to it. */
  #isLate(record: number, next: number, partTag: number): boolean {
    if (this.#lateParents) return true;
    if (record + 1 >= next) return false;
    const child = this.#tape.base + (record + 1) * tape.RECORD_WORDS;
    return partTag > (this.#tape.words[child + tape.TAG_WORD] ?? 0);
  }
}

/** Moves the view of a resource or a scope to where the tape says it is; returns its tag's address, 0 when absent. */
function moveToPart(view: View, words: Int32Array, at: number): number {
  const tag = words[at + tape.PART_TAG_WORD] ?? 0;
  if (tag === 0) view.absent();
  else view.at(tag, words[at + tape.PART_BODY_WORD] ?? 0, words[at + tape.PART_END_WORD] ?? 0);
  return tag;
}

function fusedOf(step: Step, signal: Signal, counters: Counters): Fused {
  const labels = { processor: step.component, "otel.signal": signal };
  return {
    step,
    dropped: 0,
    incoming: counters.counter("otelcol_processor_incoming_items", labels),
    outgoing: counters.counter("otelcol_processor_outgoing_items", labels),
    created: counters.counter("sluice_processor_created_items", labels),
    folded: counters.counter("sluice_processor_folded_items", labels),
    reason: counters.counter("sluice_processor_dropped_items", { ...labels, reason: step.dropReason }),
  };
}
