// Bundles the script of the HTML report (src/page/main.ts with the chart definitions and chart.js) into one plain script and one style
// sheet, which the report's writer puts into the document.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Plugin, type Rolldown } from 'vite';

/** Writes page.js and page.css; their bytes together. */
export async function buildPage(root: string, out: string): Promise<number> {
  const [built] = (await build({
    configFile: false,
    root,
    logLevel: 'warn',
    plugins: [NOTHING_OF_NODE],
    build: {
      write: false,
      target: 'es2023',
      lib: {
        entry: join(root, 'src/page/main.ts'),
        formats: ['iife'],
        name: 'p2plabReport',
        fileName: () => 'page.js',
      },
    },
  })) as Rolldown.RolldownOutput[];
  const chunk = built?.output.find((file) => file.type === 'chunk');
  const style = built?.output.find((file) => file.type === 'asset' && file.fileName.endsWith('.css'));
  if (chunk?.type !== 'chunk' || style?.type !== 'asset') throw new Error('the page has no script or no style');
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'page.js'), chunk.code);
  writeFileSync(join(out, 'page.css'), style.source);
  return chunk.code.length + style.source.length;
}

/** The page shares modules with the lab; one that needs Node would only fail in the reader's browser. */
const NOTHING_OF_NODE: Plugin = {
  name: 'nothing-of-node',
  enforce: 'pre',
  resolveId(source, importer) {
    if (source.startsWith('node:')) throw new Error(`${importer}: the page cannot have ${source}`);
  },
};
