/**
 * Replacement texts, after the rules of Go's `Regexp.Expand`: `$name` and `${name}` are a group, by its
 * number or its name; a name is as long as letters, digits and "_" follow; an unknown group is nothing;
 * `$$` is a dollar sign, and so is a "$" that no name follows.
 */

/** A piece of text, or the number of a group: 0 is the whole match. */
export type Piece = string | number;

const NAME = /\{([\p{L}\p{Nd}_]+)\}|([\p{L}\p{Nd}_]+)/uy;

/** The template's pieces. `names` has the name of group 1 first, "" for one without. */
export function parseTemplate(template: string, names: readonly string[]): readonly Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (let dollar = template.indexOf("$"); dollar >= 0; dollar = template.indexOf("$", at)) {
    pieces.push(template.slice(at, dollar));
    if (template.startsWith("$$", dollar)) {
      pieces.push("$");
      at = dollar + 2;
      continue;
    }
    NAME.lastIndex = dollar + 1;
    const found = NAME.exec(template);
    if (found === null) pieces.push("$");
    else pieces.push(groupOf(found[1] ?? found[2] ?? "", names));
    at = dollar + 1 + (found?.[0].length ?? 0);
  }
  pieces.push(template.slice(at));
  return pieces.filter((piece) => piece !== "");
}

/** A group's number, or nothing when there is no such group. */
function groupOf(name: string, names: readonly string[]): Piece {
  // What begins with a zero and goes on is a name.
  if (/^(?:0|[1-9]\d*)$/.test(name)) return Number(name) <= names.length ? Number(name) : "";
  const index = names.indexOf(name);
  return index < 0 ? "" : index + 1;
}
