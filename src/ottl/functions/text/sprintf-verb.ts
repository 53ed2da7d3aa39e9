/** A verb of a format with all that stands between it and its `%`. */
export interface Verb {
  /** One character; any that Go does not know is one, too. */
  readonly verb: string;
  readonly plus: boolean;
  readonly minus: boolean;
  readonly sharp: boolean;
  readonly zero: boolean;
  readonly blank: boolean;
  /** In characters; 0: none. */
  readonly width: number;
  readonly precision: number | undefined;
  /** `%#v`: as Go's source has it. There `sharp` is not set. */
  readonly syntax: boolean;
  /** `%+v`: fields with their names. There `plus` is not set. */
  readonly names: boolean;
}

export const PLAIN: Verb = {
  verb: "v",
  plus: false,
  minus: false,
  sharp: false,
  zero: false,
  blank: false,
  width: 0,
  precision: undefined,
  syntax: false,
  names: false,
};

/** To the width, counted in characters; by noughts where the flag says so. */
export function padded(text: string, { width, minus, zero }: Verb): string {
  return filled(text, width, minus, zero && !minus ? "0" : " ");
}

/** Noughts are in it already, or do not fill it. */
export function paddedBlank(text: string, { width, minus }: Verb): string {
  return filled(text, width, minus, " ");
}

function filled(text: string, width: number, behind: boolean, by: string): string {
  const missing = width === 0 ? 0 : width - Array.from(text).length;
  if (missing <= 0) return text;
  return behind ? text + by.repeat(missing) : by.repeat(missing) + text;
}
