// The claims as text: a line each with its verdict, then what decides each of them.
import type { Figure } from './claim.ts';
import { CLAIM_VERDICTS } from './claim.ts';
import type { ClaimRecord, ClaimsDocument } from './document.ts';

const WIDTH = 100;

/** For a terminal or a mail. */
export function claimsText({ claims }: ClaimsDocument): string {
  return `${[summary(claims), ...claims.map((each) => claimLines(each).join('\n'))].join('\n\n')}\n`;
}

export function claimsMarkdown({ claims }: ClaimsDocument): string {
  const rows = claims.map(
    ({ number, claim, by, verdict, because, figures }) =>
      `| ${[String(number), claim, authors(by), `**${verdict}**`, because, figures.map(figureWords).join('; ')].map(cellText).join(' | ')} |`,
  );
  const heading = ['| # | claim | who | verdict | because | figures |', '|---|---|---|---|---|---|'];
  return `${[summary(claims), '', ...heading, ...rows].join('\n')}\n`;
}

function cellText(text: string): string {
  return text.replaceAll('|', '\\|');
}

function summary(claims: readonly ClaimRecord[]): string {
  const counts = CLAIM_VERDICTS.map(
    (verdict) => [verdict, claims.filter((each) => each.verdict === verdict).length] as const,
  );
  const words = counts.filter(([, count]) => count > 0).map(([verdict, count]) => `${count} ${verdict}`);
  return `${claims.length} claim${claims.length === 1 ? '' : 's'}: ${words.join(', ')}.`;
}

function claimLines(record: ClaimRecord): string[] {
  const { number, claim, by, verdict, because, figures, detectable, rule, history, missing, repeat } = record;
  const part = (name: string, text: string): string[] => wrapped(`${name}: ${text}`, '    ');
  return [
    ...wrapped(`${String(number).padStart(2)}. ${claim} (${authors(by)})`, '    ', ''),
    `    ${verdict.toUpperCase()}`,
    ...part('because', because),
    ...figures.map((figure) => `      ${figureWords(figure)}`),
    ...(typeof detectable === 'number' ? part('smallest difference seen', `${(100 * detectable).toFixed(1)} %`) : []),
    ...part('rule', rule),
    ...part('in Linux', history),
    ...(missing === undefined ? [] : part('missing here', missing)),
    ...repeat.map((command) => `    $ ${command}`),
  ];
}

function authors(by: ClaimRecord['by']): string {
  return by.map(({ author, date }) => `${author}, ${date}`).join('; ');
}

function figureWords({ what, value, unit, how, interval }: Figure): string {
  const number = (each: number): string => String(Number(each.toPrecision(4)));
  const range = interval === undefined ? '' : ` [${interval.map(number).join(', ')}]`;
  const sure = how === 'counted' || how === 'size' ? 'exact' : how;
  return `${what}: ${number(value)}${unit === '' ? '' : ` ${unit}`}${range} (${sure})`;
}

/** Lines of at most WIDTH columns; commands stay whole, so that they can be copied. */
function wrapped(text: string, indent: string, first = indent): string[] {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + word.length + 1 > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += line.trim() === '' ? word : ` ${word}`;
  }
  return [...lines, line];
}
