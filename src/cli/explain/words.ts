/** Levels and reasons in words. */
import type { Signal } from "../../base/signal.ts";
import { type Apart, type ApartReason, type Level, levelName } from "../../pipeline/step.ts";

const PLURALS: Readonly<Record<string, string>> = { datapoint: "data points", spanevent: "span events", log: "log records" };

/** What a level's messages are together: `span events`. */
export function pluralOf(level: Level, signal: Signal): string {
  const name = levelName(level, signal);
  return PLURALS[name] ?? `${name}s`;
}

/** Why two steps are in two walks: a sentence without full stop. */
export function apartText({ reason, first, next, levels }: Apart, signal: Signal): string {
  const one = `${first.component} on ${pluralOf(first.level, signal)}`;
  const other = `${next.component} on ${pluralOf(next.level, signal)}`;
  const what = levels.map((level) => pluralOf(level, signal)).join(" and ");
  const sentences: Readonly<Record<ApartReason, string>> = {
    writes_above: `${one} writes to the ${what} above them: ${other} must see what all of them left`,
    replaces_metrics: `${one} puts other metrics in the place of metrics: ${other} must see those`,
    replaces_edited: `${other} replaces metrics whole, and with them what ${one} changes in them`,
    writes_below: `${one} sets ${what} whole: ${other} would be shown those that came`,
    changes_peers: `${other} looks at more than the one at hand, and ${one} changes what is beside it`,
    drops_unseen: `in one walk ${other} would come first, and drop what ${one} has to see`,
    acts_on_emptied: `in one walk ${other} would come first, on what ${one} has still to empty, too`,
    writes_unread: `in one walk ${other} would write ${what} that ${one} has still to read`,
    reads_unwritten: `in one walk ${other} would come first, and read ${what} that ${one} has still to change`,
    writes_both: `in one walk ${other} would come first, and write ${what} that ${one} writes, too`,
  };
  return sentences[reason];
}
