// npm run bench:gate [-- RUNS [BUDGET]]: gates beside another busy process. Every rule holds by construction (noise.yaml), so a
// gate may pass or come to nothing, and never fail. Says how the runs ended; exit 1 when one failed.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { EXIT } from '../../src/base/errors.ts';
import { type Table, textTable } from '../../src/report/tables/table.ts';

const P2PLAB = fileURLToPath(new URL('../../bin/p2plab.js', import.meta.url));
export const RULES = fileURLToPath(new URL('noise.yaml', import.meta.url));
const RUNS = 20;

/** How often each verdict was given to each rule. */
export type Tally = Map<string, Record<string, number>>;

export interface Noise {
  /** Exit code to number of runs. */
  exits: Map<number, number>;
  rules: Tally;
}

/**
 * @param rules a gates file
 * @param told called after each run
 */
export async function gatesBesideBusyProcess(
  runs: number,
  { rules, budget }: { rules: string; budget: string },
  told: (run: number, exitCode: number) => void = () => {},
): Promise<Noise> {
  const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore' });
  const noise: Noise = { exits: new Map(), rules: new Map() };
  try {
    for (let run = 1; run <= runs; run++) {
      const { code, stdout } = await gate(rules, budget);
      noise.exits.set(code, (noise.exits.get(code) ?? 0) + 1);
      for (const { name, verdict } of (JSON.parse(stdout) as { rules: { name: string; verdict: string }[] }).rules) {
        const tally = noise.rules.get(name) ?? {};
        noise.rules.set(name, { ...tally, [verdict]: (tally[verdict] ?? 0) + 1 });
      }
      told(run, code);
    }
  } finally {
    busy.kill('SIGKILL');
  }
  return noise;
}

function gate(rules: string, budget: string): Promise<{ code: number; stdout: string }> {
  const args = [P2PLAB, 'gate', rules, '--budget', budget, '--quiet', '--json', '-'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let stdout = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? EXIT.runFailed, stdout }));
  });
}

const VERDICTS = ['pass', 'fail', 'inconclusive'];

function tableOf({ rules }: Noise): Table {
  return {
    columns: ['rule', ...VERDICTS].map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' })),
    rows: [...rules].map(([name, tally]) => ({ cells: [name, ...VERDICTS.map((word) => String(tally[word] ?? 0))] })),
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [runs = RUNS, budget = '20s'] = process.argv.slice(2);
  const noise = await gatesBesideBusyProcess(Number(runs), { rules: RULES, budget: String(budget) }, (run, code) =>
    process.stderr.write(`gate ${run} of ${runs}: exit ${code}\n`),
  );
  const wrong = noise.exits.get(EXIT.gateFailed) ?? 0;
  process.stdout.write(`${textTable(tableOf(noise)).join('\n')}\n\n${wrong} of ${runs} gates failed wrongly\n`);
  process.exitCode = wrong > 0 ? EXIT.gateFailed : EXIT.ok;
}
