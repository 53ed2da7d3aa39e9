/** FIRST and SECOND together are the functions that OTTL has in version 0.159, each once. */
import { describe, expect, it } from "vitest";
import { FIRST } from "../../../src/ottl/functions/first.ts";
import { SECOND } from "../../../src/ottl/functions/second.ts";
import { SPAN_FUNCTIONS } from "../../../src/ottl/functions/span.ts";

const EDITORS = `append delete_index delete_key delete_matching_keys flatten keep_keys keep_matching_keys limit merge_maps
  replace_all_matches replace_all_patterns replace_match replace_pattern set stringify_all truncate_all`;

const CONVERTERS = `All Any Base64Decode Base64Encode Bool Coalesce CommunityID Concat ContainsValue ConvertAttributesToElementsXML
  ConvertCase ConvertTextToElementsXML Day Decode Double Duration ExtractGrokPatterns ExtractPatterns Filter Find FNV Format
  FormatTime GetXML HasPrefix HasSuffix Hex Hour Hours Index InsertXML Int IsBool IsDouble IsEmpty IsInCIDR IsInt IsList IsMap
  IsMatch IsString IsValidLuhn Keys Len Log MapEach MapKeys MD5 Microseconds Milliseconds Minute Minutes Month Murmur3Hash
  Murmur3Hash128 Nanosecond Nanoseconds Now ParseCSV ParseInt ParseJSON ParseKeyValue ParseSeverity ParseSimplifiedXML ParseXML
  ProfileID Reduce RemoveXML Second Seconds SHA1 SHA256 SHA512 SliceToMap Sort SpanID Split String Substring Time ToCamelCase
  ToKeyValueString ToLowerCase ToSnakeCase ToUpperCase TraceID Trim TrimPrefix TrimSuffix TruncateTime Unix UnixMicro UnixMilli
  UnixNano UnixSeconds URL UserAgent UUID UUIDv7 Values Weekday When XXH128 XXH3 Year`;

const words = (text: string) => text.split(/\s+/).toSorted();

describe("OTTL's functions", () => {
  it("are all there, and each is in one list", () => {
    expect([...FIRST, ...SECOND].map(({ name }) => name).toSorted()).toEqual(words(`${EDITORS} ${CONVERTERS}`));
  });

  it("spans have one of their own", () => {
    expect(SPAN_FUNCTIONS.map(({ name }) => name)).toEqual(["IsRootSpan"]);
  });

  it("name each parameter once, optional ones behind the others", () => {
    for (const { name, parameters } of [...FIRST, ...SECOND, ...SPAN_FUNCTIONS]) {
      expect(new Set(parameters.map((one) => one.name)).size, name).toBe(parameters.length);
      const optional = parameters.map((one) => one.optional === true);
      expect(optional, name).toEqual(optional.toSorted((a, b) => Number(a) - Number(b)));
    }
  });
});
