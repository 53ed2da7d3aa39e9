/**
 * YAML text to a tree with places. YAML 1.2 with the merge key `<<`, as the Collector reads it.
 * Damage becomes findings with a place and a cure, never an exception.
 */
import { type Document, isAlias, isMap, isNode, isScalar, isSeq, parseDocument, Scalar as YamlScalar, type YAMLError, type YAMLMap } from "yaml";
import { messageOf } from "../base/errors.ts";
import type { Finding, Where } from "./plan.ts";
import type { SourceText } from "./source.ts";
import type { Entry, Scalar, TreeNode } from "./tree.ts";

/** Nodes of one document with its aliases resolved: a few lines of aliases can stand for billions. */
const NODES_MAX = 200_000;
const DEPTH_MAX = 200;

export interface Parsed {
  /** Undefined when the text is damaged. */
  readonly root: TreeNode | undefined;
  readonly problems: readonly Finding[];
}

/** Reads one document. `text` may differ from `source.text` as long as offsets agree. */
export function parseYaml(source: SourceText, text: string = source.text): Parsed {
  let document: Document.Parsed;
  try {
    document = parseDocument(text, { prettyErrors: false, intAsBigInt: true, uniqueKeys: true, logLevel: "error", strict: true });
  } catch (error) {
    // The parser recurses: nesting of thousands of levels ends its stack.
    const message = `Cannot read YAML: ${error instanceof RangeError ? "it is nested too deeply" : messageOf(error)}`;
    return { root: undefined, problems: [{ message, cure: "Make the nesting flatter", where: source.whereAt(0) }] };
  }
  if (document.errors.length > 0) return { root: undefined, problems: causesIn(document.errors).map((error) => findingOf(error, source)) };
  const reader = new Reader(document, source);
  const root = reader.read(document.contents, 0);
  return reader.problems.length > 0 ? { root: undefined, problems: reader.problems } : { root, problems: [] };
}

class Reader {
  readonly problems: Finding[] = [];
  readonly #document: Document.Parsed;
  readonly #source: SourceText;
  #nodes = 0;

  constructor(document: Document.Parsed, source: SourceText) {
    this.#document = document;
    this.#source = source;
  }

