/**
 * SQL with what may be a value made `?`: numbers, texts in single quotes or between dollars, `$1`, TRUE,
 * FALSE and NULL; in names each run of digits. All else stays, comments and white space too. It is a
 * tokenizer, no parser, so that what was cut off, or is no SQL at all, is masked as far as it goes.
 * Linear in the text, whatever it holds. A NUL character ends the text.
 *
 *   number    [+-]? digits . e   0x hex   0 octal
 *   text      '...' with \ before any character; MySQL: "..." too
 *   name      letter ...   "..." and "..."."..."; MySQL: `...`
 *   dollars   $tag$ ... $tag$; between $func$ there is SQL again
 */
import { trimSpace } from "../../../ottl/functions/text/bytes.ts";

const LITERALS = new Set(["TRUE", "FALSE", "NULL"]);
const FUNCTION_TAG = "$func$";

const OPERATORS = "+-*/=<>!&|^%~?@:#";
/** Punctuation and white space. */
const WORD_ENDS = "(),;.:[]{} \t\r\n";
const JSON_OPERATORS = new Set(["->", "#>", "#-", "?|", "?&", "<@", "@?", "@>"]);
const NAME_SIGNS = '".?$#/@!';

/** `mysql`: double quotes are for texts, backticks for names, and `#` begins a comment. */
export function maskSql(text: string, mysql = false): string {
  return new SqlMask(text, mysql).masked();
}

class SqlMask {
  readonly #text: string;
  readonly #mysql: boolean;
  #at = 0;
  #masked = "";
  /** Up to here the text is in `#masked`. */
  #done = 0;

  constructor(text: string, mysql: boolean) {
    this.#text = text;
    this.#mysql = mysql;
  }

