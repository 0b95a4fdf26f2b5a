// The command line's process: what bin/p2plab.js starts.
import { reportError, runCommandLine } from './command_line.ts';
import { watchOutputStreams } from './output_streams.ts';

watchOutputStreams();
// Node's own exit code for an error that nobody caught is 1, which says that a gate failed.
process.on('uncaughtException', (error) => process.exit(reportError(error)));

await runCommandLine(process.argv);
