// The seeds of a fio thread (init.c: setup_random_seeds, td_fill_rand_seeds): one for each concern, from randseed and the
// thread's number.
import type { Job } from '../job.ts';

/** fio.h, FIO_RAND_*_OFF: the places of the seeds. */
const PLACES = {
  readSize: 0,
  writeSize: 1,
  trimSize: 2,
  mix: 4,
  file: 5,
  position: 6,
  fileSize: 7,
  pattern: 10,
  zone: 16,
} as const;
const SEEDS = 22;
/** init.c, FIO_RANDSEED. */
export const FIO_RANDSEED = 0xb1899bedn;
/** gcc's golden ratio of fio's 32-bit hash, which spreads randseed. */
const SPREAD = 0x9e370001n;

export type Concern = keyof typeof PLACES;

/** @param thread fio's number of the thread, from 1 */
export function threadSeeds(seeding: Job['seeding'], thread: number): (concern: Concern) => bigint {
  const number = BigInt(thread);
  const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);
  let seed = BigInt(seeding.randseed);
  for (let i = 0; i < 4; i++) seed = u64(seed * SPREAD);
  const seeds: bigint[] = [];
  for (let i = 0; i < SEEDS; i++) {
    seeds.push(u64((seeding.all ? FIO_RANDSEED : seed) * number + BigInt(i)));
    seed = u64(seed * SPREAD);
  }
  if (seeding.fixedPositions) seeds[PLACES.position] = u64(FIO_RANDSEED * number);
  return (concern) => seeds[PLACES[concern]] as bigint;
}
