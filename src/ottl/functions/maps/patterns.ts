/** Patterns given to functions: a literal is read when configured, a computed one when its text changes. */
import { parsePattern, type Pattern } from "../../../pattern/pattern.ts";
import { BuildError, type Get, type Getter } from "../../contract.ts";
import { StatementError } from "../../value.ts";

export function patternOf(getter: Getter<string>): Get<Pattern> {
  if (getter.constant !== undefined) {
    const pattern = parsePattern(getter.constant.value);
    if (typeof pattern === "string") throw new BuildError(`Cannot use the pattern: it ${pattern}`);
    return () => pattern;
  }
  let last: { readonly text: string; readonly pattern: Pattern } | undefined;
  return (subject) => {
    const text = getter(subject);
    if (last?.text === text) return last.pattern;
    const pattern = parsePattern(text);
    if (typeof pattern === "string") throw new StatementError(`Cannot use the pattern: it ${pattern}`);
    last = { text, pattern };
    return pattern;
  };
}
