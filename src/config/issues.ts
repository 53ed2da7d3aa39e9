/** zod's issues as findings: the place, what was expected, what stands there, and the nearest key that exists. */
import type * as z from "zod";
import { nearest } from "../base/nearest.ts";
import type { Finding, Where } from "./plan.ts";
import { findKey, keysOf, schemasAt } from "./schema.ts";
import { describeNode, locate, type Path, pathText, type TreeNode } from "./tree.ts";

type Issue = z.core.$ZodIssue;

export interface Judged {
  readonly schema: z.ZodType;
  /** What was parsed. */
  readonly root: TreeNode;
  /** Its own path in the configuration. */
  readonly at: Path;
  /** Where its key stands. */
  readonly keyWhere: Where;
}

/** Keys that are listed when none is near. */
const KEYS_LISTED_MAX = 12;
const SECRET_CHARACTERS_MIN = 4;

export function findingsOf(issues: readonly Issue[], judged: Judged): Finding[] {
  return issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? unknownKeys(issue.path, issue.keys, judged) : [finding(issue, judged)]));
}

function unknownKeys(path: readonly PropertyKey[], keys: readonly string[], { schema, root, at }: Judged): Finding[] {
  const section = stepsOf(path);
  return keys.map((key) => {
    const known = keysOf(schemasAt(schema, section));
    const full = pathText([...at, ...section, key]);
    return {
      message: `Cannot use key "${key}": ${known.length === 0 ? "no keys are expected here" : `${pathText([...at, ...section]) || "the top level"} has no such key`}`,
      cure: cureOfKey(key, known, schema, section, at),
      path: full,
      where: locate(root, [...section, key]).keyWhere,
    };
  });
}

function cureOfKey(key: string, known: readonly string[], schema: z.ZodType, section: Path, at: Path): string {
  const near = nearest(key, known);
  if (near !== undefined) return `Did you mean "${near}"?`;
  const below = schemasAt(schema, section)
    .map((one) => findKey(one, key))
    .find((one) => one !== undefined);
  if (below !== undefined) return `It belongs in ${pathText([...at, ...section, ...below])}`;
  const above = findKey(schema, key);
  if (above !== undefined) return `It belongs in ${pathText([...at, ...above])}`;
  if (known.length === 0) return "Remove it";
  const listed = known.slice(0, KEYS_LISTED_MAX).join(", ");
  return `Keys here: ${listed}${known.length > KEYS_LISTED_MAX ? ", ..." : ""}`;
}

function finding(issue: Issue, { schema, root, at, keyWhere: ownKey }: Judged): Finding {
  const { path, problem } = deepest(issue);
  const located = locate(root, path);
  const { node } = located;
  const keyWhere = located.keyWhere === root.where ? ownKey : located.keyWhere;
  const full = pathText([...at, ...path]);
  const where = node === undefined || (node.kind === "scalar" && node.value === null) ? keyWhere : node.where;
  if (!isZodsOwn(problem.message)) {
    const { cure, index } = hintsOf(problem);
    const inside = node?.kind === "scalar" && index !== undefined ? node.inside?.(index) : undefined;
    return { message: `Cannot use ${full}: ${discreet(problem.message, node)}`, path: full, where: inside ?? where, ...(cure === undefined ? {} : { cure }) };
  }
  const expected = expectedOf(problem);
  if (node === undefined) {
    return {
      message: `Cannot use ${pathText([...at, ...path.slice(0, -1)])}: "${String(path.at(-1))}" is missing`,
      cure: `Add ${full}, ${expected}`,
      path: full,
      where,
    };
  }
  const text = `expected ${expected}, found ${describeValue(problem, node)}`;
  return { message: `Cannot use ${full}: ${text}`, cure: cureOfValue(problem, node, schema, path), path: full, where };
}

/** What a schema of ours says beside its message: a cure, and the character of a text where the trouble is. */
function hintsOf(problem: Issue): { readonly cure: string | undefined; readonly index: number | undefined } {
  const { cure, index }: Record<string, unknown> = problem.code === "custom" ? (problem.params ?? {}) : {};
  return { cure: typeof cure === "string" ? cure : undefined, index: typeof index === "number" ? index : undefined };
}

