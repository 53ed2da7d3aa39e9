import { VALUES_KINDS } from "./cases/values-kinds.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/values-kinds.json" with { type: "json" };

compare(VALUES_KINDS, recorded);