  masked(): string {
    for (let point = this.#point(0); point !== 0; point = this.#point(0)) this.#token(point);
    return trimSpace(this.#masked + this.#text.slice(this.#done, this.#at));
  }

  #token(point: number): void {
    const sign = String.fromCodePoint(point);
    if (isLetter(point)) this.#word(point);
    else if (isDigit(point)) this.#number();
    else if (sign === "'" || (sign === '"' && this.#mysql)) this.#quotedText(point);
    else if (sign === '"' || (sign === "`" && this.#mysql)) this.#quotedName(sign);
    else if (sign === "-" && this.#sign(1) === "-") this.#lineComment();
    else if (sign === "#" && this.#mysql) this.#lineComment();
    else if (sign === "/" && this.#sign(1) === "*") this.#comment();
    else if ((sign === "+" || sign === "-") && isDigitOrDot(this.#point(1))) this.#decimal(this.#at++);
    else if (sign === "$") this.#dollar();
    else if (sign === "@" && (this.#sign(1) === "@" || isAlphanumeric(this.#point(1)))) this.#variable();
    else if (sign !== "*" && OPERATORS.includes(sign)) this.#operator(sign);
    else this.#at += sign.length;
  }

  /** A name, a keyword, or one of the three that are values. */
  #word(first: number): void {
    const start = this.#at;
    while (isAsciiLetter(this.#point(0))) this.#at++;
    if (this.#endsWord() && LITERALS.has(this.#text.slice(start, this.#at).toUpperCase())) return this.#mask(start);
    let digits = false;
    for (let point = this.#point(0); isNamePoint(point); point = this.#point(0)) {
      digits ||= isDigit(point);
      this.#at += point > 0xffff ? 2 : 1;
    }
    // A function's name keeps its digits.
    if (digits && (this.#sign(0) !== "(" || first > 0x7f)) this.#maskDigits(start);
  }

  #endsWord(): boolean {
    const point = this.#point(0);
    return point === 0 || (point < 0x80 && WORD_ENDS.includes(String.fromCharCode(point)));
  }

  #number(): void {
    const start = this.#at;
    const next = this.#sign(1);
    if (this.#sign(0) !== "0" || !(next === "x" || next === "X" || isOctal(this.#point(1)))) return this.#decimal(start);
    this.#at += 2;
    const belongs = isOctal(this.#text.charCodeAt(start + 1)) ? isOctal : isHex;
    while (belongs(this.#point(0))) this.#at++;
    this.#mask(start);
  }

  #decimal(start: number): void {
    for (let point = this.#point(0); isDigitOrDot(point) || isExponent(point); point = this.#point(0)) {
      this.#at++;
      if (isExponent(point) && (this.#sign(0) === "+" || this.#sign(0) === "-")) this.#at++;
    }
    this.#mask(start);
  }

  /** What does not end reaches to the end. */
  #quotedText(quote: number): void {
    const start = this.#at++;
    for (let point = this.#point(0); point !== 0; point = this.#point(0)) {
      this.#at++;
      if (point === quote) break;
      if (point === 0x5c && this.#point(0) !== 0) this.#at++;
    }
    this.#mask(start);
  }

  #quotedName(quote: string): void {
    const start = this.#at++;
    let digits = false;
    for (let point = this.#point(0); point !== 0; point = this.#point(0)) {
      this.#at++;
      digits ||= isDigit(point);
      if (point !== quote.charCodeAt(0)) continue;
      if (this.#sign(0) === "." && this.#sign(1) === quote) this.#at += 2;
      else {
        if (digits) this.#maskDigits(start);
        return;
      }
    }
  }

  #lineComment(): void {
    while (this.#point(0) !== 0 && this.#sign(0) !== "\n") this.#at++;
  }

  #comment(): void {
    this.#at += 2;
    while (this.#point(0) !== 0 && !(this.#sign(0) === "*" && this.#sign(1) === "/")) this.#at++;
    if (this.#point(0) !== 0) this.#at += 2;
  }

  #dollar(): void {
    const start = this.#at++;
    if (isDigit(this.#point(0))) {
      while (isDigit(this.#point(0))) this.#at++;
      return this.#mask(start);
    }
    const tagEnd = this.#text.indexOf("$", this.#at) + 1;
    const tag = this.#text.slice(start, tagEnd);
    const end = tagEnd === 0 ? -1 : this.#text.indexOf(tag, tagEnd);
    if (end < 0) {
      this.#at = this.#text.length;
      return;
    }
    this.#at = end + tag.length;
    if (tag === FUNCTION_TAG) this.#put(start, tag + maskSql(this.#text.slice(tagEnd, end), this.#mysql) + tag);
    else this.#mask(start);
  }

  /** `@name` and `@@name` stay as they are, digits and all. */
  #variable(): void {
    this.#at += this.#sign(1) === "@" ? 2 : 1;
    for (let point = this.#point(0); isAlphanumeric(point); point = this.#point(0)) {
      this.#at += point > 0xffff ? 2 : 1;
      if (point > 0x7f) break;
    }
  }

  /** Operators that stand side by side are one, so that no sign is taken for a number's; those of JSON end. */
  #operator(first: string): void {
    let last = first;
    this.#at++;
    const next = this.#sign(0);
    if (next !== "" && JSON_OPERATORS.has(first + next)) {
      this.#at++;
      if (first !== "@" && next === ">" && this.#sign(0) === ">") this.#at++;
      return;
    }
    for (let sign = next; sign !== "" && OPERATORS.includes(sign) && !(last === "=" && (sign === "?" || sign === "@")); sign = this.#sign(0)) {
      last = sign;
      this.#at++;
    }
  }

  #mask(start: number): void {
    this.#put(start, "?");
  }

  #maskDigits(start: number): void {
    this.#put(start, this.#text.slice(start, this.#at).replaceAll(/[0-9]+/g, "?"));
  }

  /** Writes `instead` for what stands between `start` and here. */
  #put(start: number, instead: string): void {
    this.#masked += this.#text.slice(this.#done, start) + instead;
    this.#done = this.#at;
  }

  /** The character so many units ahead; 0 behind the end. */
  #point(ahead: number): number {
    return this.#text.codePointAt(this.#at + ahead) ?? 0;
  }

  #sign(ahead: number): string {
    return this.#text.charAt(this.#at + ahead);
  }
}

function isDigit(point: number): boolean {
  return point >= 0x30 && point <= 0x39;
}

function isOctal(point: number): boolean {
  return point >= 0x30 && point <= 0x37;
}

function isHex(point: number): boolean {
  const lower = point | 0x20;
  return isDigit(point) || (lower >= 0x61 && lower <= 0x66);
}

function isDigitOrDot(point: number): boolean {
  return isDigit(point) || point === 0x2e;
}

function isExponent(point: number): boolean {
  return (point | 0x20) === 0x65;
}

/** Underscores are letters. */
function isAsciiLetter(point: number): boolean {
  const lower = point | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || point === 0x5f;
}

function isLetter(point: number): boolean {
  return isAsciiLetter(point) || (point > 0x7f && /^\p{L}$/u.test(String.fromCodePoint(point)));
}

function isAlphanumeric(point: number): boolean {
  return isLetter(point) || isDigit(point) || (point > 0x7f && /^\p{N}$/u.test(String.fromCodePoint(point)));
}

function isNamePoint(point: number): boolean {
  return isLetter(point) || isDigit(point) || (point > 0 && point < 0x80 && NAME_SIGNS.includes(String.fromCharCode(point)));
}
