// A small strict XML reader for machine-written files: elements and attributes in order, nothing else. Bounded in depth,
// size and time; entities are never declared or expanded beyond the five predefined ones and character numbers, so a
// DOCTYPE with an internal subset is refused. Text, comments, CDATA and processing instructions are passed over.

import { LabError } from '../base/errors.ts';
import { wordTable } from '../base/word_table.ts';
import type { TextSource } from './input.ts';
import { excerpt, inputLimit, piecesOf } from './input.ts';

export interface XmlElement {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  /** 1-based line of its `<`. */
  readonly line: number;
}

export type XmlEvent =
  | { readonly kind: 'open'; readonly element: XmlElement }
  | { readonly kind: 'close'; readonly element: XmlElement };

const XML_MAX_DEPTH = 256;
const XML_MAX_ELEMENTS = 500_000;
/** Longest tag, attributes included. */
const XML_MAX_TAG_CHARS = 64 * 1024;
/** hwloc writes about 25; the longest of real ones are bit masks of processors, 9 characters for each 32. */
const XML_MAX_ATTRIBUTES = 256;
const XML_MAX_ATTRIBUTE_CHARS = 16 * 1024;

const NAME = /[A-Za-z_:][-A-Za-z0-9_:.]*/y;
const ATTRIBUTE = /\s+([A-Za-z_:][-A-Za-z0-9_:.]*)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y;
const PREDEFINED = wordTable<string>({ lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" });

/**
 * The elements of a document as they open and close.
 * @throws LabError with the line on anything not well formed, and on what exceeds the limits
 */
export function* xmlEvents(text: TextSource, source: string): Generator<XmlEvent> {
  const reader = new PieceReader(text, source);
  const open: XmlElement[] = [];
  let elements = 0;
  let hasRoot = false;
  for (;;) {
    if (!reader.skipText(open.length === 0)) break;
    const line = reader.line;
    const markup = reader.takeMarkup();
    if (markup === undefined) continue;
    if (markup.startsWith('</')) {
      yield { kind: 'close', element: closeElement(markup, open, source, line) };
      continue;
    }
    if (open.length === 0 && hasRoot) throw new LabError(`${source}:${line}: a second root element.`);
    hasRoot = true;
    elements++;
    if (elements > XML_MAX_ELEMENTS) throw new LabError(`${source}:${line}: more than ${XML_MAX_ELEMENTS} elements.`);
    if (open.length >= XML_MAX_DEPTH) {
      throw new LabError(`${source}:${line}: elements nested more than ${XML_MAX_DEPTH} deep.`);
    }
    const { element, isEmpty } = openElement(markup, source, line);
    yield { kind: 'open', element };
    if (isEmpty) yield { kind: 'close', element };
    else open.push(element);
  }
  const unclosed = open.at(-1);
  if (unclosed) {
    throw new LabError(
      `${source}:${reader.line}: the file ends inside <${unclosed.name}> (opened on line ${unclosed.line}): cut off.`,
    );
  }
  if (!hasRoot) throw new LabError(`${source}:${reader.line}: no XML element in it.`);
}

function closeElement(markup: string, open: XmlElement[], source: string, line: number): XmlElement {
  const name = /^<\/([^\s>]+)\s*>$/.exec(markup)?.[1];
  const element = open.pop();
  if (element && element.name === name) return element;
  const expected = element ? `</${element.name}> (opened on line ${element.line})` : 'no end tag';
  throw new LabError(`${source}:${line}: found '${excerpt(markup)}', expected ${expected}.`);
}

function openElement(markup: string, source: string, line: number): { element: XmlElement; isEmpty: boolean } {
  NAME.lastIndex = 1;
  const name = NAME.exec(markup)?.[0];
  if (name === undefined) throw new LabError(`${source}:${line}: '${excerpt(markup)}' is not a tag.`);
  const attributes = new Map<string, string>();
  let at = NAME.lastIndex;
  for (;;) {
    ATTRIBUTE.lastIndex = at;
    const match = ATTRIBUTE.exec(markup);
    if (!match) break;
    const [, key, double, single] = match;
    if (key === undefined || attributes.has(key)) {
      throw new LabError(`${source}:${line}: <${name}> has the attribute '${excerpt(key ?? '')}' twice.`);
    }
    const value = double ?? single ?? '';
    checkAttribute(attributes.size + 1, key, value, `${source}:${line}: <${excerpt(name)}>`);
    attributes.set(key, decode(value, source, line));
    at = ATTRIBUTE.lastIndex;
  }
  const rest = markup.slice(at).trim();
  if (rest !== '>' && rest !== '/>') {
    throw new LabError(`${source}:${line}: '${excerpt(rest)}' in <${name}> is not an attribute (name="value").`);
  }
  return { element: { name, attributes, line }, isEmpty: rest === '/>' };
}

function checkAttribute(count: number, key: string, value: string, at: string): void {
  if (count > XML_MAX_ATTRIBUTES) throw new LabError(`${at} has more than ${XML_MAX_ATTRIBUTES} attributes.`);
  if (key.length + value.length <= XML_MAX_ATTRIBUTE_CHARS) return;
  throw new LabError(`${at}: the attribute '${excerpt(key)}' has more than ${XML_MAX_ATTRIBUTE_CHARS} characters.`);
}

/** Replaces predefined entities and character numbers; anything else would need a declaration, which is refused. */
function decode(value: string, source: string, line: number): string {
  if (!value.includes('&')) return value;
  return value.replace(/&([^;&]{0,16});?/g, (whole, entity: string) => {
    const plain = PREDEFINED[entity];
    const number = /^#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))$/i.exec(entity);
    const code = number ? Number.parseInt(number[1] ?? number[2] ?? '', number[1] ? 16 : 10) : Number.NaN;
    if (whole.endsWith(';') && plain !== undefined) return plain;
    if (whole.endsWith(';') && code > 0 && code <= 0x10ffff) return String.fromCodePoint(code);
    throw new LabError(
      `${source}:${line}: '${excerpt(whole)}' is not one of &lt; &gt; &amp; &quot; &apos; or a character number: ` +
        'other entities are never expanded.',
    );
  });
}

/** Hands out markup from pieces of text, keeping no more than one tag and one piece. */
class PieceReader {
  line = 1;
  #buffer = '';
  #at = 0;
  /** Where the next newline at or after #at is; -1 when there is none in the buffer, undefined when not looked up. */
  #newline: number | undefined;
  readonly #pieces: Iterator<string>;
  readonly #source: string;
  readonly #limit: (chars: number) => void;

  constructor(text: TextSource, source: string) {
    this.#pieces = piecesOf(text)[Symbol.iterator]();
    this.#source = source;
    this.#limit = inputLimit(source, () => this.line);
  }

  /** Moves to the next `<`; false at the end. Outside the root element only white space may be skipped. */
  skipText(isOutside: boolean): boolean {
    for (;;) {
      const next = this.#buffer.indexOf('<', this.#at);
      const end = next < 0 ? this.#buffer.length : next;
      const skipped = this.#buffer.slice(this.#at, end);
      const word = isOutside ? skipped.search(/[^\s\ufeff]/) : -1;
      if (word >= 0) {
        this.#consume(this.#at + word);
        throw new LabError(`${this.#source}:${this.line}: '${excerpt(skipped.trim())}' stands outside any element.`);
      }
      this.#consume(end);
      if (next >= 0) return true;
      if (!this.#more()) return false;
    }
  }

  /** The tag at the current `<`; undefined for what is passed over (comment, CDATA, instruction, DOCTYPE). */
  takeMarkup(): string | undefined {
    if (this.#starts('<!--')) return this.#pass('-->', 'comment');
    if (this.#starts('<![CDATA[')) return this.#pass(']]>', 'CDATA section');
    if (this.#starts('<?')) return this.#pass('?>', 'processing instruction');
    if (this.#starts('<!DOCTYPE')) return this.#doctype();
    if (this.#starts('<!')) throw this.#error('a declaration that has no place here');
    const end = this.#tagEnd('<', "a tag with a '<' inside");
    const markup = this.#buffer.slice(this.#at, end);
    this.#consume(end);
    return markup;
  }

  #starts(word: string): boolean {
    while (this.#buffer.length - this.#at < word.length && this.#more());
    return this.#buffer.startsWith(word, this.#at);
  }

  /** End of the tag at the current place: the first `>` outside quotes. `refused` may not come before it. */
  #tagEnd(refused: string, why: string): number {
    let quote = '';
    for (let i = this.#at; ; i++) {
      if (i - this.#at > XML_MAX_TAG_CHARS) throw this.#error(`a tag longer than ${XML_MAX_TAG_CHARS} characters`);
      if (i >= this.#buffer.length) {
        const offset = i - this.#at;
        if (!this.#more()) throw this.#error('a tag that does not end: the file is cut off');
        i = this.#at + offset;
      }
      const c = this.#buffer.charAt(i);
      if (quote !== '') quote = c === quote ? '' : quote;
      else if (c === '"' || c === "'") quote = c;
      else if (c === '>') return i + 1;
      else if (c === refused && i > this.#at) throw this.#error(why);
    }
  }

  #doctype(): undefined {
    this.#consume(this.#tagEnd('[', 'a DOCTYPE with declarations of its own: entities are never expanded, remove it'));
  }

  #pass(terminator: string, what: string): undefined {
    const started = this.line;
    for (;;) {
      const end = this.#buffer.indexOf(terminator, this.#at);
      if (end >= 0) {
        this.#consume(end + terminator.length);
        return;
      }
      // The terminator may straddle two pieces.
      this.#consume(Math.max(this.#at, this.#buffer.length - terminator.length + 1));
      if (!this.#more()) throw new LabError(`${this.#source}:${started}: a ${what} that does not end: cut off.`);
    }
  }

  #consume(end: number): void {
    let next = this.#newline ?? this.#buffer.indexOf('\n', this.#at);
    for (; next >= 0 && next < end; next = this.#buffer.indexOf('\n', next + 1)) this.line++;
    this.#newline = next;
    this.#at = end;
  }

  /** Appends the next piece; false at the end of the text. */
  #more(): boolean {
    const next = this.#pieces.next();
    if (next.done) return false;
    this.#limit(next.value.length);
    this.#buffer = this.#buffer.slice(this.#at) + next.value;
    this.#at = 0;
    this.#newline = undefined;
    return true;
  }

  #error(what: string): LabError {
    return new LabError(`${this.#source}:${this.line}: '${excerpt(this.#buffer.slice(this.#at))}' is ${what}.`);
  }
}
