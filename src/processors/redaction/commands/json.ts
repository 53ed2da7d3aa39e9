/**
 * JSON (RFC 8259), as MongoDB, OpenSearch and Elasticsearch have their queries, with every value that is
 * no object and no list made `"?"`. Keys stay as they are written; the white space between goes, but for
 * that behind the whole. What is no JSON, or nests deeper than 10,000 levels, stays as it is. Linear in
 * the text, and nothing of it on the stack.
 */
const DEPTH_MAX = 10_000;
const LITERALS = ["true", "false", "null"] as const;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

export function maskJson(text: string): string {
  return new JsonMask(text).masked() ?? text;
}

class JsonMask {
  readonly #text: string;
  /** What closes the objects and lists that are open, innermost last. */
  readonly #open: ("}" | "]")[] = [];
  #at = 0;
  #masked = "";

  constructor(text: string) {
    this.#text = text;
  }

  /** undefined when it is no JSON. */
  masked(): string | undefined {
    this.#skipSpace();
    do {
      if (!this.#value() || !this.#close()) return undefined;
    } while (this.#open.length > 0);
    const end = this.#at;
    this.#skipSpace();
    return this.#at === this.#text.length ? this.#masked + this.#text.slice(end) : undefined;
  }

  /** A value, up to the first in it that is no object and no list, or is one that is empty. */
  #value(): boolean {
    for (;;) {
      const sign = this.#text[this.#at];
      if (sign !== "{" && sign !== "[") return this.#scalar();
      if (this.#open.length === DEPTH_MAX) return false;
      const closing = sign === "{" ? "}" : "]";
      this.#open.push(closing);
      this.#take();
      if (this.#text[this.#at] === closing) return true;
      if (closing === "}" && !this.#key()) return false;
    }
  }

  /** What ends here, and what leads to the next value. */
  #close(): boolean {
    for (;;) {
      const closing = this.#open.at(-1);
      if (closing === undefined) return true;
      this.#skipSpace();
      const sign = this.#text[this.#at];
      if (sign === closing) {
        this.#open.pop();
        this.#masked += closing;
        this.#at++;
        continue;
      }
      if (sign !== ",") return false;
      this.#take();
      return closing === "]" || this.#key();
    }
  }

  #key(): boolean {
    const start = this.#at;
    if (!this.#string()) return false;
    this.#masked += this.#text.slice(start, this.#at);
    this.#skipSpace();
    if (this.#text[this.#at] !== ":") return false;
    this.#take();
    return true;
  }

  #scalar(): boolean {
    if (!this.#string() && !this.#literal()) return false;
    this.#masked += '"?"';
    return true;
  }

  #literal(): boolean {
    NUMBER.lastIndex = this.#at;
    if (NUMBER.test(this.#text)) {
      this.#at = NUMBER.lastIndex;
      return true;
    }
    const literal = LITERALS.find((one) => this.#text.startsWith(one, this.#at));
    this.#at += literal?.length ?? 0;
    return literal !== undefined;
  }

  #string(): boolean {
    if (this.#text[this.#at] !== '"') return false;
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const sign = this.#text.charAt(this.#at);
      if (sign < " ") return false;
      if (sign === "\\" && !this.#escape()) return false;
      if (sign !== '"') continue;
      this.#at++;
      return true;
    }
    return false;
  }

  /** Leaves the last character of the escape to whoever goes on. */
  #escape(): boolean {
    this.#at++;
    if (this.#text[this.#at] !== "u") return this.#at < this.#text.length && '"\\/bfnrt'.includes(this.#text.charAt(this.#at));
    this.#at += 4;
    return /^[0-9a-fA-F]{4}$/.test(this.#text.slice(this.#at - 3, this.#at + 1));
  }

  /** Takes one character over, and the white space behind it away. */
  #take(): void {
    this.#masked += this.#text.charAt(this.#at++);
    this.#skipSpace();
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && " \t\r\n".includes(this.#text.charAt(this.#at))) this.#at++;
  }
}
