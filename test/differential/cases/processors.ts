/** redaction, span, groupbyattrs, metrics_transform, cumulative_to_delta, delta_to_rate, probabilistic_sampler, and several in one pipeline. */
import { cases, type Case, filter, inAnyOrder, type Processors, transform } from "../case.ts";
import { SERIES_NAMES } from "../payloads/series.ts";

const each = (type: string, made: Readonly<Record<string, string>>): Readonly<Record<string, Processors>> =>
  Object.fromEntries(Object.entries(made).map(([id, settings]) => [id, { [type]: settings }]));

const REDACTION = {
  defaults: "{}",
  "allowed keys": "allowed_keys: [http.method, user, code, method]",
  "allowed keys, debug": "allowed_keys: [http.method, user, code, method]\nsummary: debug",
  "allowed keys, info": "allowed_keys: [http.method, user, code, method]\nsummary: info",
  "allowed keys, silent": "allowed_keys: [http.method, user, code, method]\nsummary: silent",
  "unknown summary": "allowed_keys: [user]\nsummary: loud",
  "blocked values": "allow_all_keys: true\nblocked_values: ['4[0-9]{12}(?:[0-9]{3})?', 'secret', 'ann']\nsummary: debug",
  "blocked and allowed values": "allow_all_keys: true\nblocked_values: ['@shop', 'GET']\nallowed_values: ['ann@shop.example']\nsummary: debug",
  "blocked keys": "allow_all_keys: true\nblocked_key_patterns: ['^user', 'http\\.(url|method)', method]\nsummary: debug",
  "ignored keys": "ignored_keys: [http.method, user]\nblocked_values: [GET, ann]\nsummary: debug",
  "ignored key patterns": "ignored_key_patterns: ['^http\\.', '^u']\nsummary: info",
  "all types": "allow_all_keys: true\nredact_all_types: true\nblocked_values: ['^200$$', '^0.25$$', '^true$$', 'a']\nsummary: debug",
  md5: "allow_all_keys: true\nblocked_values: [GET, secret]\nhash_function: md5",
  sha1: "allow_all_keys: true\nblocked_values: [GET, secret]\nhash_function: sha1",
  sha3: "allow_all_keys: true\nblocked_key_patterns: [user]\nhash_function: sha3",
  "hmac-sha256": "allow_all_keys: true\nblocked_values: [GET, secret]\nhash_function: hmac-sha256\nhmac_key: a-key-of-thirty-two-bytes-or-more",
  "hmac-sha512":
    "allow_all_keys: true\nblocked_key_patterns: [user]\nhash_function: hmac-sha512\nhmac_key: a-key-of-thirty-two-bytes-or-more-a-key-of-thirty-two-bytes-or-more",
  "hmac without a key": "allow_all_keys: true\nhash_function: hmac-sha256",
  "unknown hash": "allow_all_keys: true\nhash_function: crc",
  "bad pattern": "blocked_values: ['(']",
  "url sanitizer": "allow_all_keys: true\nurl_sanitizer: {enabled: true, attributes: [http.url, http.route]}\nsummary: debug",
  "url sanitizer, not span names": "allow_all_keys: true\nurl_sanitizer: {enabled: true, attributes: [http.url], sanitize_span_name: false}",
  "db sanitizer": "allow_all_keys: true\ndb_sanitizer: {sql: {enabled: true, attributes: [db.statement]}}\nsummary: debug",
};

