/**
 * What the runs reported: vitest's JSON, taken as untrusted text, down to one result a case. A case is
 * named by its file, the groups around it and its title; several of one name in a file are numbered,
 * so that none hides another.
 */
import { relative, sep } from "node:path";
import { z } from "zod";

const reportSchema = z.object({
  success: z.boolean(),
  testResults: z.array(
    z.object({
      name: z.string(),
      status: z.string(),
      message: z.string().optional(),
      assertionResults: z.array(
        z.object({
          ancestorTitles: z.array(z.string()),
          title: z.string(),
          status: z.string(),
          failureMessages: z.array(z.string()).nullish(),
        }),
      ),
    }),
  ),
});

/** How a case ended: a case that was left out by a condition of its own is `skipped`. */
export type Result = "pass" | "fail" | "skipped";

/** One case on one runtime. */
export interface CaseResult {
  /** From the root, with slashes. */
  readonly file: string;
  /** Groups and title, joined by " > ". */
  readonly name: string;
  readonly result: Result;
  /** Of a failure: its first lines. */
  readonly message: string;
}

const MESSAGE_LINES_MAX = 12;

/** The cases of a report. A file that could not be loaded is a failed case of its own. Throws when the text is no report. */
export function readReport(text: string, root: string): CaseResult[] {
  const report = reportSchema.parse(JSON.parse(text));
  return report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(root, name).split(sep).join("/");
    const seen = new Map<string, number>();
    const cases = assertionResults.map((one): CaseResult => {
      const full = [...one.ancestorTitles, one.title].join(" > ");
      const count = (seen.get(full) ?? 0) + 1;
      seen.set(full, count);
      const result = one.status === "passed" ? "pass" : one.status === "failed" ? "fail" : "skipped";
      return { file, name: count === 1 ? full : `${full} (${count})`, result, message: firstLines(one.failureMessages?.[0] ?? "") };
    });
    const broken = status === "failed" && !cases.some(({ result }) => result === "fail");
    return broken ? [...cases, { file, name: "(the file itself)", result: "fail", message: firstLines(message ?? "") }] : cases;
  });
}

function firstLines(text: string): string {
  return text.split("\n").slice(0, MESSAGE_LINES_MAX).join("\n");
}
