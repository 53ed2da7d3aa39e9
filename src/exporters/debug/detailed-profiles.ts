/** Profiles in detail: the dictionary's tables, then each profile with its samples. */
import { id, list, type Message, message, messages, number, numbers, whole, wholes } from "../../otlp/read.ts";
import { attributeLines, detailedGroups } from "./detailed.ts";
import { attributeAt, stringAt } from "./dictionary.ts";
import { timeText, valueText } from "./values.ts";

export function* detailedProfiles(request: Message): Generator<string> {
  const dictionary = message(request, "dictionary");
  yield* dictionaryLines(dictionary);
  const group = { field: "resourceProfiles", title: "ResourceProfiles" };
  yield* detailedGroups(request, group, { field: "scopeProfiles", title: "ScopeProfiles" }, (scope) => profiles(scope, dictionary));
}

function* dictionaryLines(dictionary: Message): Generator<string> {
  let index = 0;
  for (const mapping of messages(dictionary, "mappingTable")) {
    yield `Mapping #${index++}`;
    yield `    Memory start: ${whole(mapping, "memoryStart")}`;
    yield `    Memory limit: ${whole(mapping, "memoryLimit")}`;
    yield `    File offset: ${whole(mapping, "fileOffset")}`;
    yield `    File name: ${number(mapping, "filenameStrindex")}`;
    yield `    Attributes: [${numbers(mapping, "attributeIndices").join(" ")}]`;
  }
  yield* locationLines(dictionary);
  index = 0;
  for (const one of messages(dictionary, "functionTable")) {
    yield `Function #${index++}`;
    yield `    Name: ${number(one, "nameStrindex")}`;
    yield `    System name: ${number(one, "systemNameStrindex")}`;
    yield `    Filename: ${number(one, "filenameStrindex")}`;
    yield `    Start line: ${whole(one, "startLine")}`;
  }
  yield* tableLines(dictionary);
}

function* locationLines(dictionary: Message): Generator<string> {
  let index = 0;
  for (const location of messages(dictionary, "locationTable")) {
    yield `Location #${index++}`;
    yield `    Mapping index: ${number(location, "mappingIndex")}`;
    yield `    Address: ${whole(location, "address")}`;
    let lineNumber = 0;
    for (const line of messages(location, "lines")) {
      yield `    Line #${lineNumber++}`;
      yield `        Function index: ${number(line, "functionIndex")}`;
      yield `        Line: ${whole(line, "line")}`;
      yield `        Column: ${whole(line, "column")}`;
    }
    yield `    Attributes: [${numbers(location, "attributeIndices").join(" ")}]`;
  }
}

/** Attributes, links and strings. Of the first two the Collector prints the last entry alone. */
function* tableLines(dictionary: Message): Generator<string> {
  const attribute = [...messages(dictionary, "attributeTable")].at(-1);
  if (attribute !== undefined) {
    yield "Attribute table:";
    yield `     -> Key: Int(${number(attribute, "keyStrindex")})`;
    yield `     -> Value: Str(${valueText(message(attribute, "value"))})`;
    yield `     -> unit: Int(${number(attribute, "unitStrindex")})`;
  }
  const link = [...messages(dictionary, "linkTable")].at(-1);
  if (link !== undefined) {
    yield "Link table:";
    yield `     -> Trace ID: Str(${id(link, "traceId")})`;
    yield `     -> Span ID: Str(${id(link, "spanId")})`;
  }
  const strings = list(dictionary, "stringTable");
  if (strings.length > 0) yield "String table:";
  for (const index of strings.keys()) yield `    ${stringAt(dictionary, index)}`;
}

function* profiles(scope: Message, dictionary: Message): Generator<string> {
  let index = 0;
  for (const profile of messages(scope, "profiles")) {
    yield `Profile #${index++}`;
    yield `    Profile ID     : ${id(profile, "profileId")}`;
    yield `    Start time     : ${timeText(whole(profile, "timeUnixNano"))}`;
    yield `    DurationNano   : ${whole(profile, "durationNano")}`;
    yield `    Dropped attributes count: ${number(profile, "droppedAttributesCount")}`;
    let sampleNumber = 0;
    for (const sample of messages(profile, "samples")) {
      yield `    Sample #${sampleNumber++}`;
      yield `        Values: [${wholes(sample, "values").join(" ")}]`;
      const attributes = numbers(sample, "attributeIndices").map((at) => attributeAt(dictionary, at));
      yield* attributeLines("        Attributes:", attributes).map((line, at) => (at === 0 ? line : `        ${line}`));
    }
  }
}
