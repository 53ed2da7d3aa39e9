/** Group C against a server with small limits: framing, slow senders, floods; and the limits themselves. */
import { ARGS, CONNECTION_GROUPS, HTTP_SECTION } from "./connection-cases.ts";
import { LIMIT_GROUPS } from "./limit-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/connections.test.ts", [...CONNECTION_GROUPS, ...LIMIT_GROUPS], { http: HTTP_SECTION, args: ARGS });
