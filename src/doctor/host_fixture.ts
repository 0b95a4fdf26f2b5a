// A made-up machine for tests: files by path, facts by name. What is not given is a quiet bare-metal machine of 8 cores.
import type { Host, NodeFacts } from './host.ts';

export interface MadeUp extends Partial<Omit<Host, 'node' | 'readText' | 'list'>> {
  readonly files?: Readonly<Record<string, string>>;
  readonly node?: Partial<NodeFacts>;
}

/** Folders are what the files' paths make them. `files` is read at each call: a test may change it in between. */
export function madeUpHost({ files = {}, node, ...facts }: MadeUp = {}): Host {
  return {
    platform: 'linux',
    kernel: '6.12.0',
    machine: 'x86_64',
    processArch: 'x64',
    cpuModel: 'Made-up CPU',
    availableCpus: 8,
    memoryBytes: 64 * 2 ** 30,
    freeMemoryBytes: 60 * 2 ** 30,
    load: 0.1,
    pid: 100,
    queuePairs: 1,
    nowNs: () => 0,
    clockCallNs: () => 40,
    spinNs: () => Array.from({ length: 20 }, () => 1000),
    wideSpinNs: () => Array.from({ length: 20 }, () => 2000),
    ...facts,
    node: {
      version: '24.1.0',
      v8: '13.6',
      lts: 'Krypton',
      flags: [],
      inspectorUrl: undefined,
      collectsCoverage: false,
      isDebugBuild: false,
      ...node,
    },
    readText: (path) => files[path],
    list: (path) => {
      const below = Object.keys(files).filter((file) => file.startsWith(`${path}/`));
      return [...new Set(below.map((file) => file.slice(path.length + 1).split('/')[0] as string))].sort();
    },
  };
}
