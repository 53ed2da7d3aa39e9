/**
 * OTTL's tokens. The kinds and their order are the Collector's; a word is one token whatever its
 * case, and blanks are tab, newline, form feed, carriage return and space.
 */
import { type Extent, quote, refuse } from "./issue.ts";
import { unquote } from "./unquote.ts";

/** The longest statement, in UTF-16 units. */
export const STATEMENT_CHARS_MAX = 1 << 16;

export type TokenKind =
  | "bytes"
  | "float"
  | "int"
  | "string"
  | "nil"
  | "bool"
  | "not"
  | "or"
  | "and"
  | "compare"
  | "arrow"
  | "add"
  | "multiply"
  | "equal"
  /** One of `( ) { } [ ] : , .` */
  | "mark"
  /** Small letters, digits and underscores: a field, a context, a parameter, an editor. */
  | "lower"
  /** Capitals, digits and underscores: an enum, a converter. */
  | "upper"
  /** Of both cases, beginning small: an editor, a named argument. */
  | "camel"
  /** Of both cases, beginning with a capital: a converter. */
  | "pascal"
  | "blank"
  | "end";

export interface Token extends Extent {
  readonly kind: TokenKind;
  /** As written; of a string: what it says. */
  readonly text: string;
}

const KEYWORDS: Readonly<Record<string, TokenKind>> = { nil: "nil", not: "not", or: "or", and: "and", true: "bool", false: "bool" };

/** Sticky, tried in this order. None can backtrack further than its own length. */
const RULES: readonly (readonly [TokenKind, RegExp])[] = [
  ["bytes", /0x[a-fA-F0-9]+/y],
  ["float", /(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?/y],
  ["int", /\d+/y],
  ["compare", /==|!=|>=|<=|>|</y],
  ["arrow", /=>/y],
  ["add", /[-+]/y],
  ["multiply", /[*/]/y],
  ["equal", /=/y],
  ["mark", /[(){}[\]:,.]/y],
  ["lower", /[A-Za-z][A-Za-z0-9_]*/y],
  ["blank", /_(?![A-Za-z0-9_])/y],
];

const BLANKS = /[\t\n\f\r ]*/y;

/** The tokens, with an `end` behind the last. Refuses what is no token, and texts over the limit. */
export function tokensOf(text: string): Token[] {
  if (text.length > STATEMENT_CHARS_MAX) {
    const length = text.length - STATEMENT_CHARS_MAX;
    refuse(`The text is ${text.length} characters long, ${STATEMENT_CHARS_MAX} are the most`, { offset: STATEMENT_CHARS_MAX, length });
  }
  const tokens: Token[] = [];
  let at = skipBlanks(text, 0);
  while (at < text.length) {
    const token = text[at] === '"' ? stringAt(text, at) : tokenAt(text, at);
    tokens.push(token);
    at = skipBlanks(text, at + token.length);
  }
  tokens.push({ kind: "end", text: "", offset: text.length, length: 0 });
  return tokens;
}

function skipBlanks(text: string, at: number): number {
  BLANKS.lastIndex = at;
  BLANKS.exec(text);
  return BLANKS.lastIndex;
}

function tokenAt(text: string, offset: number): Token {
  for (const [kind, rule] of RULES) {
    rule.lastIndex = offset;
    const found = rule.exec(text)?.[0];
    if (found !== undefined) return { kind: kind === "lower" ? wordKind(found) : kind, text: found, offset, length: found.length };
  }
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  const shown = /[\p{C}\p{Z}]/u.test(character) ? `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}` : quote(character);
  return refuse(`Unexpected character ${shown}`, { offset, length: character.length }, cureOf(character));
}

function wordKind(word: string): TokenKind {
  const small = word.charAt(0) >= "a";
  if (small) return /[A-Z]/.test(word) ? "camel" : Object.hasOwn(KEYWORDS, word) ? (KEYWORDS[word] ?? "lower") : "lower";
  return /[a-z]/.test(word) ? "pascal" : "upper";
}

function cureOf(character: string): string | undefined {
  if (character === "'" || character === "`" || character === "\u201c" || character === "\u201d") return 'Strings stand in double quotes: "text"';
  if (character === "!") return 'Write "not" or "!="';
  if (character === "&") return 'Write "and"';
  if (character === "|") return 'Write "or"';
  return undefined;
}

function stringAt(text: string, offset: number): Token {
  let end = offset + 1;
  while (end < text.length && text[end] !== '"') {
    // A dot of the Collector's rule: everything but a newline may follow a backslash.
    if (text[end] === "\\" && text[end + 1] === "\n") break;
    end += text[end] === "\\" ? 2 : 1;
  }
  if (text[end] !== '"') refuse("A string does not end", { offset, length: 1 }, 'Close it with ", and write " within it as \\"');
  return { kind: "string", text: unquote(text.slice(offset + 1, end), offset + 1), offset, length: end + 1 - offset };
}
