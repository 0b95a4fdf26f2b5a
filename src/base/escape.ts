// Text from elsewhere (names in job files, device names, failure texts, folders) in each format the lab writes: one function a
// format, used wherever text meets that format. Characters that a reader cannot see, or that move what is around them, are
// shown as escapes everywhere: a reader sees that they are there.

/**
 * Controls (C0, DEL, C1), format characters (bidi controls, zero width, BOM, tags), line and paragraph separators, lone
 * surrogates. Joiners stay: scripts and emoji need them.
 */
const UNSEEN = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** The same where line ends and tabs have their place. */
const UNSEEN_IN_LINES = /(?!\u200c|\u200d|[\n\r\t])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** `\n`, `\x1b`, `\u202e`, `\u{e0001}`. */
function named(character: string): string {
  const code = character.codePointAt(0) as number;
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  if (character === '\t') return '\\t';
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, '0')}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, '0')}` : `\\u{${hex}}`;
}

/** One line of visible characters: line ends with the white space around them are a space. */
export function plainLine(text: string): string {
  return notACommand(text.replace(/[^\S\n]*\r?\n\s*/g, ' ').replace(UNSEEN, named));
}

/** A runner of GitHub obeys lines that begin with `::` and `##[` anywhere, whoever wrote them. */
function notACommand(line: string): string {
  return line.replace(/^(\s*):(?=:)/, '$1\\x3a').replaceAll('##[', '\\x23#[');
}

/** The colours that the lab's own text has: set and reset. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: a colour begins with one
const OWN_COLOURS = /(\u001b\[(?:0|1|2|22|31|32|33|36|39)m)/;

/** Lines for a terminal or a log: line ends and the lab's colours stay, everything else is shown. */
export function terminalText(text: string): string {
  return text
    .split('\n')
    .map((line) =>
      notACommand(
        line
          .split(OWN_COLOURS)
          .map((part, i) => (i % 2 === 1 ? part : part.replace(UNSEEN, named)))
          .join(''),
      ),
    )
    .join('\n');
}

/**
 * Plain data with every string in it, keys included, as plainLine makes it; the same objects where nothing changes. For what
 * is painted before it is printed, and for charts.
 */
export function plainStrings<T>(value: T): T {
  return plainValue(value) as T;
}

function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return plainLine(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Array.isArray(value)) {
    let changed: unknown[] | undefined;
    for (const [i, item] of value.entries()) {
      const plain = plainValue(item);
      if (plain === item) continue;
      changed ??= [...value];
      changed[i] = plain;
    }
    return changed ?? value;
  }
  let isChanged = false;
  const entries = Object.entries(value).map(([key, item]) => {
    const [plainKey, plain] = [plainLine(key), plainValue(item)];
    if (plainKey !== key || plain !== item) isChanged = true;
    return [plainKey, plain] as const;
  });
  return isChanged ? Object.fromEntries(entries) : value;
}

/** Text for HTML, in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', ' ')
    .replace(UNSEEN_IN_LINES, named)
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** What begins a heading, a list, a task or a rule where it is the first of a line. */
const BLOCK_START = /^\s*(?:#(?=#{0,5}(?:\s|$))|[+-](?=\s|$)|-(?=-)|=(?==*\s*$)|\[(?=[ xX]\])|\d{1,9}[.)](?=\s|$))/;

/**
 * Text inside a line, a bullet or a table's cell of GitHub's Markdown: no markup, tag, entity, link, formula or bare address is
 * made of it. Names with underscores and [lo, hi] stay as they are.
 */
export function escapeMarkdown(text: string): string {
  return text
    .replace(/\s*[\r\n]\s*/g, ' ')
    .replace(UNSEEN, named)
    .replace(/[\\|*`<>$]|&(?=[#\w])|(?<!\w)_|_(?!\w)|~(?=~)|(?<=~)~|\](?=[([:])|!(?=\[)/g, '\\$&')
    .replace(/(https?|ftp|mailto|xmpp)(?=:)/gi, '$1\\')
    .replace(/\bwww(?=\.)/gi, '$&\\')
    .replace(BLOCK_START, (start) => `${start.slice(0, -1)}\\${start.slice(-1)}`);
}

/** What a spreadsheet takes for a formula, full-width signs and leading white space included; plain numbers are none. */
const FORMULA = /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/;
/** Where a reader that separates by semicolons or tabs, for which a quote in the middle of a field is none, begins another field. */
const FORMULA_INSIDE = /[;\t\r\n]\s*(?=[=+\-@\uff1d\uff0b\uff0d\uff20])/g;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * A field of CSV (RFC 4180), quoted where a reader in any locale might split it. Text that would be a formula begins with an
 * apostrophe, as spreadsheets mark text; line ends stay.
 */
export function csvField(text: string): string {
  const shown = text.replace(UNSEEN_IN_LINES, named).replace(FORMULA_INSIDE, "$&'");
  const inert = FORMULA.test(shown) && !NUMBER.test(shown) ? `'${shown}` : shown;
  return /[",;\t\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert;
}

const XML_ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
]);

/** Text for XML 1.0, in elements and attributes: what it cannot hold, even as a number, is shown; line ends stay line ends. */
export function escapeXml(text: string): string {
  return text
    .replace(UNSEEN_IN_LINES, named)
    .replace(/[\ufffe\uffff]/g, named)
    .replace(/[&<>"']/g, (character) => XML_ENTITIES.get(character) as string)
    .replace(/[\t\n\r]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The message of one of GitHub's workflow commands. */
export function escapeCommandData(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A').replace(UNSEEN, named);
}

/** A property of a workflow command. */
export function escapeCommandProperty(text: string): string {
  return escapeCommandData(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
