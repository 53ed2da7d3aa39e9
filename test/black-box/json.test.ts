/** Group B against one server. */
import { JSON_GROUPS } from "./json-cases.ts";
import { JSON_TEXT_GROUPS } from "./json-text-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/json.test.ts", [...JSON_GROUPS, ...JSON_TEXT_GROUPS]);
