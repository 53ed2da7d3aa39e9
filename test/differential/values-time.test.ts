import { VALUES_TIME } from "./cases/values-time.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/values-time.json" with { type: "json" };

compare(VALUES_TIME, recorded);
