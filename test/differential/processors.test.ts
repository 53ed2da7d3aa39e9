import { PROCESSORS } from "./cases/processors.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/processors.json" with { type: "json" };

compare(PROCESSORS, recorded);
