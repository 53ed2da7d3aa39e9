/** The attributes and resource processors: every action, include and exclude. */
import { cases, type Case, type Processors } from "../case.ts";

const actions = (lines: string): Processors => ({ attributes: `actions:\n${list(lines)}` });
const resource = (lines: string): Processors => ({ resource: `attributes:\n${list(lines)}` });

function list(lines: string): string {
  return lines
    .split("\n")
    .map((line) => `  - {${line}}`)
    .join("\n");
}

const matched = (lines: string, action = "key: hit, action: insert, value: true"): Processors => ({ attributes: `${lines}\nactions:\n${list(action)}` });

const ACTIONS: Readonly<Record<string, string>> = {
  "insert text": "key: new, value: x, action: insert",
  "insert where there is one": "key: http.method, value: PUT, action: insert",
  "insert int": "key: new, value: 42, action: insert",
  "insert double": "key: new, value: 1.5, action: insert",
  "insert bool": "key: new, value: false, action: insert",
  "insert list": "key: new, value: [1, 2], action: insert",
  "insert from an attribute": "key: new, from_attribute: http.status_code, action: insert",
  "insert from nothing": "key: new, from_attribute: none, action: insert",
  "insert from nothing with a default": "key: new, from_attribute: none, default_value: d, action: insert",
  update: "key: http.method, value: PUT, action: update",
  "update where there is none": "key: new, value: PUT, action: update",
  upsert: "key: http.method, value: PUT, action: upsert",
  "upsert from an attribute": "key: http.method, from_attribute: tags, action: upsert",
  delete: "key: http.method, action: delete",
  "delete by pattern": "pattern: ^http\\., action: delete",
  hash: "key: http.method, action: hash",
  "hash by pattern": "pattern: ^http\\., action: hash",
  "hash of other kinds": "key: ratio, action: hash\nkey: sampled, action: hash\nkey: tags, action: hash\nkey: blob, action: hash\nkey: empty, action: hash",
  extract: "key: http.url, pattern: '^(?P<scheme>[a-z]+)://(?P<host>[^/]+)', action: extract",
  "extract without a match": "key: http.method, pattern: '^(?P<x>[0-9]+)$', action: extract",
  "extract over one that is there": "key: http.url, pattern: '^(?P<ratio>[a-z]+)', action: extract",
  "convert to int":
    "key: http.status_code, converted_type: int, action: convert\nkey: ratio, converted_type: int, action: convert\nkey: sampled, converted_type: int, action: convert",
  "convert to double": "key: http.status_code, converted_type: double, action: convert\nkey: http.method, converted_type: double, action: convert",
  "convert to string":
    "key: http.status_code, converted_type: string, action: convert\nkey: tags, converted_type: string, action: convert\nkey: nested, converted_type: string, action: convert",
  "several in their order": "key: a, value: 1, action: insert\nkey: b, from_attribute: a, action: insert\nkey: a, action: delete\nkey: b, action: hash",
  "unknown action": "key: a, action: replace",
  "no key": "value: a, action: insert",
  "no value": "key: a, action: insert",
  "bad pattern": "key: a, pattern: '(', action: extract",
  "extract without names": "key: a, pattern: '(x)', action: extract",
};

