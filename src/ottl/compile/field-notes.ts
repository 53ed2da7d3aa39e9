/** Which fields texts name, for people (`Step.fields`). Gathered while they are compiled. */
import type { Fields } from "../../pipeline/step.ts";

export class FieldNotes implements Fields {
  readonly #reads = new Set<string>();
  readonly #writes = new Set<string>();

  get reads(): readonly string[] {
    return [...this.#reads];
  }

  get writes(): readonly string[] {
    return [...this.#writes];
  }

  /** `name` undefined: what is used is no field. */
  note(name: string | undefined, reads: boolean, writes: boolean): void {
    if (name === undefined) return;
    if (reads) this.#reads.add(name);
    if (writes) this.#writes.add(name);
  }
}

/** Each field once, in the order in which they occur. */
export function joinFields(parts: readonly Fields[]): Fields {
  return { reads: [...new Set(parts.flatMap(({ reads }) => reads))], writes: [...new Set(parts.flatMap(({ writes }) => writes))] };
}
