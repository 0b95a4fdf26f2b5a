// What a replicate says while it is measured, the same whether it is heard through a process's channel or in this process; and the
// two ends of it: who makes messages of what is measured, and who makes records of messages.
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { type ExitCode, LabError } from '../../base/errors.ts';
import type { MeasuringEvents } from '../measure/measurement.ts';

export type FromReplicate =
  | { kind: 'progress'; share: number; what: string }
  /** A group: when its rounds begin, and again when it is done; the later record takes the place of what was there. */
  | { kind: 'record'; record: GroupRecord }
  /** What rounds added to it. */
  | { kind: 'rounds'; news: RoundNews }
  | { kind: 'failed'; message: string; exitCode: ExitCode }
  | { kind: 'done' };

/** What is new of a group: arms as they are now, with the samples, latencies and removals that were not told yet. */
export interface RoundNews {
  group: string;
  arms: ArmRecord[];
  rounds: GroupRecord['rounds'];
}

/** How much of an arm was told. */
interface Told {
  samples: number;
  latency: number;
  removals: number;
}

/**
 * Tells a group when its rounds begin, then what later rounds have added.
 * @param send resolves when what it sent was put away
 * @param everyMs least time between two messages: sending and putting away is work beside the slices
 */
export function newsSender(
  send: (message: Extract<FromReplicate, { kind: 'record' | 'rounds' }>) => Promise<void>,
  everyMs: number,
): NonNullable<MeasuringEvents['rounds']> {
  let group: string | undefined;
  let sentAt = 0;
  let rounds = 0;
  let told = new Map<string, Told>();
  return async (record) => {
    const { plan, arms } = record;
    if (plan.id === group && performance.now() - sentAt < everyMs) return;
    if (plan.id === group) {
      const news = arms.map((arm) => newsOf(arm, told.get(arm.arm.id)));
      await send({ kind: 'rounds', news: { group, arms: news, rounds: record.rounds.slice(rounds) } });
    } else {
      group = plan.id;
      // Copied, as a channel does: the record goes on.
      await send({ kind: 'record', record: structuredClone(record) });
    }
    told = new Map(arms.map((arm) => [arm.arm.id, toldOf(arm)]));
    rounds = record.rounds.length;
    sentAt = performance.now();
  };
}

function toldOf({ samples, latency, removal }: ArmRecord): Told {
  return { samples: samples.length, latency: latency.length, removals: removal?.rounds.length ?? 0 };
}

function newsOf(arm: ArmRecord, told: Told | undefined): ArmRecord {
  const { removal } = arm;
  return {
    ...arm,
    samples: arm.samples.slice(told?.samples),
    latency: arm.latency.slice(told?.latency),
    ...(removal === undefined ? {} : { removal: { ...removal, rounds: removal.rounds.slice(told?.removals) } }),
  };
}

/** What has come from a replicate. */
export interface Inbox {
  take(message: FromReplicate): void;
  records(): GroupRecord[];
  /** Why it ended early, if it said so. */
  readonly failure: LabError | undefined;
  /** Whether it said that it has done everything. */
  readonly done: boolean;
}

export function openInbox(events: MeasuringEvents): Inbox {
  const records = new Map<string, GroupRecord>();
  let failure: LabError | undefined;
  let done = false;
  return {
    take: (message) => {
      if (message.kind === 'progress') events.progress(message.share, message.what);
      if (message.kind === 'record') records.set(message.record.plan.id, message.record);
      if (message.kind === 'rounds') addRounds(records.get(message.news.group), message.news);
      if (message.kind === 'failed') failure = new LabError(message.message, message.exitCode);
      if (message.kind === 'done') done = true;
    },
    records: () => [...records.values()],
    get failure() {
      return failure;
    },
    get done() {
      return done;
    },
  };
}

function addRounds(record: GroupRecord | undefined, { arms, rounds }: RoundNews): void {
  record?.rounds.push(...rounds);
  for (const news of arms) {
    const arm = record?.arms.find((each) => each.arm.id === news.arm.id);
    if (arm === undefined) continue;
    const { samples, latency } = arm;
    samples.push(...news.samples);
    latency.push(...news.latency);
    const removal = news.removal && {
      ...news.removal,
      rounds: [...(arm.removal?.rounds ?? []), ...news.removal.rounds],
    };
    Object.assign(arm, news, { samples, latency }, removal && { removal });
  }
}
