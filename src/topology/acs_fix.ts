// The kernel parameters that take ACS redirects away: for a pair the redirecting ports on its way, with those beside them, so
// that one setting does for all pairs of a switch, of a root bus or of a device.
import type { Verdict } from './decide.ts';
import { hasAcsRedirect } from './decide.ts';
import type { FunctionId, PciFunction, Topology } from './model.ts';
import { ACS_BIT_NAMES, ACS_REDIRECT_MASK, compareFunctions } from './model.ts';
import { findFunction, indexOf } from './tree.ts';
import { listed } from './words.ts';

/** The kernel parameter as the kernel itself prints it; the list holds every redirecting port on this way. */
function disableAcsRedir(ports: readonly FunctionId[]): string {
  return `pci=disable_acs_redir=${ports.join(';')}`;
}

/** ReqRedir, CmpltRedir and EgressCtrl off, the rest as it is; DirectTrans first, SrcValid last. */
const REDIRECTS_OFF = ACS_BIT_NAMES.map((_, bit) => (ACS_REDIRECT_MASK & (1 << bit) ? '0' : 'x'))
  .toReversed()
  .join('');

/** The same by pci=config_acs (Linux 6.11, Documentation/admin-guide/kernel-parameters.txt), which wins over the other. */
export function configAcs(ports: readonly FunctionId[]): string {
  return `pci=config_acs=${ports.map((port) => `${REDIRECTS_OFF}@${port}`).join(';')}`;
}

/** Above this many ports the second spelling is a rule, not a list. */
const SPELLED_PORTS = 4;

/** What to boot with so that the ports on this way, and those beside them, redirect no longer. */
export function acsFix(topology: Topology, verdict: Verdict): string {
  const more = verdict.acsUnknown.length > 0 ? `, and the same for ${listed(verdict.acsUnknown)} if set there` : '';
  const ports = withSiblings(topology, verdict.redirects);
  const boot =
    `boot with ${quoted(disableAcsRedir(ports))}${ports.length > verdict.redirects.length ? `, ${siblingWords(topology, ports)}` : ''}` +
    `${more}, or from Linux 6.11 on with ${configWords(ports)}; ${quotingWords(ports)}` +
    'this gives up isolation between these ports';
  if (verdict.mapType === 'THRU_HOST_BRIDGE') return `for the direct way: ${boot}`;
  if (verdict.mapType === 'UNKNOWN') return `${boot}; to know without: ${verdict.hostBridge?.wouldTell}`;
  return boot;
}

function configWords(ports: readonly FunctionId[]): string {
  if (ports.length <= SPELLED_PORTS) return quoted(configAcs(ports));
  const some = configAcs(ports.slice(0, 2));
  return `config_acs=, ${REDIRECTS_OFF}@ before each port ("${some};...")`;
}

function quoted(parameter: string): string {
  return `"${parameter}"`;
}

/** grub-mkconfig writes the value into grub.cfg as it is, where a bare semicolon ends the command. */
function quotingWords(ports: readonly FunctionId[]): string {
  if (ports.length === 1) return '';
  return (
    'keep the quotes, as GRUB ends a command at a semicolon (in /etc/default/grub: ' +
    `GRUB_CMDLINE_LINUX='"pci=..."'); Linux 6.11 to 6.14 need the fix "PCI/ACS: Fix 'pci=config_acs=' parameter" ` +
    'for more than one port; '
  );
}

function siblingWords(topology: Topology, ports: readonly FunctionId[]): string {
  const kinds = new Set(ports.map((id) => findFunction(topology, id).portType));
  const words = [
    ...(kinds.has('downstream') ? ['all ports of the switch'] : []),
    ...(kinds.has('root-port') ? ['the root ports beside it'] : []),
  ];
  return `one setting for ${words.join(' and ') || 'all functions of the device'}`;
}

/**
 * The redirecting ports with those beside them: on the same switch, on the same root bus, in the same device. One setting
 * for all pairs there. In lspci's order.
 */
function withSiblings(topology: Topology, ports: readonly FunctionId[]): FunctionId[] {
  const all = new Map(ports.map((id) => [id, findFunction(topology, id)]));
  for (const port of [...all.values()]) {
    for (const beside of besidePort(topology, port)) if (hasAcsRedirect(beside)) all.set(beside.id, beside);
  }
  return [...all.values()].sort(compareFunctions).map((fn) => fn.id);
}

function besidePort(topology: Topology, port: PciFunction): readonly PciFunction[] {
  const { below, onRootBus } = indexOf(topology);
  if (typeof port.parent === 'string') {
    const beside = below.get(port.parent) ?? [];
    if (port.portType === 'downstream') return beside.filter((fn) => fn.portType === 'downstream');
    return beside.filter((fn) => fn.bus === port.bus && fn.devfn >> 3 === port.devfn >> 3);
  }
  const beside = onRootBus.get(port.hostBridge ?? '') ?? [];
  // A root port with one function below stands between no two.
  return port.isBridge ? beside.filter((fn) => fn.isBridge && standsBetweenTwo(topology, fn)) : [];
}

function standsBetweenTwo(topology: Topology, bridge: PciFunction): boolean {
  const { below } = indexOf(topology);
  let found = 0;
  const queue: PciFunction[] = [bridge];
  for (let at = queue.pop(); at !== undefined && found < 2; at = queue.pop()) {
    for (const fn of below.get(at.id) ?? []) {
      if (fn.isBridge) queue.push(fn);
      else found++;
    }
  }
  return found >= 2;
}
