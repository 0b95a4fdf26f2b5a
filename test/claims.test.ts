// p2plab claims as a user meets it: verdicts of exact experiments, which are the same on every machine, and bad input.
import { describe, expect, it } from 'vitest';
import type { ClaimsDocument } from '../src/claims/document.ts';
import { command } from './support/command.ts';

describe('p2plab claims', () => {
  it('finds by counts what caller-made addresses do behind another host bridge', async () => {
    const { code, stdout, stderr } = await command(['claims', '--only', '6,7,8,25', '--quiet', '--json']);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const { claims } = JSON.parse(stdout) as ClaimsDocument;
    expect(claims.map(({ number, verdict }) => [number, verdict])).toEqual([
      [6, 'refuted'],
      [7, 'confirmed'],
      [8, 'confirmed'],
      [25, 'confirmed'],
    ]);
    expect(claims.every(({ repeat, rule, history }) => repeat.length > 0 && rule !== '' && history !== '')).toBe(true);
  });

  it('refuses what is no number of a claim', async () => {
    const word = await command(['claims', '--only', 'x']);
    expect([word.code, word.stderr]).toEqual([2, expect.stringContaining('such as 7,13')]);
    const other = await command(['claims', '--only', '99']);
    expect([other.code, other.stderr]).toEqual([2, expect.stringContaining('there are 1 to 32')]);
  });

  it('asks first whether its document can be written', async () => {
    const ended = await command(['claims', '--only', '6', '--json', '/nonexistent/claims.json']);
    expect([ended.code, ended.stdout]).toEqual([2, '']);
  });
});
