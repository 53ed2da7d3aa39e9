/**
 * A URL's path with what is no word in it made a star, as `/users/*`, so that ids do not pass. A segment
 * is kept whose characters are letters, `-`, `_`, `.` and spaces (and any second one, as in `v1`), and
 * which reads like words. What stands behind `?`, `&` or `#` goes, and so does what is behind the tenth
 * slash. Linear in the text.
 */
import { looksLikeWords } from "./words.ts";

const SEGMENTS_MAX = 10;
const STAR = "*";

export function maskUrl(text: string): string {
  let masked = "";
  let start = 0;
  let segments = 0;
  let opaque = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === 0x3f || unit === 0x26 || unit === 0x23) return masked + (opaque ? STAR : text.slice(start, at));
    if (unit === 0x2f) {
      masked += opaque ? STAR : wordsOrStar(text.slice(start, at));
      if (++segments === SEGMENTS_MAX) return masked;
      masked += "/";
      start = at + 1;
      opaque = false;
    } else if (!isWordUnit(unit) && (at !== start + 1 || unit >= 0x80)) opaque = true;
  }
  return masked + (opaque ? STAR : wordsOrStar(text.slice(start)));
}

function wordsOrStar(segment: string): string {
  return looksLikeWords(segment) ? segment : STAR;
}

function isWordUnit(unit: number): boolean {
  const lower = unit | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || unit === 0x2d || unit === 0x5f || unit === 0x2e || unit === 0x20;
}
