/** Functions of XML as text: GetXML, InsertXML, RemoveXML, ConvertAttributesToElementsXML, ConvertTextToElementsXML. */
import { BuildError, define, type OttlFunction } from "../../contract.ts";
import { StatementError } from "../../value.ts";
import { type Attribute, type Element, innerText, isParent, type Leaf, type Root, writeXml, type XmlNode } from "./node.ts";
import { parseXml, XML_NODES_MAX } from "./parse.ts";
import { parseSimplifiedXml, parseXmlFunction } from "./values.ts";
import { select } from "./xpath.ts";
import { type Expression, parseXPath } from "./xpath-syntax.ts";
import type { Found } from "./xpath-values.ts";

const TARGET = { name: "target", kind: "string_getter" } as const;
const XPATH = { name: "x_path", kind: "string" } as const;

export const XML_FUNCTIONS: readonly OttlFunction[] = [
  parseXmlFunction,
  parseSimplifiedXml,
  define("GetXML", [TARGET, XPATH], ({ target, x_path: path }) => {
    const expression = xpathOf(path);
    return (subject) => {
      const text = target(subject);
      return text === "" ? "" : writeXml(select(expression, parseXml(text)).flatMap(gettable));
    };
  }),
  define("InsertXML", [TARGET, XPATH, { name: "sub_document", kind: "string_getter" }], ({ target, x_path: path, sub_document: inserted }) => {
    const expression = xpathOf(path);
    return (subject) => {
      const text = target(subject);
      const root: Root = text === "" ? { kind: "root", parent: undefined, children: [] } : parseXml(text);
      const children = parseXml(inserted(subject)).children;
      const found = select(expression, root);
      if (found.length * children.length > XML_NODES_MAX) throw new StatementError(`Cannot insert XML: there would be more than ${XML_NODES_MAX} nodes more`);
      for (const node of found) {
        if (node.kind === "attribute" || !isParent(node)) throw new StatementError(`Cannot insert XML: the XPath finds a node of kind ${node.kind}`);
        node.children = [...node.children, ...children];
      }
      return writeXml(root.children);
    };
  }),
  define("RemoveXML", [TARGET, XPATH], ({ target, x_path: path }) => {
    const expression = xpathOf(path);
    return (subject) => {
      const text = target(subject);
      if (text === "") return "";
      const root = parseXml(text);
      remove(select(expression, root));
      return writeXml(root.children);
    };
  }),
  define("ConvertAttributesToElementsXML", [TARGET, { ...XPATH, optional: true }], ({ target, x_path: path }) => {
    const expression = xpathOf(path === undefined || path === "" ? "//@*" : path);
    return (subject) => {
      const root = parseXml(target(subject));
      attributesToElements(select(expression, root));
      return writeXml(root.children);
    };
  }),
  define(
    "ConvertTextToElementsXML",
    [TARGET, { ...XPATH, optional: true }, { name: "element_name", kind: "string", optional: true }],
    ({ target, x_path: path, element_name: name }) => {
      const expression = xpathOf(path === undefined || path === "" ? "/" : path);
      return (subject) => {
        const root = parseXml(target(subject));
        for (const node of select(expression, root)) if (node.kind !== "attribute") textToElements(node, name === undefined || name === "" ? "value" : name);
        return writeXml(root.children);
      };
    },
  ),
];

function xpathOf(text: string): Expression {
  const expression = parseXPath(text);
  if (typeof expression === "string") throw new BuildError(`Cannot use the XPath ${JSON.stringify(text)}: ${expression}`);
  return expression;
}

/** Elements and texts as they are, attributes and CDATA as text. */
function gettable(node: Found): readonly XmlNode[] {
  if (node.kind === "element" || node.kind === "text") return [node];
  if (node.kind === "attribute") return [{ kind: "text", parent: node.parent, text: node.attribute.value }];
  return node.kind === "cdata" ? [{ ...node, kind: "text" }] : [];
}

/** Elements, attributes, texts, CDATA and comments; nothing else goes. */
function remove(found: readonly Found[]): void {
  const gone = new Set<XmlNode>();
  for (const node of found) {
    if (node.kind !== "attribute" && node.kind !== "root" && node.kind !== "directive" && node.kind !== "instruction") gone.add(node);
  }
  const parents = new Set(Array.from(gone, (node) => node.parent));
  for (const parent of parents) if (parent !== undefined) parent.children = parent.children.filter((child) => !gone.has(child));
  for (const [parent, attributes] of byParent(found)) parent.attributes = parent.attributes.filter((one) => !attributes.has(one));
}

function attributesToElements(found: readonly Found[]): void {
  for (const [parent, attributes] of byParent(found)) {
    const added = Array.from(attributes, ({ name, value }) => {
      const element: Element = { kind: "element", parent, prefix: "", name, attributes: [], children: [] };
      element.children = value === "" ? [] : [textIn(element, value)];
      return element;
    });
    parent.children = [...parent.children, ...added];
    parent.attributes = parent.attributes.filter((one) => !attributes.has(one));
  }
}

/** The attributes that were found, by their elements. */
function byParent(found: readonly Found[]): ReadonlyMap<Element, ReadonlySet<Attribute>> {
  const parents = new Map<Element, Set<Attribute>>();
  for (const node of found) {
    if (node.kind !== "attribute") continue;
    const attributes = parents.get(node.parent);
    if (attributes === undefined) parents.set(node.parent, new Set([node.attribute]));
    else attributes.add(node.attribute);
  }
  return parents;
}

function textIn(parent: Element, text: string): Leaf {
  return { kind: "text", parent, text };
}

/** Each text beside other texts or elements gets an element of its own. As deep as the document, which is bounded. */
function textToElements(node: XmlNode, name: string): void {
  if (!isParent(node)) return;
  for (const child of node.children) textToElements(child, name);
  const parts = node.children.filter((child) => child.kind === "element" || child.kind === "text");
  if (parts.length <= 1) return;
  node.children = node.children.map((child) => {
    if (child.kind !== "text") return child;
    const element: Element = { kind: "element", parent: node, prefix: "", name, attributes: [], children: [] };
    element.children = [textIn(element, innerText(child))];
    return element;
  });
}
