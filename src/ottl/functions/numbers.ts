/** Functions of numbers. The operators are the compiler's. */
import { doubleText } from "../../base/go-numbers.ts";
import { define } from "../contract.ts";
import { StatementError } from "../value.ts";

/** `Log(target)`: the natural logarithm. Text and bools are numbers as for `Double`; nil, zero and less are an error. */
export const log = define("Log", [{ name: "target", kind: "float_like" }], ({ target }) => (subject) => {
  const value = target(subject);
  if (value === null) throw new StatementError("Cannot take the logarithm of nil");
  if (value <= 0) throw new StatementError(`Cannot take the logarithm of ${doubleText(value)}: it must be greater than 0`);
  return Math.log(value);
});
