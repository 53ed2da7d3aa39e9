import { RESOURCE_AND_ATTRIBUTES } from "./cases/attributes.ts";
import { compare } from "./compare.ts";
import recorded from "./recorded/attributes.json" with { type: "json" };

compare(RESOURCE_AND_ATTRIBUTES, recorded);
