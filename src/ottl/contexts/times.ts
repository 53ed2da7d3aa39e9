/** Two paths to one instant: `time_unix_nano` as int64 and `time` as time.Time. */
import { type NumberOf, time, whole } from "./fields.ts";
import type { Spot } from "./operand.ts";
import { type Entries, plain } from "./paths.ts";

export function timeEntries(spot: Spot, name: string, numberOf: NumberOf): Entries {
  return { [`${name}_unix_nano`]: plain(whole(spot, numberOf, "fixed64")), [name]: plain(time(spot, numberOf)) };
}
