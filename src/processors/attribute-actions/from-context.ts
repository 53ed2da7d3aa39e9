/**
 * `from_context`: a value that is taken of where a batch came from, and not of its telemetry. It is
 * encoded when the batch is another one than before, not for each item.
 */
import type { Host } from "../../base/host.ts";
import { encodeAnyValue } from "../../otlp/any-value.ts";
import type { CursorOrigin } from "../../otlp/cursor.ts";
import { addressOf } from "../../otlp/peer.ts";

const METADATA = "metadata.";
const AUTH = "auth.";
const ADDRESS = "client.address";

type Runtime = Host["runtime"];

/** Why it cannot be used; undefined when it can. */
export function contextFault(from: string): string | undefined {
  if (from.startsWith(AUTH)) {
    return `"${from}" is not available: there are no authenticators yet; a header that names the sender is metadata.<header>`;
  }
  return from === METADATA ? "metadata. needs the name of a header, for example metadata.x-tenant" : undefined;
}

/** The value that a `from_context` without fault takes. */
export class ContextValue {
  readonly #read: (origin: CursorOrigin) => string | undefined;
  #origin: CursorOrigin | undefined;
  #encoded: Uint8Array | undefined;

  constructor(from: string, runtime: Runtime) {
    this.#read = from === ADDRESS ? ({ peer }) => addressOf(peer, runtime) : headerReader(from);
  }

  /** The AnyValue of this origin; undefined where it has none. A peer that is not known is an empty value, as in the Collector. */
  of(origin: CursorOrigin): Uint8Array | undefined {
    if (origin !== this.#origin) {
      this.#origin = origin;
      const text = this.#read(origin);
      this.#encoded = text === undefined ? undefined : encodeAnyValue(text);
    }
    return this.#encoded;
  }
}

/** Without the prefix it is a header all the same, as in the Collector. */
function headerReader(from: string): (origin: CursorOrigin) => string | undefined {
  const name = (from.startsWith(METADATA) ? from.slice(METADATA.length) : from).toLowerCase();
  return ({ headers }) => (Object.hasOwn(headers, name) ? headers[name] : undefined);
}
