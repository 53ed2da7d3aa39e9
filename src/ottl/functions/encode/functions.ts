/** Base64Encode, Base64Decode, Decode, Hex. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { StatementError, typeName } from "../../value.ts";
import { fromBytes, toBytes, toHex } from "../text/bytes.ts";
import { decodeBase64, encodeBase64, isBase64Form } from "./base64.ts";
import { charsetOf } from "./charset.ts";

export const ENCODING_FUNCTIONS: readonly OttlFunction[] = [
  define(
    "Base64Encode",
    [
      { name: "target", kind: "string_getter" },
      { name: "variant", kind: "string_getter", optional: true },
    ],
    ({ target, variant }) =>
      (subject) => {
        const text = target(subject);
        const form = variant?.(subject) ?? "base64";
        if (!isBase64Form(form)) throw new StatementError(`Cannot encode as "${form}": it is no form of base64`);
        return encodeBase64(toBytes(text), form);
      },
  ),
  define(
    "Base64Decode",
    [{ name: "target", kind: "string_getter" }],
    ({ target }) =>
      (subject) =>
        fromBytes(decodeBase64(target(subject), "base64")),
  ),
  define(
    "Decode",
    [
      { name: "target", kind: "getter" },
      { name: "encoding", kind: "string_getter" },
    ],
    ({ target, encoding }) => {
      const fixed = encoding.constant === undefined ? undefined : decoderOf(encoding.constant.value);
      if (typeof fixed === "string") throw new BuildError(`Cannot decode "${encoding.constant?.value}": ${fixed}`);
      return (subject) => {
        const value = target.get(subject);
        const decode = fixed ?? decoderAt(encoding(subject));
        if (typeof value !== "string" && !(value instanceof Uint8Array))
          throw new StatementError(`Cannot decode a value of type ${typeName(value)}: it is neither text nor bytes`);
        return decode(value);
      };
    },
  ),
  define(
    "Hex",
    [{ name: "target", kind: "bytes_like" }],
    ({ target }) =>
      (subject) =>
        toHex(target(subject) ?? new Uint8Array(0)),
  ),
];

type Decoder = (value: string | Uint8Array) => string;

function decoderAt(name: string): Decoder {
  const found = decoderOf(name);
  if (typeof found === "string") throw new StatementError(`Cannot decode "${name}": ${found}`);
  return found;
}

/** What decodes, or why nothing does. */
function decoderOf(name: string): Decoder | string {
  if (isBase64Form(name)) return (value) => fromBytes(decodeBase64(typeof value === "string" ? value : fromBytes(value), name));
  const charset = charsetOf(name);
  return typeof charset === "string" ? charset : (value) => charset(typeof value === "string" ? toBytes(value) : value);
}
