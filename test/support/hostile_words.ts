// Strings that would act where they are not taken as data: markup, formulas, control sequences, commands, names of prototypes.

export const HOSTILE: Readonly<Record<string, string>> = {
  'a tag': '<img src=x onerror=alert(1)>',
  'an end of script': '</script><script>alert(1)</script><!-- x',
  'an end of attribute': `"' onload=alert(1) x="`,
  entities: '&lt;b&gt; &#x3c; &constructor;',
  pipes: 'a|b||c',
  'code and emphasis': '`x` ``y`` **b** _i_ ~~s~~ \\',
  links: '[x](javascript:alert(1)) ![y](http://a.example/b.png) [z][q] [r]: http://a.example',
  'bare addresses': 'https://a.example/x www.a.example mailto:a@a.example',
  'a heading': '# heading',
  'a list': '1. one',
  'a line of Markdown': 'x\n\n## y\n| a | b |\n|---|---|',
  mathematics: '$x$ and $$y$$',
  'a formula': '=HYPERLINK("http://a.example","x")',
  'a formula with a plus': "+1+cmd|'/C calc'!A0",
  'a formula with a minus': '-2+3',
  'a formula with an at sign': '@SUM(1)',
  'a formula behind a tab': '\t=1',
  'a formula behind a carriage return': '\r=1',
  'a formula behind blanks': '  =1',
  'a full-width formula': '\uff1d1+1',
  'a formula in the next field': 'a;=1+1,=2\t=3',
  'quotes and line ends': '"a", b; c\r\nd "" e',
  colours: '\u001b[31mred\u001b[8mhidden',
  'a terminal title': '\u001b]0;title\u0007 \u001bP1$r\u001b\\',
  'C1 controls': '\u009b31m \u0085 \u0090q',
  'bidi controls': '\u202egnp.exe\u2066x\u2069 \u200b\ufeff',
  'a carriage return': 'pass\rfail',
  backspaces: 'fail\b\b\b\bpass',
  'wide characters': '\u5bbd\u5b57 \ud83d\udc4d e\u0301',
  'line separators': 'a\u2028b\u2029c',
  'what XML cannot hold': 'a\u0000b\u0008c\ufffed\uffffe]]>',
  'a lone surrogate': 'a\ud800b',
  'a workflow command': '::error file=a,line=1::x',
  'a workflow command behind blanks': '  ::set-output name=a::b',
  'a workflow command of old': 'x ##[add-path]/tmp',
  'an escaped workflow command': '%0A::warning::x%25,y:z',
  __proto__: '__proto__',
  constructor: 'constructor',
  toString: 'toString',
};

export const HOSTILE_NAMES = Object.keys(HOSTILE);
/** A word that no format changes. */
export const BENIGN = 'plain';

/** What no line of any output holds: it would act on a terminal or move what a reader sees. */
export const UNSEEN = /(?![\n\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
