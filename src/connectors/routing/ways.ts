/**
 * Sets of routes as small integers: an item that takes route 0, then route 2, goes from way 0 (none) to
 * the way of [0], then to that of [0, 2]. Nothing is allocated for a way that is known.
 */
export class Ways {
  readonly #routes: number;
  /** The routes of each way, in order. */
  readonly #taken: (readonly number[])[] = [[]];
  readonly #next: number[] = [];

  /** Of so many routes. */
  constructor(routes: number) {
    this.#routes = routes;
  }

  /** The way of an item that has taken `way` so far and now takes `route` besides. */
  and(way: number, route: number): number {
    const at = way * this.#routes + route;
    const known = this.#next[at];
    if (known !== undefined) return known;
    const made = this.#taken.length;
    this.#taken.push([...(this.#taken[way] ?? []), route]);
    this.#next[at] = made;
    return made;
  }

  routesOf(way: number): readonly number[] {
    return this.#taken[way] ?? [];
  }
}
