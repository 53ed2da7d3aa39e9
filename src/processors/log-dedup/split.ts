/**
 * Finds log records that say the same: same resource, scope, body, severity and attributes, whenever
 * they were made. Where there are conditions, records for which none holds are left to pass.
 */
import type { Clock } from "../../base/host.ts";
import { decodeAnyValue } from "../../otlp/any-value.ts";
import * as tables from "../../otlp/tables.ts";
import type { Envelope } from "../../pipeline/stage.ts";
import {
  copied,
  type Field,
  type Fields,
  find,
  fixed64Field,
  inside,
  messageField,
  sizeOf,
  textOf,
  varintOf,
  without,
  withField,
} from "../envelopes/fields.ts";
import type { Split } from "../envelopes/holding-stage.ts";
import { attributesKey, joined, resourceKey, scopeKey, short, valueKey } from "../envelopes/identity.ts";
import { type Around, GROUPS, ITEMS, rewriteList, rewriteScopes, SCOPE_GROUPS } from "../envelopes/rewrite.ts";
import type { Arrival } from "../envelopes/shelf.ts";
import type { Branch } from "../envelopes/tree.ts";
import { valueText } from "../../otlp/value-text.ts";
import type { RecordConditions } from "./conditions.ts";
import { type FieldPath, valueAt, withAttribute, withoutPath } from "./fields.ts";
import { timeWriter } from "./time-text.ts";

export interface DedupOptions {
  readonly countAttribute: string;
  readonly timeZone: string;
  readonly includeFields: readonly FieldPath[];
  readonly excludeFields: readonly FieldPath[];
  /** undefined: every record is counted. */
  readonly conditions: Pick<RecordConditions, "test"> | undefined;
  readonly clock: Clock;
}

/** Records that say the same: the first of them, how many, and when the first and the last came, ms since 1970. */
export interface Counted {
  readonly record: Fields;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  field(): Field;
}

const FIRST_ATTRIBUTE = "first_observed_timestamp";
const LAST_ATTRIBUTE = "last_observed_timestamp";
const NANOS_PER_MS = 1_000_000n;

export function splitter(options: DedupOptions): (envelope: Envelope) => Split<Counted>[] {
  const counting = new Counting(options);
  const { conditions } = options;
  return (envelope) => envelope.requests.map((request) => counting.split(request, conditions?.test(request, envelope)));
}

/** The branch that the records of a scope belong to, and how that is said in a key. */
interface Place {
  readonly key: string;
  readonly find: (root: Branch<Counted>) => Branch<Counted>;
}

class Counting {
  readonly #options: DedupOptions;
  readonly #timeText: (ms: number) => string;

  constructor(options: DedupOptions) {
    this.#options = options;
    this.#timeText = timeWriter(options.timeZone);
  }

  /** `counted` says it of each record, in the order of the wire; undefined: all are. */
  split(request: Uint8Array, counted: readonly boolean[] | undefined): Split<Counted> {
    const arrivals: Arrival<Counted>[] = [];
    const nowMs = Math.floor(this.#options.clock.nowMs());
    let records = 0;
    let group: Fields | undefined;
    let resource = "";
    const rest = rewriteScopes(request, (scopeGroup, around) => {
      // The scopes of one resource follow one another: its key is made once.
      if (around.group !== group) resource = resourceKey(around.resource);
      group = around.group;
      const place = placeOf(scopeGroup, around, resource);
      const left = rewriteList(scopeGroup, ITEMS, (field) => {
        if (counted?.[records++] === false) return field;
        arrivals.push(this.#arrival(field, place, nowMs));
        return undefined;
      });
      return left.some(({ number }) => number === ITEMS) ? left : undefined;
    });
    return { arrivals, rest };
  }

  #arrival(field: Field, place: Place, nowMs: number): Arrival<Counted> {
    let record: Fields = inside(field);
    for (const path of this.#options.excludeFields) record = withoutPath(record, path);
    const leafKey = this.#keyOf(record);
    return {
      place: place.find,
      key: joined(place.key, leafKey),
      leafKey,
      bytes: sizeOf(record),
      join: (before) => {
        const { record: kept, count, firstMs } = before ?? { record: copied(record), count: 0, firstMs: nowMs };
        return this.#counted(kept, count + 1, firstMs, nowMs);
      },
    };
  }

  #counted(record: Fields, count: number, firstMs: number, lastMs: number): Counted {
    return { record, count, firstMs, lastMs, field: () => this.#written(record, count, firstMs, lastMs) };
  }

  #written(record: Fields, count: number, firstMs: number, lastMs: number): Field {
    const { clock, countAttribute } = this.#options;
    const nowNanos = BigInt(Math.floor(clock.nowMs())) * NANOS_PER_MS;
    let fields: Fields = withField(record, fixed64Field(tables.LOG_RECORD_TIME_UNIX_NANO, nowNanos));
    fields = withField(fields, fixed64Field(tables.LOG_RECORD_OBSERVED_TIME_UNIX_NANO, BigInt(firstMs) * NANOS_PER_MS));
    fields = withAttribute(fields, countAttribute, BigInt(count));
    fields = withAttribute(fields, FIRST_ATTRIBUTE, this.#timeText(firstMs));
    return messageField(ITEMS, withAttribute(fields, LAST_ATTRIBUTE, this.#timeText(lastMs)));
  }

  #keyOf(record: Fields): string {
    const named = this.#options.includeFields.flatMap((path) => {
      const value = valueAt(record, path);
      return value === undefined ? [] : [valueText(value)];
    });
    if (named.length > 0) return joined("named", ...named);
    const body = find(record, tables.LOG_RECORD_BODY);
    return joined(
      attributesKey(record, tables.LOG_RECORD_ATTRIBUTES),
      body === undefined ? valueKey(null) : valueKey(decodeAnyValue(body.bytes, body.start, body.end)),
      String(varintOf(find(record, tables.LOG_RECORD_SEVERITY_NUMBER))),
      textOf(find(record, tables.LOG_RECORD_SEVERITY_TEXT)),
    );
  }
}

function placeOf(scopeGroup: Fields, { group, scope: scopeField }: Around, resource: string): Place {
  const scope = scopeKey(scopeField);
  return {
    key: short(joined(resource, scope)),
    find: (root) =>
      root.branch(resource, GROUPS, () => copied(without(group, SCOPE_GROUPS))).branch(scope, SCOPE_GROUPS, () => copied(without(scopeGroup, ITEMS))),
  };
}
