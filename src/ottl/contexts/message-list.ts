/**
 * Messages as a value: `span.events`, `metric.data_points`, `span.status`. Statements count them, hand
 * them on to a path of the same kind, and cannot look inside; each is its body, bytes and all.
 */
export class MessageList extends Array<Uint8Array> {
  /** The messages' name in tables.ts: what they are set to must have the same. */
  readonly kind: string;

  constructor(kind: string, messages: readonly Uint8Array[] = []) {
    super();
    this.kind = kind;
    for (const message of messages) this.push(message);
  }

  /** What is made of it (by map, filter, ...) is a plain list. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}
