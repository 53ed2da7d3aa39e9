/** Group C against one server: heads and codings. */
import { COMPRESSION_GROUPS } from "./compression-cases.ts";
import { HTTP_GROUPS } from "./http-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/http.test.ts", [...HTTP_GROUPS, ...COMPRESSION_GROUPS]);
