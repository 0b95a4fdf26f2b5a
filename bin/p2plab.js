#!/usr/bin/env node
// The command line's entry: finds a Node that can run the TypeScript source, then hands over.
import { fileURLToPath } from 'node:url';
import { runOnNode24 } from './launch.js';

await runOnNode24(fileURLToPath(new URL('../src/cli/main.ts', import.meta.url)), process.argv.slice(2));
