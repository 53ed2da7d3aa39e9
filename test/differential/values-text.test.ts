import { VALUES_TEXT } from "./cases/values-text.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/values-text.json" with { type: "json" };

compare(VALUES_TEXT, recorded);
