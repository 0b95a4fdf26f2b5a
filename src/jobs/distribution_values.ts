// random_distribution as fio reads it: a name, a number with its range, an optional centre, or a list of zones.
import { type KbBase, type PerDirection, readBytes, readFloat, requireValue } from './fio_values.ts';
import type { Distribution, Zone } from './job.ts';
import { badValue, type Option } from './option.ts';
import { fillPercentages, readSplit } from './split_values.ts';

/** fio's values when only the name is given (fio.h: FIO_DEF_ZIPF, FIO_DEF_PARETO). */
const DEFAULT_ZIPF_THETA = 1.1;
const DEFAULT_PARETO_H = 0.2;

const EXPECTED =
  'expected random, zipf:THETA, pareto:H, normal:DEVIATION, zoned:ACCESS/SIZE:... or zoned_abs:ACCESS/BYTES:..., for example zipf:1.2.';

/** @throws LabError with file:line for an unknown name or a number out of fio's range */
export function readDistribution(option: Option, kbBase: KbBase): Distribution {
  const [, kind = '', rest] = /^(\w+)(?:[:=](.*))?$/.exec(requireValue(option)) ?? [];
  const [numberText, centerText] = (rest ?? '').split(':');
  const number = (otherwise: number): number =>
    numberText ? readFloat(option, numberText, `'${numberText}' is not a number: ${EXPECTED}`) : otherwise;
  switch (kind) {
    case 'random':
      return { kind };
    case 'zipf': {
      const theta = number(DEFAULT_ZIPF_THETA);
      if (theta === 1 || theta < 0) throw badValue(option, 'theta must be at least 0 and not 1, for example zipf:1.2.');
      return { kind, theta, center: readCenter(option, centerText) };
    }
    case 'pareto': {
      const h = number(DEFAULT_PARETO_H);
      if (h <= 0 || h >= 1) throw badValue(option, 'the power must lie between 0 and 1, for example pareto:0.2.');
      return { kind, h, center: readCenter(option, centerText) };
    }
    case 'normal': {
      const deviationPercent = number(0);
      if (deviationPercent < 0 || deviationPercent >= 100) {
        throw badValue(option, 'the deviation must be at least 0 and below 100, for example normal:20.');
      }
      return { kind, deviationPercent, center: readCenter(option, centerText) };
    }
    case 'zoned':
    case 'zoned_abs':
      return { kind, zones: readZoneLists(option, rest ?? '', kind === 'zoned_abs', kbBase) };
    default:
      throw badValue(option, EXPECTED);
  }
}

function readCenter(option: Option, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const center = readFloat(
    option,
    text,
    `the centre '${text}' is not a number: expected 0 to 1, for example zipf:1.2:0.25.`,
  );
  if (center < 0 || center > 1)
    throw badValue(option, 'the centre must lie between 0 and 1, for example zipf:1.2:0.25.');
  return center;
}

/** One list for all, or one for reads and one for writes after a comma. */
function readZoneLists(option: Option, text: string, absolute: boolean, kbBase: KbBase): PerDirection<Zone[]> {
  const [read = '', write] = text.split(',');
  const readZones = readZoneList(option, read, absolute, kbBase);
  return { read: readZones, write: write ? readZoneList(option, write, absolute, kbBase) : readZones };
}

function readZoneList(option: Option, text: string, absolute: boolean, kbBase: KbBase): Zone[] {
  const entries = readSplit(text);
  const accesses = entries.map(({ first }) => (/^\d+$/.test(first) ? Number(first) : Number.NaN));
  const sum = accesses.reduce((total, percent) => total + percent, 0);
  if (sum !== 100) {
    throw badValue(option, `the access percentages must sum to 100, for example zoned:60/10:40/90.`);
  }
  const sizes = entries.map(({ second }) => second);
  const extents = absolute
    ? sizes.map((size) => readBytes(option, size ?? '', kbBase, 1))
    : fillPercentages(option, sizes);
  const covered = absolute ? 0 : extents.reduce((total, percent) => total + percent, 0);
  if (covered > 100) throw badValue(option, `the sizes of the zones sum to ${covered} percent; expected at most 100.`);
  return accesses.map((accessPercent, i) => ({ accessPercent, extent: extents[i] ?? 0 }));
}
