/** Functions of text, patterns, parsing, XML, time, hashing and encoding. */
import type { OttlFunction } from "../contract.ts";
import { ENCODING_FUNCTIONS } from "./encode/functions.ts";
import { extractGrokPatterns } from "./grok/functions.ts";
import { HASH_FUNCTIONS } from "./hash/functions.ts";
import { ID_FUNCTIONS } from "./ids.ts";
import { parseCsv } from "./parse/csv.ts";
import { parseInt } from "./parse/int.ts";
import { parseJson } from "./parse/json.ts";
import { parseKeyValue } from "./parse/key-value.ts";
import { parseSeverity } from "./parse/severity.ts";
import { url } from "./parse/url.ts";
import { CASE_FUNCTIONS } from "./text/case.ts";
import { format } from "./text/format.ts";
import { extractPatterns, isMatch } from "./text/match.ts";
import { REPLACE_FUNCTIONS } from "./text/replace.ts";
import { STRING_FUNCTIONS } from "./text/strings.ts";
import { truncateAll } from "./text/truncate.ts";
import { TIME_FUNCTIONS } from "./time/functions.ts";
import { userAgent } from "./text/user-agent.ts";
import { XML_FUNCTIONS } from "./xml/functions.ts";

export const FIRST: readonly OttlFunction[] = [
  ...CASE_FUNCTIONS,
  ...STRING_FUNCTIONS,
  format,
  isMatch,
  extractPatterns,
  extractGrokPatterns,
  ...REPLACE_FUNCTIONS,
  truncateAll,
  ...ENCODING_FUNCTIONS,
  ...HASH_FUNCTIONS,
  ...ID_FUNCTIONS,
  ...TIME_FUNCTIONS,
  parseCsv,
  parseInt,
  parseJson,
  parseKeyValue,
  parseSeverity,
  url,
  userAgent,
  ...XML_FUNCTIONS,
];
