// The counts of a result: exact means per I/O, from the counting build, of every counter in the catalogue. Anything that was not counted
// is null, never 0.
import { z } from 'zod';
import { type COUNTERS, type CounterName, counters } from '../catalogue/counters.ts';

const count = z.number().nonnegative().nullable();
/** What some schemes or workloads do and others never: absent where there is none. */
const sometimes = count.optional();

type Shape = {
  [Name in CounterName]: (typeof COUNTERS)[Name]['stated'] extends 'always' ? typeof count : typeof sometimes;
};

export const perIo = z.object(
  Object.fromEntries(counters().map(([name, { stated }]) => [name, stated === 'always' ? count : sometimes])) as Shape,
);
