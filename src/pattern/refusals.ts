/** Why a pattern cannot be used, in our words, from what the library says. */

/** As much of a pattern as a message shows, UTF-16 units. */
const PART_CHARS_MAX = 60;

/** `error` is the library's description, `whole` the part of the pattern that it names; the answer is words behind "the pattern". */
export function refusalOf(error: string, whole: string): string {
  const part = whole.length > PART_CHARS_MAX ? `${whole.slice(0, PART_CHARS_MAX)}...` : whole;
  if (/^\(\?<?[=!]/.test(part)) return "uses lookaround, which the Collector does not have either";
  switch (error) {
    case "missing closing )":
      return 'has a "(" without its ")"';
    case "unexpected )":
      return 'has a ")" without its "("';
    case "missing closing ]":
      return 'has a "[" without its "]"';
    case "trailing backslash at end of expression":
      return "ends in a backslash";
    case "missing argument to repetition operator":
      return `has "${part}" with nothing before it to repeat`;
    case "invalid nested repetition operator":
      return `has "${part}", a repetition of a repetition: put a group around the inner one`;
    case "invalid repeat count":
      return `has "${part}", which repeats more than 1000 times in all, or ends below its start`;
    case "invalid character class range":
      return `has "${part}", which is no class of characters`;
    case "invalid named capture":
      return `has a group whose name is none: "${part}"`;
    case "duplicate capture group name":
      return `has two groups named "${part}"`;
    case "expression nests too deeply":
      return "nests more than 1000 groups";
    case "expression too large":
      return "is too large: it repeats too much";
    case "invalid escape sequence":
      if (/^\\[1-9]/.test(part)) return "refers back to a group, which the Collector does not have either";
      return `uses "${part}", which is not available`;
    case "invalid or unsupported Perl syntax":
      return `has a group that begins with "${part}" and is none: write (?:...), (?P<name>...) or (?i)`;
    default:
      return `cannot be read: ${error}`;
  }
}
