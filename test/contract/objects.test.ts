/** The contract on this runtime's own store of objects, and on the one in memory that other tests use. S3: test/runtimes/node/s3.test.ts. */
import { checkObjects } from "./objects.ts";
import { MemoryObjects } from "./object-faults.ts";
import { makeObjects, OBJECTS } from "./object-stores.ts";

checkObjects(OBJECTS, makeObjects);
checkObjects("a store in memory", () => Promise.resolve(new MemoryObjects()));
