import { PATHS } from "./cases/paths.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/paths.json" with { type: "json" };

compare(PATHS, recorded);
