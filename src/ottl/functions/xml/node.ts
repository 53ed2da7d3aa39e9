/** XML as a tree that can be changed. Written as the Collector writes it: no empty tags, five characters escaped. */
import { StatementError } from "../../value.ts";

export interface Attribute {
  readonly prefix: string;
  readonly name: string;
  readonly value: string;
}

export type XmlNode = Root | Element | Leaf;

/** The document itself, or a piece of one with several elements. */
export interface Root {
  readonly kind: "root";
  readonly parent: undefined;
  children: readonly XmlNode[];
}

export interface Element {
  readonly kind: "element";
  readonly parent: Root | Element;
  readonly prefix: string;
  readonly name: string;
  attributes: readonly Attribute[];
  children: readonly XmlNode[];
}

/** `instruction`: with its target and the rest, the declaration `<?xml ...?>` among them. */
export interface Leaf {
  readonly kind: "text" | "cdata" | "comment" | "directive" | "instruction";
  readonly parent: Root | Element;
  readonly text: string;
}

export function isParent(node: XmlNode): node is Root | Element {
  return node.kind === "root" || node.kind === "element";
}

/** All text beneath a node, comments left out. */
export function innerText(node: XmlNode): string {
  if (isParent(node)) return node.children.map(innerText).join("");
  return node.kind === "text" || node.kind === "cdata" ? node.text : "";
}

/** UTF-16 units of what is written: nodes may be written more than once. */
export const XML_CHARS_MAX = 1 << 26;

/** Throws StatementError when it is longer than `XML_CHARS_MAX`. */
export function writeXml(nodes: readonly XmlNode[]): string {
  const out = new Output();
  for (const node of nodes) write(out, node, true);
  return out.text;
}

class Output {
  text = "";

  add(text: string): void {
    this.text += text;
    if (this.text.length > XML_CHARS_MAX) throw new StatementError(`Cannot write XML: it has more than ${XML_CHARS_MAX} characters`);
  }
}

function write(out: Output, node: XmlNode, keepsSpace: boolean): void {
  switch (node.kind) {
    case "root":
      for (const child of node.children) write(out, child, keepsSpace);
      break;
    case "element":
      writeElement(out, node, keepsSpace);
      break;
    case "text":
      out.add(escaped(keepsSpace ? node.text : node.text.trim()));
      break;
    case "cdata":
      out.add(`<![CDATA[${node.text}]]>`);
      break;
    case "comment":
      out.add(`<!--${node.text}-->`);
      break;
    case "directive":
      out.add(`<!${node.text}>`);
      break;
    default:
      out.add(`<?${node.text}?>`);
  }
}

function writeElement(out: Output, element: Element, keepsSpace: boolean): void {
  const name = qualified(element);
  out.add(`<${name}`);
  for (const attribute of element.attributes) out.add(` ${qualified(attribute)}="${escaped(attribute.value)}"`);
  out.add(">");
  const space = element.attributes.find(({ prefix, name: local }) => prefix === "xml" && local === "space")?.value;
  const keeps = space === "preserve" ? true : space === "default" ? false : keepsSpace;
  for (const child of element.children) write(out, child, keeps);
  out.add(`</${name}>`);
}

export function qualified({ prefix, name }: { readonly prefix: string; readonly name: string }): string {
  return prefix === "" ? name : `${prefix}:${name}`;
}

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&#34;", "'": "&#39;" };

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (char) => ESCAPES[char] ?? char);
}
