// Whether a stream gets colours: what the reader asks for, else whether it is a terminal (no-color.org, bixense.com/clicolors).
import { COLOURED, PLAIN, type Style } from '../topology/view/style.ts';

type Stream = Pick<NodeJS.WriteStream, 'isTTY'>;

/** NO_COLOR forbids them, whatever it says; CLICOLOR_FORCE asks for them, and TERM=dumb or CLICOLOR=0 takes them from a terminal. */
export function hasColour(stream: Stream, env: NodeJS.ProcessEnv = process.env): boolean {
  if (isSet(env.NO_COLOR)) return false;
  if (isSet(env.CLICOLOR_FORCE) && env.CLICOLOR_FORCE !== '0') return true;
  return stream.isTTY === true && env.TERM !== 'dumb' && env.CLICOLOR !== '0';
}

/** The style of a text that goes to the stream. */
export function styleOf(stream: Stream): Style {
  return hasColour(stream) ? COLOURED : PLAIN;
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== '';
}
