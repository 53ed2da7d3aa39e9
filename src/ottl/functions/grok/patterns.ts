/**
 * The Grok patterns that are there without a definition: the general ones, which most patterns are made
 * of. Names are those that Grok has everywhere; others are given with `pattern_definitions`.
 */
export const PATTERNS: Readonly<Record<string, string>> = {
  // Text
  WORD: String.raw`\b\w+\b`,
  NOTSPACE: String.raw`\S+`,
  SPACE: String.raw`\s*`,
  DATA: ".*?",
  GREEDYDATA: ".*",
  QUOTEDSTRING: String.raw`"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'`,
  QS: "%{QUOTEDSTRING}",
  USERNAME: "[A-Za-z0-9._-]+",
  USER: "%{USERNAME}",
  EMAILLOCALPART: "[A-Za-z0-9!#$&*+/=?^_{|}~'-]+(?:[.][A-Za-z0-9!#$&*+/=?^_{|}~'-]+)*",
  EMAILADDRESS: "%{EMAILLOCALPART}@%{HOSTNAME}",
  UUID: "[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}",
  LOGLEVEL: "(?i:trace|debug|notice|info(?:rmation)?|warn(?:ing)?|err(?:or)?|crit(?:ical)?|alert|fatal|severe|emerg(?:ency)?)",

  // Numbers
  INT: "[+-]?[0-9]+",
  POSINT: String.raw`\b[1-9][0-9]*\b`,
  NONNEGINT: String.raw`\b[0-9]+\b`,
  BASE10NUM: "[+-]?(?:[0-9]+(?:[.][0-9]+)?|[.][0-9]+)",
  NUMBER: "%{BASE10NUM}",
  BASE16NUM: "[+-]?(?:0x)?[0-9A-Fa-f]+",

  // The network
  MAC: "[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:[.][0-9A-Fa-f]{4}){2}",
  IPV4: String.raw`\b(?:(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])[.]){3}(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])\b`,
  IPV6: "(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}|(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?::(?:[0-9A-Fa-f]{1,4}(?::[0-9A-Fa-f]{1,4}){0,6})?",
  IP: "%{IPV6}|%{IPV4}",
  HOSTNAME: String.raw`\b[0-9A-Za-z][0-9A-Za-z-]{0,62}(?:[.][0-9A-Za-z][0-9A-Za-z-]{0,62})*`,
  IPORHOST: "%{IP}|%{HOSTNAME}",
  HOSTPORT: "(?:%{IPORHOST}):%{POSINT}",

  // Paths and addresses
  UNIXPATH: String.raw`(?:/[\w%!$@:.,+~-]*)+`,
  PATH: "%{UNIXPATH}",
  URIPROTO: "[A-Za-z][A-Za-z0-9+.-]*",
  URIHOST: "(?:%{IPORHOST})(?::%{POSINT})?",
  URIPATH: String.raw`(?:/[\w$.+!*'(){},~:;=@#%&-]*)+`,
  URIPARAM: String.raw`\?[^\s"]*`,
  URIPATHPARAM: "%{URIPATH}(?:%{URIPARAM})?",
  URI: "%{URIPROTO}://(?:%{USER}(?::[^@]*)?@)?(?:%{URIHOST})?(?:%{URIPATHPARAM})?",

  // Times
  YEAR: "[0-9]{4}|[0-9]{2}",
  MONTHNUM: "0?[1-9]|1[0-2]",
  MONTHDAY: "0?[1-9]|[12][0-9]|3[01]",
  MONTH: "(?i:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:tember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)",
  DAY: "(?i:mon(?:day)?|tue(?:sday)?|wed(?:nesday)?|thu(?:rsday)?|fri(?:day)?|sat(?:urday)?|sun(?:day)?)",
  HOUR: "[01]?[0-9]|2[0-3]",
  MINUTE: "[0-5][0-9]",
  SECOND: "(?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?",
  TIME: "(?:%{HOUR}):(?:%{MINUTE})(?::(?:%{SECOND}))?",
  ISO8601_TIMEZONE: "Z|[+-](?:%{HOUR})(?::?(?:%{MINUTE}))?",
  TIMESTAMP_ISO8601: "(?:%{YEAR})-(?:%{MONTHNUM})-(?:%{MONTHDAY})[T ](?:%{HOUR}):?(?:%{MINUTE})(?::?(?:%{SECOND}))?(?:%{ISO8601_TIMEZONE})?",
  HTTPDATE: "(?:%{MONTHDAY})/(?:%{MONTH})/(?:%{YEAR}):(?:%{TIME}) %{INT}",
  SYSLOGTIMESTAMP: "(?:%{MONTH}) +(?:%{MONTHDAY}) (?:%{TIME})",
};
