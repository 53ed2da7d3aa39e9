/** As much of the platform's Durable Objects as is used here (developers.cloudflare.com/durable-objects/api). */
import type { ObjectSql } from "./storage.ts";

/** The object's SQLite database, and its alarm. */
export interface ObjectStorage extends ObjectSql {
  /** When the alarm comes, ms since 1970; null: it is not set. */
  getAlarm(): Promise<number | null>;
  /** Calls the object's `alarm` at this time, ms since 1970, wherever the object is then; replaces an earlier one. */
  setAlarm(atMs: number): Promise<void>;
}

/** What the object's constructor is given. */
export interface ObjectState {
  readonly storage: ObjectStorage;
  /** Nothing reaches the object before `work` has ended. */
  blockConcurrencyWhile<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** A binding to all objects of a class. */
export interface ObjectNamespace {
  idFromName(name: string): unknown;
  get(id: unknown): { fetch(request: Request): Promise<Response> };
}
