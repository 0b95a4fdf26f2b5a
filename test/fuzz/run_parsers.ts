// npm run fuzz:parsers -- --inputs 100000 --seed 1 [--target NAME]: damaged files to every reader; each kind of fault once, with
// its seed and the beginning of its input. Exit code 1 when there is one.
import { parseArgs } from 'node:util';
import { removeScratchFolders, scratchFolder } from '../support/scratch.ts';
import { fuzzParsers, parserTargets } from './parsers.ts';

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    target: { type: 'string' },
  },
});
const [inputs, seed] = [Number(values.inputs), Number(values.seed)];
const kinds = new Map<string, number>();

try {
  const all = await parserTargets(scratchFolder('parsers'));
  const targets = all.filter(({ name }) => values.target === undefined || name === values.target);
  fuzzParsers(targets, { seed, inputs }, ({ target, seed: at, what, input }) => {
    const kind = `${target}: ${what.split('\n').slice(0, 3).join(' ')}`;
    const seen = kinds.get(kind) ?? 0;
    kinds.set(kind, seen + 1);
    if (seen > 0) return;
    process.stdout.write(
      `fuzz:parsers: seed ${at}, ${target}: ${what}\n  input: ${JSON.stringify(input.slice(0, 400))}\n`,
    );
  });
} finally {
  removeScratchFolders();
}
process.stdout.write(`fuzz:parsers: ${inputs} inputs from seed ${seed} on, ${kinds.size} kinds of fault\n`);
process.exitCode = kinds.size > 0 ? 1 : 0;
