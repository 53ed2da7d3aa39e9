import { VALUES_FORMAT } from "./cases/values-format.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/values-format.json" with { type: "json" };

compare(VALUES_FORMAT, recorded);
