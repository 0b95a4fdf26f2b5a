// A debugger that listens or is attached.
import { type Check, type Finding, ok } from '../check.ts';
import type { Host } from '../host.ts';

export const check: Check = { title: 'inspector', look };

function look({ node }: Host): Finding {
  if (node.inspectorUrl === undefined) return ok('off');
  return {
    severity: 'warning',
    found: 'the inspector is on',
    effect: 'a debugger that attaches compiles the machine without optimisation and stops threads at will',
    change: 'run without --inspect',
  };
}
