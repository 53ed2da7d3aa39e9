/** What redaction's sanitizers look at: URLs, and databases' commands as they are, cut off, and mixed up. */
import type { Plain } from "../../harness/judge.ts";
import { type Any, anyValue, attributes, id, time } from "./values.ts";

const URLS = [
  "",
  "/",
  "//",
  "?",
  "#a",
  "&",
  "/users/17/orders/9f3c",
  "/users/ann/orders",
  "GET /users/17",
  "POST /user_space/?x=1",
  "/v1/products/22j",
  "/k8s/v2",
  "/api/hello.world.again",
  "/api/v10/items",
  "/a1b/c",
  "/a1?x",
  "/attach12?y=2",
  "/xkcdqzv?secret",
  "/xkcdqzv",
  "/xkcdqzv/",
  "/zq-vx/wjk_qp/a.b-c",
  "https://shop.example/user/17?token=secret",
  "https://shop.example:8443/a/b",
  "HTTP GET",
  "/grüße/straße",
  "/ü1/aü/a",
  "/日本/x",
  "/%7Eann/a%20b",

  "/usuarios/fdklsd/trabajo",
  "/Benutzer/Arbeit",
  "/GET/LIST/QZXW",
  "/550e8400-e29b-41d4-a716-446655440000/x",
  "/a/b/c/d/e/f/g/h/i",
  "/a/b/c/d/e/f/g/h/i/j",
  "/index.php/17",
  "**",
  "/**/a",
  "a b c d",
  "select from where",
  "wxyz",
  "/a//b///c",
  "/rhythm/psych/crwth",
  "/the/of/and",
  "v1",
  "1v",
  "-",
  "_._",
];

const SQL = [
  "SELECT * FROM users WHERE id = 17",
  "SELECT name, 'it''s' FROM t1 WHERE x='a\\'b' AND y = \"col2\" -- tail 5",
  'select "Tab1"."Col2", "x" from "a1"."b" where k in (1, 2.5, -3, +4, 1e10, 1E-5, .5, 0x1F, 0178, 089, 0b1)',
  "insert into t (a, b) values (NULL, true, False, null) , (nulls, truex, x_null, TRUE)",
  "UPDATE t SET a=-1, b =- 1, c=a-1, d=a -1 WHERE e>=?5 AND f<>'x' AND g!=$1 AND h = $12a",
  "SELECT a::text, :name1, ::int4, @v1, @@g1, @@, @ 1, @@é1, @é1 FROM #tmp1",
  "SELECT d->'k1', d->>1, d#>'{a,1}', d#>>'{b2}', d#-'x', d?|1, d?&2, d<@3, d@>4, d@?5, a->-1, a#>-1, a?-1",
  "$func$ SELECT 1, 'x' $func$ after 1",
  "do $$ begin perform 17; end $$ returning 9",
  "$tag1$ body '17' $tag1$ 18 $tag2$ open 19",
  "cost $ 17 and more 18",
  "ends in $",
  "SELECT f1(1), F2 (2), Größe1, größe2(3), 日本1, x日1 FROM `tab1` WHERE `a``1` = 2",
  "/* multi 1 */ SELECT 1 /* open 2",
  "-- only 17",
  "a --b 1\nc 2 # d 3\n e 4",
  "'open 17",
  "'escaped \\' 17",
  "'ends in backslash \\",
  '"open 17',
  '"a"."b',
  '"a1" "b2"."c3" "d".e4 "1".\'x\'',
  "NULL.x1 NULL,NULL;NULL:NULL=NULL NULL+1 (NULL)[NULL]{NULL}NULL",
  "true=true,TRUE/false",
  "1.2.3.4 1..2 5e 5e+ 5e+- 1e5e5 12abc 0xZZ 0X1g 00 07 08 09a",
  "a=1 a=-1 a=- 1 a=*1 a=@1 a=?1 a=:1 a>=@1 a<=-1 a||-1 a|| -1",
  "  spaces\t\n 1 \r\n ",
  "\u00a0 wide 1 \u3000",
  "€ 5 😀6 ☃7",
  "exec p1 @a = 'x', @b=2; GO 5",
  "SELECT * FROM a.b1.c2 WHERE x1.y2='z' AND u.v1(3)=w2[4] AND {d '2024-01-01'}",
  "drop table if exists t_2024; CREATE INDEX i1 ON t2(c3) \\ 4",
  "a/b1 a#1 a!1 a?1 a$1 a.1 a@1 a%1 a^1 a~1 a&1",
  "- 1 + 1 -1 +1 -.5 +.e1 -a1 --1",
  "SELECT '日本' || \"größe1\" || 'a' 'b'",
];

