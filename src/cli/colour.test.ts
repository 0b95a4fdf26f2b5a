import { expect, test } from 'vitest';
import { hasColour } from './colour.ts';

test.each<[string, NodeJS.ProcessEnv, boolean, boolean]>([
  ['nothing said', {}, false, true],
  ['NO_COLOR', { NO_COLOR: '1' }, false, false],
  ['an empty NO_COLOR', { NO_COLOR: '' }, false, true],
  ['CLICOLOR_FORCE', { CLICOLOR_FORCE: '1' }, true, true],
  ['CLICOLOR_FORCE=0', { CLICOLOR_FORCE: '0' }, false, true],
  ['both', { NO_COLOR: '1', CLICOLOR_FORCE: '1' }, false, false],
  ['a terminal without them', { TERM: 'dumb' }, false, false],
  ['CLICOLOR=0', { CLICOLOR: '0' }, false, false],
])('colours with %s', (_, env, ofPipe, ofTerminal) => {
  expect([hasColour({ isTTY: false }, env), hasColour({ isTTY: true }, env)]).toEqual([ofPipe, ofTerminal]);
});
