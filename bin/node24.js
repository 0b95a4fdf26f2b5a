#!/usr/bin/env node
// Runs a script of this project on Node 24 or later, whatever `node` the shell finds first.
// Plain JavaScript on purpose: an older Node must be able to read it.
// Usage: node bin/node24.js SCRIPT.ts [ARG...]
import { runOnNode24 } from './launch.js';

const [script, ...args] = process.argv.slice(2);
await runOnNode24(script, args);
