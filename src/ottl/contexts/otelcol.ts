/**
 * The paths of `otelcol`, which every context has: who sent the batch at hand, and with which headers
 * (those that the receiver keeps, by its `include_metadata`). They are read-only. There are no
 * authenticators, so `auth` is empty.
 */
import type { CursorOrigin } from "../../otlp/cursor.ts";
import { addressOf } from "../../otlp/peer.ts";
import type { Operand } from "../contract.ts";
import type { Subject } from "../subject.ts";
import { StatementError, type Value } from "../value.ts";
import { getNested, textKey } from "./nested.ts";
import { operand } from "./operand.ts";
import type { Entries, Entry } from "./paths.ts";

type Lists = ReadonlyMap<string, readonly string[]>;

const NOTHING: Lists = new Map();

const metadata = headersEntry("otelcol.client.metadata", listsOf);
/** With gRPC metadata are headers; its requests say so. */
const grpcMetadata = headersEntry("otelcol.grpc.metadata", (origin) => (isGrpc(origin) ? listsOf(origin) : undefined));
const auth = headersEntry("otelcol.client.auth.attributes", () => NOTHING);

export const OTELCOL_PATHS: Entries = {
  client: {
    inner: {
      addr: {
        whole: ({ runtime }) => readOnly("otelcol.client.addr", ({ cursor }) => addressOf(cursor.origin.peer, runtime) || null),
      },
      auth: { inner: { attributes: auth } },
      metadata,
    },
  },
  grpc: { inner: { metadata: grpcMetadata } },
};

/** Each header is a list of its one value. Names are found whatever their case; where there are no lists at all, keys are not looked at. */
function headersEntry(path: string, make: (origin: CursorOrigin) => Lists | undefined): Entry {
  return {
    whole: () => {
      const of = remembered(make);
      return readOnly(path, ({ cursor }) => of(cursor.origin) ?? NOTHING);
    },
    keyed: (keys) => {
      const of = remembered(make);
      const [first] = keys;
      return readOnly(path, (subject) => {
        const lists = of(subject.cursor.origin);
        if (lists === undefined || first === undefined) return null;
        const values = lists.get(textKey(first, subject).toLowerCase());
        return values === undefined ? null : getNested(values, keys, 1, subject);
      });
    },
  };
}

function readOnly(path: string, get: (subject: Subject) => Value): Operand {
  return operand({
    reads: [],
    get,
    set: () => {
      throw new StatementError(`Cannot set ${path}: it says where the request came from`);
    },
  });
}

/** Computed when the batch is another than before, not for each item. */
function remembered<T>(make: (origin: CursorOrigin) => T): (origin: CursorOrigin) => T | undefined {
  let last: CursorOrigin | undefined;
  let made: T | undefined;
  return (origin) => {
    if (origin !== last) {
      last = origin;
      made = make(origin);
    }
    return made;
  };
}

function listsOf({ headers }: CursorOrigin): Lists {
  return new Map(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

function isGrpc({ headers }: CursorOrigin): boolean {
  return headers["content-type"]?.startsWith("application/grpc") === true;
}
