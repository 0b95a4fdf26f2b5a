// p2plab claims: what five mails said of pages and P2P, tried, with the figures that decide.
import { availableParallelism } from 'node:os';
import { terminalText } from '../base/escape.ts';
import { startInterruptible } from '../base/interrupt.ts';
import { startProgress } from '../base/progress.ts';
import { chooseClaims, loadClaims, runClaims } from '../claims/run_claims.ts';
import { claimsMarkdown, claimsText } from '../claims/view.ts';
import type { ClaimsCommandOptions } from './commands/claims.ts';
import { checkTargets, isStdout, writeTo } from './documents.ts';

export async function claimsCommand(options: ClaimsCommandOptions): Promise<void> {
  const { json, markdown } = options;
  const chosen = chooseClaims(await loadClaims(), options.only);
  await checkTargets({ '--json': json, '--markdown': markdown });
  const progress = startProgress(options.quiet === true ? undefined : process.stderr);
  const interruption = startInterruptible(() => progress.note('interrupted: no verdicts'));
  try {
    const document = await runClaims(chosen, {
      signal: interruption.signal,
      events: { progress: (share, what) => progress.update(share, what) },
      policy: { cores: availableParallelism() },
    }).finally(progress.end);
    if (json !== undefined) await writeTo(json, `${JSON.stringify(document, undefined, 2)}\n`);
    if (markdown !== undefined) await writeTo(markdown, claimsMarkdown(document));
    if (![json, markdown].some(isStdout)) process.stdout.write(terminalText(claimsText(document)));
  } finally {
    interruption.end();
  }
}