const MATCHES: Readonly<Record<string, string>> = {
  "include a service": "include: {match_type: strict, services: [shop]}",
  "exclude a service": "exclude: {match_type: strict, services: [shop]}",
  "include services by pattern": "include: {match_type: regexp, services: [^sh, ^x]}",
  "include span names": "include: {match_type: strict, span_names: [internal, lonely]}",
  "include span names by pattern": "include: {match_type: regexp, span_names: ['^GET', '::cart::']}",
  "include an attribute": "include: {match_type: strict, attributes: [{key: http.method, value: GET}]}",
  "include an int": "include: {match_type: strict, attributes: [{key: http.status_code, value: 500}]}",
  "include a double": "include: {match_type: strict, attributes: [{key: ratio, value: 0.25}]}",
  "include a bool": "include: {match_type: strict, attributes: [{key: sampled, value: true}]}",
  "include a key": "include: {match_type: strict, attributes: [{key: http.status_code}]}",
  "include two attributes": "include: {match_type: strict, attributes: [{key: http.method, value: GET}, {key: ratio, value: 0.25}]}",
  "include attributes by pattern": "include: {match_type: regexp, attributes: [{key: http.status_code, value: '^[45]'}]}",
  "include a resource": "include: {match_type: strict, resources: [{key: env, value: test}]}",
  "exclude a resource by pattern": "exclude: {match_type: regexp, resources: [{key: env, value: ^pr}]}",
  "include a library": "include: {match_type: strict, libraries: [{name: http}]}",
  "include a library's version": "include: {match_type: strict, libraries: [{name: http, version: '2.0'}]}",
  "include libraries by pattern": "include: {match_type: regexp, libraries: [{name: '^(http|queue)$', version: '^1'}]}",
  "include span kinds": "include: {match_type: strict, span_kinds: [SPAN_KIND_SERVER, SPAN_KIND_CLIENT]}",
  "include and exclude": "include: {match_type: strict, services: [shop]}\nexclude: {match_type: strict, span_names: [internal]}",
  "services and names": "include: {match_type: strict, services: [shop], span_names: [internal, lonely]}",
  "match type missing": "include: {services: [shop]}",
  "log bodies for spans": "include: {match_type: strict, log_bodies: [x]}",
  "nothing to match": "include: {match_type: strict}",
};

const LOG_MATCHES: Readonly<Record<string, string>> = {
  bodies: "include: {match_type: regexp, log_bodies: [^request]}",
  "severity texts": "include: {match_type: strict, log_severity_texts: [ERROR]}",
  "severity number": "include: {match_type: strict, log_severity_number: {min: WARN, match_undefined: false}}",
  "severity number, undefined too": "include: {match_type: strict, log_severity_number: {min: 17, match_undefined: true}}",
  attributes: "include: {match_type: strict, attributes: [{key: user, value: ann}]}",
  resources: "exclude: {match_type: strict, resources: [{key: env, value: prod}]}",
};

const LOG_ACTIONS = "key: user, action: hash\nkey: code, converted_type: string, action: convert\nkey: new, value: x, action: upsert\nkey: map, action: delete";
const RESOURCE_ACTIONS: Readonly<Record<string, string>> = {
  "upsert and delete": "key: env, value: stage, action: upsert\nkey: host.name, action: delete",
  "insert from an attribute": "key: copy, from_attribute: service.name, action: insert",
  "convert and hash": "key: n, converted_type: string, action: convert\nkey: env, action: hash",
  "delete by pattern": "pattern: ^(host|env), action: delete",
};

const each = (made: Readonly<Record<string, string>>, of: (text: string) => Processors) =>
  Object.fromEntries(Object.entries(made).map(([id, text]) => [id, of(text)]));

export const RESOURCE_AND_ATTRIBUTES: readonly Case[] = [
  ...cases("attributes, actions", "traces", ["many"], each(ACTIONS, actions)),
  ...cases(
    "attributes, spans matched",
    "traces",
    ["many"],
    each(MATCHES, (text) => matched(text)),
  ),
  ...cases(
    "attributes, logs matched",
    "logs",
    ["many"],
    each(LOG_MATCHES, (text) => matched(text)),
  ),
  ...cases("attributes, logs", "logs", ["many"], { actions: actions(LOG_ACTIONS) }),
  ...cases("attributes, data points", "metrics", ["many"], {
    actions: actions(
      "key: method, action: hash\nkey: code, converted_type: string, action: convert\nkey: new, value: x, action: upsert\nkey: cpu, action: delete",
    ),
    "metric names": matched("include: {match_type: strict, metric_names: [http.requests]}"),
    "metric names by pattern": matched("exclude: {match_type: regexp, metric_names: ['^http', '^rpc']}"),
    resources: matched("include: {match_type: strict, resources: [{key: env, value: test}]}"),
  }),
  ...(["traces", "metrics", "logs"] as const).flatMap((signal) => cases(`resource, ${signal}`, signal, ["many"], each(RESOURCE_ACTIONS, resource))),
  ...cases("attributes, combined", "traces", ["many"], {
    twice: {
      attributes: `actions:\n${list("key: a, value: 1, action: insert")}`,
      "attributes/2": `actions:\n${list("key: b, from_attribute: a, action: insert")}`,
    },
    "behind resource": {
      resource: `attributes:\n${list("key: env, value: stage, action: upsert")}`,
      ...matched("include: {match_type: strict, resources: [{key: env, value: stage}]}"),
    },
  }),
];
