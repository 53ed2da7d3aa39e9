/** OTTL's functions of types, lists, maps, ids, addresses and numbers. Those of text, time and hashes are in first.ts. */
import type { OttlFunction } from "../contract.ts";
import { all, any, filter, find, mapEach, mapKeys, reduce, when } from "./collections/lambdas.ts";
import { append, coalesce, containsValue, deleteIndex, len, sliceToMap } from "./collections/lists.ts";
import { sort } from "./collections/sort.ts";
import { profileId, spanId, traceId } from "./types/ids.ts";
import { deleteKey, keepKeys, limit } from "./maps/keys.ts";
import { deleteMatchingKeys, keepMatchingKeys } from "./maps/matching-keys.ts";
import { flatten, mergeMaps, stringifyAll } from "./maps/merge.ts";
import { keys, toKeyValueString, values } from "./maps/read.ts";
import { communityId, isInCidr } from "./network/functions.ts";
import { log } from "./numbers.ts";
import { set } from "./set.ts";
import { bool, double, int, string } from "./types/convert.ts";
import { isBool, isDouble, isEmpty, isInt, isListValue, isMapValue, isString } from "./types/is.ts";

export const SECOND: readonly OttlFunction[] = [
  all,
  any,
  append,
  bool,
  coalesce,
  communityId,
  containsValue,
  deleteIndex,
  deleteKey,
  deleteMatchingKeys,
  double,
  filter,
  find,
  flatten,
  int,
  isBool,
  isDouble,
  isEmpty,
  isInCidr,
  isInt,
  isListValue,
  isMapValue,
  isString,
  keepKeys,
  keepMatchingKeys,
  keys,
  len,
  limit,
  log,
  mapEach,
  mapKeys,
  mergeMaps,
  profileId,
  reduce,
  set,
  sliceToMap,
  sort,
  spanId,
  string,
  stringifyAll,
  toKeyValueString,
  traceId,
  values,
  when,
];
