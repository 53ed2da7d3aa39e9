/**
 * What is different between two plain values, as small as it can be read: for a map, its keys with
 * their changes, null for a key that is gone; for a list of the same length, the changes by index; for
 * another, `{"cut": [from, count], "put": [...]}` between what both begin and end with; else the new
 * value itself under "=". `a/b` is the change of `b` in `a`, where nothing else in it differs. Two results are the same exactly when their changes are.
 */
export function change(before: unknown, after: unknown): unknown {
  if (same(before, after)) return undefined;
  if (Array.isArray(before) && Array.isArray(after)) return before.length === after.length ? changeByIndex(before, after) : splice(before, after);
  if (isMap(before) && isMap(after)) return changeByKey(before, after);
  return { "=": after };
}

function changeByKey(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): unknown {
  const made: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const one = key in after ? change(before[key], after[key]) : null;
    if (one !== undefined) put(made, key, one);
  }
  return made;
}

function changeByIndex(before: readonly unknown[], after: readonly unknown[]): unknown {
  const made: Record<string, unknown> = {};
  for (const [index, value] of after.entries()) {
    const one = change(before[index], value);
    if (one !== undefined) put(made, `#${index}`, one);
  }
  return made;
}

/** A change of one thing alone is joined to the key above it. */
function put(made: Record<string, unknown>, key: string, value: unknown): void {
  const [inner, ...others] = isMap(value) ? Object.keys(value) : [];
  const joins = inner !== undefined && others.length === 0 && isMap(value) && inner !== "=";
  made[joins ? `${key}/${inner}` : key] = joins ? value[inner] : value;
}

function splice(before: readonly unknown[], after: readonly unknown[]): unknown {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && same(before[start], after[start])) start++;
  let end = 0;
  while (end < shorter - start && same(before.at(-1 - end), after.at(-1 - end))) end++;
  return { cut: [start, before.length - start - end], put: after.slice(start, after.length - end) };
}

/** Whether their JSON is the same, the order of keys too. It looks no further than the first difference: this is asked at every level. */
function same(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((value, index) => same(value, other[index]));
  if (isMap(one) && isMap(other)) {
    const keys = Object.keys(one);
    const others = Object.keys(other);
    return keys.length === others.length && keys.every((key, index) => key === others[index] && same(one[key], other[key]));
  }
  return JSON.stringify(one) === JSON.stringify(other);
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
