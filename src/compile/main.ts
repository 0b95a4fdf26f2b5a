// Compiles modules of the machine that are needed now: `node src/compile/main.ts FOLDER MODULE...` (src/compile/machine_folder.ts).
import { compileModules } from './machine_folder.ts';

const [folder, ...names] = process.argv.slice(2);
if (folder === undefined) throw new Error('usage: node src/compile/main.ts FOLDER MODULE...');
try {
  await compileModules(folder, names);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}
