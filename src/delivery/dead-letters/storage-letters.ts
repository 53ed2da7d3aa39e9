/** Dead letters in a storage: rows of at most 1.8 MB, and one commit for each letter, its own room included. */
import type { Change, Storage } from "../../base/host.ts";
import { valuesOf } from "../../pipeline/stored.ts";
import { type Depot, keysOf } from "../durable/depot.ts";
import { DEAD_PREFIX, deadRowKey, exporterKey, type Letter, letterKey, letterKeys, readLetterKey, seqKey } from "../durable/keys.ts";
import type { KeptLetters, LetterStore } from "./letter-store.ts";

/** Those of a storage, for one who looks at them. */
export function storageLetters(storage: Pick<Storage, "commit" | "get" | "list">): KeptLetters {
  return {
    async *letters(exporter) {
      for await (const key of keysOf(storage, prefixOf(exporter))) {
        const letter = readLetterKey(key);
        if (letter !== undefined) yield letter;
      }
      return undefined;
    },
    read: (letter) => Promise.all(letterKeys(letter).map((key) => storage.get(key))),
    remove: (letters) => storage.commit(deletionsOf(letters)),
  };
}

/** The same, for a gateway, which alone has the storage. */
export function depotLetters(depot: Depot): LetterStore {
  const sweep = async (letters: readonly Letter[]) => {
    if (letters.length > 0) depot.sweeper.sweep(deletionsOf(letters));
  };
  return {
    ...storageLetters(depot.storage),
    shared: false,
    async put(facts, bytes, instead) {
      const rows = valuesOf(bytes);
      const numbered = { ...facts, seq: seqKey(depot.nextSeq()), rows: rows.length };
      const letter = { ...numbered, key: letterKey(numbered) };
      const puts = rows.map((value, row): Change => ({ kind: "put", key: row === 0 ? letter.key : deadRowKey(letter.seq, row), value }));
      await depot.storage.commit([...puts, ...deletionsOf(instead)]);
      return letter;
    },
    sweep,
  };
}

/** What the keys of an exporter's letters begin with; undefined: of all. */
export function prefixOf(exporter: string | undefined): string {
  return exporter === undefined ? DEAD_PREFIX : `${DEAD_PREFIX}${exporterKey(exporter)}/`;
}

function deletionsOf(letters: readonly Letter[]): Change[] {
  return letters.flatMap((letter) => letterKeys(letter).map((key): Change => ({ kind: "delete", key })));
}
