import { FILTERS } from "./cases/filter.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/filter.json" with { type: "json" };

compare(FILTERS, recorded);
