/**
 * From the tree of a statement to closures over the item at hand. One compiler is for one text: it
 * numbers the values of lambdas. The functions and paths are those of a dialect.
 */
import type { Level } from "../../pipeline/step.ts";
import { BuildError, type FunctionUse, type Get, type Lambda, type Operation, type OttlFunction, type Tools } from "../contract.ts";
import type { Dialect } from "../dialect.ts";
import type { Subject } from "../subject.ts";
import type { CallNode, CompareNode, LambdaNode, LogicNode, MathNode, NameNode, Node, PathNode, SignNode } from "../syntax/ast.ts";
import { describe, isMath } from "../syntax/ast.ts";
import { refuse } from "../syntax/issue.ts";
import { StatementError, typeName, type Value } from "../value.ts";
import { buildArguments, type Builder, conversionOf, type Part, typedGetter } from "./arguments.ts";
import { compareValues } from "./compare.ts";
import { type Compiled, computedOf, type Condition, conditionOf, constantOf, folded, indexed, readsOf, unique } from "./compiled.ts";
import { fastCompare } from "./fast-compare.ts";
import { FieldNotes } from "./field-notes.ts";
import { compute, negate } from "./math.ts";
import { unknownName } from "./names.ts";
import { compilePath, fieldName } from "./paths.ts";

export interface Options {
  readonly tools: Tools;
  /** Whether paths begin with their context's name, as `span.name`. The older form leaves it out. */
  readonly prefixed: boolean;
}

/** A call, compiled. */
export interface Call {
  readonly run: Get;
  readonly reads: readonly Level[];
  readonly writes: readonly Level[];
  /** Whether it may put another metric in a metric's place, or add some. */
  readonly replaces: boolean;
}

export class Compiler implements Builder {
  /** What was compiled so far names these. */
  readonly fields = new FieldNotes();
  readonly #dialect: Dialect;
  readonly #options: Options;
  /** Parameters of the lambdas around, innermost last, by name: their slots in `Subject.locals`. */
  readonly #scopes: ReadonlyMap<string, number>[] = [];
  #slots = 0;

  constructor(dialect: Dialect, options: Options) {
    this.#dialect = dialect;
    this.#options = options;
  }

  editor(node: CallNode): Call {
    const { operation, parts } = this.#call(node);
    const reads = unique([...readsOf(parts), ...(operation.reads ?? [])]);
    const writes = unique([...parts.flatMap((part) => part.writes), ...(operation.writes ?? [])]);
    return { run: operation.run, reads, writes, replaces: operation.replaces === true };
  }

  condition(node: Node): Condition {
    switch (node.kind) {
      case "bool":
        return conditionOf(node.value, true);
      case "group":
        return this.condition(node.inner);
      case "not":
        return negated(this.condition(node.operand));
      case "logic":
        return this.#logic(node);
      case "compare":
        return this.#compare(node);
      case "call":
        return this.#truth(node);
      default:
        return refuse(`Expected a condition, found ${describe(node)}`, node);
    }
  }

  operand(node: Node): Compiled {
    switch (node.kind) {
      case "nil":
        return constantOf(null, true);
      case "bool":
      case "int":
      case "float":
      case "string":
      case "bytes":
        return constantOf(node.value, true);
      case "enum":
        return constantOf(this.enumValue(node), true);
      case "path":
        return this.#path(node);
      case "call":
        return this.#converter(node);
      case "group":
        return this.operand(node.inner);
      case "math":
        return this.#math(node);
      case "sign":
        return this.#sign(node);
      case "list": {
        const items = node.items.map((item) => this.operand(item));
        const gets = items.map(({ get }) => get);
        return folded((subject) => gets.map((get) => get(subject)), items, areLiteral(items));
      }
      case "map": {
        const entries = [...new Map(node.entries.map(({ key, value }) => [key, this.operand(value)]))];
        const values = entries.map(([, value]) => value);
        return folded((subject) => new Map(entries.map(([key, { get }]) => [key, get(subject)])), values, areLiteral(values));
      }
      case "lambda":
        return refuse("A lambda is an argument of a function that takes one", node);
      default:
        return refuse(`Expected a value, found ${describe(node)}`, node);
    }
  }

  target(node: PathNode, reads: boolean): Compiled {
    return this.#path(node, reads, true);
  }

  enumValue(node: NameNode): bigint {
    const { enums } = this.#dialect.context;
    return enums.get(node.name) ?? unknownName("enum", node.name, node, enums.keys());
  }

