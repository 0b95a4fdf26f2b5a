// A spin lock in one word: spin_lock_irqsave without the interrupts, which agents do not have. Never held across a turn.

@inline
export function spinLock(at: usize): void {
  // Meets spinUnlock: what the last holder wrote is visible.
  while (atomic.cmpxchg<u32>(at, 0, 1) != 0) waitFor(at);
}

function waitFor(at: usize): void {
  while (atomic.load<u32>(at) != 0) {}
}

@inline
export function spinUnlock(at: usize): void {
  // Meets spinLock.
  atomic.store<u32>(at, 0);
}
