/** What a profile names by its index in the request's dictionary. */
import { isMessage, list, type Message, message, number } from "../../otlp/read.ts";

export function stringAt(dictionary: Message, index: number): string {
  const found = list(dictionary, "stringTable")[index];
  return typeof found === "string" ? found : "";
}

/** Entry `index` of the attribute table, as a KeyValue; without fields where there is none. */
export function attributeAt(dictionary: Message, index: number): Message {
  const found = list(dictionary, "attributeTable")[index];
  if (!isMessage(found)) return {};
  return { key: stringAt(dictionary, number(found, "keyStrindex")), value: message(found, "value") };
}
