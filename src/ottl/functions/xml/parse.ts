/**
 * Reads XML 1.0 strictly, in one pass: tags must match, entities be the five known ones or characters
 * by number, attributes stand in quotes. No document type is looked into, so nothing can grow.
 * Limits: `XML_DEPTH_MAX` levels of elements, `XML_NODES_MAX` nodes. Errors are StatementErrors with
 * the place in the text.
 */
import { StatementError } from "../../value.ts";
import type { Attribute, Element, Leaf, Root } from "./node.ts";

export const XML_DEPTH_MAX = 256;
export const XML_NODES_MAX = 1_000_000;

/** The document. Text and comments before the first element or instruction are left out. `prefixes`: whether each must be declared. */
export function parseXml(text: string, prefixes: "declared" | "any" = "declared"): Root {
  const root = new Parser(text, prefixes).parse();
  // An instruction is kept as the first only when the text begins with the declaration.
  if (root.children[0]?.kind === "instruction" && !text.startsWith("<?xml")) root.children = root.children.slice(1);
  if (!root.children.some((child) => child.kind === "element")) throw new StatementError("Cannot read XML: there is no element");
  return root;
}

/** XML's names (1.0, fifth edition); the two joiners stand apart from what they would join. */
const NAME_START = String.raw`:A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\u{10000}-\u{effff}`;
const NAME = new RegExp(String.raw`[${NAME_START}][${NAME_START}\-.0-9\u00b7\u0300-\u036f\u203f-\u2040]*`, "uy");
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", apos: "'", quot: '"' };
/** Characters of an entity's name, or digits of a number. */
const ENTITY_CHARS_MAX = 16;

class Parser {
  readonly text: string;
  at = 0;
  nodes = 0;
  /** Prefixes declared by the open elements. */
  readonly prefixes: string[] = [];
  /** How often each is declared by them. */
  readonly declared = new Map<string, number>([
    ["xml", 1],
    ["xmlns", 1],
  ]);

  readonly anyPrefix: boolean;

  constructor(text: string, prefixes: "declared" | "any") {
    this.anyPrefix = prefixes === "any";
    this.text = text.includes("\r") ? text.replaceAll("\r\n", "\n").replaceAll("\r", "\n") : text;
  }

  fail(why: string): never {
    throw new StatementError(`Cannot read XML: ${why} at character ${this.at}`);
  }

  parse(): Root {
    const root: Root & { children: Child[] } = { kind: "root", parent: undefined, children: [] };
    const open: (Element & { children: Child[] })[] = [];
    const bound: number[] = [];
    while (this.at < this.text.length) {
      const parent = open.at(-1) ?? root;
      if (!this.text.startsWith("<", this.at)) {
        const read = this.readText();
        // Before the first element nothing is kept.
        if (open.length > 0 || root.children.length > 0) this.add(parent, { kind: "text", parent, text: read });
      } else if (this.text.startsWith("</", this.at)) {
        const element = open.pop() ?? this.fail("a tag closes what is not open");
        this.closeTag(element);
        this.forget(bound.pop() ?? 0);
      } else if (this.text.startsWith("<?", this.at)) {
        this.add(parent, { kind: "instruction", parent, text: this.readInstruction() });
      } else if (this.text.startsWith("<!", this.at)) {
        const leaf = this.readMarked(parent);
        if (open.length > 0 || root.children.length > 0) this.add(parent, leaf);
      } else {
        bound.push(this.prefixes.length);
        const { element, closed } = this.readTag(parent);
        this.add(parent, element);
        if (closed) this.forget(bound.pop() ?? 0);
        else open.push(element);
        if (open.length > XML_DEPTH_MAX) this.fail(`there are more than ${XML_DEPTH_MAX} levels`);
      }
    }
    if (open.length > 0) this.fail(`<${open.at(-1)?.name}> is not closed`);
    return root;
  }

  add(parent: { readonly children: Child[] }, child: Child): void {
    if (++this.nodes > XML_NODES_MAX) this.fail(`there are more than ${XML_NODES_MAX} nodes`);
    parent.children.push(child);
  }

  readText(): string {
    const end = this.indexOf("<", this.at);
    const raw = this.text.slice(this.at, end);
    if (raw.includes("]]>")) this.fail("]]> stands outside CDATA");
    const text = this.unescaped(raw);
    this.at = end;
    return text;
  }

  /** Where the mark is, or the text's end. */
  indexOf(mark: string, from: number): number {
    const at = this.text.indexOf(mark, from);
    return at < 0 ? this.text.length : at;
  }

  until(mark: string, from: number, what: string): string {
    const end = this.text.indexOf(mark, from);
    if (end < 0) this.fail(`${what} is not closed`);
    this.at = end + mark.length;
    return this.text.slice(from, end);
  }

  readInstruction(): string {
    const start = this.at;
    const body = this.until("?>", start + 2, "an instruction");
    NAME.lastIndex = start + 2;
    const target = NAME.exec(this.text)?.[0] ?? this.fail("an instruction lacks its target");
    const rest = body.slice(target.length).trim();
    if (target !== "xml") return rest === "" ? target : `${target} ${rest}`;
    return this.declaration(rest);
  }

