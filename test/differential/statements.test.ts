import { STATEMENTS } from "./cases/statements.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/statements.json" with { type: "json" };

compare(STATEMENTS, recorded);
