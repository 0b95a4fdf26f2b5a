// Flags of Node and V8 that change how fast code runs, from the command line and NODE_OPTIONS.
import { type Check, type Finding, ok, type Severity } from '../check.ts';
import type { Host } from '../host.ts';

interface Suspect {
  readonly flag: RegExp;
  readonly severity: Severity;
  readonly effect: string;
}

/** Flags as V8 spells them; it takes `_` for `-` and `--nox` for `--no-x` as well. */
const SUSPECTS: readonly Suspect[] = [
  {
    flag: /^--(jitless|wasm-jitless)$/,
    severity: 'warning',
    effect: 'WebAssembly is interpreted or missing: times are those of an interpreter',
  },
  {
    flag: /^--(liftoff-only|no-wasm-tier-up|no-wasm-dynamic-tiering|wasm-interpret-all)$/,
    severity: 'warning',
    effect: 'the machine runs as compiled without optimisation, several times slower',
  },
  {
    flag: /^--(no-opt|no-turbofan|no-turboshaft-wasm|no-sparkplug|no-maglev|interpreted-frames-native-stack|max-lazy|always-sparkplug)$/,
    severity: 'warning',
    effect: 'code is compiled otherwise than in a plain run',
  },
  {
    flag: /^--(cpu-prof|heap-prof|prof|perf-.*|ll-prof|interpreted-frames.*|trace-(?!warnings|uncaught|deprecation|exit|sigint).*)(=.*)?$/,
    severity: 'warning',
    effect: 'a profiler or trace interrupts the code that is timed',
  },
  {
    flag: /^--(single-threaded(-gc)?|predictable(-.*)?|stress-.*|verify-.*|slow-histograms|enable-slow-asserts)(=.*)?$/,
    severity: 'warning',
    effect: 'a mode for tests of V8: compilation or collection runs on the thread that is timed',
  },
  {
    flag: /^--(no-wasm-bounds-checks|no-wasm-stack-checks|no-wasm-trap-handler|wasm-enforce-bounds-checks)$/,
    severity: 'warning',
    effect: 'memory accesses of the machine are compiled otherwise than in a plain run',
  },
  {
    flag: /^(--(import|require|loader|experimental-loader)(=.*)?|-r)$/,
    severity: 'note',
    effect: 'other code is loaded into the process and may use the timed threads',
  },
];

export const check: Check = { title: 'Node flags', look };

function look({ node }: Host): Finding {
  const hits = node.flags.flatMap((given) => {
    const [name = '', ...value] = given.split('=');
    const flag = [name.replaceAll('_', '-').replace(/^--no(?!-)/, '--no-'), ...value].join('=');
    const suspect = SUSPECTS.find((candidate) => candidate.flag.test(flag));
    return suspect === undefined ? [] : [{ ...suspect, given }];
  });
  if (node.collectsCoverage) {
    const effect = 'every function counts its calls';
    hits.push({ flag: /^$/, severity: 'warning', given: 'NODE_V8_COVERAGE', effect });
  }
  if (hits.length === 0) return ok(node.flags.length === 0 ? 'none' : `none that matters of ${node.flags.length}`);
  return {
    severity: hits.some(({ severity }) => severity === 'warning') ? 'warning' : 'note',
    found: `Node runs with ${hits.map(({ given }) => given).join(' ')}`,
    effect: [...new Set(hits.map(({ effect }) => effect))].join('; '),
    change: 'run without (look into NODE_OPTIONS too)',
  };
}
