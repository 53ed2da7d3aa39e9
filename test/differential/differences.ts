/**
 * Where Sluice's answer is not the Collector's, on purpose. What Sluice answers there is kept in
 * recorded/differences.json, and one that does not differ any more fails the suite. docs/differences.md
 * is made from this file.
 */
export interface Difference {
  /** The cases' ids. `*` at the end stands for any rest. */
  readonly cases: readonly string[];
  readonly collector: string;
  readonly sluice: string;
  readonly reason: string;
}

const KEPT = "Nothing that came in is lost unless a rule says so.";

export const DIFFERENCES: readonly Difference[] = [
  {
    cases: ["metrics_transform: aggregate labels, mean", "metrics_transform: aggregate labels, min", "metrics_transform: aggregate labels, median"],
    collector: "`metrics_transform` loses a metric's metadata where it aggregates",
    sluice: "kept",
    reason: KEPT,
  },
  {
    cases: ["metrics_transform: group"],
    collector: "`metrics_transform` loses schema URLs where it groups",
    sluice: "kept",
    reason: KEPT,
  },
  {
    cases: ["cumulative_to_delta, late and twice: late"],
    collector: "`cumulative_to_delta` lets a point that comes late take the place of the newer one: the next delta counts the time between again",
    sluice: "a late point is dropped and counted, and changes nothing",
    reason: "A total is converted once.",
  },
  {
    cases: [
      "groupbyattrs, traces: by one key",
      "groupbyattrs, traces: by a key of the resource",
      "groupbyattrs, traces: by none",
      "groupbyattrs, metrics: by one key",
      "groupbyattrs, metrics: by two keys",
      "groupbyattrs, metrics: by none",
    ],
    collector: "`groupbyattrs` loses schema URLs and the counts of dropped attributes",
    sluice: "kept; items of resources with different ones stay apart",
    reason: KEPT,
  },
  {
    cases: [
      'replace_pattern: replace_pattern(log.attributes["text"], "World", "x", SHA256)',
      'replace_pattern: replace_pattern(log.attributes["text"], "(World)", "$1", SHA256, "hash:%s")',
      'replace_pattern: replace_pattern(log.attributes["text"], "World", "x", SHA256, replacement_format = "%d")',
      'replace_all_patterns: replace_all_patterns(log.attributes, "value", "Hello", "x", SHA256)',
      'replace_all_patterns: replace_all_patterns(log.attributes, "key", "text", "t", SHA256, "k.%s")',
      'replace_match: replace_match(log.attributes["text"], "Hello*", "x", SHA256)',
      'replace_match: replace_match(log.attributes["text"], "Hello*", "x", SHA256, "h:%s")',
      'replace_all_matches: replace_all_matches(log.attributes, "Hello*", "x", SHA256, "h:%s")',
    ],
    collector: "takes a converter's bare name, as `SHA256`, for an enum where it has to find the context, and refuses it",
    sluice: "accepted, as with a context",
    reason: "The same statement means the same with and without a context.",
  },
  {
    cases: [
      'paths of instrumentation_scope: set(scope.attributes["r"], instrumentation_scope.name)',
      'paths of instrumentation_scope: set(scope.attributes["r"], instrumentation_scope.attributes["lib"])',
      "transform: explicit context instrumentation_scope",
    ],
    collector: "refuses `instrumentation_scope` as the name of a context",
    sluice: "the older name of `scope`",
    reason: "The Collector's own documents have it.",
  },
  {
    cases: [
      'paths of span: set(span.attributes["r"], span.attributes)',
      'paths of spanevent: set(spanevent.attributes["r"], spanevent.attributes)',
      'paths of scope: set(scope.attributes["r"], scope.attributes)',
      'paths of resource: set(resource.attributes["r"], resource.attributes)',
      'paths of log: set(log.attributes["r"], log.attributes)',
      'paths of datapoint: set(datapoint.attributes["r"], datapoint.attributes)',
      'paths of datapoint: set(datapoint.attributes["r"], datapoint.bucket_counts)',
      'paths of datapoint: set(datapoint.attributes["r"], datapoint.positive.bucket_counts)',
      'paths of datapoint: set(datapoint.attributes["r"], datapoint.negative.bucket_counts)',
      'paths of exemplar: set(exemplar.filtered_attributes["r"], exemplar.filtered_attributes)',
      'set: set(log.attributes["new"], log.attributes)',
    ],
    collector: "copies the new, still empty entry into itself where a map is set below itself; lists of numbers (`bucket_counts`) become empty values",
    sluice: "the map as it was; the list",
    reason: "What is set is what was read.",
  },
  {
    cases: ['append: append(log.attributes["new"], log.attributes["texts"])'],
    collector: "`append` of a list from a path fails",
    sluice: "the list becomes one item",
    reason: "As a list that is written out.",
  },
  {
    cases: ['indexing: log.attributes["list"][1 + 1]'],
    collector: "refuses arithmetic in a key",
    sluice: "computed",
    reason: "Any int will do.",
  },
  {
    cases: [
      'ExtractPatterns: ExtractPatterns(log.attributes["text"], "(H)")',
      'ExtractPatterns: ExtractPatterns(log.attributes["text"], "(?P<x>.)(?P<x>.)")',
      'ParseSeverity: ParseSeverity(log.attributes["int"], {"info":[{"equals":[42]}]})',
      'ParseSeverity: ParseSeverity("inf", {"info":["inf"]})',
      'ParseSeverity: ParseSeverity("inf", {"info":"inf"})',
      'ParseSeverity: ParseSeverity(1, {"info":[{"range":{"min":5}}]})',
    ],
    collector: "accepts arguments that are written out and can never work, and fails on each item",
    sluice: "a configuration error",
    reason: "What cannot work is said at the start.",
  },
  {
    cases: [
      'aggregate_on_attribute_value: aggregate_on_attribute_value("sum", "method", ["GET", "POST"], "ANY")',
      'aggregate_on_attribute_value: aggregate_on_attribute_value("max", "queue", ["a", "b"], "all")',
      'aggregate_on_attribute_value: aggregate_on_attribute_value("sum", "none", ["a"], "all")',
      'aggregate_on_attribute_value: aggregate_on_attribute_value("mean", "host", ["h1", "h2"], "any")',
    ],
    collector: "`aggregate_on_attribute_value` empties summaries",
    sluice: "an error of the statement: summaries stay as they are",
    reason: KEPT,
  },
  {
    cases: ["sanitizers, slips: url", "sanitizers, slips: redis"],
    collector: "`redaction`'s sanitizers judge what is left of a URL's tenth segment again, and lose a command of Redis behind a line of spaces",
    sluice: "one star; the command is masked as any other",
    reason: "What must not pass does not, and nothing else is lost.",
  },
  {
    cases: [
      'UserAgent: UserAgent("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36")',
      'UserAgent: UserAgent("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_1) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.1 Safari/605.1.15")',
      'UserAgent: UserAgent("Mozilla/5.0 (X11; Linux x86_64; rv:109.0) Gecko/20100101 Firefox/119.0")',
      'UserAgent: UserAgent("curl/8.4.0")',
      'UserAgent: UserAgent("")',
      'UserAgent: UserAgent("something/1.0")',
      'UserAgent: UserAgent(log.attributes["int"])',
    ],
    collector: "`UserAgent` knows a thousand clients by uap-core's list",
    sluice: "a configuration error",
    reason:
      "The newest list on npm gives other answers than the Collector's, and each text that was not seen before takes milliseconds (decisions/018). Patterns of one's own serve (ottl.md).",
  },
  {
    cases: ["filter, forms for metrics: oldest: expr"],
    collector: "`filter` takes `match_type: expr`, a language of its own",
    sluice: "a configuration error: conditions of OTTL say the same",
    reason: "The Collector has put it out of use.",
  },
  {
    cases: ['paths of spanevent: set(spanevent.attributes["r"], spanevent.event_index)', "paths across contexts: spanevent to span"],
    collector: "a span event's own index and its span's fields are no values that an attribute takes",
    sluice: "an index and a name are values",
    reason: "What is read can be set.",
  },
];

