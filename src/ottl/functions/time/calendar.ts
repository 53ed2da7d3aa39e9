/**
 * The proleptic Gregorian calendar on whole seconds since 1970-01-01T00:00:00Z, as plain numbers
 * (exact for every year that is asked for), and an instant's parts in its time zone.
 */
import type { Time } from "../../value.ts";
import { offsetAt } from "./zone.ts";

const DAY_SECONDS = 86_400;
const NANOS = 1_000_000_000n;
/** Days from 0000-03-01 to 1970-01-01. */
const EPOCH_DAYS = 719_468;
const ERA_DAYS = 146_097;

export interface Parts {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  /** From 1. */
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanos: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** Seconds east of UTC. */
  readonly offset: number;
}

/** Whole seconds at or before the instant. */
export function secondsOf(time: Time): number {
  const seconds = time.unixNano / NANOS;
  return Number(time.unixNano < 0n && seconds * NANOS !== time.unixNano ? seconds - 1n : seconds);
}

export function partsOf(time: Time): Parts {
  const seconds = secondsOf(time);
  const offset = offsetAt(time.zone, seconds);
  const local = seconds + offset;
  const days = Math.floor(local / DAY_SECONDS);
  const clock = local - days * DAY_SECONDS;
  return {
    ...dateOf(days),
    hour: Math.floor(clock / 3600),
    minute: Math.floor(clock / 60) % 60,
    second: clock % 60,
    nanos: Number(time.unixNano - BigInt(seconds) * NANOS),
    weekday: (((days + 4) % 7) + 7) % 7,
    offset,
  };
}

/** Seconds of a date and a clock in UTC. Days past the month's end run on into the next. */
export function secondsAt(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  return daysOf(year, month, day) * DAY_SECONDS + hour * 3600 + minute * 60 + second;
}

export function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Years begin in March, so that the leap day is the last. */
function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const ofEra = shifted - era * 400;
  const ofYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  return era * ERA_DAYS + ofEra * 365 + Math.floor(ofEra / 4) - Math.floor(ofEra / 100) + ofYear - EPOCH_DAYS;
}

function dateOf(days: number): { readonly year: number; readonly month: number; readonly day: number } {
  const shifted = days + EPOCH_DAYS;
  const era = Math.floor(shifted / ERA_DAYS);
  const ofEra = shifted - era * ERA_DAYS;
  const year = Math.floor((ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365);
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100));
  const march = Math.floor((5 * ofYear + 2) / 153);
  const month = march < 10 ? march + 3 : march - 9;
  return { year: era * 400 + year + (month <= 2 ? 1 : 0), month, day: ofYear - Math.floor((153 * march + 2) / 5) + 1 };
}
