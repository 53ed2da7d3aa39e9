/**
 * OTTL's grammar, by recursive descent:
 *
 *     statement  = editor-call [ "where" or ]
 *     or         = and { "or" and }
 *     and        = not { "and" not }
 *     not        = [ "not" ] compare
 *     compare    = sum [ ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) sum ]
 *     sum        = product { ( "+" | "-" ) product }
 *     product    = sign { ( "*" | "/" ) sign }
 *     sign       = [ "+" | "-" ] primary
 *     primary    = nil | bool | int | float | string | bytes | enum | path | call | list | map
 *                | "(" or ")" | "(" [ name { "," name } ] ")" "=>" or
 *     call       = Name "(" [ argument { "," argument } ] ")" { key }
 *     argument   = [ name "=" ] ( or | FunctionName )
 *     path       = name { key } { "." name { key } }
 *     key        = "[" sum "]"
 *
 * Conditions and values share it; what may not stand in a place is refused once it is read. Limits:
 * `DEPTH_MAX` brackets within one another, and the lexer's on the text's length.
 */
import type * as ast from "./ast.ts";
import { describe, isCondition, isMath, isValue, pathText } from "./ast.ts";
import { attempt, type Extent, type Reading, refuse } from "./issue.ts";
import type { Token } from "./lexer.ts";
import { bytesOf, floatOf, intOf } from "./numbers.ts";
import { TokenReader } from "./token-reader.ts";

/** Brackets of any kind within one another. */
export const DEPTH_MAX = 64;

const COMPARISONS: ReadonlyMap<string, ast.Comparison> = new Map((["==", "!=", "<", "<=", ">", ">="] as const).map((text) => [text, text]));
const OPERATORS: ReadonlyMap<string, ast.MathOperator> = new Map((["+", "-", "*", "/"] as const).map((text) => [text, text]));

export function parseStatement(text: string): Reading<ast.StatementNode> {
  return attempt(() => new Parser(text).statement());
}

export function parseCondition(text: string): Reading<ast.Node> {
  return attempt(() => new Parser(text).condition());
}

export function parseValue(text: string): Reading<ast.Node> {
  return attempt(() => new Parser(text).value());
}

class Parser {
  readonly #reader: TokenReader;
  #depth = 0;

  constructor(text: string) {
    this.#reader = new TokenReader(text);
  }

