/**
 * Telemetry that is held: branches (resource, scope, metric, data) by key, leaves (data points, log
 * records) below them. Written as requests of a bounded size, each with the branches around its
 * leaves. Order is that of first arrival.
 *
 * Ownership: what a branch or a leaf is made of must be copied out of the request that it came in.
 */
import { encode, type Field, type Fields, messageField, sizeOf } from "./fields.ts";

/** Bytes that a branch counts for besides its shell. */
const BRANCH_OVERHEAD_BYTES = 300;

/** What all branches of one tree take, without the leaves. */
export interface Weight {
  bytes: number;
}

export interface Leaf {
  /** The leaf as a field of its parent. */
  field(): Field;
}

export class Branch<Kept extends Leaf> {
  /** Its field number in its parent. */
  readonly number: number;
  /** Its fields without what is below it. */
  readonly shell: Fields;
  readonly branches = new Map<string, Branch<Kept>>();
  readonly leaves = new Map<string, Kept>();
  readonly #weight: Weight;

  constructor(number: number, shell: Fields, weight: Weight) {
    this.number = number;
    this.shell = shell;
    this.#weight = weight;
    weight.bytes += sizeOf(shell) + BRANCH_OVERHEAD_BYTES;
  }

  /** The branch below with this key, made on first use. */
  branch(key: string, number: number, shell: () => Fields): Branch<Kept> {
    let found = this.branches.get(key);
    if (found === undefined) {
      found = new Branch(number, shell(), this.#weight);
      this.branches.set(key, found);
    }
    return found;
  }
}

export interface Written {
  readonly request: Uint8Array;
  readonly items: number;
}

interface Part {
  readonly field: Field;
  readonly items: number;
}

/** The tree's leaves as requests of about `bytesMax` at the most; a larger leaf is alone in one. */
export function write<Kept extends Leaf>(root: Branch<Kept>, bytesMax: number): Written[] {
  return rows(partsBelow(root, bytesMax), bytesMax).map((row) => ({
    request: encode([...root.shell, ...row.map(({ field }) => field)]),
    items: itemsIn(row),
  }));
}

/** As deep as telemetry is: four levels. */
function partsOf<Kept extends Leaf>(branch: Branch<Kept>, bytesMax: number): Part[] {
  return rows(partsBelow(branch, bytesMax), bytesMax).map((row) => ({
    field: messageField(branch.number, [...branch.shell, ...row.map(({ field }) => field)]),
    items: itemsIn(row),
  }));
}

function partsBelow<Kept extends Leaf>(branch: Branch<Kept>, bytesMax: number): Part[] {
  const parts: Part[] = [];
  for (const below of branch.branches.values()) for (const part of partsOf(below, bytesMax)) parts.push(part);
  for (const leaf of branch.leaves.values()) parts.push({ field: leaf.field(), items: 1 });
  return parts;
}

/** Neighbours together, as many as fit. */
function rows(parts: readonly Part[], bytesMax: number): Part[][] {
  const made: Part[][] = [];
  let row: Part[] = [];
  let size = 0;
  for (const part of parts) {
    const bytes = sizeOf([part.field]);
    if (row.length > 0 && size + bytes > bytesMax) {
      made.push(row);
      row = [];
      size = 0;
    }
    row.push(part);
    size += bytes;
  }
  if (row.length > 0) made.push(row);
  return made;
}

function itemsIn(row: readonly Part[]): number {
  return row.reduce((sum, { items }) => sum + items, 0);
}