/** An issue of a union is that of the option which got furthest. */
function deepest(issue: Issue): { readonly path: Path; readonly problem: Issue } {
  const path = stepsOf(issue.path);
  if (issue.code !== "invalid_union") return { path, problem: issue };
  const first = issue.errors.flatMap((errors) => errors.slice(0, 1)).find((one) => one.path.length > 0 || one.code !== "invalid_type");
  if (first === undefined) return { path, problem: issue };
  const below = deepest(first);
  return { path: [...path, ...below.path], problem: below.problem };
}

/** A schema's own message without the value in it, where that may be a secret. */
function discreet(message: string, node: TreeNode | undefined): string {
  if (node?.kind !== "scalar" || node.referred !== true || node.value === null) return message;
  const value = String(node.value);
  const unquoted = message.replaceAll(`"${value}"`, "this value");
  // A shorter one is no secret, and may be part of a word of ours.
  return value.length < SECRET_CHARACTERS_MIN ? unquoted : unquoted.replaceAll(value, "this value");
}

/** Messages of schemas that say it themselves are kept; zod's own are put in our words. */
function isZodsOwn(message: string): boolean {
  return /^(Invalid |Unrecognized |Too (big|small))/.test(message);
}

const TYPES: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  bigint: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
  null: "nothing",
};

function expectedOf(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPES[issue.expected] ?? `a ${issue.expected}`;
    case "invalid_value":
      return `${issue.values.length > 1 ? "one of " : ""}${issue.values.map((value) => (value === "" ? '""' : String(value))).join(", ")}`;
    case "invalid_union": {
      const types = issue.errors.flatMap((errors) => errors.slice(0, 1)).map(expectedOf);
      return [...new Set(types)].join(" or ") || "another value";
    }
    case "too_big":
      return `${unitOf(issue.origin)}${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}`;
    case "too_small":
      return `${unitOf(issue.origin)}${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}`;
    case "not_multiple_of":
      return `a multiple of ${issue.divisor}`;
    case "invalid_format":
      return `text of the form ${issue.pattern ?? issue.format}`;
    default:
      return "another value";
  }
}

function unitOf(origin: string): string {
  if (origin === "string") return "characters: ";
  return origin === "array" ? "items: " : "";
}

function describeValue(issue: Issue, node: TreeNode): string {
  // What came from a reference may be a secret; what is in the file is shown with its line anyway.
  const shown = node.kind === "scalar" && node.value !== null && node.referred !== true;
  const byValue = issue.code === "invalid_value" || issue.code === "too_big" || issue.code === "too_small" || issue.code === "invalid_format";
  if (shown && byValue) return typeof node.value === "string" ? `"${node.value.slice(0, 80)}"` : String(node.value);
  return node.referred !== true ? describeNode(node) : `${describeNode(node)} from a reference`;
}

function cureOfValue(issue: Issue, node: TreeNode, schema: z.ZodType, path: Path): string | undefined {
  if (issue.code === "invalid_value" && node.kind === "scalar" && typeof node.value === "string" && node.referred !== true) {
    const near = nearest(
      node.value,
      issue.values.map(String).filter((value) => value !== ""),
    );
    return near === undefined ? undefined : `Did you mean "${near}"?`;
  }
  if (issue.code !== "invalid_type") return undefined;
  if (node.kind === "scalar" && node.value === null && node.referred === true)
    return "Set the variable that it is taken from, or give it a default: ${env:NAME:-default}";
  if (issue.expected === "string" && node.kind === "scalar") return "Put it in quotes";
  if (issue.expected === "array" && node.kind === "scalar") return `Write it as a list: [${node.referred === true ? "a, b" : String(node.value)}]`;
  if ((issue.expected === "object" || issue.expected === "record") && node.kind !== "map") {
    const known = keysOf(schemasAt(schema, path)).slice(0, KEYS_LISTED_MAX);
    return known.length === 0 ? "Write keys and values, one a line, indented" : `Write its keys below it, indented: ${known.join(", ")}`;
  }
  if (node.kind === "scalar" && typeof node.value === "string" && node.referred !== true && /^(number|int|boolean)$/.test(issue.expected))
    return "Write it without quotes and unit";
  return undefined;
}

function stepsOf(path: readonly PropertyKey[]): Path {
  return path.map((step) => (typeof step === "number" ? step : String(step)));
}