  statement(): ast.StatementNode {
    const name = this.#reader.peek();
    if (!this.#reader.isCall()) this.#reader.unexpected("an editor, as in set(...)");
    if (isConverterName(name)) {
      refuse(`A statement begins with an editor, found the converter ${name.text}`, name, "Converters give a value: use it as an editor's argument");
    }
    const editor = this.#call();
    const [key] = editor.keys;
    if (key !== undefined) refuse("Only paths and converters may be indexed, not editors", key);
    let where: ast.Node | undefined;
    if (this.#reader.peek().kind === "lower" && this.#reader.peek().text === "where") {
      this.#reader.next();
      where = this.#conditionHere();
    } else if (this.#reader.peek().kind !== "end") this.#reader.unexpected('"where" or the end of the statement');
    this.#end();
    return { editor, where };
  }

  condition(): ast.Node {
    const node = this.#conditionHere();
    this.#end();
    return node;
  }

  value(): ast.Node {
    const node = valued(this.#or());
    this.#end();
    return node;
  }

  #conditionHere(): ast.Node {
    return conditional(this.#or());
  }

  #end(): void {
    const token = this.#reader.peek();
    if (token.kind === "end") return;
    this.#reader.unexpected("an operator or the end");
  }

  #or(): ast.Node {
    return this.#row("or", () => this.#row("and", () => this.#not()));
  }

  #row(operator: "and" | "or", read: () => ast.Node): ast.Node {
    const first = read();
    if (this.#reader.peek().kind !== operator) return first;
    const terms = [conditional(first)];
    while (this.#reader.take(operator)) terms.push(conditional(read()));
    return { kind: "logic", operator, terms, ...this.#reader.since(first) };
  }

  #not(): ast.Node {
    const from = this.#reader.peek();
    if (!this.#reader.take("not")) return this.#compare();
    if (this.#reader.peek().kind === "not") this.#reader.unexpected("a condition", "Write a second not in parentheses: not (not ...)");
    const operand = conditional(this.#compare());
    return { kind: "not", operand, ...this.#reader.since(from) };
  }

  #compare(): ast.Node {
    const left = this.#sum();
    if (this.#reader.peek().kind === "equal") this.#reader.unexpected("an operator or the end", 'Compare with "=="');
    const operator = COMPARISONS.get(this.#reader.peek().text);
    if (operator === undefined || this.#reader.peek().kind !== "compare") return left;
    this.#reader.next();
    const right = valued(this.#sum());
    if (this.#reader.peek().kind === "compare") this.#reader.unexpected("and, or, or the end", "Compare two values at a time");
    return { kind: "compare", operator, left: valued(left), right, ...this.#reader.since(left) };
  }

  #sum(): ast.Node {
    return this.#chain("add", () => this.#chain("multiply", () => this.#sign()));
  }

  #chain(kind: "add" | "multiply", read: () => ast.Node): ast.Node {
    const first = read();
    if (this.#reader.peek().kind !== kind) return first;
    const rest: { operator: ast.MathOperator; operand: ast.Node }[] = [];
    computed(first);
    for (;;) {
      const operator = OPERATORS.get(this.#reader.peek().text);
      if (operator === undefined || this.#reader.peek().kind !== kind) break;
      this.#reader.next();
      rest.push({ operator, operand: computed(read()) });
    }
    return { kind: "math", first, rest, ...this.#reader.since(first) };
  }

  #sign(): ast.Node {
    const token = this.#reader.peek();
    if (!this.#reader.take("add")) return this.#primary();
    const operand = computed(this.#primary());
    return { kind: "sign", operator: token.text === "-" ? "-" : "+", operand, ...this.#reader.since(token) };
  }

  #primary(): ast.Node {
    const token = this.#reader.peek();
    switch (token.kind) {
      case "nil":
        return { kind: "nil", ...extentOf(this.#reader.next()) };
      case "bool":
        return { kind: "bool", value: token.text === "true", ...extentOf(this.#reader.next()) };
      case "int":
        return { kind: "int", value: intOf(token), ...extentOf(this.#reader.next()) };
      case "float":
        return { kind: "float", value: floatOf(token), ...extentOf(this.#reader.next()) };
      case "string":
        return { kind: "string", value: token.text, ...extentOf(this.#reader.next()) };
      case "bytes":
        return { kind: "bytes", value: bytesOf(token), ...extentOf(this.#reader.next()) };
      case "lower":
      case "camel":
      case "upper":
      case "pascal":
        return this.#named(token);
      default:
        break;
    }
    if (token.text === "(" && token.kind === "mark") return this.#isLambda() ? this.#lambda() : this.#group();
    if (token.text === "[" && token.kind === "mark") return this.#list();
    if (token.text === "{" && token.kind === "mark") return this.#map();
    return this.#reader.unexpected("a value", token.kind === "equal" ? 'Compare with "=="' : undefined);
  }

  #named(token: Token): ast.Node {
    if (this.#reader.isCall()) {
      if (isConverterName(token)) return this.#call();
      const capital = token.text.charAt(0).toUpperCase() + token.text.slice(1);
      return refuse(
        `A converter's name begins with a capital letter, found ${token.text}`,
        token,
        `Editors stand at the beginning; as a value: ${capital}(...)`,
      );
    }
    if (token.kind === "lower") return this.#path();
    if (token.kind === "camel") refuse(`A path is written in small letters, found ${token.text}`, token);
    return { kind: token.kind === "upper" ? "enum" : "function", name: token.text, ...extentOf(this.#reader.next()) };
  }

  #call(): ast.CallNode {
    const name = this.#reader.next();
    this.#enter();
    const args: ast.ArgumentNode[] = [];
    if (!this.#reader.takeMark(")")) {
      do args.push(this.#argument());
      while (this.#reader.takeMark(","));
      this.#reader.expectMark(")", "a comma or the closing parenthesis of the arguments");
    }
    this.#depth--;
    const keys = this.#keys();
    return { kind: "call", name: name.text, nameExtent: extentOf(name), args, keys, ...this.#reader.since(name) };
  }

  #argument(): ast.ArgumentNode {
    const token = this.#reader.peek();
    let name = "";
    if ((token.kind === "lower" || token.kind === "camel") && this.#reader.peek(1).kind === "equal") {
      name = token.text;
      this.#reader.next();
      this.#reader.next();
    }
    const value = this.#or();
    if (value.kind !== "function") valued(value);
    return { name, value, ...this.#reader.since(token) };
  }

  #path(): ast.PathNode {
    const from = this.#reader.peek();
    const segments: ast.SegmentNode[] = [];
    do {
      const token = this.#reader.peek();
      if (token.kind !== "lower") this.#reader.unexpected("a field's name in small letters");
      this.#reader.next();
      segments.push({ name: token.text, keys: this.#keys(), ...extentOf(token) });
    } while (this.#reader.takeMark("."));
    return { kind: "path", segments, ...this.#reader.since(from) };
  }

  #keys(): ast.Node[] {
    const keys: ast.Node[] = [];
    while (this.#reader.isMark("[")) {
      this.#enter();
      const key = this.#sum();
      if (key.kind !== "string") computed(key, "A key is a string, an int or an expression that gives one");
      keys.push(key);
      this.#reader.expectMark("]", 'the closing "]" of the key');
      this.#depth--;
    }
    return keys;
  }

  /** As the Collector's: commas may be left out before the first one. */
  #list(): ast.ListNode {
    const from = this.#reader.peek();
    this.#enter();
    const items: ast.Node[] = [];
    let commas = false;
    while (!this.#reader.isMark("]")) {
      const comma = this.#reader.takeMark(",");
      if (commas && !comma) this.#reader.unexpected('a comma or the closing "]" of the list');
      commas ||= comma;
      if (this.#reader.peek().kind === "end") this.#reader.unexpected('the closing "]" of the list');
      items.push(valued(this.#or()));
    }
    this.#reader.next();
    this.#depth--;
    return { kind: "list", items, ...this.#reader.since(from) };
  }

  /** As the Collector's: commas may be left out. */
  #map(): ast.MapNode {
    const from = this.#reader.peek();
    this.#enter();
    const entries: { key: string; value: ast.Node }[] = [];
    while (!this.#reader.isMark("}")) {
      const key = this.#reader.peek();
      if (key.kind !== "string") this.#reader.unexpected('a key in double quotes or the closing "}" of the map');
      this.#reader.next();
      this.#reader.expectMark(":", "a colon behind the key");
      entries.push({ key: key.text, value: valued(this.#or()) });
      this.#reader.takeMark(",");
    }
    this.#reader.next();
    this.#depth--;
    return { kind: "map", entries, ...this.#reader.since(from) };
  }

  #group(): ast.Node {
    const from = this.#reader.peek();
    this.#enter();
    const inner = this.#or();
    if (!isCondition(inner) && !isMath(inner)) {
      refuse(`Parentheses hold a condition or arithmetic, found ${describe(inner)}`, inner, "Leave them out");
    }
    this.#reader.expectMark(")", 'an operator or the closing ")"');
    this.#depth--;
    return { kind: "group", inner, ...this.#reader.since(from) };
  }

  /** Whether the parenthesis at hand opens a lambda's parameters. */
  #isLambda(): boolean {
    let ahead = 1;
    if (this.#isName(ahead)) {
      ahead++;
      while (this.#reader.isMark(",", ahead) && this.#isName(ahead + 1)) ahead += 2;
    }
    return this.#reader.isMark(")", ahead) && this.#reader.peek(ahead + 1).kind === "arrow";
  }

  #isName(ahead: number): boolean {
    const { kind } = this.#reader.peek(ahead);
    return kind === "lower" || kind === "blank";
  }

  #lambda(): ast.LambdaNode {
    const from = this.#reader.peek();
    this.#enter();
    const parameters: ({ name: string } & Extent)[] = [];
    while (!this.#reader.takeMark(")")) {
      const token = this.#reader.next();
      if (token.kind === "mark") continue;
      parameters.push({ name: token.text, ...extentOf(token) });
    }
    this.#reader.next();
    const body = this.#or();
    if (body.kind === "lambda") refuse("A lambda cannot give another lambda", body);
    if (!isCondition(body)) valued(body);
    this.#depth--;
    return { kind: "lambda", parameters, body, ...this.#reader.since(from) };
  }

  /** Steps over an opening bracket. */
  #enter(): void {
    const token = this.#reader.next();
    if (++this.#depth > DEPTH_MAX) refuse(`Brackets stand deeper than ${DEPTH_MAX} within one another`, token);
  }
}

function extentOf({ offset, length }: Extent): Extent {
  return { offset, length };
}

function isConverterName({ kind }: Token): boolean {
  return kind === "upper" || kind === "pascal";
}

function conditional(node: ast.Node): ast.Node {
  if (isCondition(node)) return node;
  const cure = node.kind === "path" ? `Compare it: ${pathText(node)} == true` : undefined;
  return refuse(`Expected a condition (a comparison, true, false or a converter), found ${describe(node)}`, node, cure);
}

function valued(node: ast.Node): ast.Node {
  return isValue(node) ? node : refuse(`Expected a value, found ${describe(node)}`, node);
}

function computed(node: ast.Node, expected = "Only ints, floats, paths and converters can be computed with"): ast.Node {
  return isMath(node) ? node : refuse(`${expected}, found ${describe(node)}`, node);
}
