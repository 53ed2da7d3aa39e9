/** XML as values: ParseXML keeps everything, ParseSimplifiedXML elements and text only. */
import { define, type OttlFunction } from "../../contract.ts";
import { StatementError, type Value } from "../../value.ts";
import { trimSpace } from "../text/bytes.ts";
import type { Element, Root } from "./node.ts";
import { parseXml } from "./parse.ts";

/** Levels of elements: each takes two of a value's, of which the wire allows few. */
const DEPTH_MAX = 32;

/** `tag`, `content`, `attributes` and `children` of the one element. */
export const parseXmlFunction: OttlFunction = define("ParseXML", [{ name: "target", kind: "string_getter" }], ({ target }) => (subject) => {
  const text = target(subject);
  const root = parseXml(text, "any");
  const first = root.children.findIndex((child) => child.kind === "element");
  const element = root.children[first];
  if (element?.kind !== "element" || first < root.children.length - 1) throw new StatementError("Cannot read XML: something follows the first element");
  return wholeValue(element, 0);
});

function checkDepth(depth: number): void {
  if (depth >= DEPTH_MAX) throw new StatementError(`Cannot read XML as a value: it has more than ${DEPTH_MAX} levels`);
}

function wholeValue(element: Element, depth: number): ReadonlyMap<string, Value> {
  checkDepth(depth);
  const value = new Map<string, Value>([["tag", element.name]]);
  const content = element.children.map((child) => (child.kind === "text" || child.kind === "cdata" ? trimSpace(child.text) : "")).join("");
  if (content !== "") value.set("content", content);
  if (element.attributes.length > 0) value.set("attributes", new Map(element.attributes.map((attribute) => [attribute.name, attribute.value])));
  const children = elementsOf(element);
  if (children.length > 0)
    value.set(
      "children",
      children.map((child) => wholeValue(child, depth + 1)),
    );
  return value;
}

function elementsOf(node: Root | Element): readonly Element[] {
  return node.children.filter((child) => child.kind === "element");
}

/** Elements by their names, those of the same name in a list; what has no text and no elements is left out. */
export const parseSimplifiedXml: OttlFunction = define(
  "ParseSimplifiedXML",
  [{ name: "target", kind: "string_getter" }],
  ({ target }) =>
    (subject) =>
      simpleValue(parseXml(target(subject)), 0),
);

function simpleValue(node: Root | Element, depth: number): ReadonlyMap<string, Value> {
  checkDepth(depth);
  const counts = new Map<string, number>();
  for (const { name } of elementsOf(node)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const values = new Map<string, Value>();
  const lists = new Map<string, Value[]>();
  for (const child of elementsOf(node)) {
    if (child.children.length === 0) continue;
    const value = leafText(child) || simpleValue(child, depth + 1);
    const present = typeof value === "string" || value.size > 0;
    if ((counts.get(child.name) ?? 0) === 1) {
      if (present) values.set(child.name, value);
      continue;
    }
    let list = lists.get(child.name);
    if (list === undefined) {
      list = [];
      lists.set(child.name, list);
      values.set(child.name, list);
    }
    if (present) list.push(value);
  }
  return values;
}

/** The first text of an element without elements; "" otherwise. */
function leafText(element: Element): string {
  if (elementsOf(element).length > 0) return "";
  const leaf = element.children.find((child) => child.kind === "text" || child.kind === "cdata");
  return leaf !== undefined && "text" in leaf ? leaf.text : "";
}
