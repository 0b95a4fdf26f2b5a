// Which Node, and whether it is built for this machine and for speed.
import { type Check, type Finding, ok } from '../check.ts';
import type { Host } from '../host.ts';

/** process.arch for each answer of uname -m that names it differently. */
const ARCH_OF_MACHINE: Readonly<Record<string, string>> = {
  x86_64: 'x64',
  aarch64: 'arm64',
  AMD64: 'x64',
  ARM64: 'arm64',
};

export const check: Check = { title: 'Node', look };

function look({ node, machine, processArch }: Host): Finding {
  const line = node.lts === undefined ? 'not a long-term release' : `long-term release ${node.lts}`;
  const found = `${node.version} (${line}), V8 ${node.v8}, ${processArch}`;
  const native = ARCH_OF_MACHINE[machine] ?? machine;
  if (native in { x64: 1, arm64: 1 } && native !== processArch) {
    return {
      severity: 'warning',
      found: `${found} on a ${machine} machine`,
      effect: 'every instruction is translated: times say nothing about the hardware',
      change: `install Node for ${native}`,
    };
  }
  if (node.isDebugBuild) {
    return {
      severity: 'warning',
      found: `${found}, a debug build`,
      effect: 'checks in the engine slow the code that hands work to the machine',
      change: 'use a release build of Node',
    };
  }
  if (/nightly|-rc|-pre|canary/.test(node.version)) {
    return {
      severity: 'note',
      found,
      effect: 'another V8 compiles WebAssembly otherwise: figures compare only within this version',
      change: 'use a release',
    };
  }
  return ok(found);
}
