/**
 * A call's arguments, built as the function's parameters say. What is written out in the statement
 * and has a wrong type is refused; what is computed fails on the item at hand.
 */
import type { Level } from "../../pipeline/step.ts";
import type { FunctionUse, Getter, Lambda, Operand, OttlFunction, Parameter, ParameterKind } from "../contract.ts";
import { type ArgumentNode, type CallNode, describe, type LambdaNode, type NameNode, type Node, type PathNode } from "../syntax/ast.ts";
import { refuse } from "../syntax/issue.ts";
import { StatementError, type Value } from "../value.ts";
import type { Compiled } from "./compiled.ts";
import * as convert from "./convert.ts";
import { unknownName } from "./names.ts";

/** What of the compiler builds arguments. */
export interface Builder {
  operand(node: Node): Compiled;
  /** A path that is written to; `reads`: and looked at. */
  target(node: PathNode, reads: boolean): Compiled;
  lambda(node: LambdaNode): { readonly call: Lambda; readonly reads: readonly Level[] };
  enumValue(node: NameNode): bigint;
  functionUse(node: NameNode): { readonly call: FunctionUse; readonly reads: readonly Level[] };
}

/** What is known of a part of a call. */
export interface Part {
  readonly constant: { readonly value: Value } | undefined;
  readonly reads: readonly Level[];
  readonly writes: readonly Level[];
}

interface Built {
  readonly value: unknown;
  readonly parts: readonly Part[];
}

const FIXED: Part = { constant: { value: null }, reads: [], writes: [] };

const CONVERSIONS: Partial<Record<ParameterKind, convert.Convert<unknown>>> = {
  map_getter: convert.exactMap,
  list_getter: convert.exactList,
  string_getter: convert.exactString,
  string_like: convert.likeString,
  int_getter: convert.exactInt,
  int_like: convert.likeInt,
  float_getter: convert.exactFloat,
  float_like: convert.likeFloat,
  bool_getter: convert.exactBool,
  bool_like: convert.likeBool,
  bytes_like: convert.likeBytes,
  time_getter: convert.exactTime,
  duration_getter: convert.exactDuration,
};

/** The arguments by parameter, absent optional ones as undefined. */
export function buildArguments(call: CallNode, called: OttlFunction, builder: Builder): { values: Map<string, unknown>; parts: readonly Part[] } {
  const { parameters } = called;
  // A function that takes nothing may be given anything, as in the Collector.
  const args = parameters.length === 0 ? [] : call.args;
  if (parameters.length > 0) checkCount(call, called);
  const given = new Map<Parameter, ArgumentNode>();
  args.forEach((argument, index) => {
    const parameter = parameterOf(argument, index, call, called);
    if (given.has(parameter)) refuse(`${parameter.name} is given twice to ${called.name}`, argument);
    given.set(parameter, argument);
  });
  const values = new Map<string, unknown>();
  const parts: Part[] = [];
  for (const parameter of parameters) {
    const argument = given.get(parameter);
    if (argument === undefined) {
      if (parameter.optional === undefined) refuse(`${called.name} needs ${parameter.name}`, call, signature(called));
      values.set(parameter.name, undefined);
      continue;
    }
    const built = parameter.list === undefined ? buildOne(argument.value, parameter, builder) : buildList(argument.value, parameter, builder);
    values.set(parameter.name, built.value);
    parts.push(...built.parts);
  }
  return { values, parts };
}

/** A getter of one type over an operand. */
export function typedGetter<T>(operand: Compiled, as: convert.Convert<T>, node: Node): Getter<T> {
  const { constant, get } = operand;
  if (constant !== undefined) {
    try {
      const value = as(constant.value);
      return Object.assign(() => value, { constant: { value }, operand });
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      if (operand.literal) refuse(error.message, node);
    }
  }
  return Object.assign((subject: Parameters<typeof get>[0]) => as(get(subject)), { constant: undefined, operand });
}

/** The conversion of a parameter's kind, undefined for those that take no converted value. */
export function conversionOf(kind: ParameterKind): convert.Convert<unknown> | undefined {
  return CONVERSIONS[kind];
}

function checkCount(call: CallNode, called: OttlFunction): void {
  const most = called.parameters.length;
  const least = called.parameters.filter(({ optional }) => optional === undefined).length;
  const count = call.args.length;
  if (count >= least && count <= most) return;
  const expected = least === most ? `${most}` : `${least} to ${most}`;
  refuse(`${called.name} takes ${expected} argument${expected === "1" ? "" : "s"}, found ${count}`, call, signature(called));
}

