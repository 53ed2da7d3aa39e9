/** Operands for paths: what every path of every context is made of. */
import type { View } from "../../otlp/view.ts";
import type { Level } from "../../pipeline/step.ts";
import type { Operand } from "../contract.ts";
import type { Subject } from "../subject.ts";

/** A message that a context's paths read and write. */
export interface Spot {
  /** Moves with the walk. */
  readonly view: (subject: Subject) => View;
  readonly level: Level;
}

/** An operand with what is left out absent. */
export function operand(parts: Pick<Operand, "get" | "reads"> & Partial<Operand>): Operand {
  return { set: undefined, constant: undefined, place: undefined, setBody: undefined, writes: parts.set === undefined ? [] : parts.reads, ...parts };
}

/** An operand of one message. */
export function spotOperand(spot: Spot, parts: Pick<Operand, "get"> & Partial<Operand>): Operand {
  return operand({ reads: [spot.level], ...parts });
}
