// Finds and reads the gates file.
import { existsSync, readFileSync } from 'node:fs';
import { LabError } from '../../base/errors.ts';
import { type Gates, readGates } from '../gates_file.ts';

const DEFAULT_PLACES = ['gates.yaml', 'bench/gates.yaml'];

/** @throws LabError when there is none, or none that can be taken */
export function loadGates(path: string | undefined): Gates {
  const source = path ?? DEFAULT_PLACES.find((place) => existsSync(place));
  if (source === undefined) {
    throw new LabError(
      `no ${DEFAULT_PLACES.join(' and no ')} here: name the gates file (bench/README.md says how one is written).`,
    );
  }
  let text: string;
  try {
    text = readFileSync(source, 'utf8');
  } catch (error) {
    throw new LabError(`${source}: cannot read (${(error as Error).message}). Name a gates file.`);
  }
  return readGates(text, source);
}