function signature({ name, parameters }: OttlFunction): string {
  return `Write ${name}(${parameters.map((parameter) => (parameter.optional === undefined ? parameter.name : `[${parameter.name}]`)).join(", ")})`;
}

function parameterOf(argument: ArgumentNode, index: number, call: CallNode, called: OttlFunction): Parameter {
  if (argument.name === "") {
    if (index > 0 && call.args[index - 1]?.name !== "") refuse("An argument without a name stands behind one with a name", argument);
    return called.parameters[index] ?? refuse(`${called.name} takes no more arguments`, argument);
  }
  const found = called.parameters.find(({ name }) => plain(name) === plain(argument.name));
  const known = called.parameters.map(({ name }) => name);
  return found ?? unknownName(`argument of ${called.name}`, argument.name, { offset: argument.offset, length: argument.name.length }, known);
}

/** The Collector takes a parameter's name in snake case or camel case. */
function plain(name: string): string {
  return name.replaceAll("_", "").toLowerCase();
}

function buildList(node: Node, parameter: Parameter, builder: Builder): Built {
  if (node.kind !== "list") return refuse(`${parameter.name} must be a list, found ${describe(node)}`, node, "Write it in brackets: [...]");
  const built = node.items.map((item) => buildOne(item, parameter, builder));
  return { value: built.map(({ value }) => value), parts: built.flatMap(({ parts }) => parts) };
}

function buildOne(node: Node, { name, kind, arity }: Parameter, builder: Builder): Built {
  const wrong = (expected: string): never => refuse(`${name} must be ${expected}, found ${describe(node)}`, node);
  switch (kind) {
    case "setter":
    case "get_setter":
    case "map_get_setter":
    case "list_get_setter":
      return node.kind === "path" ? pathOf(node, kind, builder) : wrong("a path");
    case "string":
      return node.kind === "string" ? fixed(node.value) : wrong("a string that is written out");
    case "int":
      return node.kind === "int" ? fixed(node.value) : wrong("an int that is written out");
    case "float":
      return node.kind === "float" ? fixed(node.value) : wrong("a float that is written out");
    case "bool":
      return node.kind === "bool" ? fixed(node.value) : wrong("true or false");
    case "enum":
      return node.kind === "enum" ? fixed(builder.enumValue(node)) : wrong("an enum");
    case "function": {
      if (node.kind !== "enum" && node.kind !== "function") return wrong("a converter's name");
      const { call, reads } = builder.functionUse(node);
      return { value: call, parts: [{ constant: undefined, reads, writes: [] }] };
    }
    case "lambda": {
      if (node.kind !== "lambda") return wrong("a lambda");
      const count = node.parameters.length;
      if (arity !== undefined && count !== arity) refuse(`${name} must be a lambda of ${arity}, found one of ${count}`, node);
      const { call, reads } = builder.lambda(node);
      return { value: call, parts: [{ constant: undefined, reads, writes: [] }] };
    }
    default:
      return valueOf(node, kind, builder);
  }
}

/** What is written out and handed over as it is. */
function fixed(value: unknown): Built {
  return { value, parts: [FIXED] };
}

function pathOf(node: PathNode, kind: ParameterKind, builder: Builder): Built {
  const operand = builder.target(node, kind !== "setter");
  if (operand.set === undefined) refuse("This path can be read and not written", node);
  const narrowed = kind === "map_get_setter" ? narrow(operand, convert.exactMap) : kind === "list_get_setter" ? narrow(operand, convert.exactList) : operand;
  return { value: narrowed, parts: [operand] };
}

/** The same path, whose value must have a type. */
function narrow(operand: Operand, as: convert.Convert<Value>): Operand {
  const { get } = operand;
  return { ...operand, get: (subject) => as(get(subject)) };
}

function valueOf(node: Node, kind: ParameterKind, builder: Builder): Built {
  if (node.kind === "function") refuse(`Expected a value, found ${describe(node)}`, node);
  const operand = builder.operand(node);
  const as = conversionOf(kind);
  const { constant, reads } = operand;
  return { value: as === undefined ? operand : typedGetter(operand, as, node), parts: [{ constant, reads, writes: [] }] };
}
