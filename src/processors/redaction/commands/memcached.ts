/** Commands of memcached: a line, behind which the value stands, which goes. */
import { trimSpace } from "../../../ottl/functions/text/bytes.ts";

export function maskMemcached(text: string): string {
  const end = text.indexOf("\r\n");
  return trimSpace(end < 0 ? text : text.slice(0, end));
}
