import { describe, expect, test } from 'vitest';
import { LabError } from '../base/errors.ts';
import { parseTopology } from './load.ts';
import { xmlEvents } from './xml.ts';

const read = (text: string | string[]): string[] =>
  [...xmlEvents(text, 'x.xml')].map(({ kind, element }) =>
    `${kind} ${element.name} ${element.line} ${[...element.attributes].join(' ')}`.trim(),
  );

test('elements open and close in order, with attributes and lines', () => {
  expect(
    read('<?xml version="1.0"?>\n<!-- a > b -->\n<a x="1">\n text <![CDATA[ <no> ]]><b y=\'2\'/>\n</a>\n'),
  ).toEqual(['open a 3 x,1', 'open b 4 y,2', 'close b 4 y,2', 'close a 3 x,1']);
});

test('cut into pieces anywhere it reads the same', () => {
  const text = '<?xml version="1.0"?><!DOCTYPE a SYSTEM "a.dtd">\n<a x="1>2">\n<!-- c --><b y=\'&lt;\'/>\n</a>';
  const whole = read(text);
  for (let i = 1; i < text.length; i++) expect(read([text.slice(0, i), text.slice(i)])).toEqual(whole);
  expect(read([...text])).toEqual(whole);
});

test('constructor and __proto__ are names of attributes as others are, and no entities', () => {
  expect(read('<a constructor="1" __proto__="2"/>')[0]).toBe('open a 1 constructor,1 __proto__,2');
  for (const word of ['constructor', 'toString', '__proto__']) {
    expect(() => read(`<a x="&${word};"/>`)).toThrow(/never expanded/);
  }
});

test('predefined entities and character numbers are decoded', () => {
  expect(read('<a x="&lt;&gt;&amp;&quot;&apos;&#65;&#x42;"/>')[0]).toBe('open a 1 x,<>&"\'AB');
});

describe('refused with the line', () => {
  test.each([
    ['entities of its own', '<!DOCTYPE a [\n<!ENTITY e "x">]>\n<a/>', /x.xml:1: .* entities are never expanded/],
    ['an undeclared entity', '<a>\n<b x="&e;"/></a>', /x.xml:2: '&e;' is not one of/],
    ['a character number out of range', '<a x="&#x110000;"/>', /x.xml:1: /],
    ['another end tag', '<a>\n<b>\n</a>', /x.xml:3: found '<\/a>', expected <\/b> \(opened on line 2\)/],
    ['an end tag too many', '<a/></a>', /expected no end tag/],
    ['a file that ends too early', '<a>\n<b>\n', /x.xml:3: the file ends inside <b> \(opened on line 2\): cut off/],
    ['a tag that does not end', '<a>\n<b x="', /x.xml:2: .* cut off/],
    ['a comment that does not end', '<a>\n<!-- ', /x.xml:2: a comment that does not end/],
    ['an attribute twice', '<a x="1" x="2"/>', /attribute 'x' twice/],
    ['an attribute without quotes', '<a x=1/>', /is not an attribute/],
    ['a second root', '<a/>\n<b/>', /x.xml:2: a second root element/],
    ['words outside', '<a/>\nhello', /x.xml:2: 'hello' stands outside any element/],
    ['nothing', '  ', /no XML element/],
    ['a tag inside a tag', '<a <b/>', /a tag with a '<' inside/],
    ['deep nesting', '<a>'.repeat(300), /nested more than 256 deep/],
    [
      'an attribute longer than any',
      `<a>\n<b x="${'1'.repeat(17_000)}"/></a>`,
      /x.xml:2: <b>: the attribute 'x' has more/,
    ],
    [
      'a name longer than any',
      `<a ${'x'.repeat(17_000)}="1"/>`,
      /the attribute 'x{60}\.\.\.' has more than 16384 char/,
    ],
    [
      'attributes by the hundred',
      `<a ${Array.from({ length: 257 }, (_v, i) => `x${i}="1"`).join(' ')}/>`,
      /<a> has more than 256/,
    ],
    ['an endless tag', `<a ${'x'.repeat(70_000)}`, /longer than/],
  ])('%s', (_, text, message) => {
    expect(() => read(text)).toThrow(LabError);
    expect(() => read(text)).toThrow(message);
  });

  test('more elements than any file has, in bounded memory', () => {
    function* endless(): Generator<string> {
      yield '<a>';
      for (;;) yield '<b/>'.repeat(1000);
    }
    const events = xmlEvents(endless(), 'x.xml');
    expect(() => {
      while (!events.next().done);
    }).toThrow(/more than 500000 elements/);
  });
});

test('noise without end is refused at once, whatever its kind', async () => {
  const endless = (head: string, piece: string): Iterable<string> => ({
    *[Symbol.iterator]() {
      yield head;
      for (;;) yield piece;
    },
  });
  for (const [head, piece, message] of [
    ['hello\n', 'abc\n', /n:1: 'hello' begins no topology format/],
    ['00:00.0 0600: 8086:1237\n', `\t${'abc '.repeat(500)}\n`.repeat(50), /n:\d+: more than 32 MiB/],
    ['00:00.0 0600: 8086:1237\n', 'x'.repeat(10_000), /n:2: a line of more than/],
    ['00:00.0 0600: 8086:1237\n', '\0', /n:2: a NUL character/],
    ['<topology version="2.0">', ' text '.repeat(10_000), /n:1: more than 32 MiB/],
    ['<topology version="2.0" x="', 'y'.repeat(1000), /n:1: .* longer than/],
    ['<!DOCTYPE topology [\n', '<!ENTITY a "b">\n', /n:1: .* never expanded/],
  ] as const) {
    await expect(parseTopology(endless(head, piece), 'n')).rejects.toThrow(message);
  }
});
