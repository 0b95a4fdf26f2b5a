// Functions that no third function can tell apart, so that a machine of hundreds of functions has a few dozen verdicts:
// functions of one device, virtual functions, everything below one port or on one root bus with the same ACS of its own.
import type { Verdict } from './decide.ts';
import { decideFunctions, hasAcsRedirect } from './decide.ts';
import type { RuleOptions } from './host_bridge.ts';
import type { PciFunction, Topology } from './model.ts';
import { endpoints } from './tree.ts';

export interface FunctionGroup {
  /** In lspci's order; at least one. */
  readonly functions: readonly [PciFunction, ...PciFunction[]];
}

/** A verdict and how many ordered pairs it stands for, both ways together. */
export interface FoldedVerdict {
  readonly verdict: Verdict;
  readonly pairs: number;
}

/** Every function with a type 0 header (or those given), each in one group. */
export function foldedFunctions(
  topology: Topology,
  functions: readonly PciFunction[] = endpoints(topology),
): FunctionGroup[] {
  const groups = Map.groupBy(functions, (fn) => {
    const own = fn.acs === 'unknown' ? 'unknown' : hasAcsRedirect(fn) ? String(fn.acs) : 'clean';
    return `${fn.domain} ${fn.parent} ${fn.hostBridge} ${own} ${isAlone(topology, fn) ? fn.id : ''}`;
  });
  return [...groups.values()].map((members) => ({ functions: members as [PciFunction, ...PciFunction[]] }));
}

/** Where the source does not tell what is above, nothing is known to be alike. */
function isAlone(topology: Topology, fn: PciFunction): boolean {
  return fn.parent === undefined || !topology.everyPort;
}

/** One verdict for a function with itself, one for two of a group, one for each two groups (first provider, then client). */
export function* foldedVerdicts(
  topology: Topology,
  groups: readonly FunctionGroup[],
  options: RuleOptions,
): Generator<FoldedVerdict> {
  for (const [i, { functions: providers }] of groups.entries()) {
    const [first, second] = providers;
    const count = providers.length;
    yield { verdict: decideFunctions(topology, first, first, options), pairs: count };
    if (second) yield { verdict: decideFunctions(topology, first, second, options), pairs: count * (count - 1) };
    for (const { functions: clients } of groups.slice(i + 1)) {
      const verdict = decideFunctions(topology, first, clients[0], options);
      yield { verdict, pairs: 2 * count * clients.length };
    }
  }
}
