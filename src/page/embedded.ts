// The result that the report carries in itself: result.json, compressed, in base64 (src/report/formats/html.ts wrote it).
import { plainStrings } from '../base/escape.ts';
import type { Result } from '../result/schema.ts';

export interface Embedded {
  /** The document as the run wrote it, for the download. */
  text: string;
  /** The same for display: every character of its texts can be seen. */
  result: Result;
}

export async function readEmbedded(): Promise<Embedded> {
  const base64 = document.getElementById('result')?.textContent ?? '';
  const bytes = Uint8Array.from(atob(base64.trim()), (character) => character.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
  const text = await new Response(stream).text();
  return { text, result: plainStrings(JSON.parse(text) as Result) };
}
