/**
 * Looking into zod schemas: what stands at a path, which keys it has. The parser itself says only
 * what is wrong; what would be right is here.
 */
import * as z from "zod";
import type { Path } from "./tree.ts";

type Schema = z.core.$ZodType;

/** Sections this deep below the place of an unknown key are searched for it. */
const SEARCH_DEPTH_MAX = 4;

/** The schemas that a value at `path` may be parsed by: several where there is a union, none where nothing may stand. */
export function schemasAt(root: Schema, path: Path): Schema[] {
  let schemas = [root];
  for (const step of path) schemas = schemas.flatMap((schema) => children(schema, step));
  return schemas;
}

/** The named keys that any of `schemas` has. */
export function keysOf(schemas: readonly Schema[]): string[] {
  return schemas.flatMap((schema) => unwrap(schema)).flatMap((inner) => (inner instanceof z.ZodObject ? Object.keys(inner._zod.def.shape) : []));
}

/** Where below `schema` a key of this name exists: the path of its section, the nearest one to the top. */
export function findKey(schema: Schema, key: string): string[] | undefined {
  let level: { readonly path: string[]; readonly schema: Schema }[] = [{ path: [], schema }];
  for (let depth = 0; depth < SEARCH_DEPTH_MAX; depth++) {
    const found = level.find((one) => keysOf([one.schema]).includes(key));
    if (found !== undefined) return found.path;
    level = level.flatMap((one) =>
      keysOf([one.schema]).flatMap((name) => children(one.schema, name).map((child) => ({ path: [...one.path, name], schema: child }))),
    );
  }
  return undefined;
}

/** A value of `sluiceKind` in the schema's metadata, or in that of one it wraps. */
export function kindOf(schema: Schema): string | undefined {
  for (const inner of unwrap(schema)) {
    const kind = z.globalRegistry.get(inner)?.["sluiceKind"];
    if (typeof kind === "string") return kind;
  }
  return undefined;
}

function children(schema: Schema, step: string | number): Schema[] {
  return unwrap(schema).flatMap((inner) => {
    if (inner instanceof z.ZodRecord) return [inner._zod.def.valueType];
    if (inner instanceof z.ZodArray) return [inner._zod.def.element];
    if (!(inner instanceof z.ZodObject)) return [];
    const { shape, catchall } = inner._zod.def;
    const own = Object.hasOwn(shape, step) ? shape[step] : catchall;
    // A strict object's catchall is `never`: nothing may stand there.
    return own === undefined || own instanceof z.ZodNever ? [] : [own];
  });
}

/** The schema and all that it wraps, by way of its input: all options of a union, what a default is for. */
function unwrap(schema: Schema): Schema[] {
  return [schema, ...wrapped(schema).flatMap((inner) => unwrap(inner))];
}

function wrapped(schema: Schema): readonly Schema[] {
  for (const Wrapper of WRAPPERS) if (schema instanceof Wrapper) return [schema._zod.def.innerType];
  if (schema instanceof z.ZodPipe) return [schema._zod.def.in instanceof z.ZodTransform ? schema._zod.def.out : schema._zod.def.in];
  if (schema instanceof z.ZodUnion) return schema._zod.def.options;
  if (schema instanceof z.ZodIntersection) return [schema._zod.def.left, schema._zod.def.right];
  return schema instanceof z.ZodLazy ? [schema._zod.def.getter()] : [];
}

const WRAPPERS = [z.ZodOptional, z.ZodNullable, z.ZodDefault, z.ZodPrefault, z.ZodNonOptional, z.ZodReadonly, z.ZodCatch] as const;