const SPAN = {
  "name from attributes": "name: {from_attributes: [http.method, http.route], separator: ' '}",
  "name from attributes of all kinds": "name: {from_attributes: [http.status_code, ratio, sampled], separator: '|'}",
  "name from a list": "name: {from_attributes: [tags], separator: '-'}",
  "name from attributes, not all there": "name: {from_attributes: [http.method, none], separator: '-'}",
  "no separator": "name: {from_attributes: [http.method, http.route]}",
  "to attributes": "name: {to_attributes: {rules: ['^GET /user/(?P<user>.*)$$', '^op::(?P<service>.*)::(?P<op>.*)$$']}}",
  "to attributes, keep": "name: {to_attributes: {rules: ['^GET /user/(?P<user>.*)$$'], keep_original_name: true}}",
  "to attributes, two rules": "name: {to_attributes: {rules: ['(?P<verb>[A-Z]+) ', '/user/(?P<id>[0-9]+)']}}",
  "to attributes, break": "name: {to_attributes: {rules: ['(?P<verb>[A-Z]+) ', '/user/(?P<id>[0-9]+)'], break_after_match: true}}",
  "status error": "status: {code: Error, description: bad}",
  "status ok": "status: {code: Ok}",
  "status unset": "status: {code: Unset}",
  "status unknown": "status: {code: Fine}",
  "ok with a description": "status: {code: Ok, description: x}",
  include: "include: {match_type: strict, services: [shop]}\nname: {from_attributes: [http.method]}",
  exclude: "exclude: {match_type: regexp, span_names: ['^GET']}\nstatus: {code: Error}",
  "nothing to do": "{}",
  "bad rule": "name: {to_attributes: {rules: ['(']}}",
  "rule without groups": "name: {to_attributes: {rules: ['GET']}}",
};

const GROUP = {
  "by one key": "keys: [user]",
  "by two keys": "keys: [user, code]",
  "by a key of the resource": "keys: [env]",
  "by none": "keys: []",
  default: "{}",
  "by a key that is not there": "keys: [none]",
  "twice the same key": "keys: [user, user]",
  "empty key": "keys: ['']",
};

const TRANSFORMS = {
  rename: "include: http.requests\n    action: update\n    new_name: requests",
  "rename by pattern": "include: ^http\\.(.*)$$\n    match_type: regexp\n    action: update\n    new_name: web.$${1}.x",
  "rename by name": "include: ^(?P<first>[a-z]+)\\.requests$$\n    match_type: regexp\n    action: update\n    new_name: $${first}",
  insert: "include: http.requests\n    action: insert\n    new_name: copy",
  "insert where labels match": "include: http.requests\n    action: insert\n    new_name: gets\n    experimental_match_labels: {method: GET}",
  "insert where labels match by pattern":
    "include: ^http\n    match_type: regexp\n    action: insert\n    new_name: posts\n    experimental_match_labels: {method: ^P}",
  "add label": "include: http.requests\n    action: update\n    operations:\n      - {action: add_label, new_label: version, new_value: v1}",
  "add label with the version": "include: http.requests\n    action: update\n    operations:\n      - {action: add_label, new_label: method, new_value: over}",
  "update label": "include: http.requests\n    action: update\n    operations:\n      - {action: update_label, label: method, new_label: verb}",
  "update values":
    "include: http.requests\n    action: update\n    operations:\n      - {action: update_label, label: method, value_actions: [{value: GET, new_value: get}, {value: POST, new_value: post}]}",
  "delete value": "include: http.requests\n    action: update\n    operations:\n      - {action: delete_label_value, label: method, label_value: GET}",
  "toggle type": "include: '.*'\n    match_type: regexp\n    action: update\n    operations:\n      - {action: toggle_scalar_data_type}",
  scale: "include: '.*'\n    match_type: regexp\n    action: update\n    operations:\n      - {action: experimental_scale_value, experimental_scale: 10}",
  "scale by a fraction":
    "include: '.*'\n    match_type: regexp\n    action: update\n    operations:\n      - {action: experimental_scale_value, experimental_scale: 0.1}",
  "aggregate labels":
    "include: http.requests\n    action: update\n    operations:\n      - {action: aggregate_labels, label_set: [code], aggregation_type: sum}",
  "aggregate labels, mean":
    "include: queue.size\n    action: update\n    operations:\n      - {action: aggregate_labels, label_set: [queue], aggregation_type: mean}",
  "aggregate labels, min": "include: queue.size\n    action: update\n    operations:\n      - {action: aggregate_labels, label_set: [], aggregation_type: min}",
  "aggregate labels, median":
    "include: queue.size\n    action: update\n    operations:\n      - {action: aggregate_labels, label_set: [], aggregation_type: median}",
  "aggregate labels of histograms":
    "include: http.duration\n    action: update\n    operations:\n      - {action: aggregate_labels, label_set: [code], aggregation_type: sum}",
  "aggregate values":
    "include: http.requests\n    action: update\n    operations:\n      - {action: aggregate_label_values, label: method, aggregated_values: [GET, POST], new_value: ANY, aggregation_type: sum}",
  combine:
    "include: ^(?P<kind>http|bytes)\\.(?P<what>requests|sent)$$\n    match_type: regexp\n    action: combine\n    new_name: combined\n    submatch_case: upper\n    aggregation_type: sum",
  "combine of one unit": "include: ^(?P<kind>rpc|gc)\\.\n    match_type: regexp\n    action: combine\n    new_name: combined",
  group: "include: ^http\n    match_type: regexp\n    action: group\n    group_resource_labels: {resource.type: web, source: test}",
  "no action": "include: http.requests",
  "no include": "action: update",
  "unknown action": "include: x\n    action: replace",
  "insert without a name": "include: x\n    action: insert",
  "bad pattern": "include: (\n    match_type: regexp\n    action: update",
};