  read(node: unknown, depth: number): TreeNode {
    const where = this.#whereOf(node);
    if (this.#exceeds(depth, where)) return { kind: "scalar", value: null, where };
    if (isAlias(node)) {
      const target = node.resolve(this.#document);
      if (target === undefined) this.problems.push({ message: `Cannot read YAML: ${ALIAS[0]}`, cure: ALIAS[1], where });
      return this.read(target, depth + 1);
    }
    if (isMap(node)) return { kind: "map", entries: this.#entries(node, depth), where };
    if (isSeq(node)) return { kind: "list", items: node.items.map((item) => this.read(item, depth + 1)), where };
    if (!isScalar(node)) return { kind: "scalar", value: null, where };
    const value = scalarOf(node);
    return typeof value === "string" ? { kind: "scalar", value, where, inside: insideOf(node, value, this.#source) } : { kind: "scalar", value, where };
  }

  #whereOf(node: unknown): Where {
    return this.#source.whereAt(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  }

  #entries(map: YAMLMap, depth: number): Map<string, Entry> {
    const entries = new Map<string, Entry>();
    const merged: [string, Entry][] = [];
    for (const { key, value } of map.items) {
      const keyWhere = this.#whereOf(key);
      if (!isScalar(key)) {
        this.problems.push({ message: "Cannot read YAML: a key is a map or a list", cure: "Quote the key if it is meant as text", where: keyWhere });
      } else if (key.value === "<<" && key.type === YamlScalar.PLAIN) {
        merged.push(...this.#merged(this.read(value, depth + 1), keyWhere));
      } else {
        // The text as written for numbers and booleans (`1.10:` is "1.10"), the content for strings.
        const name = typeof key.value === "string" ? key.value : (key.source ?? "");
        // `key:` with nothing behind it points at the key.
        const empty = value === null || (isScalar(value) && value.value === null);
        const read = this.read(value, depth + 1);
        entries.set(name, { keyWhere, value: empty ? { ...read, where: keyWhere } : read });
      }
    }
    for (const [name, entry] of merged) if (!entries.has(name)) entries.set(name, entry);
    return entries;
  }

  /** Keys from `<<`: of a map, or of several, the first of which wins. */
  #merged(node: TreeNode, where: Where): [string, Entry][] {
    if (node.kind === "map") return [...node.entries];
    if (node.kind === "list" && node.items.every((item) => item.kind === "map")) return node.items.flatMap((item) => this.#merged(item, where));
    this.problems.push({ message: 'Cannot read YAML: "<<" takes a map, or a list of maps', cure: "Name an anchor of a map: <<: *name", where });
    return [];
  }

  #exceeds(depth: number, where: Where): boolean {
    this.#nodes++;
    if (depth <= DEPTH_MAX && this.#nodes <= NODES_MAX) return false;
    if (this.problems.length === 0) {
      const limit = depth > DEPTH_MAX ? `nested more than ${DEPTH_MAX} levels deep` : `more than ${NODES_MAX} values, aliases counted each time`;
      this.problems.push({ message: `Cannot read YAML: ${limit}`, cure: "Write less of it", where });
    }
    return true;
  }
}

/**
 * The text's characters are looked for in its source one after the other: what lies between them is
 * quotes, escapes, indentation and folded lines. Done when something is wrong in the text, only then.
 */
function insideOf(node: YamlScalar, value: string, source: SourceText): ((index: number) => Where) | undefined {
  const { range, type } = node;
  if (range === null || range === undefined) return undefined;
  const [start, end] = range;
  const isBlock = type === YamlScalar.BLOCK_LITERAL || type === YamlScalar.BLOCK_FOLDED;
  return (index) => {
    // A block begins behind its head, a quoted text behind its quote.
    let at = isBlock ? source.text.indexOf("\n", start) + 1 : start + (type === YamlScalar.PLAIN ? 0 : 1);
    for (let done = 0; at < end; done++) {
      const wanted = value[done];
      if (type === YamlScalar.QUOTE_DOUBLE && source.text[at] === "\\") {
        if (done >= index) break;
        at += 2;
        continue;
      }
      if (wanted !== undefined) while (at < end && !stands(wanted, source.text[at] ?? "")) at++;
      if (done >= index) break;
      at++;
    }
    return source.whereAt(Math.min(at, end));
  };
}

function stands(wanted: string, written: string): boolean {
  return wanted === written || (/\s/.test(wanted) && /\s/.test(written));
}

function scalarOf(node: YamlScalar): Scalar {
  const { value } = node;
  const integer = node.type === YamlScalar.PLAIN ? goInteger(node.source ?? "") : undefined;
  if (integer !== undefined) return safe(integer);
  switch (typeof value) {
    case "string":
    case "number":
    case "boolean":
      return value;
    case "bigint":
      return safe(value);
    default:
      return null;
  }
}

/** Forms of integers that YAML 1.2 has not and the Collector's parser has: `0750` octal, `0b11`, `1_000`. */
function goInteger(text: string): bigint | undefined {
  const match = /^([-+]?)(?:0(?<octal>[0-7_]+)|(?<prefixed>0[bBxXoO][\da-fA-F_]+)|(?<decimal>[1-9][\d_]*_[\d_]*))$/.exec(text);
  const { octal, prefixed, decimal } = match?.groups ?? {};
  const digits = octal === undefined ? (prefixed ?? decimal) : `0o${octal}`;
  if (digits === undefined) return undefined;
  try {
    const magnitude = BigInt(digits.replaceAll("_", "").toLowerCase());
    return match?.[1] === "-" ? -magnitude : magnitude;
  } catch {
    // Digits that its base has not, such as 0b12: text, after all.
    return undefined;
  }
}

function safe(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const ALIAS = ["an alias names no anchor", "Define the anchor, &name, above its first use, or quote the text if it begins with * by intent"] as const;

/** By yaml's error code: what is wrong and what to do. Codes that are not here say it in yaml's words. */
const KNOWN: Readonly<Record<string, readonly [state: string, cure: string]>> = {
  DUPLICATE_KEY: ["this key occurs twice in the same map", "Remove one of the two, or give the component a name of its own: type/name"],
  TAB_AS_INDENT: ["a tab is used as indentation", "Indent with spaces"],
  BAD_INDENT: ["the indentation does not fit the lines above", "Indent the keys of one map by the same number of spaces"],
  MULTIPLE_DOCS: ["a second document begins", 'Keep one document in a file, without a second "---"'],
  BLOCK_AS_IMPLICIT_KEY: ["a map begins where a value ends", 'Begin it on a line of its own, or quote the value if it is text with ": " in it'],
  MISSING_CHAR: ["a character is missing", "Close the quotes and brackets, and write a space behind the colon of a key"],
  BAD_ALIAS: ALIAS,
};

/** In order, up to the first character that stands where none may: of what is behind it nothing is known. */
function causesIn(errors: readonly YAMLError[]): YAMLError[] {
  const sorted = errors.toSorted((one, other) => one.pos[0] - other.pos[0]);
  const lost = sorted.findIndex(({ code }) => code === "UNEXPECTED_TOKEN");
  return lost < 0 ? sorted : sorted.slice(0, lost + 1);
}

function findingOf(error: YAMLError, source: SourceText): Finding {
  const [start] = error.pos;
  const isReference = error.code === "UNEXPECTED_TOKEN" && source.text.startsWith("${", start - 1);
  const general = isReference
    ? 'Put the reference in quotes, between braces and brackets: "${env:NAME}"'
    : "Correct the YAML here; quote text that holds one of : # [ ] { } * & ! | > % @";
  const [state, cure] = KNOWN[error.code] ?? [lowerFirst(error.message), general];
  return { message: `Cannot read YAML: ${state}`, cure, where: source.whereAt(start) };
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
