/**
 * One walk over a chunk for a row of fused steps: views move along the kernel's tape, steps keep, drop or
 * set, one script is recorded and applied once. Parents come first, wherever they stand on the wire. A
 * parent whose children were all dropped goes too; one that came in empty stays.
 *
 * A walk may be done in slices, and others use the engine between them: the tape, which is one for all, is
 * written again then; everything else of a walk is its own.
 */
import { SluiceError } from "../base/errors.ts";
import type { Signal } from "../base/signal.ts";
import { type CursorOrigin, Cursor, EVENTS, EXEMPLARS } from "../otlp/cursor.ts";
import type { Engine } from "../otlp/engine.ts";
import { SPAN_TRACE_STATE } from "../otlp/tables.ts";
import * as tape from "../otlp/tape.ts";
import type { View } from "../otlp/view.ts";
import { Chunk } from "../wire/chunk.ts";
import { EditScript } from "../wire/script.ts";
import { Scratch } from "../wire/scratch.ts";
import { after, LEN, readVarint, skipValue } from "../wire/varint.ts";
import { MetricRewrite } from "./rewrite.ts";
import { depthOf, EVENT_LEVEL, EXEMPLAR_LEVEL, type Step, writesAbove } from "./step.ts";

/** Under this many bytes a piece, pieces are laid end to end at once: a write each would cost more (docs/decisions/006). */
const PIECE_BYTES_MIN = 4096;

/** What is walked in one go. */
export interface Slice {
  readonly records: number;
  readonly bytes: number;
}

/** All of a chunk: more than the largest has. */
export const WHOLE: Slice = { records: 1 << 30, bytes: 1 << 30 };

/** A step, and the leaf items that it has dropped from the batch at hand. */
interface Taken {
  readonly step: Step;
  dropped: number;
}

export class Walk {
  readonly #engine: Engine;
  readonly #signal: Signal;
  readonly #taken: readonly Taken[];
  readonly #byLevel: readonly (readonly Taken[])[];
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
  /** The record and the address at which a slice ends. */
  #pauseRecord = 0;
  #pauseTag = 0;
  /** The group to go on with. */
  #record = 0;
  /** Where the slice before ended: the record to go on with in the group, the scope and the metric at hand. 0: that one is a new one. */
  #pausedScope = 0;
  #pausedItem = 0;
  #pausedPoint = 0;
  /** Children that are left of the group, the scope and the metric at hand. */
  #scopesLeft = 0;
  #itemsLeft = 0;
  #pointsLeft = 0;
  #lateResource = false;
  #lateScope = false;
  /** Walks done: with `applied`, the proof of fusing. */
  walked = 0;