  lambda({ parameters, body }: LambdaNode): { readonly call: Lambda; readonly reads: readonly Level[] } {
    const scope = new Map<string, number>();
    const slots = parameters.map((parameter) => {
      if (parameter.name === "_") return -1;
      if (scope.has(parameter.name)) refuse(`A lambda has two parameters ${parameter.name}`, parameter);
      scope.set(parameter.name, this.#slots);
      return this.#slots++;
    });
    this.#scopes.push(scope);
    const { get, reads } = isValueBody(body) ? this.operand(body) : testing(this.condition(body));
    this.#scopes.pop();
    const call: Lambda = (subject, ...values) => {
      for (let i = 0; i < slots.length; i++) {
        const slot = slots[i] ?? -1;
        if (slot >= 0) subject.locals[slot] = values[i] ?? null;
      }
      return get(subject);
    };
    return { call, reads };
  }

  functionUse(node: NameNode): { readonly call: FunctionUse; readonly reads: readonly Level[] } {
    const called = this.#function(node.name, node);
    const [parameter, another] = called.parameters;
    if (parameter === undefined || another !== undefined || parameter.list !== undefined)
      refuse(`${called.name} does not take one value, so it cannot be handed over`, node);
    const slot = this.#slots++;
    const value = computedOf((subject) => subject.locals[slot] ?? null, []);
    const as = conversionOf(parameter.kind);
    if (as === undefined && parameter.kind !== "getter") refuse(`${called.name} does not take a computed value, so it cannot be handed over`, node);
    const operation = this.#build(called, new Map([[parameter.name, as === undefined ? value : typedGetter(value, as, node)]]), node);
    const call: FunctionUse = (subject, given) => {
      subject.locals[slot] = given;
      return operation.run(subject);
    };
    return { call, reads: operation.reads ?? [] };
  }

  #path(node: PathNode, reads = true, writes = false): Compiled {
    const keysOf = (keys: readonly Node[]): Compiled[] => keys.map((key) => this.operand(key));
    const [first] = node.segments;
    const slot = first === undefined ? undefined : this.#slotOf(first.name);
    if (slot === undefined || first === undefined) {
      const compiled = compilePath(node, this.#dialect.context, this.#options, keysOf);
      this.fields.note(fieldName(node, this.#dialect.context, this.#options.prefixed), reads, writes);
      return compiled;
    }
    if (node.segments.length > 1) refuse(`${first.name} is a parameter of the lambda and has no fields`, node, `Index it: ${first.name}["..."]`);
    const keys = keysOf(first.keys);
    if (keys.length === 0) return computedOf((subject) => subject.locals[slot] ?? null, []);
    return computedOf((subject) => indexed(subject.locals[slot] ?? null, keys, subject), readsOf(keys));
  }

  #slotOf(name: string): number | undefined {
    return this.#scopes.findLast((scope) => scope.has(name))?.get(name);
  }

  #function(name: string, extent: { offset: number; length: number }): OttlFunction {
    const { functions } = this.#dialect;
    const found = functions.get(name);
    if (found !== undefined) return found;
    const converter = isCapital(name);
    return unknownName(
      "function",
      name,
      extent,
      [...functions.keys()].filter((other) => isCapital(other) === converter),
    );
  }

  #call(node: CallNode): { readonly operation: Operation; readonly parts: readonly Part[] } {
    const called = this.#function(node.name, node.nameExtent);
    const { values, parts } = buildArguments(node, called, this);
    const operation = this.#build(called, values, node);
    this.#noteCall(called.name, operation, parts);
    return { operation, parts };
  }

