/** A text in quotes as Go writes it: escapes for what cannot be seen, and for all but ASCII when asked. */
const ESCAPES: Readonly<Record<string, string>> = {
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
};

export function quote(text: string, asciiOnly = false, mark = '"'): string {
  let quoted = mark;
  for (const char of text) quoted += char === mark ? `\\${mark}` : escaped(char, asciiOnly);
  return quoted + mark;
}

function escaped(char: string, asciiOnly: boolean): string {
  const known = Object.hasOwn(ESCAPES, char) ? ESCAPES[char] : undefined;
  if (known !== undefined) return known;
  const code = char.codePointAt(0) ?? 0;
  if (code < 0x80) return isPrintable(char) ? char : `\\x${hex(code, 2)}`;
  if (!asciiOnly && isPrintable(char)) return char;
  return code < 0x10000 ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

/** Whether Unicode calls the one character a letter, mark, number, punctuation or symbol, or it is a blank. */
export function isPrintable(char: string): boolean {
  return char === " " || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(char);
}

function hex(code: number, size: number): string {
  return code.toString(16).padStart(size, "0");
}
