/** What the functions share that read one format of logs: an empty text is an error, and so is one that is not of the format. */
import { define, type Parameter } from "../../../ottl/contract.ts";
import { StatementError, type Value } from "../../../ottl/value.ts";

export type Parsed = ReadonlyMap<string, Value>;

export const TARGET = { name: "target", kind: "string_getter" } as const satisfies Parameter;

export function given(text: string, format: string): string {
  if (text === "") throw new StatementError(`Cannot read ${format}: the text is empty`);
  return text;
}

/** A function of the text alone. */
export function parser(name: string, format: string, parse: (text: string) => Parsed) {
  return define(
    name,
    [TARGET],
    ({ target }) =>
      (subject) =>
        parse(given(target(subject), format)),
  );
}