const DELTA = {
  all: "{}",
  include: "include: {match_type: strict, metrics: [total.int]}",
  "exclude by pattern": "exclude: {match_type: regexp, metrics: [^spread, double$$]}",
  "by type": "include: {metric_types: [histogram]}",
  "initial value keep": "initial_value: keep",
  "initial value drop": "initial_value: drop",
  "initial value auto": "initial_value: auto",
  "unknown initial value": "initial_value: x",
  "unknown type": "include: {metric_types: [x]}",
  staleness: "max_staleness: 1h",
};

const RATE = { one: "metrics: [delta.int]", two: "metrics: [delta.int, delta.double]", others: "metrics: [total.int, gauge, spread]", none: "{}" };

const SAMPLER = {
  half: "sampling_percentage: 50",
  "a tenth, other seed": "sampling_percentage: 10\nhash_seed: 22",
  all: "sampling_percentage: 100",
  none: "sampling_percentage: 0",
  default: "{}",
  over: "sampling_percentage: 120",
  negative: "sampling_percentage: -1",
};

const MIXED: Readonly<Record<string, Processors>> = {
  "attributes, transform, filter, resource, sampler": {
    attributes: "actions:\n  - {key: http.url, action: delete}\n  - {key: added, value: 1, action: insert}",
    transform: transform("traces", ['set(span.attributes["seen"], span.attributes["added"] + 1)', 'set(span.attributes["url"], span.attributes["http.url"])']),
    filter: filter("traces", ['span.attributes["http.status_code"] == 500']),
    resource: "attributes:\n  - {key: cluster, value: c1, action: upsert}",
    probabilistic_sampler: "sampling_percentage: 60",
  },
  "transform writes what filter reads": {
    transform: transform("traces", ['set(span.attributes["drop"], true) where span.kind == 3']),
    filter: filter("traces", ['span.attributes["drop"] == true']),
  },
  "filter before and behind": {
    filter: filter("traces", ['span.name == "internal"']),
    transform: transform("traces", ['set(span.name, "internal") where span.kind == 4']),
    "filter/2": filter("traces", ['span.name == "internal"']),
  },
  "resource written by spans, read by spans": {
    transform: transform(
      "traces",
      ['set(resource.attributes["n"], resource.attributes["n"] + 1)', 'set(span.attributes["n"], resource.attributes["n"])'],
      "ignore",
    ),
    "transform/2": transform("traces", ['set(span.attributes["final"], resource.attributes["n"])']),
  },
  "events dropped, then counted": {
    filter: filter("traces", ['spanevent.name == "start"']),
    transform: transform("traces", ['set(span.attributes["events"], Len(span.events))'], "ignore"),
  },
  "span renamed, then attributes by name": {
    span: "name: {from_attributes: [http.method], separator: x}",
    attributes: "include: {match_type: strict, span_names: [GET]}\nactions:\n  - {key: hit, value: true, action: insert}",
  },
  "redaction behind transform": {
    transform: transform("traces", ['set(span.attributes["card"], "4111111111111111")']),
    redaction: "allow_all_keys: true\nblocked_values: ['4[0-9]{15}']",
  },
};

