/**
 * What stands around the items of a request: one resource, one scope. A few instances of one service
 * take turns, so that back ends have something to group by.
 */
import { VERSION } from "../../base/version.ts";
import {
  INSTRUMENTATION_SCOPE_NAME,
  INSTRUMENTATION_SCOPE_VERSION,
  RESOURCE_ATTRIBUTES,
  RESOURCE_SPANS_RESOURCE,
  RESOURCE_SPANS_SCHEMA_URL,
  RESOURCE_SPANS_SCOPE_SPANS,
  SCOPE_SPANS_SCOPE,
} from "../../otlp/tables.ts";
import { AttributeWriter } from "./attributes.ts";
import type { Content } from "./content.ts";
import type { MessageWriter } from "./message.ts";
import { Random } from "./random.ts";

/** Of the semantic conventions that the generated attributes follow. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.40.0";
const INSTANCES = 4;
const INSTANCE_DIGITS = 12;

/** Writes what stands around the items: one resource, one scope. */
export class Envelope {
  readonly #content: Content;
  readonly #attributes: AttributeWriter;
  readonly #instances: readonly string[];

  constructor(content: Content) {
    this.#content = content;
    this.#attributes = new AttributeWriter(content.resourceAttributes);
    // Chance of its own: how many instances there are must not change what the items are.
    const random = new Random(content.seed);
    this.#instances = Array.from({ length: INSTANCES }, () => random.hex(INSTANCE_DIGITS));
  }

  /**
   * Resource, scope and items; `groups` is the request's only field. The three signals number the
   * fields around their items alike, so the constants of traces serve all.
   */
  write(to: MessageWriter, random: Random, groups: number, items: () => void): void {
    const group = to.begin(groups);
    this.#resource(to, random);
    const scoped = to.begin(RESOURCE_SPANS_SCOPE_SPANS);
    const scope = to.begin(SCOPE_SPANS_SCOPE);
    to.text(INSTRUMENTATION_SCOPE_NAME, "sluice-send");
    to.text(INSTRUMENTATION_SCOPE_VERSION, VERSION);
    to.end(scope);
    items();
    to.end(scoped);
    to.text(RESOURCE_SPANS_SCHEMA_URL, SCHEMA_URL);
    to.end(group);
  }

  #resource(to: MessageWriter, random: Random): void {
    const resource = to.begin(RESOURCE_SPANS_RESOURCE);
    const write = this.#attributes;
    const instance = random.pick(this.#instances);
    write.text(to, RESOURCE_ATTRIBUTES, "service.name", this.#content.service);
    write.text(to, RESOURCE_ATTRIBUTES, "service.version", "1.4.2");
    write.text(to, RESOURCE_ATTRIBUTES, "service.instance.id", instance);
    write.text(to, RESOURCE_ATTRIBUTES, "deployment.environment.name", "test");
    write.text(to, RESOURCE_ATTRIBUTES, "host.name", `host-${instance.slice(0, 4)}`);
    write.text(to, RESOURCE_ATTRIBUTES, "telemetry.sdk.name", "sluice-send");
    write.text(to, RESOURCE_ATTRIBUTES, "telemetry.sdk.version", VERSION);
    write.given(to, RESOURCE_ATTRIBUTES);
    to.end(resource);
  }
}
