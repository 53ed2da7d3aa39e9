/** Group A's heavy end against one server. */
import { PROTOBUF_HEAVY_GROUPS } from "./protobuf-heavy-cases.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/protobuf-heavy.test.ts", PROTOBUF_HEAVY_GROUPS);
