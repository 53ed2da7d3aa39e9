/** Arithmetic as Go does it: ints wrap around at 64 bits and divide towards zero, an int and a double give a double. */
import type { MathOperator } from "../syntax/ast.ts";
import { Duration, StatementError, Time, typeName, type Value } from "../value.ts";

const DURATION_MIN = -(2n ** 63n);
const DURATION_MAX = 2n ** 63n - 1n;

/** Throws StatementError for types that do not go together, and for a division by zero. */
export function compute(x: Value, operator: MathOperator, y: Value): Value {
  if (typeof x === "bigint" && typeof y === "bigint") return wholes(x, operator, y);
  if (typeof x === "bigint" || typeof x === "number") {
    if (typeof y !== "bigint" && typeof y !== "number") mismatch(x, operator, y);
    return doubles(Number(x), operator, Number(y));
  }
  if (x instanceof Time) return withTime(x, operator, y);
  if (x instanceof Duration) return withDuration(x, operator, y);
  return mismatch(x, operator, y);
}

export function negate(value: Value): Value {
  if (typeof value === "bigint") return BigInt.asIntN(64, -value);
  if (typeof value === "number") return -value;
  throw new StatementError(`Cannot negate a value of type ${typeName(value)}`);
}

function wholes(x: bigint, operator: MathOperator, y: bigint): bigint {
  switch (operator) {
    case "+":
      return BigInt.asIntN(64, x + y);
    case "-":
      return BigInt.asIntN(64, x - y);
    case "*":
      return BigInt.asIntN(64, x * y);
    default:
      if (y === 0n) throw new StatementError("Cannot divide by zero");
      return BigInt.asIntN(64, x / y);
  }
}

function doubles(x: number, operator: MathOperator, y: number): number {
  switch (operator) {
    case "+":
      return x + y;
    case "-":
      return x - y;
    case "*":
      return x * y;
    default:
      if (y === 0) throw new StatementError("Cannot divide by zero");
      return x / y;
  }
}

/** The difference of two times is cut to what a duration holds. */
function withTime(x: Time, operator: MathOperator, y: Value): Value {
  if (y instanceof Duration && operator === "+") return new Time(x.unixNano + y.nanos, x.zone);
  if (y instanceof Duration && operator === "-") return new Time(x.unixNano - y.nanos, x.zone);
  if (y instanceof Time && operator === "-") {
    const nanos = x.unixNano - y.unixNano;
    return new Duration(nanos < DURATION_MIN ? DURATION_MIN : nanos > DURATION_MAX ? DURATION_MAX : nanos);
  }
  return mismatch(x, operator, y);
}

function withDuration(x: Duration, operator: MathOperator, y: Value): Value {
  if (y instanceof Duration && operator === "+") return new Duration(BigInt.asIntN(64, x.nanos + y.nanos));
  if (y instanceof Duration && operator === "-") return new Duration(BigInt.asIntN(64, x.nanos - y.nanos));
  if (y instanceof Time && operator === "+") return new Time(y.unixNano + x.nanos, y.zone);
  return mismatch(x, operator, y);
}

function mismatch(x: Value, operator: MathOperator, y: Value): never {
  throw new StatementError(`Cannot compute ${typeName(x)} ${operator} ${typeName(y)}`);
}
