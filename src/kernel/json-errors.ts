/** What `readJson` of the kernel answers when it cannot convert OTLP/JSON: its codes, in words. */

export const JSON_SYNTAX = -1;
export const JSON_TRUNCATED = -2;
export const JSON_DEPTH = -3;
export const JSON_NUMBER = -4;
export const JSON_HEX = -5;
export const JSON_BASE64 = -6;
export const JSON_ENUM = -7;
export const JSON_TYPE = -8;
export const JSON_TEXT = -9;
export const JSON_TRAILING = -10;
/** Not the text's fault: try again with more room. */
export const JSON_FULL = -99;

/** Code to what is wrong, as the end of a sentence: "Cannot read the JSON request: ...". */
export const JSON_ERRORS: Readonly<Record<number, string>> = {
  [JSON_SYNTAX]: "the text is not JSON here",
  [JSON_TRUNCATED]: "the text ends too early",
  [JSON_DEPTH]: "nested deeper than 64 values, or 128 levels in all",
  [JSON_NUMBER]: "not a number that the field can hold exactly",
  [JSON_HEX]: "an id is not an even number of hexadecimal digits",
  [JSON_BASE64]: "bytes are not base64",
  [JSON_ENUM]: "no such name in the enum",
  [JSON_TYPE]: "the field takes another type of value",
  [JSON_TEXT]: "a string has a bad escape or a raw control character",
  [JSON_TRAILING]: "something follows the request",
  [JSON_FULL]: "the output has no room",
};
