/** The nearest of a few names, for suggestions. */

/** Names longer than this are no slips of the finger. */
const LENGTH_MAX = 64;

/**
 * The candidate that is fewest edits away (insert, delete, replace, swap neighbours), undefined when
 * none is near: at most a third of the name's length, 2 for short names.
 */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  // Of numbers, none is a misspelt other.
  if (name.length > LENGTH_MAX || !/\p{L}/u.test(name)) return undefined;
  let best: string | undefined;
  let bestEdits = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) >= bestEdits) continue;
    const edits = plain(name) === plain(candidate) ? 0 : distance(name, candidate);
    // A name of two letters is two edits from any other.
    if (edits < bestEdits && edits < Math.max(name.length, candidate.length) - 1) {
      best = candidate;
      bestEdits = edits;
    }
  }
  return best;
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

/** Optimal string alignment distance. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) edits = Math.min(edits, (before[j - 2] ?? 0) + 1);
      row.push(edits);
    }
    before = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
