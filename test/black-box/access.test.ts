/** Group C against a server that pages of one site may send to. */
import { ACCESS_GROUPS, ACCESS_OPTIONS } from "./access-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/access.test.ts", ACCESS_GROUPS, ACCESS_OPTIONS);
