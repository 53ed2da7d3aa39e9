/** The earliest and the latest of the times seen; 0 is no time. In halves, so that nothing is allocated an item. */
export class Interval {
  #startLow = 0;
  #startHigh = 0;
  #endLow = 0;
  #endHigh = 0;

  clear(): void {
    this.#startLow = this.#startHigh = this.#endLow = this.#endHigh = 0;
  }

  /** Nanoseconds since 1970, unsigned halves. */
  add(low: number, high: number): void {
    if (low === 0 && high === 0) return;
    const first = this.#startLow === 0 && this.#startHigh === 0;
    if (first || high < this.#startHigh || (high === this.#startHigh && low < this.#startLow)) {
      this.#startLow = low;
      this.#startHigh = high;
    }
    if (high > this.#endHigh || (high === this.#endHigh && low > this.#endLow)) {
      this.#endLow = low;
      this.#endHigh = high;
    }
  }

  /** Both ends in nanoseconds since 1970; `now` where no time was seen. */
  ends(now: () => bigint): { readonly start: bigint; readonly end: bigint } {
    if (this.#endLow === 0 && this.#endHigh === 0) {
      const at = now();
      return { start: at, end: at };
    }
    return { start: nanos(this.#startLow, this.#startHigh), end: nanos(this.#endLow, this.#endHigh) };
  }
}

function nanos(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}
