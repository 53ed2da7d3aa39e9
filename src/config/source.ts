/** One text that configuration is read from, and the way from an offset in it to a line and column. */
import { LineCounter } from "yaml";
import type { Where } from "./plan.ts";

export class SourceText {
  readonly name: string;
  readonly text: string;
  readonly #lines = new LineCounter();

  /** `text` is what the places refer to and what a message shows. */
  constructor(name: string, text: string) {
    this.name = name;
    this.text = text;
    this.#lines.addNewLine(0);
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) this.#lines.addNewLine(at + 1);
  }

  whereAt(offset: number): Where {
    const { line, col } = this.#lines.linePos(Math.max(0, Math.min(offset, this.text.length)));
    const start = this.#lines.lineStarts[line - 1] ?? 0;
    const end = this.text.indexOf("\n", start);
    const lineText = this.text.slice(start, end < 0 ? undefined : end).replace(/\r$/, "");
    return { source: this.name, line, column: col, lineText };
  }
}
