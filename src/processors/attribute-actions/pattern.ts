/**
 * Regular expressions as the Collector writes them (RE2's syntax and choice of match), in time that
 * grows with the text times the pattern and never faster: a backtracker that visits every pair of
 * instruction and position once. The host's own engine is asked about single characters only.
 * Limit: `STATES_MAX` pairs; a text that is too long for its pattern does not match.
 */
import { type Node, parseSyntax, Refusal } from "./pattern-syntax.ts";

/** Pairs of instruction and position: some 50 ms at the worst. */
export const STATES_MAX = 1 << 22;
const INSTRUCTIONS_MAX = 4000;

export interface Pattern {
  /** Names of the groups in order, "" for one without. */
  readonly names: readonly string[];
  readonly program: readonly Instruction[];
  /** UTF-16 units of text that it looks at. */
  readonly charsMax: number;
}

type Instruction =
  | { readonly op: "char"; readonly test: (code: number) => boolean }
  | { readonly op: "assert"; readonly holds: (text: string, at: number) => boolean }
  | { readonly op: "split"; prefer: number; other: number }
  | { readonly op: "jump"; to: number }
  | { readonly op: "save"; readonly slot: number }
  | { readonly op: "match" };

/** The pattern, or why it cannot be used, as words behind "the pattern". */
export function parsePattern(text: string): Pattern | string {
  try {
    const { node, names } = parseSyntax(text);
    const program: Instruction[] = [];
    compile(node, program);
    program.push({ op: "match" });
    return { names, program, charsMax: Math.floor(STATES_MAX / program.length) - 1 };
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
}

/** Whether the text contains a match. */
export function matches(pattern: Pattern, text: string): boolean {
  return run(pattern, text) !== undefined;
}

/** The first match's groups in order, "" for those that took no part. */
export function groupsOf(pattern: Pattern, text: string): readonly string[] | undefined {
  const slots = run(pattern, text);
  return slots === undefined ? undefined : pattern.names.map((_, group) => text.slice(slots[group * 2], slots[group * 2 + 1]));
}

function compile(node: Node, program: Instruction[]): void {
  if (program.length > INSTRUCTIONS_MAX) throw new Refusal("is too large: it repeats too much");
  switch (node.kind) {
    case "char":
      program.push({ op: "char", test: node.test });
      break;
    case "assert":
      program.push({ op: "assert", holds: node.holds });
      break;
    case "sequence":
      for (const part of node.parts) compile(part, program);
      break;
    case "choice":
      compileChoice(node.parts, program);
      break;
    case "group":
      program.push({ op: "save", slot: node.index * 2 });
      compile(node.body, program);
      program.push({ op: "save", slot: node.index * 2 + 1 });
      break;
    case "repeat":
      compileRepeat(node, program);
      break;
  }
}

function compileChoice(parts: readonly Node[], program: Instruction[]): void {
  const ends: { op: "jump"; to: number }[] = [];
  for (const [index, part] of parts.entries()) {
    if (index === parts.length - 1) compile(part, program);
    else {
      const split = { op: "split" as const, prefer: program.length + 1, other: 0 };
      program.push(split);
      compile(part, program);
      const end = { op: "jump" as const, to: 0 };
      program.push(end);
      ends.push(end);
      split.other = program.length;
    }
  }
  for (const end of ends) end.to = program.length;
}

/** The least number of copies, then a loop, or as many optional copies as may be. */
function compileRepeat({ body, from, to, lazy }: Extract<Node, { kind: "repeat" }>, program: Instruction[]): void {
  for (let copy = 0; copy < from; copy++) compile(body, program);
  const leave: { op: "split"; prefer: number; other: number }[] = [];
  const enter = () => {
    const split = { op: "split" as const, prefer: program.length + 1, other: program.length + 1 };
    program.push(split);
    leave.push(split);
  };
  if (to === Infinity) {
    const start = program.length;
    enter();
    compile(body, program);
    program.push({ op: "jump", to: start });
  } else {
    for (let copy = from; copy < to; copy++) {
      enter();
      compile(body, program);
    }
  }
  for (const split of leave) {
    if (lazy) split.prefer = program.length;
    else split.other = program.length;
  }
}

/** Pairs that were visited, a bit each; one for all patterns, made when the first one runs. */
let visited = new Uint32Array(0);

/** Where the groups of the leftmost match begin and end, -1 for those that took no part; undefined without a match. */
function run({ program, names, charsMax }: Pattern, text: string): Int32Array | undefined {
  if (text.length > charsMax) return undefined;
  if (visited.length === 0) visited = new Uint32Array((STATES_MAX >> 5) + 1);
  visited.fill(0, 0, ((program.length * (text.length + 1)) >> 5) + 1);
  const slots = new Int32Array(names.length * 2).fill(-1);
  for (let start = 0; start <= text.length; start++) if (runFrom(program, text, start, slots)) return slots;
  return undefined;
}

/** Tries from one place. What an earlier place has visited in vain is not visited again. */
function runFrom(program: readonly Instruction[], text: string, start: number, slots: Int32Array): boolean {
  const width = text.length + 1;
  // Pairs still to try; a negative first one restores a slot on the way back.
  const stack = [0, start];
  while (stack.length > 0) {
    let at = stack.pop() ?? 0;
    let index = stack.pop() ?? 0;
    if (index < 0) {
      slots[-1 - index] = at;
      continue;
    }
    for (;;) {
      const state = index * width + at;
      const bit = 1 << (state & 31);
      if (((visited[state >> 5] ?? 0) & bit) !== 0) break;
      visited[state >> 5] = (visited[state >> 5] ?? 0) | bit;
      const one = program[index];
      if (one === undefined || one.op === "match") return true;
      if (one.op === "char") {
        const code = text.codePointAt(at);
        if (code === undefined || !one.test(code)) break;
        at += code > 0xffff ? 2 : 1;
        index++;
      } else if (one.op === "split") {
        stack.push(one.other, at);
        index = one.prefer;
      } else if (one.op === "jump") index = one.to;
      else if (one.op === "save") {
        stack.push(-1 - one.slot, slots[one.slot] ?? -1);
        slots[one.slot] = at;
        index++;
      } else if (one.holds(text, at)) index++;
      else break;
    }
  }
  return false;
}