const REDIS = [
  "AUTH secret",
  "auth user secret",
  "GET key1",
  "SET key1 value1 EX 60",
  "SET key",
  'set k "a value with spaces" NX',
  'SET k "quoted \\" still" EX 1',
  "SET k a\\ b",
  'APPEND k "line\nbreak" x',
  "GETSET k v\nLPUSHX k v\nRPUSHX k v\nSETNX k v\nSISMEMBER k m\nZRANK k m\nZREVRANK k m\nZSCORE k m",
  "GEORADIUSBYMEMBER k member 10 km WITHDIST",
  "HSETNX k f v",
  "LREM k 2 v\nLSET k 0 v\nSETBIT k 7 1\nSETEX k 10 v\nPSETEX k 10 v\nSETRANGE k 6 v\nZINCRBY k 2 m\nSMOVE a b m\nRESTORE k 0 v REPLACE",
  "LINSERT k BEFORE pivot v",
  "GEOHASH k a b c\nGEOPOS k a b\nGEODIST k a b km\nLPUSH k a b\nRPUSH k a b\nSREM k a b\nZREM k a b\nSADD k a b c",
  "SADD k",
  "GEOADD k 13.3 38.1 Palermo 15.0 37.5 Catania",
  "HSET k f1 v1 f2 v2 f3\nHMSET k f v\nHSET k f",
  "MSET a 1 b 2 c\nMSETNX a 1",
  "CONFIG SET requirepass secret\nCONFIG GET x y\nconfig set a b\nCONFIG",
  "BITFIELD k SET u8 0 255 GET u8 0\nBITFIELD k GET u8 0 INCRBY i5 100 1\nBITFIELD k SET SET SET u8 1 2\nbitfield k set i5 1 2 set i5 3 4",
  "ZADD k NX CH 1 one 2 two\nZADD k 1 one\nZADD k NX\nZADD k\nZADD k nx 1 one\nZADD k INCR XX 5 m",
  "  GET a  \n\n   SET b  c  d \r\n\tGET e\n\n\tGET f\nSET g\th i",
  'SET k "open quote and more\nGET x',
  'SET k \\\\" a b',
  "UNKNOWN a b c",
  "PING",
];

const MEMCACHED = ["get mykey", "set mykey 0 60 5\r\nvalue", "set mykey 0 60 5\nvalue", " add k 0 0 1 \r\nx\r\n", "\r\nvalue"];

const JSONS = [
  '{"find":"users","filter":{"name":"ann","age":{"$gt":17}},"limit":1}',
  ' { "a" : [ 1 , "two" , true , null , { "b" : -1.5e+3 } , [ ] , { } ] , "c" : { } } \n ',
  "17",
  '"text"  ',
  " true\n",
  "null",
  "[]",
  "{}",
  '[1,[2,[3,{}]],{"k":[[]]}]',
  '{"a\\"b\\u00e9\\n":"x\\\\","größe":"ü"}',
  '{"a":1,}',
  "[1,]",
  "{a:1}",
  '{"a":01}',
  '{"a":1.}',
  '{"a":-}',
  '{"a":"\t"}',
  '{"a":"\\x"}',
  '{"a":"\\u12g4"}',
  '{"a":1} {"b":2}',
  '{"a":1',
  '"open',
  "[1 2]",
  '{"a" 1}',
  '{"a":tru}',
  "{,}",
  "[}",
  '{"a":{"b":{"c":[{"d":1}]}}}\t',
  '{"query":{"match":{"user.id":"kimchy"}},"size":10,"sort":["_score",{"@timestamp":"desc"}]}',
  '{"":"","a":""}',
  "1e5",
  "-0",
  "[0,-0.0,1E9,1e-9]",
];

const PIECES = [
  ..."SELECT FROM a1 x.y2 'v' '' \"q1\" \" ' 12 -3 0x1f 017 1.5e-3 = =- => -> #> ? @ @@ @v1 :b1 $1 $$ $t$ $func$ NULL TRUE ( ) , ; . [ ] { } * / /* */ -- # ` \\ / & é1 日".split(
    " ",
  ),
  ..."SET GET key MSET ZADD 1 2 NX".split(" "),
  " ",
  "\n",
  "\t",
  "\r\n",
];

