/** Editors of all texts among attributes change those alone: keys that come twice and unknown fields stay, bit for bit. */
import { expect, it } from "vitest";
import { transform } from "../../../src/processors/transform.ts";
import { counting, field, join, number } from "../../harness/bytes.ts";
import { build } from "../support.ts";

const attribute = (key: string, value: Uint8Array, behind = new Uint8Array()) => field(9, field(1, key), field(2, value), behind);
const text = (value: string) => field(1, value);
const spanOf = (...attributes: readonly Uint8Array[]) =>
  field(1, field(2, field(2, field(1, counting(16)), field(2, counting(8)), field(5, "n"), join(...attributes))));

const UNKNOWN = number(1901, 7);
const before = spanOf(
  attribute("a", text("secret 1")),
  attribute("a", text("secret 2"), UNKNOWN),
  attribute("n", number(3, 17)),
  attribute("kept", text("plain"), UNKNOWN),
  attribute("none", new Uint8Array()),
);

it.each([
  ['replace_all_patterns(span.attributes, "value", "^secret ", "")', "1", "2"],
  ['replace_all_matches(span.attributes, "secret*", "s")', "s", "s"],
  ["truncate_all(span.attributes, 6)", "secret", "secret"],
])("%s", (statement, first, second) => {
  const { run } = build(transform, { trace_statements: [statement] }, "traces");
  const after = spanOf(
    attribute("a", text(first)),
    attribute("a", text(second)),
    attribute("n", number(3, 17)),
    attribute("kept", text("plain"), UNKNOWN),
    attribute("none", new Uint8Array()),
  );
  expect(Array.from(run(before).bytes)).toEqual(Array.from(after));
});
