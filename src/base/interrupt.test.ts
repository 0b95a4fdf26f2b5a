import { afterAll, describe, expect, it, vi } from 'vitest';
import { onAbort, startInterruptible } from './interrupt.ts';
import { answerSignals, ENDING_SIGNALS } from './signals.ts';

/** An interruption with a clock of its own, and how signals reach it. */
function interruptible() {
  let time = 0;
  const told = vi.fn();
  const quit = vi.fn();
  const interruption = startInterruptible(told, { now: () => time, quit });
  const signal = (name: NodeJS.Signals, afterMs: number): void => {
    time += afterMs;
    process.emit(name);
  };
  return { interruption, told, quit, signal };
}

describe('an interruption', () => {
  const before = ENDING_SIGNALS.map((signal) => [signal, process.listeners(signal)] as const);
  answerSignals();
  afterAll(() => {
    for (const [signal, listeners] of before) {
      for (const listener of process.listeners(signal)) {
        if (!listeners.includes(listener)) process.off(signal, listener);
      }
    }
  });

  it.each(['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const)('by %s is told once and stops what runs', (name) => {
    const { interruption, told, signal, quit } = interruptible();
    const stop = vi.fn();
    onAbort(interruption.signal, stop);
    expect(interruption.signal.aborted).toBe(false);
    signal(name, 0);
    expect(interruption.signal.aborted).toBe(true);
    expect(told).toHaveBeenCalledOnce();
    expect(stop).toHaveBeenCalledOnce();
    expect(quit).not.toHaveBeenCalled();
    interruption.end();
  });

  it('is one where terminal, npm and launcher send the same signal, and quits when asked again', () => {
    const { interruption, told, signal, quit } = interruptible();
    signal('SIGINT', 0);
    signal('SIGINT', 3);
    signal('SIGHUP', 200);
    expect(quit).not.toHaveBeenCalled();
    signal('SIGINT', 800);
    expect(quit).toHaveBeenCalledOnce();
    expect(told).toHaveBeenCalledOnce();
    interruption.end();
  });

  it('that came before there was something to stop stops it at once', () => {
    const { interruption, signal } = interruptible();
    signal('SIGTERM', 0);
    const stop = vi.fn();
    onAbort(interruption.signal, stop);
    expect(stop).toHaveBeenCalledOnce();
    interruption.end();
  });

  it('gives signals back when it ends', () => {
    const outer = interruptible();
    const inner = interruptible();
    inner.interruption.end();
    outer.signal('SIGINT', 0);
    expect(outer.interruption.signal.aborted).toBe(true);
    expect(inner.interruption.signal.aborted).toBe(false);
    outer.interruption.end();
  });
});