  /** Of version 1.0; the text is Unicode already. */
  declaration(rest: string): string {
    const pairs = rest.split(/\s/).filter((pair) => pair.indexOf("=") > 0);
    const values = pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), unquoted(pair.slice(pair.indexOf("=") + 1))] as const);
    const version = values.find(([name]) => name === "version")?.[1];
    if (version !== undefined && version !== "1.0") this.fail(`version ${version} is not supported`);
    return ["xml", ...values.map(([name, value]) => `${name}="${value}"`)].join(" ");
  }

  readMarked(parent: Root | Element): Leaf {
    const start = this.at;
    if (this.text.startsWith("<!--", start)) {
      const text = this.until("-->", start + 4, "a comment");
      if (text.includes("--") || text.endsWith("-")) this.fail("a comment has two hyphens");
      return { kind: "comment", parent, text };
    }
    if (this.text.startsWith("<![CDATA[", start)) {
      const text = this.until("]]>", start + 9, "CDATA");
      if (isControlled(text)) this.fail("a character is not allowed");
      return { kind: "cdata", parent, text };
    }
    return { kind: "directive", parent, text: this.readDirective(start + 2) };
  }

  /** To its closing mark; those in quotes and of declarations within do not count. */
  readDirective(start: number): string {
    let depth = 1;
    let quote = "";
    for (let i = start; i < this.text.length; i++) {
      const char = this.text.charAt(i);
      if (quote !== "") quote = char === quote ? "" : quote;
      else if (char === '"' || char === "'") quote = char;
      else if (char === "<") depth++;
      else if (char === ">" && --depth === 0) {
        this.at = i + 1;
        return this.text.slice(start, i);
      }
    }
    return this.fail("a declaration is not closed");
  }

  readName(): { readonly prefix: string; readonly name: string } {
    NAME.lastIndex = this.at;
    const found = NAME.exec(this.text)?.[0] ?? this.fail("expected a name");
    this.at += found.length;
    const colon = found.indexOf(":");
    // A colon at an end, or a second one, parts nothing.
    if (colon <= 0 || colon === found.length - 1) return { prefix: "", name: found };
    if (found.includes(":", colon + 1)) this.fail("a name has two colons");
    return { prefix: found.slice(0, colon), name: found.slice(colon + 1) };
  }

  skipSpace(): void {
    while (" \n\t".includes(this.text.charAt(this.at) || "x")) this.at++;
  }

  closeTag(element: Element): void {
    this.at += 2;
    const { prefix, name } = this.readName();
    if (name !== element.name || prefix !== element.prefix) this.fail(`<${element.name}> is closed by </${name}>`);
    this.skipSpace();
    this.expect(">");
  }

  expect(char: string): void {
    if (!this.text.startsWith(char, this.at)) this.fail(`expected ${char}`);
    this.at += char.length;
  }

  readTag(parent: Root | Element): { readonly element: Element & { children: Child[] }; readonly closed: boolean } {
    this.at++;
    const name = this.readName();
    const attributes: Attribute[] = [];
    for (;;) {
      this.skipSpace();
      const char = this.text.charAt(this.at);
      if (char === ">" || char === "/" || char === "") break;
      attributes.push(this.readAttribute());
    }
    const closed = this.text.startsWith("/", this.at);
    if (closed) this.at++;
    this.expect(">");
    for (const attribute of attributes) if (attribute.prefix === "xmlns") this.declare(attribute.name);
    if (name.prefix !== "" && !this.anyPrefix && (this.declared.get(name.prefix) ?? 0) === 0) this.fail(`the prefix ${name.prefix} is not declared`);
    return { element: { kind: "element", parent, ...name, attributes, children: [] }, closed };
  }

  declare(prefix: string): void {
    this.prefixes.push(prefix);
    this.declared.set(prefix, (this.declared.get(prefix) ?? 0) + 1);
  }

  /** Down to as many declarations as there were. */
  forget(count: number): void {
    while (this.prefixes.length > count) {
      const prefix = this.prefixes.pop() ?? "";
      this.declared.set(prefix, (this.declared.get(prefix) ?? 1) - 1);
    }
  }

  readAttribute(): Attribute {
    const name = this.readName();
    this.skipSpace();
    this.expect("=");
    this.skipSpace();
    const quote = this.text.charAt(this.at);
    if (quote !== '"' && quote !== "'") this.fail("an attribute's value has no quotes");
    const start = this.at + 1;
    const raw = this.until(quote, start, "an attribute's value");
    if (raw.includes("<")) this.fail("an attribute's value has a <");
    return { ...name, value: this.unescaped(raw) };
  }

  unescaped(raw: string): string {
    if (isControlled(raw)) this.fail("a character is not allowed");
    let at = raw.indexOf("&");
    if (at < 0) return raw;
    let text = "";
    let copied = 0;
    for (; at >= 0; at = raw.indexOf("&", copied)) {
      const end = raw.indexOf(";", at);
      if (end < 0 || end - at > ENTITY_CHARS_MAX) this.fail("an entity is not closed");
      text += raw.slice(copied, at) + this.entity(raw.slice(at + 1, end));
      copied = end + 1;
    }
    return text + raw.slice(copied);
  }

  entity(name: string): string {
    const known = Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
    if (known !== undefined) return known;
    const number = /^#(?:x([0-9A-Fa-f]+)|([0-9]+))$/.exec(name);
    if (number === null) this.fail(`the entity ${name} is not known`);
    const code = number[1] === undefined ? Number(number[2]) : Number.parseInt(number[1], 16);
    if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) this.fail(`the entity ${name} is no character`);
    const char = String.fromCodePoint(code);
    if (isControlled(char)) this.fail(`the entity ${name} is not allowed`);
    return char;
  }
}

function unquoted(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isQuote(text.charAt(start))) start++;
  while (end > start && isQuote(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

function isQuote(char: string): boolean {
  return char === '"' || char === "'";
}

/** Whether there is a character that XML forbids. */
function isControlled(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if ((unit < 0x20 && unit !== 0x09 && unit !== 0x0a && unit !== 0x0d) || unit >= 0xfffe) return true;
  }
  return false;
}

type Child = Root["children"][number];
