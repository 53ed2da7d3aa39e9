/** set_semconv_span_name: the name that the semantic conventions give a span, by its kind and attributes. */
import { decodeAnyValue } from "../../otlp/any-value.ts";
import type { Attributes } from "../../otlp/attributes.ts";
import type { RuleMemory } from "../../otlp/engine.ts";
import { putAttribute, sharedStaging } from "../../otlp/staging.ts";
import { SPAN_KIND, SPAN_NAME } from "../../otlp/tables.ts";
import { textAt } from "../../otlp/text.ts";
import { BuildError, define, type OttlFunction } from "../../ottl/contract.ts";
import { semconvSpanName } from "./semconv-span-name.ts";

/** Versions of the conventions that give the same names. */
const MINOR_MIN = 37;
const MINOR_MAX = 43;
const VERSION = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

const encoder = new TextEncoder();

/** `set_semconv_span_name(semconv_version, Optional[original_span_name_attribute])`: a name that changes is kept in the attribute. */
const setSemconvSpanName = define(
  "set_semconv_span_name",
  [
    { name: "semconv_version", kind: "string" },
    { name: "original_span_name_attribute", kind: "string", optional: true },
  ],
  ({ semconv_version: version, original_span_name_attribute: attribute }, { engine }) => {
    checkVersion(version);
    if (attribute === "") throw new BuildError("Cannot keep the original name: its attribute has no name");
    const key = attribute === undefined ? undefined : engine.text(attribute);
    const lookUp = reader(engine);
    const staging = sharedStaging(engine);
    return {
      reads: ["item"],
      writes: ["item"],
      run: ({ cursor: { item, bytes } }) => {
        const old = textAt(bytes, Math.max(0, item.field(SPAN_NAME)), Math.max(0, item.fieldEnd(SPAN_NAME)));
        const name = semconvSpanName(item.varint(SPAN_KIND), (wanted) => lookUp(item.attributes, wanted)) ?? old;
        if (name === old) return null;
        item.setContent(SPAN_NAME, encoder.encode(name));
        if (key === undefined) return null;
        putAttribute(item.attributes, key, old, staging);
        return null;
      },
    };
  },
);

function checkVersion(text: string): void {
  const [, major, minor = "0", patch = "0", prerelease] = VERSION.exec(text) ?? [];
  if (major === undefined) throw new BuildError(`Cannot use version "${text}" of the semantic conventions: it is no version`, 'Write it as "1.37.0"');
  const between = Number(minor) >= MINOR_MIN && Number(minor) <= MINOR_MAX;
  const tooEarly = Number(minor) === MINOR_MIN && Number(patch) === 0 && prerelease !== undefined;
  const tooLate = Number(minor) === MINOR_MAX && Number(patch) > 0;
  if (Number(major) === 1 && between && !tooEarly && !tooLate) return;
  throw new BuildError(`Cannot use version "${text}" of the semantic conventions: it is not known`, `Use one from 1.${MINOR_MIN}.0 to 1.${MINOR_MAX}.0`);
}

/** Reads an attribute by its name; each name becomes a constant when it is first asked for. */
function reader(engine: RuleMemory) {
  const keys = new Map<string, ReturnType<RuleMemory["text"]>>();
  return (attributes: Attributes, name: string) => {
    let key = keys.get(name);
    if (key === undefined) {
      key = engine.text(name);
      keys.set(name, key);
    }
    const entry = attributes.find(key);
    return entry < 0 ? undefined : decodeAnyValue(attributes.bytes, attributes.valueStart(entry), attributes.valueEnd(entry));
  };
}

/** Functions that the transform processor has for spans, beside OTTL's own. */
export const TRANSFORM_SPAN_FUNCTIONS: readonly OttlFunction[] = [setSemconvSpanName];
