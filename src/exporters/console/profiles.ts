/** Profiles as lines: service, time, what was sampled, how long and how often. */
import { id, list, type Message, message, messages, number, whole } from "../../otlp/read.ts";
import { type Line, piece } from "./paper.ts";
import { type Item, type Page, serviceStyle } from "./page.ts";
import { counted, nanosText, timeText } from "./values.ts";

const ID_DIGITS = 8;

export function* profileLines(items: readonly Item[], request: Message, page: Page): Generator<Line> {
  const strings = list(message(request, "dictionary"), "stringTable");
  const stringAt = (index: number): string => {
    const found = strings[index];
    return typeof found === "string" ? found : "";
  };
  for (const { service, item } of items) {
    const type = message(item, "sampleType");
    const what = [stringAt(number(type, "typeStrindex")), stringAt(number(type, "unitStrindex"))].filter((part) => part !== "").join(" in ");
    yield [
      piece("profile ", "dim"),
      piece(id(item, "profileId").slice(0, ID_DIGITS), "bold"),
      piece(`  ${timeText(whole(item, "timeUnixNano"), page.zone, page.nowMs)}  `, "dim"),
      piece(service, serviceStyle(service)),
      piece(`  ${what === "" ? "samples" : what}  `),
      piece(`${counted(messages(item, "samples").length, "sample")} over ${nanosText(whole(item, "durationNano"))}`, "dim"),
    ];
  }
}
