/**
 * A metric while it is transformed: read as far as a rule looks, written whole when a rule changed it,
 * and otherwise left in its bytes. Unknown fields stay.
 */
import { encodeKeyValue, STRING_VALUE } from "../../otlp/any-value.ts";
import * as tables from "../../otlp/tables.ts";
import {
  bytesField,
  doubleField,
  doubleOf,
  type Field,
  type Fields,
  find,
  fixed64Field,
  fixed64Of,
  inside,
  messageField,
  sfixed64Of,
  textField,
  textOf,
  withField,
} from "../envelopes/fields.ts";
import { dataOf, type PointNumbers, pointNumbers, POINTS } from "../envelopes/metrics.ts";
import { ITEMS } from "../envelopes/rewrite.ts";

interface Pair {
  readonly key: string;
  readonly field: Field;
}

export class Point {
  readonly numbers: PointNumbers;
  /** All but the attributes. */
  fields: Fields;
  #pairs: readonly Pair[];

  constructor(numbers: PointNumbers, fields: Fields) {
    this.numbers = numbers;
    this.fields = fields.filter(({ number }) => number !== numbers.attributes);
    this.#pairs = fields
      .filter(({ number }) => number === numbers.attributes)
      .map((field) => ({ key: textOf(find(inside(field), tables.KEY_VALUE_KEY)), field }));
  }

  get keys(): readonly string[] {
    return this.#pairs.map(({ key }) => key);
  }

  /** The attributes as fields. */
  get attributes(): Fields {
    return this.#pairs.map(({ field }) => field);
  }

  get timeNanos(): bigint {
    return fixed64Of(find(this.fields, this.numbers.time));
  }

  get startNanos(): bigint {
    return fixed64Of(find(this.fields, this.numbers.start));
  }

  set startNanos(nanos: bigint) {
    this.set(fixed64Field(this.numbers.start, nanos));
  }

  find(number: number): Field | undefined {
    return find(this.fields, number);
  }

  set(field: Field): void {
    this.fields = withField(this.fields, field);
  }

  /** The first attribute with this key as text: empty for one of another type, undefined for none. */
  text(key: string): string | undefined {
    const pair = this.#pairs.find((one) => one.key === key);
    if (pair === undefined) return undefined;
    return textOf(find(inside(find(inside(pair.field), tables.KEY_VALUE_VALUE)), STRING_VALUE));
  }

  setText(key: string, text: string): void {
    this.#put({ key, field: bytesField(this.numbers.attributes, encodeKeyValue(key, text)) });
  }

  /** The attribute's value under another key, in place of what is there. */
  rename(key: string, newKey: string): void {
    const pair = this.#pairs.find((one) => one.key === key);
    if (pair === undefined || key === newKey) return;
    const fields = withField(inside(pair.field), textField(tables.KEY_VALUE_KEY, newKey));
    this.#put({ key: newKey, field: messageField(this.numbers.attributes, fields) });
    this.#pairs = this.#pairs.filter((one) => one !== pair);
  }

  keep(keys: ReadonlySet<string>): void {
    this.#pairs = this.#pairs.filter(({ key }) => keys.has(key));
  }

  copy(): Point {
    return new Point(this.numbers, [...this.fields, ...this.attributes]);
  }

  field(): Field {
    return messageField(POINTS, [...this.attributes, ...this.fields]);
  }

  #put(pair: Pair): void {
    const at = this.#pairs.findIndex(({ key }) => key === pair.key);
    this.#pairs = at < 0 ? [...this.#pairs, pair] : this.#pairs.with(at, pair);
  }
}

/** The value of a number's point: whole numbers are bigint; undefined when it has none. */
export function numberOf(point: Point): bigint | number | undefined {
  const double = point.find(tables.NUMBER_DATA_POINT_AS_DOUBLE);
  if (double !== undefined) return doubleOf(double);
  const int = point.find(tables.NUMBER_DATA_POINT_AS_INT);
  return int === undefined ? undefined : sfixed64Of(int);
}

export function setNumber(point: Point, value: bigint | number): void {
  const { NUMBER_DATA_POINT_AS_DOUBLE: asDouble, NUMBER_DATA_POINT_AS_INT: asInt } = tables;
  point.fields = point.fields.filter(({ number }) => number !== asDouble && number !== asInt);
  point.set(typeof value === "bigint" ? fixed64Field(asInt, value) : doubleField(asDouble, value));
}

export class Metric {
  /** Whether it is to be written anew. */
  changed = false;
  readonly #source: Field;
  /** All but the data. */
  #fields: Fields;
  readonly #data: Field | undefined;
  #points: Point[] | undefined;
  /** All of the data but its points. */
  #dataFields: Fields | undefined;
  #name: string;

  constructor(source: Field) {
    this.#source = source;
    const fields = inside(source);
    this.#data = dataOf(fields);
    this.#fields = fields.filter((field) => field !== this.#data);
    this.#name = textOf(find(fields, tables.METRIC_NAME));
  }

  get name(): string {
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
    this.#fields = withField(this.#fields, textField(tables.METRIC_NAME, name));
    this.changed = true;
  }

  get unit(): string {
    return textOf(find(this.#fields, tables.METRIC_UNIT));
  }

  /** METRIC_GAUGE and so on; 0 without data. */
  get dataNumber(): number {
    return this.#data?.number ?? 0;
  }

  /** Temporality, and whether a sum is monotonic. */
  get dataFields(): Fields {
    this.#dataFields ??= inside(this.#data).filter(({ number }) => number !== POINTS);
    return this.#dataFields;
  }

  get points(): readonly Point[] {
    const numbers = pointNumbers(this.dataNumber);
    this.#points ??= inside(this.#data)
      .filter(({ number }) => number === POINTS)
      .map((field) => new Point(numbers, inside(field)));
    return this.#points;
  }

  /** Points are changed in place: say so by setting them. */
  set points(points: readonly Point[]) {
    this.#points = [...points];
    this.changed = true;
  }

  /** A copy with these points. */
  copyWith(points: readonly Point[]): Metric {
    const copy = new Metric(this.field());
    copy.points = points.map((point) => point.copy());
    return copy;
  }

  /** The metric as a field of its scope group. */
  field(): Field {
    if (!this.changed) return this.#source;
    const data = this.#data === undefined ? [] : [messageField(this.#data.number, [...this.points.map((point) => point.field()), ...this.dataFields])];
    return messageField(ITEMS, [...this.#fields, ...data]);
  }
}
