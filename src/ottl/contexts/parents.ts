/** The paths of a resource and of a scope, which every context has above its own message. */
import { InstrumentationScope, Resource, ResourceSpans, ScopeSpans } from "../../otlp/tables.ts";
import { attributesEntry } from "./attributes.ts";
import { fieldNumber, numberIn, text, whole } from "./fields.ts";
import type { Spot } from "./operand.ts";
import { type Entries, plain } from "./paths.ts";

const RESOURCE: Spot = { view: ({ cursor }) => cursor.resource, level: "resource" };
const GROUP: Spot = { view: ({ cursor }) => cursor.group, level: "resource" };
const SCOPE: Spot = { view: ({ cursor }) => cursor.scope, level: "scope" };
const SCOPE_GROUP: Spot = { view: ({ cursor }) => cursor.scopeGroup, level: "scope" };

// The schema URL stands beside the resource, under one number in all signals; so does the scope's.
const groupUrl = fieldNumber(ResourceSpans, "schema_url");
const scopeUrl = fieldNumber(ScopeSpans, "schema_url");

export const RESOURCE_PATHS: Entries = {
  attributes: attributesEntry(RESOURCE),
  dropped_attributes_count: plain(whole(RESOURCE, numberIn([Resource], "dropped_attributes_count"), "uint32")),
  schema_url: plain(text(GROUP, () => groupUrl)),
};

export const SCOPE_PATHS: Entries = {
  name: plain(text(SCOPE, numberIn([InstrumentationScope], "name"))),
  version: plain(text(SCOPE, numberIn([InstrumentationScope], "version"))),
  attributes: attributesEntry(SCOPE),
  dropped_attributes_count: plain(whole(SCOPE, numberIn([InstrumentationScope], "dropped_attributes_count"), "uint32")),
  schema_url: plain(text(SCOPE_GROUP, () => scopeUrl)),
};