/** Texts of pieces in an order that only looks random. */
function mixed(count: number): string[] {
  let state = 20261121;
  const next = (bound: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
  return Array.from({ length: count }, () =>
    Array.from({ length: 1 + next(14) }, () => `${PIECES[next(PIECES.length)] ?? ""}${next(3) === 0 ? " " : ""}`).join(""),
  );
}

const TEXTS = [...URLS, ...SQL, ...REDIS, ...MEMCACHED, ...JSONS, ...mixed(120)];

const record = (body: Any, values: Readonly<Record<string, Any>> = {}): Plain => ({
  timeUnixNano: time(),
  body: anyValue(body),
  attributes: attributes(values),
});

const logs = (records: readonly Plain[]): Plain => ({ resourceLogs: [{ scopeLogs: [{ logRecords: records }] }] });

/** Each text as a body. */
const bodies = logs(TEXTS.map((text) => record(text)));

/** Bodies that are more than text, and attributes with and without a database's name. */
const shapes = logs([
  record({ url: "/users/17", nested: { sql: "SELECT 1" }, list: ["/a/17", "x = 'y'", 42n], truth: true }),
  record(["/users/17", { q: '{"a":1}' }]),
  record(42n),
  record(1.5),
  record(true),
  record(null),
  record("x", { url: "/users/17", command: "SET k 17 'v'", other: "/users/17" }),
  record("x", { url: "/users/17", command: "SET k 17 'v'", "db.system": "redis" }),
  record("x", { command: "SET k 17 'v'", "db.system.name": "PostgreSQL", "db.system": "redis" }),
  record("x", { command: "SET k 17 'v'", "db.system.name": "", "db.system": "memcached" }),
  record("x", { command: "SET k 17 'v'", "db.system.name": 7n, "db.system": "oracle" }),
  record("x", { command: '{"a":17}', "db.system.name": "mongodb", url: 17n }),
  record("x", { command: '{"a":17}', "db.system.name": "elasticsearch" }),
  record("x", { command: 17n, url: ["/users/17"], "db.system": "sqlite" }),
]);

const KINDS = [0, 1, 2, 3, 4, 5];
let spans = 0;
const span = (name: string, kind: number, values: Readonly<Record<string, Any>>): Plain => ({
  traceId: id(16, 1),
  spanId: Uint8Array.from([1, ++spans >> 8, spans & 255, 1, 1, 1, 1, 1]),
  name,
  kind,
  startTimeUnixNano: time(),
  attributes: attributes(values),
});
const traces = (list: readonly Plain[]): Plain => ({ resourceSpans: [{ scopeSpans: [{ spans: list }] }] });

const HTTP = ["http.route", "http.request.method", "http.request.method_original", "http.response.status_code", "url.full", "http.scheme", "http.target"];

/** Spans by kind, by what makes them HTTP's, and by their database. */
const names = traces([
  ...KINDS.flatMap((kind) => [
    span("GET /users/17", kind, {}),
    span("SELECT 17", kind, { "db.system": "mysql" }),
    span("users 17", kind, { "http.method": "GET" }),
    span("GET /users/17", kind, { "db.system.name": "sqlite" }),
  ]),
  ...[...HTTP, "http.url", "http.host"].map((key) => span("get 17", 2, { [key]: "x" })),
  ...URLS.map((url) => span(url, 3, { "http.method": "GET" })),
  ...["mysql", "postgresql", "mariadb", "other_sql", "oracle", "redis", "valkey", "memcached", "mongodb", "opensearch", "elasticsearch", "MySQL"].flatMap(
    (system) => ["SET k 17 'v' \"w1\" #x1", '{"a":17}', "get k\r\nv", ""].map((name) => span(name, 3, { "db.system": system })),
  ),
  ...[...SQL, ...mixed(30)].flatMap((text) => ["mysql", "postgresql"].map((system) => span(text, 3, { "db.system.name": system }))),
]);

/** Attributes by the database that the span names; of no kind, so that names stay. */
const commands = traces([
  ...["mysql", "redis", "valkey", "memcached", "mongodb", "opensearch", "elasticsearch", "none", ""].map((system) =>
    span("GET /users/17", 0, { "db.system": system, command: "SET k 17 'v'", query: '{"a":17}', url: "/users/17?x" }),
  ),
  span("x", 0, { command: "SET k 17 'v'", url: "/users/17" }),
]);

/** Where the Collector lets go of something. */
const slips = logs(["/1/2/3/4/5/6/7/8/9/10", "/1/2/3/4/5/6/7/8/xkcdqzv/x", "SET a 1\n \n SET b 2\nSET c 3"].map((text) => record(text)));

export const SANITIZER_LOGS: Readonly<Record<string, Plain>> = { bodies, shapes, slips };
export const SANITIZER_TRACES: Readonly<Record<string, Plain>> = { names, commands };
