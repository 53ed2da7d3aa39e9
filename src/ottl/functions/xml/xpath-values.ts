/** XPath's values: sets of nodes, texts, numbers and truths, and what each is as another. */
import { type Attribute, type Element, innerText, isParent, qualified, type XmlNode } from "./node.ts";

export interface AttributeNode {
  readonly kind: "attribute";
  readonly parent: Element;
  readonly attribute: Attribute;
}

export type Found = XmlNode | AttributeNode;
export type XPathValue = readonly Found[] | string | number | boolean;

export function isNodes(value: XPathValue): value is readonly Found[] {
  return Array.isArray(value);
}

export function textOf(node: Found): string {
  if (node.kind === "attribute") return node.attribute.value;
  return isParent(node) ? innerText(node) : node.text;
}

export function toText(value: XPathValue): string {
  if (isNodes(value)) return value[0] === undefined ? "" : textOf(value[0]);
  return typeof value === "number" ? numberText(value) : String(value);
}

export function toBoolean(value: XPathValue): boolean {
  return typeof value === "number" ? value !== 0 && !Number.isNaN(value) : isNodes(value) ? value.length > 0 : value !== "" && value !== false;
}

export function nameOf(node: Found, local: boolean): string {
  const named = node.kind === "attribute" ? node.attribute : node.kind === "element" ? node : undefined;
  return named === undefined ? "" : local ? named.name : qualified(named);
}

export function toNumber(value: XPathValue): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  const text = (isNodes(value) ? toText(value) : value).trim();
  return /^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : NaN;
}

function numberText(value: number): string {
  return Object.is(value, -0) ? "0" : String(value);
}
