import { METRIC_FUNCTIONS } from "./cases/metric-functions.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/metric-functions.json" with { type: "json" };

compare(METRIC_FUNCTIONS, recorded);
