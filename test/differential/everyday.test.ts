import { EVERYDAY } from "./cases/everyday.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/everyday.json" with { type: "json" };

compare(EVERYDAY, recorded);
