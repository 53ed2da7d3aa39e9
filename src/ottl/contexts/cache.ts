/** The path `cache`: a map of the statements' own, emptied for each item. */
import { NO_CACHE } from "../subject.ts";
import { expectMap, expectPlain } from "./expect.ts";
import { getNested, setNested } from "./nested.ts";
import { operand } from "./operand.ts";
import type { Entry } from "./paths.ts";
import { isMap, type Value } from "../value.ts";

export const CACHE: Entry = {
  whole: () =>
    operand({
      reads: [],
      get: ({ cache }) => cache,
      set: (subject, value) => {
        const plain: Value = expectPlain(value);
        subject.cache = expectMap(plain);
      },
    }),
  keyed: (keys) =>
    operand({
      reads: [],
      get: (subject) => getNested(subject.cache, keys, 0, subject),
      set: (subject, value) => {
        const changed = setNested(subject.cache, keys, 0, subject, expectPlain(value));
        subject.cache = isMap(changed) ? changed : NO_CACHE;
      },
    }),
};
