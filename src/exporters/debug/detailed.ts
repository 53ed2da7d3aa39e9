/**
 * The Collector's `detailed`, which is what people grep: resources, scopes and what all signals
 * share. Attributes follow their message by indent alone.
 */
import { list, type Message, message, messages, text } from "../../otlp/read.ts";
import { kindName, valueText } from "./values.ts";

interface Names {
  readonly field: string;
  readonly title: string;
}

/** Every resource and scope of a request, with `items` for what a scope holds. */
export function* detailedGroups(request: Message, group: Names, scope: Names, items: (scope: Message) => Iterable<string>): Generator<string> {
  let groupNumber = 0;
  for (const one of messages(request, group.field)) {
    yield `${group.title} #${groupNumber++}`;
    yield* resourceLines(one);
    let scopeNumber = 0;
    for (const inner of messages(one, scope.field)) {
      yield `${scope.title} #${scopeNumber++}`;
      yield `${scope.title} SchemaURL: ${text(inner, "schemaUrl")}`;
      yield* scopeLines(message(inner, "scope"));
      yield* items(inner);
    }
  }
}

function* resourceLines(group: Message): Generator<string> {
  const resource = message(group, "resource");
  yield `Resource SchemaURL: ${text(group, "schemaUrl")}`;
  yield* attributeLines("Resource attributes:", messages(resource, "attributes"));
  const refs = messages(resource, "entityRefs");
  if (refs.length === 0) return;
  yield "Resource entity refs:";
  let number = 0;
  for (const ref of refs) {
    yield `     -> Entity ref #${number++}:`;
    yield `          -> Type: ${text(ref, "type")}`;
    if (text(ref, "schemaUrl") !== "") yield `          -> Schema URL: ${text(ref, "schemaUrl")}`;
    yield* keyLines("ID keys", list(ref, "idKeys"));
    yield* keyLines("Description keys", list(ref, "descriptionKeys"));
  }
}

function* keyLines(title: string, keys: readonly unknown[]): Generator<string> {
  if (keys.length === 0) return;
  yield `          -> ${title}:`;
  for (const key of keys) yield `               -> ${String(key)}`;
}

function* scopeLines(scope: Message): Generator<string> {
  yield `InstrumentationScope ${text(scope, "name")} ${text(scope, "version")}`;
  yield* attributeLines("InstrumentationScope attributes:", messages(scope, "attributes"));
}

const INDENT = "     ";

/** A heading and a line for each attribute; nothing without any. `depth` is the indent of the lines. */
export function* attributeLines(title: string, attributes: Iterable<Message> & { readonly length: number }, depth = 1): Generator<string> {
  if (attributes.length === 0) return;
  yield title;
  for (const pair of attributes) yield `${INDENT.repeat(depth)}-> ${text(pair, "key")}: ${typedText(message(pair, "value"))}`;
}

/** A value with its kind: `Str(checkout)`. */
export function typedText(value: Message): string {
  return `${kindName(value)}(${valueText(value)})`;
}