  constructor(engine: Engine, signal: Signal, steps: readonly Step[]) {
    this.#engine = engine;
    this.#signal = signal;
    this.#taken = steps.map((step) => ({ step, dropped: 0 }));
    this.#byLevel = [0, 1, 2, 3, 4, EXEMPLAR_LEVEL].map((level) => this.#taken.filter(({ step }) => depthOf(step.level) === level));
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

  /** Leaf items that a step has dropped since `open`. */
  dropped(index: number): number {
    return this.#taken[index]?.dropped ?? 0;
  }

  /** Data points that the last step added since `open`, and those that it folded into others. */
  get created(): number {
    return this.#rewrite?.createdItems ?? 0;
  }

  get folded(): number {
    return this.#rewrite?.foldedItems ?? 0;
  }

  /** Before the first chunk of a batch. */
  open(origin: CursorOrigin): void {
    for (const taken of this.#taken) taken.dropped = 0;
    this.#rewrite?.reset();
    this.#cursor.origin = origin;
  }

  /** Walks the first slice of a chunk. The chunk is held until `leave`. */
  enter(chunk: Chunk, slice: Slice): void {
    const { start, end } = chunk.contiguous(this.#engine.pool);
    this.#script.reset(start, end);
    this.#pausedScope = this.#pausedItem = this.#pausedPoint = 0;
    this.#record = 0;
    this.walked++;
    this.goOn(chunk, slice);
  }

  /** Whether all of the chunk is walked. */
  get done(): boolean {
    return this.#record >= this.#tape.count;
  }

  /** Walks the next slice. */
  goOn(chunk: Chunk, slice: Slice): void {
    // Records have the same numbers each time where the tape goes down to the leaves.
    this.#tape = this.#engine.index(this.#signal, chunk, slice === WHOLE ? this.#depth : this.#leaf);
    const first = this.#pausedPoint || this.#pausedItem || this.#pausedScope || this.#record;
    const { base, words } = this.#tape;
    this.#pauseRecord = first + slice.records;
    this.#pauseTag = (words[base + first * tape.RECORD_WORDS + tape.TAG_WORD] ?? 0) + slice.bytes;
    this.#record = this.#walk(this.#record);
  }

  /** The edited chunk, or the same one; retained for the caller either way. */
  leave(chunk: Chunk): Chunk {
    this.#cursor.close();
    if (this.#script.empty) {
      this.#scratch.drop();
      return chunk.retain();
    }
    return this.#edited(chunk, this.#script.apply(this.#scratch));
  }

  /** In place of `leave`, where something failed. */
  abandon(): void {
    this.#cursor.close();
    this.#scratch.drop();
  }

  /** Large pieces stay where they are; small ones are laid end to end, and the source is let go. */
  #edited(source: Chunk, length: number): Chunk {
    const { kernel, pool } = this.#engine;
    const script = this.#script;
    if (length === 0 || length >= script.piecesMax * PIECE_BYTES_MIN) {
      const blocks = source.blocks.map((block) => block.retain());
      return new Chunk(kernel, script.pieces(), [...blocks, ...this.#scratch.hand()]);
    }
    const block = pool.take(length);
    if (block === undefined) {
      throw new SluiceError("over_budget", "Cannot lay out an edited batch: no room in the pool", { retryable: true });
    }
    const end = script.layOut(kernel, block.start);
    this.#scratch.drop();
    return Chunk.of(kernel, block.start, end, block);
  }

  /** The record to go on with in the next slice; the tape's count when all are done. */
  #walk(record: number): number {
    const { words, base, count } = this.#tape;
    const { group, resource } = this.#cursor;
    while (record < count) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      let kept = true;
      if (this.#pausedScope === 0) {
        if (record >= this.#pauseRecord || tag >= this.#pauseTag) return record;
        group.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
        const part = moveToPart(resource, words, at);
        kept = this.#apply(tape.GROUP_LEVEL, record);
        this.#lateResource = this.#isLate(record, next, part);
        if (kept && !this.#lateResource) resource.flush();
        this.#scopesLeft = record + 1 === next && !this.#prunesResources ? 1 : 0;
      }
      if (kept) {
        if (this.#depth >= tape.SCOPE_LEVEL) {
          const scope = this.#walkScopes(this.#pausedScope || record + 1, next);
          this.#pausedScope = scope < next ? scope : 0;
          if (scope < next) return record;
          kept = this.#scopesLeft > 0;
        }
        if (kept && this.#lateResource) resource.flush();
      }
      if (kept) group.flush();
      else this.#drop(undefined, group, tag, end);
      record = next;
    }
    return count;
  }

  /** The record to go on with in the next slice; `stop` when all are done. */
  #walkScopes(record: number, stop: number): number {
    const { words, base } = this.#tape;
    const { group, scopeGroup, scope } = this.#cursor;
    while (record < stop) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      let kept = true;
      if (this.#pausedItem === 0) {
        if (record >= this.#pauseRecord || tag >= this.#pauseTag) return record;
        scopeGroup.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
        const part = moveToPart(scope, words, at);
        kept = this.#apply(tape.SCOPE_LEVEL, record);
        this.#lateScope = this.#isLate(record, next, part);
        if (kept && !this.#lateScope) scope.flush();
        this.#itemsLeft = record + 1 === next && !this.#prunesScopes ? 1 : 0;
      }
      if (kept) {
        if (this.#depth >= tape.ITEM_LEVEL) {
          const item = this.#walkItems(this.#pausedItem || record + 1, next);
          this.#pausedItem = item < next ? item : 0;
          if (item < next) return record;
          kept = this.#itemsLeft > 0;
        }
        if (kept && this.#lateScope) scope.flush();
      }
      if (kept) {
        scopeGroup.flush();
        this.#scopesLeft++;
      } else this.#drop(group, scopeGroup, tag, end);
      record = next;
    }
    return stop;
  }

  /** The record to go on with in the next slice; `stop` when all are done. */
  #walkItems(record: number, stop: number): number {
    const { words, base } = this.#tape;
    const cursor = this.#cursor;
    const { scopeGroup, item } = cursor;
    const metrics = this.#leaf === tape.POINT_LEVEL;
    if (this.#rewrite !== undefined) return this.#walkRewritten(this.#rewrite, record, stop);
    while (record < stop) {
      const at = base + record * tape.RECORD_WORDS;
      const next = words[at + tape.NEXT_WORD] ?? 0;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      const end = words[at + tape.END_WORD] ?? 0;
      let kept = true;
      if (this.#pausedPoint === 0) {
        if (record >= this.#pauseRecord || tag >= this.#pauseTag) return record;
        item.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
        if (metrics) this.#turnToData(at);
        else {
          const head = words[at + tape.LEVEL_WORD] ?? 0;
          cursor.traceId = words[at + tape.TRACE_ID_WORD] ?? 0;
          cursor.traceTop = head >>> tape.TRACE_TOP_SHIFT;
          if ((head & tape.FLAG_NO_TRACE_STATE) !== 0) item.setLacked(SPAN_TRACE_STATE);
          item.setKeys(words[at + tape.KEYS_LOW_WORD] ?? 0, words[at + tape.KEYS_HIGH_WORD] ?? 0);
        }
        kept = this.#apply(tape.ITEM_LEVEL, record);
        this.#pointsLeft = record + 1 === next && (!this.#prunesMetrics || cursor.dataNumber === 0) ? 1 : 0;
      }
      if (kept && this.#inItems) {
        if (metrics) {
          const point = this.#walkPoints(this.#pausedPoint || record + 1, next);
          this.#pausedPoint = point < next ? point : 0;
          if (point < next) return record;
          kept = this.#pointsLeft > 0;
        } else this.#walkInner(EVENT_LEVEL, item, cursor.event, EVENTS);
      }
      if (kept) {
        if (metrics && cursor.dataNumber !== 0) cursor.data.flush();
        item.flush();
        this.#itemsLeft++;
      } else this.#drop(scopeGroup, item, tag, end);
      record = next;
    }
    return stop;
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

  /** The point to go on with in the next slice; `stop` when all are done. */
  #walkPoints(record: number, stop: number): number {
    const { words, base } = this.#tape;
    const cursor = this.#cursor;
    const { data, point, exemplar } = cursor;
    const exemplars = EXEMPLARS[point.shape.name] ?? 0;
    for (; record < stop; record++) {
      const at = base + record * tape.RECORD_WORDS;
      const tag = words[at + tape.TAG_WORD] ?? 0;
      if (record >= this.#pauseRecord || tag >= this.#pauseTag) return record;
      const end = words[at + tape.END_WORD] ?? 0;
      point.at(tag, words[at + tape.BODY_WORD] ?? 0, end);
      point.setKeys(words[at + tape.POINT_KEYS_LOW_WORD] ?? 0, words[at + tape.POINT_KEYS_HIGH_WORD] ?? 0);
      if (this.#apply(tape.POINT_LEVEL, record)) {
        if (exemplar !== undefined) this.#walkInner(EXEMPLAR_LEVEL, point, exemplar, exemplars);
        point.flush();
        this.#pointsLeft++;
      } else this.#drop(data, point, tag, end);
    }
    return stop;
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
  #walkRewritten(rewrite: MetricRewrite, record: number, stop: number): number {
    const { words, base } = this.#tape;
    const { scopeGroup, item } = this.#cursor;
    const hasPoints = this.#byLevel[tape.POINT_LEVEL]?.length !== 0;
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
        this.#itemsLeft++;
      } else this.#drop(scopeGroup, item, tag, end);
      record = next;
    }
    this.#walkCreated(rewrite);
    return stop;
  }

  /** Metrics that the last step added: it alone runs on them, as those before it had run on the whole batch. */
  #walkCreated(rewrite: MetricRewrite): void {
    const { scopeGroup, item } = this.#cursor;
    const step = this.#taken.at(-1)?.step;
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
    const steps = this.#byLevel[level] ?? [];
    for (let index = 0; index < steps.length; index++) {
      const one = steps[index];
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
