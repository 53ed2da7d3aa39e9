/** Group B's heavy end against one server. */
import { JSON_HEAVY_GROUPS } from "./json-heavy-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/json-heavy.test.ts", JSON_HEAVY_GROUPS);
