// Every file of examples/ runs, with the smallest of plans.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { command } from './support/command.ts';

const EXAMPLES = fileURLToPath(new URL('../examples', import.meta.url));
/** The smallest of plans; what is moved is the job's to say. */
const QUICK = '--processes 1 --rounds 2 --round-ms 4 --bar 256MiB --bar-sweep off --buffers fixed --quiet'.split(' ');
const files = readdirSync(EXAMPLES);
const ended = (suffix: string): string[] => files.filter((file) => file.endsWith(suffix));

describe('examples', () => {
  for (const file of ended('.fio')) {
    it(`${file} runs`, async () => {
      const { code, stderr } = await command([
        'run',
        join(EXAMPLES, file),
        ...QUICK,
        '--scheme',
        'page',
        '--out',
        'run',
      ]);
      expect(code, stderr).toBe(0);
    });
  }

  it('the sweep plans four points', async () => {
    const { code, stdout } = await command(['sweep', join(EXAMPLES, 'bar_by_block_size.yaml'), '--dry-run']);
    expect(code).toBe(0);
    expect(stdout).toContain('4 points');
  });

  it('the gate passes', async () => {
    const { code, stderr } = await command(['gate', join(EXAMPLES, 'counts.yaml'), '--quiet']);
    expect(code, stderr).toBe(0);
  });

  it('are all listed in their README', () => {
    const kinds = ['.fio', '.yaml'].flatMap(ended);
    expect(kinds.length + 1).toBe(files.length);
  });
});
