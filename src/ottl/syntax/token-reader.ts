/** A walk along the tokens of a text, with what is said when the next one is not what is expected. */
import { type Extent, quote, refuse } from "./issue.ts";
import { type Token, type TokenKind, tokensOf } from "./lexer.ts";

const NOTHING: Token = { kind: "end", text: "", offset: 0, length: 0 };

export class TokenReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  /** Whether a name and an opening parenthesis come next. */
  isCall(): boolean {
    const { kind } = this.peek();
    return (kind === "lower" || kind === "camel" || kind === "upper" || kind === "pascal") && this.isMark("(", 1);
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)] ?? NOTHING;
  }

  /** Steps over a token; never over the end. */
  next(): Token {
    const token = this.peek();
    if (token.kind !== "end") this.#at++;
    return token;
  }

  /** Steps over a token of this kind, if it is one. */
  take(kind: TokenKind): boolean {
    if (this.peek().kind !== kind) return false;
    this.#at++;
    return true;
  }

  /** Marks are `( ) { } [ ] : , .` */
  isMark(mark: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "mark" && token.text === mark;
  }

  takeMark(mark: string): boolean {
    if (!this.isMark(mark)) return false;
    this.#at++;
    return true;
  }

  expectMark(mark: string, expected: string): void {
    if (this.takeMark(mark)) return;
    this.unexpected(expected);
  }

  unexpected(expected: string, cure?: string): never {
    const token = this.peek();
    const found = token.kind === "end" ? "the end" : token.kind === "string" ? `the string ${quote(token.text)}` : quote(token.text);
    return refuse(`Expected ${expected}, found ${found}`, token, cure);
  }

  /** From a token or node to behind the token that was read last. */
  since({ offset }: Extent): Extent {
    const last = this.#tokens[this.#at - 1] ?? NOTHING;
    return { offset, length: last.offset + last.length - offset };
  }
}
