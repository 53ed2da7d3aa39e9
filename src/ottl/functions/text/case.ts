/** ConvertCase, ToLowerCase, ToUpperCase, ToCamelCase, ToSnakeCase. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { isAscii, trimSpace } from "./bytes.ts";

const CASES: Readonly<Record<string, (text: string) => string>> = { lower: toLower, upper: toUpper, snake: toSnake, camel: toCamel };
const TARGET = [{ name: "target", kind: "string_getter" }] as const;

export const CASE_FUNCTIONS: readonly OttlFunction[] = [
  define("ConvertCase", [...TARGET, { name: "to_case", kind: "string" }], ({ target, to_case: toCase }) => {
    const convert = Object.hasOwn(CASES, toCase) ? CASES[toCase] : undefined;
    if (convert === undefined) throw new BuildError(`Cannot convert to case "${toCase}": it is not known`, `Use one of ${Object.keys(CASES).join(", ")}`);
    return (subject) => convert(target(subject));
  }),
  define(
    "ToLowerCase",
    TARGET,
    ({ target }) =>
      (subject) =>
        toLower(target(subject)),
  ),
  define(
    "ToUpperCase",
    TARGET,
    ({ target }) =>
      (subject) =>
        toUpper(target(subject)),
  ),
  define(
    "ToSnakeCase",
    TARGET,
    ({ target }) =>
      (subject) =>
        toSnake(target(subject)),
  ),
  define(
    "ToCamelCase",
    TARGET,
    ({ target }) =>
      (subject) =>
        toCamel(target(subject)),
  ),
];

/** Lower case, character by character and one for one: no final sigma, no character becomes two. */
export function toLower(text: string): string {
  if (isAscii(text)) return text.toLowerCase();
  return mapped(text, (char) => (char === "\u0130" ? "i" : char.toLowerCase()));
}

/** Upper case, one for one: a sharp s stays. */
export function toUpper(text: string): string {
  if (isAscii(text)) return text.toUpperCase();
  return mapped(text, (char) => SIMPLE_UPPER.get(char) ?? char.toUpperCase());
}

function mapped(text: string, map: (char: string) => string): string {
  let result = "";
  for (const char of text) {
    const other = map(char);
    result += isOneCharacter(other) ? other : char;
  }
  return result;
}

function isOneCharacter(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}

/** Greek letters with iota below: JavaScript knows their upper case as two letters only. */
const SIMPLE_UPPER: ReadonlyMap<string, string> = new Map(
  [0x1f80, 0x1f90, 0x1fa0]
    .flatMap((first) => Array.from({ length: 8 }, (_, index) => first + index))
    .map((code): [number, number] => [code, code + 8])
    .concat([
      [0x1fb3, 0x1fbc],
      [0x1fc3, 0x1fcc],
      [0x1ff3, 0x1ffc],
    ])
    .map(([low, high]) => [String.fromCharCode(low), String.fromCharCode(high)]),
);

const isUpper = (char: string): boolean => char >= "A" && char <= "Z" && char.length === 1;
const isLower = (char: string): boolean => char >= "a" && char <= "z" && char.length === 1;
const isDigit = (char: string): boolean => char >= "0" && char <= "9" && char.length === 1;
const isJoint = (char: string): boolean => char === "_" || char === " " || char === "-" || char === ".";

/**
 * `some_name-here` and `SomeName` become `SomeNameHere` and `SomeName`. A letter behind a joint
 * (`_ - . ` and blank) or a digit is raised, a capital behind a capital lowered; what is neither an
 * ASCII letter nor a digit is left out.
 */
function toCamel(text: string): string {
  let result = "";
  let raise = true;
  let afterCapital = false;
  for (const char of trimSpace(text)) {
    const capital = isUpper(char);
    if (capital || isLower(char)) {
      result += raise ? char.toUpperCase() : capital && afterCapital ? char.toLowerCase() : char;
      raise = false;
    } else if (isDigit(char)) {
      result += char;
      raise = true;
    } else {
      raise = isJoint(char);
    }
    afterCapital = capital;
  }
  return result;
}

/** `someName`, `JSONData` and `a-b` become `some_name`, `json_data` and `a_b`; letters and digits are parted too. */
function toSnake(text: string): string {
  const trimmed = trimSpace(text);
  let result = "";
  for (let i = 0; i < trimmed.length; i++) {
    const char = trimmed.charAt(i);
    const next = trimmed.charAt(i + 1);
    const low = isUpper(char) ? char.toLowerCase() : char;
    if (isUpper(char) && isLower(next)) {
      // The last capital of an acronym begins the next word.
      result += (i > 0 && isUpper(trimmed.charAt(i - 1)) ? "_" : "") + low;
    } else if (partsBehind(char, next)) {
      result += `${low}_`;
    } else {
      result += isJoint(char) ? "_" : low;
    }
  }
  return result;
}

/** Whether a word ends between these two. */
function partsBehind(char: string, next: string): boolean {
  if (isLower(char)) return isUpper(next) || isDigit(next);
  if (isUpper(char)) return isDigit(next);
  return isDigit(char) && (isUpper(next) || isLower(next));
}
