/** The contract of queues, on those that every runtime has. JetStream's, which needs a server, is in test/runtimes/node/jetstream.test.ts. */
import type { Storage } from "../../src/pipeline/storage.ts";
import { gatewayOn, TestBroker } from "../delivery/broker-rig.ts";
import { deliveryRig } from "../delivery/delivery-rig.ts";
import { TestClock } from "../harness/clock.ts";
import { testEngine } from "../harness/engine.ts";
import { checkQueue } from "./queue.ts";
import { DURABLE_STORAGE, durableStorages } from "./storages.ts";

const makeDurableStorage = durableStorages();

checkQueue("memory", { keeps: false }, async () => {
  const clock = new TestClock();
  return { keys: {}, start: async (settings) => Object.assign(deliveryRig(settings, { clock, engine: testEngine(4 << 20) }), { crash: () => {} }) };
});

checkQueue(DURABLE_STORAGE, { keeps: true }, async () => {
  const clock = new TestClock();
  const storage = await makeDurableStorage();
  return {
    keys: { storage: "file_storage" },
    start: async (settings) => {
      const power = { on: true };
      const rig = deliveryRig(settings, { clock, storage: plugged(storage, power) });
      await rig.exporter.start?.();
      return Object.assign(rig, { crash: () => void (power.on = false) });
    },
  };
});

checkQueue("a broker", { keeps: true }, async () => {
  const broker = new TestBroker(new TestClock());
  return { keys: { storage: "broker" }, start: (settings) => gatewayOn(broker, settings) };
});

/** The storage as one process has it. */
function plugged(storage: Storage, power: { readonly on: boolean }): Storage {
  const asked = <Answer>(call: () => Promise<Answer>): Promise<Answer> => (power.on ? call() : new Promise(() => {}));
  return {
    durable: true,
    get: (key) => asked(() => storage.get(key)),
    list: (prefix, limit, after) => asked(() => storage.list(prefix, limit, after)),
    commit: (changes) => asked(() => storage.commit(changes)),
    close: () => Promise.resolve(),
  };
}
