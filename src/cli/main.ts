// The command line's process: what bin/p2plab.js starts.
import { runCommandLine } from './command_line.ts';

await runCommandLine(process.argv);
