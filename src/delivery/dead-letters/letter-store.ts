/** Where dead letters are: rows of a storage, or objects that several gateways may fill at once. */
import type { Letter, LetterFacts } from "../durable/keys.ts";

/** As much as one needs who looks at them. */
export interface KeptLetters {
  /** All of them, or an exporter's, ascending by exporter and then by time. Rejects when they cannot be listed. */
  letters(exporter?: string): AsyncGenerator<Letter, undefined>;
  /** What there is of one, for `storedFrom`. Rejects when it cannot be read now. */
  read(letter: Letter): Promise<readonly (Uint8Array | undefined)[]>;
  /** Resolves when they are gone. */
  remove(letters: readonly Letter[]): Promise<void>;
}

export interface LetterStore extends KeptLetters {
  /** Whether others put letters there, and remove them, meanwhile. */
  readonly shared: boolean;
  /** Keeps one, in the place of those that are given. Rejects with nothing changed, as far as one knows. */
  put(facts: LetterFacts, bytes: Uint8Array, instead: readonly Letter[]): Promise<Letter>;
  /** Removes them, soon or now. Never rejects: what stays is found again. */
  sweep(letters: readonly Letter[]): Promise<void>;
}
