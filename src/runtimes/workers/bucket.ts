/**
 * Objects in an R2 bucket that is bound to the Worker (developers.cloudflare.com/r2/api/workers). What is put is
 * kept when the call resolves, and seen by every list from then on.
 */
import { messageOf, SluiceError } from "../../base/errors.ts";
import { checkObjectName, isObjectName, type ObjectStore } from "../../base/objects.ts";
import type { KeepAlive } from "./host.ts";

/** The platform's own, of a list and of a deletion. */
const NAMES_MAX = 1000;

/** What is used of a bucket's binding. */
interface Binding {
  /** Null: `onlyIf` does not hold. */
  put(key: string, value: Uint8Array, options: { readonly onlyIf: { readonly etagDoesNotMatch: string } }): Promise<unknown>;
  get(key: string): Promise<{ readonly size: number; readonly body: { cancel(): Promise<void> }; arrayBuffer(): Promise<ArrayBuffer> } | null>;
  list(options: { readonly prefix: string; readonly limit: number; readonly cursor?: string }): Promise<Listed>;
  delete(keys: readonly string[]): Promise<void>;
}

interface Listed {
  readonly objects: readonly { readonly key: string }[];
  readonly truncated: boolean;
  readonly cursor?: string;
}

/** The bucket that is bound under this name. Throws `config` when none is. Each call is kept alive to its end. */
export function bucketOf(env: unknown, name: string, keepAlive: KeepAlive): ObjectStore {
  const binding: unknown = typeof env === "object" && env !== null ? Reflect.get(env, name) : undefined;
  if (!isBinding(binding)) {
    throw new SluiceError("config", `Cannot use a bucket: none is bound as ${name}`, { cure: "Bind an R2 bucket in wrangler.toml (docs/workers.md)" });
  }
  const asked = async <Answer>(doing: string, call: () => Promise<Answer>): Promise<Answer> => {
    const answer = call();
    keepAlive(answer);
    return answer.catch((cause: unknown) => {
      throw new SluiceError("storage", `Cannot ${doing} the bucket ${name}: ${messageOf(cause)}`, { retryable: true, cause });
    });
  };
  return {
    async put(key, bytes) {
      checkObjectName(key);
      const put = await asked("write", () => binding.put(key, bytes, { onlyIf: { etagDoesNotMatch: "*" } }));
      return put === null ? "taken" : "kept";
    },
    async get(key, bytesMax) {
      checkObjectName(key);
      const found = await asked("read", () => binding.get(key));
      if (found === null) return undefined;
      if (found.size <= bytesMax) return new Uint8Array(await asked("read", () => found.arrayBuffer()));
      await found.body.cancel();
      throw new SluiceError("storage", `Cannot read object "${key}": it has ${found.size} bytes, ${bytesMax} at the most`, { damaged: true });
    },
    async *list(prefix) {
      let cursor: string | undefined;
      do {
        const options = { prefix, limit: NAMES_MAX, ...(cursor !== undefined && { cursor }) };
        const page = await asked("list", () => binding.list(options));
        // Others may keep something there, too.
        yield page.objects.map(({ key }) => key).filter(isObjectName);
        cursor = page.truncated ? page.cursor : undefined;
      } while (cursor !== undefined);
      return undefined;
    },
    async delete(keys) {
      for (const key of keys) checkObjectName(key);
      for (let at = 0; at < keys.length; at += NAMES_MAX) await asked("delete from", () => binding.delete(keys.slice(at, at + NAMES_MAX)));
    },
  };
}

function isBinding(value: unknown): value is Binding {
  return typeof value === "object" && value !== null && ["put", "get", "list", "delete"].every((call) => typeof Reflect.get(value, call) === "function");
}
