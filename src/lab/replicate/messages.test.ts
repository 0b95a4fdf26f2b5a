import { describe, expect, it } from 'vitest';
import type { ArmRecord, GroupRecord } from '../../analysis/group_record.ts';
import { EXIT } from '../../base/errors.ts';
import { type FromReplicate, newsSender, openInbox } from './messages.ts';

const arm = (id: string): ArmRecord =>
  ({ arm: { id }, samples: [], latency: [], wakeups: 0, verifiedBlocks: 0, unsteady: [] }) as unknown as ArmRecord;
const group = (id: string, arms: ArmRecord[]): GroupRecord =>
  ({ plan: { id }, arms, rounds: [], calibration: { sliceIos: {}, rounds: {} } }) as unknown as GroupRecord;

/** One more round of an arm, as measuring leaves it. */
function addRound(record: GroupRecord, round: number): void {
  record.rounds.push({ round } as GroupRecord['rounds'][number]);
  for (const each of record.arms) {
    each.samples.push({ round } as ArmRecord['samples'][number]);
    each.latency.push({ round } as ArmRecord['latency'][number]);
    each.wakeups += 3;
    each.verifiedBlocks += 8;
  }
}

function hear() {
  const shares: number[] = [];
  const inbox = openInbox({ progress: (share) => void shares.push(share) });
  const messages: FromReplicate[] = [];
  const send = async (message: FromReplicate): Promise<void> => {
    messages.push(message);
    // As a channel does.
    inbox.take(structuredClone(message));
  };
  return { inbox, messages, shares, send };
}

describe('a group that is told round by round', () => {
  it('is the group itself, with all that its arms have so far', async () => {
    const { inbox, messages, send } = hear();
    const rounds = newsSender(send, 0);
    const record = group('g0', [arm('a'), arm('b')]);
    await rounds(record);
    for (const round of [0, 1, 2]) {
      addRound(record, round);
      await rounds(record);
      expect(inbox.records()).toEqual([record]);
    }
    expect(messages.map(({ kind }) => kind)).toEqual(['record', 'rounds', 'rounds', 'rounds']);
    const last = messages.at(-1) as Extract<FromReplicate, { kind: 'rounds' }>;
    expect(last.news.arms[0]?.samples).toEqual([{ round: 2 }]);
  });

  it('keeps its removals as well', async () => {
    const { inbox, send } = hear();
    const rounds = newsSender(send, 0);
    const removed = arm('a');
    const record = group('g0', [removed]);
    await rounds(record);
    const removal = { rule: 'pins', errno: undefined as string | undefined, rounds: [] as unknown[] };
    removed.removal = removal as unknown as NonNullable<ArmRecord['removal']>;
    for (const round of [0, 1]) {
      removal.rounds.push({ round });
      removal.errno ??= 'ENODEV';
      await rounds(record);
      expect(inbox.records()).toEqual([record]);
    }
  });

  it('does not grow with its record where it was heard in this process', async () => {
    const inbox = openInbox({ progress: () => {} });
    const rounds = newsSender(async (message) => inbox.take(message), 0);
    const record = group('g0', [arm('a')]);
    await rounds(record);
    addRound(record, 0);
    expect(inbox.records()[0]?.rounds).toEqual([]);
    await rounds(record);
    addRound(record, 1);
    expect(inbox.records()[0]?.rounds).toEqual([{ round: 0 }]);
  });

  it('waits with what is new until it is time, and then tells all of it', async () => {
    const { inbox, messages, send } = hear();
    const rounds = newsSender(send, Number.POSITIVE_INFINITY);
    const record = group('g0', [arm('a')]);
    await rounds(record);
    addRound(record, 0);
    await rounds(record);
    expect(messages).toHaveLength(1);
    const next = group('g1', [arm('a')]);
    await rounds(next);
    expect(inbox.records().map(({ plan }) => plan.id)).toEqual(['g0', 'g1']);
  });
});

describe('what has come of a replicate', () => {
  it('is its progress, why it failed, and whether it has done everything', () => {
    const { inbox, shares } = hear();
    inbox.take({ kind: 'progress', share: 0.5, what: 'half' });
    expect(shares).toEqual([0.5]);
    expect([inbox.failure, inbox.done]).toEqual([undefined, false]);
    inbox.take({ kind: 'failed', message: 'too little memory', exitCode: EXIT.usage });
    expect(inbox.failure).toMatchObject({ message: 'too little memory', exitCode: 2 });
    inbox.take({ kind: 'done' });
    expect(inbox.done).toBe(true);
  });

  it('leaves rounds of a group that nobody has told of', () => {
    const { inbox } = hear();
    inbox.take({ kind: 'rounds', news: { group: 'g7', arms: [], rounds: [] } });
    expect(inbox.records()).toEqual([]);
  });
});
