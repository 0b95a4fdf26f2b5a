// How much a test of chances tries: a seeded smoke with the unit tests, the whole in `npm run test:long`, which runs the same file.

/** Set by vitest.long.config.ts. */
export const LONG_TESTS = 'P2PLAB_LONG_TESTS';

/** `smoke` with the unit tests, `whole` in the long run. */
export function effort<T>(smoke: T, whole: T): T {
  return process.env[LONG_TESTS] === '1' ? whole : smoke;
}
