// Virtual machines and containers: what lies between this process and the hardware.
import { type Check, type Finding, ok, unknown } from '../check.ts';
import type { Host } from '../host.ts';
import { isVirtual } from '../proc.ts';

const DMI = '/sys/class/dmi/id';

export const check: Check = { title: 'virtualisation', look };

function look(host: Host): Finding {
  const virtual = isVirtual(host);
  const container = containerName(host);
  const inside = container === undefined ? '' : ` in a ${container} container`;
  if (virtual === undefined && container === undefined) return unknown('whether this is a virtual machine');
  if (virtual !== true) {
    return container === undefined ? ok('none: bare metal') : ok(`no hypervisor to be seen,${inside}`);
  }
  return {
    severity: 'note',
    found: `a virtual machine${makerOf(host)}${inside}`,
    effect:
      'the hypervisor schedules and hides cores, and a TLB miss walks two page tables: cold memory costs more than on bare metal',
    change: 'for figures of the hardware itself, bare metal; comparisons within one run hold here too',
  };
}

function makerOf(host: Host): string {
  const names = ['sys_vendor', 'product_name'].map((file) => host.readText(`${DMI}/${file}`)?.trim());
  const known = names.filter((name) => name !== undefined && name !== '');
  const type = host.readText('/sys/hypervisor/type')?.trim();
  const words = known.length > 0 ? known : type === undefined ? [] : [type];
  return words.length === 0 ? '' : ` (${words.join(' ')})`;
}

function containerName(host: Host): string | undefined {
  if (host.readText('/run/.containerenv') !== undefined) return 'Podman';
  if (host.readText('/.dockerenv') !== undefined) return 'Docker';
  const manager = host.readText('/run/systemd/container')?.trim();
  if (manager !== undefined && manager !== '') return manager;
  return /kubepods/.test(host.readText('/proc/self/cgroup') ?? '') ? 'Kubernetes' : undefined;
}
