import { SANITIZERS } from "./cases/sanitizers.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/sanitizers.json" with { type: "json" };

compare(SANITIZERS, recorded);
