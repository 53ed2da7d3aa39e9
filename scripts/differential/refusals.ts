/** What a Collector that does not start complains about: which cases, and of what, in a word. */

/** Case numbers with the words about each. */
export function refusedIn(log: string): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const marks = [...log.matchAll(/[a-z_]+\/case(\d+)-\d+/g)];
  for (const [index, mark] of marks.entries()) {
    const words = log.slice(mark.index, marks[index + 1]?.index);
    const number = Number(mark[1]);
    found.set(number, (found.get(number) ?? "") + words);
  }
  return found;
}

/** The first that fits. The words quote the statement, so that these are phrases, not words. */
const CATEGORIES: readonly (readonly [category: string, words: RegExp])[] = [
  ["syntax", /has invalid syntax/],
  ["enum", /enum symbol/],
  ["function", /undefined function|does not support the function/],
  ["context", /unable to infer|inferred context|context inferred|not a supported context|unknown context|must be replaced by/],
  ["path", /is not a valid path|path section|cannot be indexed|unsupported path/],
  ["pattern", /error parsing regexp|valid pattern|invalid (?:regexp )?pattern|syntax error in pattern|named capture|unnamed matcher/],
  ["argument", /while parsing arguments|invalid argument|couldn't create function|no such parameter|number of arguments/],
  ["setting", /decoding failed|invalid keys|error mode|configuration styles/],
];

/** The gist of a complaint, which stays when its words change. */
export function category(words: string): string {
  return CATEGORIES.find(([, one]) => one.test(words))?.[0] ?? "value";
}
