/**
 * Calls OTTL's functions without a compiler. Arguments are given by name as plain values, which stand
 * for literals, as closures over the subject, which stand for what is computed, or as operands.
 */
import { Cursor } from "../../../src/otlp/cursor.ts";
import type { Engine } from "../../../src/otlp/engine.ts";
import type { Operand, OttlFunction, ParameterKind, Tools } from "../../../src/ottl/contract.ts";
import { Subject } from "../../../src/ottl/subject.ts";
import type { Value } from "../../../src/ottl/value.ts";
import { EditScript } from "../../../src/wire/script.ts";
import { Scratch } from "../../../src/wire/scratch.ts";
import { testEngine } from "../../harness/engine.ts";

export const engine: Engine = testEngine();

export const tools: Tools = { engine, runtime: "test", now: () => 1_700_000_000_123_456_789n, random: () => 0.5, log: () => undefined };

/** A subject for functions that look at nothing of it but what its operands give. */
export const nobody: Subject = new Subject(new Cursor(engine.desk(new Scratch(engine.pool), new EditScript()), "traces"));

const OPERANDS: ReadonlySet<ParameterKind> = new Set(["getter", "setter", "get_setter", "map_get_setter", "list_get_setter"]);
const LITERALS: ReadonlySet<ParameterKind> = new Set(["string", "int", "float", "bool", "enum", "lambda", "function"]);

/** An operand that gives `value`: a literal, or what a closure computes. */
export function operand(value: Value | ((subject: Subject) => Value), more: Partial<Operand> = {}): Operand {
  const dynamic = typeof value === "function";
  return {
    get: dynamic ? value : () => value,
    set: undefined,
    constant: dynamic ? undefined : { value },
    place: undefined,
    setBody: undefined,
    reads: [],
    writes: [],
    ...more,
  };
}

/** The call `name(arguments)`, built once: called with a subject it gives the value. */
export function built(fn: OttlFunction, args: Readonly<Record<string, unknown>>): (subject?: Subject) => Value {
  for (const name of Object.keys(args)) if (!fn.parameters.some((one) => one.name === name)) throw new Error(`${fn.name} has no parameter ${name}`);
  const given = fn.parameters.map(({ name, kind, list, optional }) => {
    const value = args[name];
    if (value === undefined && optional !== true) throw new Error(`${fn.name} needs ${name}`);
    if (value === undefined) return [name, undefined];
    return [name, list === true ? (value as readonly unknown[]).map((one) => argument(kind, one)) : argument(kind, value)];
  });
  const operation = fn.build(Object.fromEntries(given) as never, tools);
  return (subject = nobody) => operation.run(subject);
}

export function call(fn: OttlFunction, args: Readonly<Record<string, unknown>>): Value {
  return built(fn, args)();
}

/** What the editor sets its parameter `target` to, which holds `value` before; undefined when it leaves it alone. */
export function edited(fn: OttlFunction, value: Value, args: Readonly<Record<string, unknown>> = {}): Value | undefined {
  let after: Value | undefined;
  const target = operand(() => value, { set: (_subject, set) => (after = set) });
  call(fn, { ...args, target });
  return after;
}

export function named(functions: readonly OttlFunction[], name: string): OttlFunction {
  const found = functions.find((one) => one.name === name);
  if (found === undefined) throw new Error(`No function ${name}`);
  return found;
}

function argument(kind: ParameterKind, value: unknown): unknown {
  if (LITERALS.has(kind)) return value;
  if (typeof value === "object" && value !== null && "get" in value && "reads" in value) return value;
  const given = value as Value | ((subject: Subject) => Value);
  if (OPERANDS.has(kind)) return operand(given);
  const made = operand(given);
  return Object.assign((subject: Subject) => made.get(subject), { constant: made.constant, operand: made });
}
