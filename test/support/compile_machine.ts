// Before the tests: every module of the machine is compiled, on all cores, where it is not yet.
import { fileURLToPath } from 'node:url';
import { compileModulesNow, missingModules, readMachineFolder } from '../../src/compile/machine_folder.ts';

const FOLDER = fileURLToPath(new URL('../../build/machine', import.meta.url));

export function setup(): void {
  const manifest = readMachineFolder(FOLDER);
  const missing = missingModules(FOLDER, manifest, Object.keys(manifest.modules));
  if (missing.length > 0) compileModulesNow(FOLDER, missing);
}
