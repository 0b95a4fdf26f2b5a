// A removal of the provider beside an inline slice: its agent, and the machine as it was before once it is plugged in again.
import type { HostModule } from '../../build/exports.ts';
import { BusWindow, RULE_HOLDERS } from '../../build/layout.ts';
import type { BuiltMachine } from '../../src/lab/machine/build_machine.ts';
import {
  hitsOf,
  letGo,
  providerWindows,
  REMOVAL,
  type RemovalRule,
  RULE_NAMES,
  removalAgent,
} from '../../src/lab/workers/removal.ts';

export interface InlineRemoval {
  rule: RemovalRule;
  /** One turn of the agent. */
  turn(): boolean;
  /** The slice is over: buffers are let go of, and the removal comes to its end. */
  finish(): void;
  /** Transfers that the provider's windows served after it was gone. */
  landedElsewhere(): number;
  /** Plugged in again: nothing mapped, nothing held. */
  plugIn(): void;
}

/** @param when I/Os after which it goes, and how many were completed before */
export function inlineRemoval(
  machine: BuiltMachine,
  host: HostModule,
  when: { afterIos: number; completedBase: number },
): InlineRemoval {
  const { view, at } = machine;
  const windows = providerWindows(machine);
  const saved = windows.map((window) => view.u8.slice(window, window + BusWindow.bytes));
  host.plugIn(at);
  const code = host.removalRule(at);
  if (code === RULE_HOLDERS) host.hold(at, 1);
  view.f64[REMOVAL.afterIos] = when.afterIos;
  view.f64[REMOVAL.completedBase] = when.completedBase;
  const fronts = machine.lanes.map(({ front }) => front);
  const site = { machine: at, fronts, controllers: machine.queues.map(({ device }) => device), windows, workers: [] };
  const agent = removalAgent(view, host, site);
  return {
    rule: RULE_NAMES[code] as RemovalRule,
    turn: agent.turn,
    finish: () => {
      letGo(host, site, 1);
      agent.finish();
    },
    landedElsewhere: () => hitsOf(view, windows) - (view.f64[REMOVAL.hitsAtGone] as number),
    plugIn: () => {
      for (const [index, window] of windows.entries()) view.u8.set(saved[index] as Uint8Array, window);
      host.plugIn(at);
      host.hold(at, -host.references(at));
    },
  };
}