/** A difference that no recorded case shows: it is at the door, in the answer to the sender, or has no end. */
export type Decision = Omit<Difference, "cases">;

export const DECISIONS: readonly Decision[] = [
  {
    collector: "`error_mode: propagate` on a statement that fails answers 503, so that the sender tries again for ever",
    sluice: "refused for good, and counted",
    reason: "The same request fails in the same way each time.",
  },
  {
    collector: "`copy_metric` without a guard copies its own copies until memory ends",
    sluice: "ends: a statement does not visit the copies that it made",
    reason: "Everything has a limit.",
  },
  {
    collector: "a function given by name that takes no text (`replace_pattern(..., Len)`) is accepted, and panics on the first match",
    sluice: "a configuration error",
    reason: "What cannot work is said at the start.",
  },
  {
    collector: "`db_sanitizer` masks attributes by MySQL's syntax once it has seen a span's name of MySQL, in some of its threads",
    sluice: "attributes are masked by the syntax that databases share; names by their own",
    reason: "The same request gives the same answer.",
  },
  {
    collector: "`otelcol.client.addr` has a port where the request came by gRPC; `otelcol.grpc.metadata` is there also when the receiver keeps no headers",
    sluice: "the address alone, by every door; metadata with `include_metadata: true`",
    reason: "A batch carries the headers that it is told to carry.",
  },
  {
    collector: "`routing` runs statements other than `route()`, such as `delete_key`, and passes on resources and scopes without any item",
    sluice: "a configuration error; parents without items go nowhere",
    reason: "What is to be changed is changed by `transform`.",
  },
  {
    collector: "`routing` by data points loses a metric's metadata, and whole metrics that have data, but no data point in it",
    sluice: "metadata is kept; such metrics take the way that is left for those without data",
    reason: KEPT,
  },
  {
    collector: "`log_dedup` loses the schema URLs of what it counts",
    sluice: "kept: those that came first",
    reason: KEPT,
  },
  {
    collector: "`count` refuses a request in which a metric has no data",
    sluice: "such a metric has no points to count",
    reason: "One bad item harms no neighbour.",
  },
  {
    collector: "`Format` writes addresses in memory for `%p`, and for lists and maps of attributes",
    sluice: "`%!p(...)`; what is in a list, as of one that is written out; a map as JSON",
    reason: "An address says nothing.",
  },
  {
    collector: "`Format` takes widths and precisions up to a million",
    sluice: "up to 1,000; more is a configuration error, and from a value (`*`) an error of the statement",
    reason: "Everything has a limit.",
  },
  {
    collector: "lambdas are behind the gate `ottl.functions.enableLambda` (the recordings have it on)",
    sluice: "always on",
    reason: "A configuration that uses none is not touched by them.",
  },
  {
    collector: "unknown fields are dropped, unknown groups refused",
    sluice: "kept, bit for bit",
    reason: KEPT,
  },
  {
    collector: "an id of a wrong length is 400 for the whole request; a span without ids is forwarded",
    sluice: "the span is cut, and reported as a partial success",
    reason: "One bad span harms no neighbour.",
  },
  {
    collector: "`hash_seed` drops spans that arrive with a threshold or randomness, and counts them as sampled out",
    sluice: "the same answer, counted under its own reason",
    reason: "Nothing vanishes uncounted.",
  },
];

/** The difference that is listed for a case. */
export function differenceOf(id: string): Difference | undefined {
  return DIFFERENCES.find(({ cases }) => cases.some((one) => (one.endsWith("*") ? id.startsWith(one.slice(0, -1)) : one === id)));
}
