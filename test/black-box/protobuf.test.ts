/** Group A against one server. */
import { PROTOBUF_GROUPS } from "./protobuf-groups.ts";
import { campaign } from "./rig.ts";

campaign("test/black-box/protobuf.test.ts", PROTOBUF_GROUPS);
