/**
 * A pattern that a function is given: read once when it is a literal, where it must be sound, or else
 * for each item, with the last ones remembered. Limit: `REMEMBERED_MAX` of them.
 */
import { parsePattern, type Pattern } from "../../../pattern/pattern.ts";
import { BuildError, type Get, type Getter } from "../../contract.ts";
import { StatementError } from "../../value.ts";

const REMEMBERED_MAX = 64;

/** `read` gives what the pattern is compiled to, or why there is nothing, as words behind "the pattern". */
export function dynamic<T extends object>(name: string, getter: Getter<string>, read: (text: string) => T | string): Get<T> {
  if (getter.constant !== undefined) {
    const fixed = read(getter.constant.value);
    if (typeof fixed === "string") throw new BuildError(`Cannot use ${JSON.stringify(getter.constant.value)} in ${name}: the pattern ${fixed}`);
    return () => fixed;
  }
  const remembered = new Map<string, T>();
  return (subject) => {
    const text = getter(subject);
    const known = remembered.get(text);
    if (known !== undefined) return known;
    const made = read(text);
    if (typeof made === "string") throw new StatementError(`Cannot use ${JSON.stringify(text.slice(0, 64))} in ${name}: the pattern ${made}`);
    if (remembered.size >= REMEMBERED_MAX) remembered.clear();
    remembered.set(text, made);
    return made;
  };
}

export function dynamicPattern(name: string, getter: Getter<string>): Get<Pattern> {
  return dynamic(name, getter, parsePattern);
}
