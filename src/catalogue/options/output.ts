// Options that decide nothing of what is measured: they are no part of a point, nor of its hash.
import { text, toggle } from './kinds.ts';

export const OUTPUT = {
  out: text('--out <dir>', 'where the run folder goes (default: reports/<run>)', {}),
  json: text('--json <file>', 'also write the result document there; - is stdout, instead of the table', {}),
  quiet: toggle('--quiet', 'no progress on stderr'),
};
