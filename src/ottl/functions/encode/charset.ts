/**
 * Text in other encodings, by their IANA names, with the runtime's TextDecoder beneath. A runtime
 * that lacks one says so. Where the web's standard maps a name to a Windows code page, the ISO
 * standard holds: its bytes 0x80 to 0x9F are control characters.
 */
export type Charset = (bytes: Uint8Array) => string;

/** Names (small letters) that mean UTF-8; what is damaged becomes U+FFFD. */
const UTF8 = new Set(["", "utf-8", "utf8", "utf-8-raw", "utf8-raw", "ascii", "us-ascii", "nop"]);

const MULTI_BYTE: Readonly<Record<string, string>> = {
  "utf-16": "utf-16le",
  utf16: "utf-16le",
  "utf-16le": "utf-16le",
  "utf-16be": "utf-16be",
  gbk: "gbk",
  gb18030: "gb18030",
  big5: "big5",
  "euc-jp": "euc-jp",
  "iso-2022-jp": "iso-2022-jp",
  shift_jis: "shift_jis",
  "euc-kr": "euc-kr",
};

const SINGLE_BYTE: Readonly<Record<string, string>> = {
  latin1: "iso-8859-1",
  l1: "iso-8859-1",
  ibm866: "ibm866",
  cp866: "ibm866",
  "koi8-r": "koi8-r",
  "koi8-u": "koi8-u",
  macintosh: "macintosh",
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16].map((part) => [`iso-8859-${part}`, `iso-8859-${part}`])),
  ...Object.fromEntries(Array.from({ length: 9 }, (_, part) => [`windows-125${part}`, `windows-125${part}`])),
};

/** What decodes the encoding, or why nothing does. */
export function charsetOf(name: string): Charset | string {
  const low = name.toLowerCase();
  if (UTF8.has(low)) return decoding("utf-8");
  const multi = Object.hasOwn(MULTI_BYTE, low) ? MULTI_BYTE[low] : undefined;
  if (multi !== undefined) return decoding(multi);
  const single = Object.hasOwn(SINGLE_BYTE, low) ? SINGLE_BYTE[low] : undefined;
  return single === undefined ? "the encoding is not known" : byTable(single);
}

function decoding(label: string): Charset | string {
  try {
    const decoder = new TextDecoder(label, { ignoreBOM: true });
    return (bytes) => decoder.decode(bytes);
  } catch {
    return "this runtime has no decoder for it";
  }
}

function byTable(label: string): Charset | string {
  const decode = label === "iso-8859-1" ? (bytes: Uint8Array) => String.fromCharCode(...bytes) : decoding(label);
  if (typeof decode === "string") return decode;
  const table = Array.from({ length: 256 }, (_, byte) => {
    const control = byte >= 0x80 && byte < 0xa0 && label.startsWith("iso-");
    return control ? String.fromCharCode(byte) : decode(Uint8Array.of(byte));
  });
  return (bytes) => {
    let text = "";
    for (const byte of bytes) text += table[byte] ?? "";
    return text;
  };
}
