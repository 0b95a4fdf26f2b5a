// Finds a Chromium for tests of the HTML report: CHROMIUM, or the first of its usual names in PATH. Playwright's own are not used:
// they would have to be downloaded.
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Path of the program, or undefined where there is none. */
export function findChromium(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.CHROMIUM !== undefined && env.CHROMIUM !== '') return env.CHROMIUM;
  const places = (env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return places.find(isExecutable);
}

/** What to do where there is none. */
export const NEEDS_CHROMIUM = 'needs Chromium: apt-get install chromium, or its path in CHROMIUM';

export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  // The sandbox cannot be had as root, which CI's containers are.
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