const GROUPED: Readonly<Record<string, Processors>> = {
  "group, then resource": { groupbyattrs: "keys: [user]", resource: "attributes:\n  - {key: user, action: hash}" },
  "transform, then group": { transform: transform("logs", ['set(log.attributes["team"], "x") where log.severity_number > 10']), groupbyattrs: "keys: [team]" },
};

const DELTAS: Readonly<Record<string, Processors>> = {
  "delta, then rate": { cumulative_to_delta: "{}", delta_to_rate: "metrics: [total.int, total.double]" },
  "renamed, then delta": {
    metrics_transform: "transforms:\n  - include: total.int\n    action: update\n    new_name: count.int",
    cumulative_to_delta: "include: {match_type: strict, metrics: [count.int]}",
  },
};

const ALIASES = {
  cumulativetodelta: { cumulativetodelta: "{}" },
  deltatorate: { deltatorate: "metrics: [delta.int]" },
};

export const PROCESSORS: readonly Case[] = [
  ...(["traces", "metrics", "logs"] as const).flatMap((signal) => cases(`redaction, ${signal}`, signal, ["many"], each("redaction", REDACTION))),
  ...cases("span", "traces", ["many"], each("span", SPAN)),
  ...cases("groupbyattrs, logs", "logs", ["many"], each("groupbyattrs", GROUP)),
  ...cases(
    "groupbyattrs, traces",
    "traces",
    ["many"],
    each("groupbyattrs", { "by one key": "keys: [http.status_code]", "by a key of the resource": "keys: [env]", "by none": "keys: []" }),
  ),
  ...cases(
    "groupbyattrs, metrics",
    "metrics",
    ["many"],
    each("groupbyattrs", { "by one key": "keys: [method]", "by two keys": "keys: [method, code]", "by none": "keys: []" }),
  ),
  ...inAnyOrder(
    cases(
      "metrics_transform",
      "metrics",
      ["many"],
      Object.fromEntries(Object.entries(TRANSFORMS).map(([id, text]) => [id, { metrics_transform: `transforms:\n  - ${text}` }])),
    ),
  ),
  ...inAnyOrder(
    cases("metrics_transform, several", "metrics", ["many"], {
      two: {
        metrics_transform:
          "transforms:\n  - include: http.requests\n    action: insert\n    new_name: copy\n  - include: copy\n    action: update\n    operations: [{action: aggregate_labels, label_set: [], aggregation_type: max}]",
      },
      none: { metrics_transform: "transforms: []" },
      "older id": { metricstransform: "transforms:\n  - {include: http.requests, action: update, new_name: requests}" },
    }),
  ),
  ...cases("cumulative_to_delta", "metrics", SERIES_NAMES, each("cumulative_to_delta", DELTA)),
  ...cases("cumulative_to_delta, late and twice", "metrics", ["series 2", "series 1", "series 3"], each("cumulative_to_delta", { late: "{}" })),
  ...cases("cumulative_to_delta, late and twice", "metrics", ["series 1", "series 2", "series 2"], each("cumulative_to_delta", { twice: "{}" })),
  ...cases("delta_to_rate, late and twice", "metrics", ["series 2", "series 1", "series 1"], each("delta_to_rate", { late: "metrics: [delta.int]" })),
  ...cases("delta_to_rate", "metrics", SERIES_NAMES.slice(0, 2), each("delta_to_rate", RATE)),
  ...cases("older ids", "metrics", SERIES_NAMES.slice(0, 2), ALIASES),
  ...cases("probabilistic_sampler", "traces", ["sampled"], each("probabilistic_sampler", SAMPLER)),
  ...cases("pipelines of traces", "traces", ["many"], MIXED),
  ...cases("pipelines of logs", "logs", ["many"], GROUPED),
  ...cases("pipelines of metrics", "metrics", SERIES_NAMES, DELTAS),
];
