/**
 * The settings of one component (or section) against its schema: the typed value, or findings with
 * places. Two of the Collector's rules are applied before parsing: a key of type string takes the
 * text of a `${...}` rather than its YAML type, and a key with nothing behind it has its default.
 */
import * as z from "zod";
import type { Finding, Where } from "./plan.ts";
import { findingsOf } from "./issues.ts";
import { kindOf, schemasAt } from "./schema.ts";
import { type Path, pathText, type Reading, toPlain, type TreeNode } from "./tree.ts";

export type Parse<Value> =
  | { readonly kind: "ok"; readonly value: Value; readonly warnings: readonly Finding[] }
  | { readonly kind: "bad"; readonly problems: readonly Finding[]; readonly warnings: readonly Finding[] };

/** What is parsed and where it belongs. */
export interface Part {
  /** Undefined where nothing is written. */
  readonly node: TreeNode | undefined;
  /** Its path in the configuration. */
  readonly at: Path;
  /** Where its key stands: the place of what is missing in it. */
  readonly keyWhere: Where;
}

export function parseSettings<Schema extends z.ZodType>(schema: Schema, { node: given, at, keyWhere }: Part): Parse<z.output<Schema>> {
  const node: TreeNode = given ?? { kind: "map", entries: new Map(), where: keyWhere };
  const readings = new Map<TreeNode, Reading>();
  const warnings: Finding[] = [];
  visit(node, [], (one, path) => {
    const schemas = schemasAt(schema, path);
    const reading = readingOf(one, path, schemas);
    if (reading !== undefined) readings.set(one, reading);
    const warning = durationWarning(one, schemas, [...at, ...path]);
    if (warning !== undefined) warnings.push(warning);
  });
  const plain = given === undefined ? undefined : (toPlain(node, readings) ?? (accepts(schema, undefined) ? undefined : {}));
  const parsed = schema.safeParse(plain, { reportInput: false });
  if (parsed.success) return { kind: "ok", value: parsed.data, warnings };
  return { kind: "bad", problems: findingsOf(parsed.error.issues, { schema, root: node, at, keyWhere }), warnings };
}

type Schemas = ReturnType<typeof schemasAt>;

function visit(node: TreeNode, path: Path, see: (node: TreeNode, path: Path) => void): void {
  see(node, path);
  if (node.kind === "list") node.items.forEach((item, index) => visit(item, [...path, index], see));
  if (node.kind === "map") for (const [key, { value }] of node.entries) visit(value, [...path, key], see);
}

function readingOf(node: TreeNode, path: Path, schemas: Schemas): Reading | undefined {
  if (schemas.length === 0) return undefined;
  if (node.text !== undefined && !(node.kind === "scalar" && typeof node.value === "string") && takesText(node, schemas)) return "text";
  const isNull = node.kind === "scalar" && node.value === null;
  // An item of a list has no default to fall back on.
  return isNull && typeof path.at(-1) !== "number" && !schemas.some((schema) => accepts(schema, null)) ? "absent" : undefined;
}

/** Whether the key is a string: it makes a string even of the typed value, or it refuses that and takes the text. */
function takesText(node: TreeNode, schemas: Schemas): boolean {
  const typed = toPlain(node);
  return schemas.some((schema) => {
    const made = z.safeParse(schema, typed);
    return made.success ? typeof made.data === "string" : accepts(schema, node.text);
  });
}

function accepts(schema: Schemas[number], value: unknown): boolean {
  return z.safeParse(schema, value).success;
}

function durationWarning(node: TreeNode, schemas: Schemas, path: Path): Finding | undefined {
  if (node.kind !== "scalar" || typeof node.value !== "number" || node.value === 0) return undefined;
  if (!schemas.some((schema) => kindOf(schema) === "duration")) return undefined;
  const { value } = node;
  return {
    message: `${pathText(path)} is ${value} NANOSECONDS: a duration without a unit counts those, as in the Collector`,
    cure: `Write ${value}s for seconds, or ${value}ms for milliseconds`,
    path: pathText(path),
    where: node.where,
  };
}
