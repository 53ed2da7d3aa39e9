/** The campaign's own judge: what it calls lost, what it takes as a reason for a second delivery, and what it does not. */
import { describe, expect, it } from "vitest";
import { Books } from "./books.ts";

/** Read and answered at these times, ms; undefined: left without an answer 100 ms later. */
type Read = readonly [readMs: number, answeredMs?: number];

function booksOf(reads: readonly Read[], books = new Books(["a"])): Books {
  books.acknowledge(["item"]);
  for (const [readMs, answeredMs] of reads) books.delivered("a", ["item"], { readMs, ms: answeredMs ?? readMs + 100, answered: answeredMs !== undefined });
  return books;
}

describe("an acknowledged item", () => {
  it("is lost at each destination that did not accept it", () => {
    const books = booksOf([[1]], new Books(["a", "b"]));
    expect(books.missing).toBe(2);
    expect(books.findings()).toMatchObject({ acknowledged: 1, lost: ["a item", "b item"] });
    booksOf([[200, 201]], books);
    expect(books.findings()).toMatchObject({ lost: ["b item"], unexplained: [] });
  });

  it("may be accepted once, acknowledged or not", () => {
    const books = booksOf([[1, 2]]);
    books.delivered("a", ["other"], { readMs: 1, ms: 2, answered: true });
    expect(books.findings()).toEqual({ acknowledged: 1, lost: [], explained: 0, unexplained: [], unacknowledged: 1 });
  });
});

describe("a second delivery", () => {
  it.each<[string, readonly Read[], number]>([
    [
      "behind an answer has none",
      [
        [1, 2],
        [3, 4],
      ],
      1,
    ],
    ["behind attempts without an answer is the first that counts", [[1], [200], [400, 401]], 0],
    ["behind an answer and an attempt without one has none", [[1, 2], [3], [200, 201]], 1],
    // Whichever was answered first.
    [
      "that is read before the first is answered has none",
      [
        [1, 100],
        [50, 60],
      ],
      1,
    ],
    ["that is read before the first is left is the first that counts", [[1], [50, 60]], 0],
  ])("%s", (_when, reads, unexplained) => {
    const found = booksOf(reads).findings();
    expect([found.explained, found.unexplained.length]).toEqual([0, unexplained]);
  });

  it("has its reason in the order of the reading: the kill is between the two, though the first was answered last", () => {
    const books = booksOf([
      [50, 60],
      [1, 100],
    ]);
    books.killed(40, 300);
    expect(books.findings()).toMatchObject({ explained: 1, unexplained: [] });
  });

  it("has a reason in a kill that followed the answer, and in no earlier or much later one", () => {
    const within = (fromMs: number, untilMs: number) => {
      const books = booksOf([
        [100, 110],
        [9000, 9010],
      ]);
      books.killed(fromMs, untilMs);
      return books.findings().explained;
    };
    expect([within(120, 200), within(5110, 5200)]).toEqual([1, 1]);
    expect([within(10, 50), within(5111, 5200), within(9001, 9100)]).toEqual([0, 0, 0]);
  });

  it("has a reason in the sender, who sent it again", () => {
    const books = booksOf([
      [1, 2],
      [3, 4],
    ]);
    books.repeat(["item"]);
    expect(books.findings()).toMatchObject({ explained: 1, unexplained: [] });
  });
});