  /** What a function looks at or changes beside its arguments goes by its own name. */
  #noteCall(name: string, { reads = [], writes = [], replaces }: Operation, parts: readonly Part[]): void {
    const readsMore = reads.some((level) => !parts.some((part) => part.reads.includes(level)));
    const writesMore = writes.some((level) => !parts.some((part) => part.writes.includes(level)));
    this.fields.note(`${name}()`, readsMore, writesMore || replaces === true);
  }

  #build(called: OttlFunction, values: ReadonlyMap<string, unknown>, node: Node): Operation {
    const args = Object.fromEntries(values);
    try {
      return areBuilt(args) ? called.build(args, this.#options.tools) : refuse(`${called.name} cannot be called`, node);
    } catch (error) {
      if (error instanceof BuildError) refuse(error.message, node, error.cure);
      if (!(error instanceof StatementError)) throw error;
      // A constant that does not fit where it goes: an error of each item, as it is in the Collector.
      return { run: failing(error.message), pure: false };
    }
  }

  #converter(node: CallNode): Compiled {
    const { operation, parts } = this.#call(node);
    const { run } = operation;
    const keys = node.keys.map((key) => this.operand(key));
    const get: Get = keys.length === 0 ? run : (subject) => indexed(run(subject), keys, subject);
    const reads = operation.reads ?? [];
    // What has no arguments says something of the item, or of the world.
    if (operation.pure !== false && reads.length === 0 && parts.length > 0) return folded(get, [...parts, ...keys]);
    return computedOf(get, unique([...readsOf([...parts, ...keys]), ...reads]));
  }

  #math({ first, rest }: MathNode): Compiled {
    const left = this.operand(first);
    const steps = rest.map(({ operator, operand }) => ({ operator, right: this.operand(operand) }));
    const get: Get = (subject) => {
      let value = left.get(subject);
      for (const { operator, right } of steps) value = compute(value, operator, right.get(subject));
      return value;
    };
    return folded(get, [left, ...steps.map(({ right }) => right)]);
  }

  #sign({ operator, operand }: SignNode): Compiled {
    const value = this.operand(operand);
    if (operator === "+") return value;
    return folded((subject) => negate(value.get(subject)), [value], operand.kind === "int" || operand.kind === "float");
  }

  #compare({ left, operator, right }: CompareNode): Condition {
    const a = this.operand(left);
    const b = this.operand(right);
    if (a.constant !== undefined && b.constant !== undefined) {
      return conditionOf(compareValues(a.constant.value, operator, b.constant.value), a.literal && b.literal);
    }
    const slow = (subject: Subject): boolean => compareValues(a.get(subject), operator, b.get(subject));
    return { test: fastCompare(a, operator, b, this.#options.tools.engine) ?? slow, literal: undefined, reads: readsOf([a, b]) };
  }

  /** What is written out decides at once or drops out, and then the errors of the other terms do not occur. */
  #logic({ operator, terms }: LogicNode): Condition {
    const decides = operator === "or";
    const conditions = terms.map((term) => this.condition(term));
    if (conditions.some(({ literal }) => literal === decides)) return conditionOf(decides, true);
    const open = conditions.filter(({ literal }) => literal === undefined);
    const [first, second] = open;
    if (first === undefined) return conditionOf(!decides, true);
    if (second === undefined) return first;
    return {
      test: rowTest(
        open.map(({ test }) => test),
        decides,
      ),
      literal: undefined,
      reads: readsOf(open),
    };
  }

  #truth(node: CallNode): Condition {
    const { get, constant, reads } = this.#converter(node);
    if (typeof constant?.value === "boolean") return conditionOf(constant.value, false);
    return { test: (subject) => truth(get(subject), node.name), literal: undefined, reads };
  }
}

function failing(message: string): Get {
  return () => {
    throw new StatementError(message);
  };
}

function rowTest(tests: readonly ((subject: Subject) => boolean)[], decides: boolean): (subject: Subject) => boolean {
  return (subject) => {
    for (let i = 0; i < tests.length; i++) if (tests[i]?.(subject) === decides) return decides;
    return !decides;
  };
}

function truth(value: Value, name: string): boolean {
  if (typeof value === "boolean") return value;
  throw new StatementError(`Cannot use ${name} as a condition: it gave ${typeName(value)}, not bool`);
}

function negated({ test, literal, reads }: Condition): Condition {
  if (literal !== undefined) return conditionOf(!literal, true);
  return { test: (subject) => !test(subject), literal, reads };
}

function testing({ test, reads }: Condition): { readonly get: Get; readonly reads: readonly Level[] } {
  return { get: test, reads };
}

/** A lambda's body is read as a value where it can be one. */
function isValueBody(node: Node): boolean {
  if (node.kind === "group") return isMath(node.inner);
  return node.kind !== "compare" && node.kind !== "logic" && node.kind !== "not";
}

function areLiteral(items: readonly Compiled[]): boolean {
  return items.every(({ literal }) => literal);
}

function isCapital(name: string): boolean {
  return /^[A-Z]/.test(name);
}

/** Each argument was built as its parameter says, which is all that the function's own types ask for. */
function areBuilt(args: Readonly<Record<string, unknown>>): args is never {
  return Object.isExtensible(args);
}
