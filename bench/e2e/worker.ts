/** Questions and answers between the harness and its processes, typed, over the channel of `fork`. */
import { fork, type ChildProcess } from "node:child_process";

export type Commands = Readonly<Record<string, { ask: unknown; answer: unknown }>>;

interface Question {
  readonly id: number;
  readonly name: string;
  readonly ask: unknown;
}

interface Answer {
  readonly id: number;
  readonly answer: unknown;
  readonly failure?: string;
}

/** In the child: answers each question with the handler of its name, one at a time. Ends with the parent. */
export function answerParent<C extends { [K in keyof C]: { ask: unknown; answer: unknown } }>(handlers: {
  readonly [K in keyof C]: (ask: C[K]["ask"]) => Promise<C[K]["answer"]>;
}): void {
  const byName = new Map<string, (ask: unknown) => Promise<unknown>>(Object.entries(handlers));
  process.on("message", (message) => {
    if (!isQuestion(message)) return;
    const { id, name, ask } = message;
    const answered = byName.get(name)?.(ask) ?? Promise.reject(new Error(`Cannot answer: there is no "${name}"`));
    answered.then(
      (answer) => process.send?.({ id, answer } satisfies Answer),
      (error: unknown) => process.send?.({ id, answer: undefined, failure: String(error) } satisfies Answer),
    );
  });
  process.on("disconnect", () => process.exit(0));
}

export class WorkerProcess<C extends { [K in keyof C]: { ask: unknown; answer: unknown } }> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #nextId = 1;

  constructor(module: URL, execArgv: readonly string[] = []) {
    this.#child = fork(module, [], {
      serialization: "advanced",
      execArgv: [...execArgv],
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#child.on("message", (message) => {
      if (isAnswer(message)) this.#settle(message);
    });
    this.#child.on("exit", (code) => {
      for (const one of this.#waiting.values()) one.reject(new Error(`Cannot go on: ${module.pathname.split("/").at(-1)} ended with code ${code}`));
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  ask<K extends keyof C & string>(name: K, ask: C[K]["ask"]): Promise<C[K]["answer"]> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, name, ask } satisfies Question);
    });
  }

  /** The child ends when the channel closes. */
  stop(): void {
    if (this.#child.connected) this.#child.disconnect();
  }

  #settle({ id, answer, failure }: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (failure === undefined) waiting?.resolve(answer);
    else waiting?.reject(new Error(failure));
  }
}

/** Only this module sends on the channel: the name of one key tells the two apart. */
function isQuestion(message: unknown): message is Question {
  return typeof message === "object" && message !== null && "name" in message;
}

function isAnswer(message: unknown): message is Answer {
  return typeof message === "object" && message !== null && "answer" in message;
}
