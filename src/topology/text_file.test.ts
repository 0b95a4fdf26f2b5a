import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { scratchFolder } from '../../test/support/scratch.ts';
import { LabError } from '../base/errors.ts';
import { decide } from './decide.ts';
import { rules, ZEN } from './fixture.ts';
import { loadTopology } from './load.ts';
import { writeLspci } from './lspci_writer.ts';
import { randomMachine } from './random_machine.ts';
import { endpoints } from './tree.ts';

const folder = scratchFolder('text');

const utf16 = (text: string, bigEnd: boolean, mark: boolean): Buffer => {
  const bytes = Buffer.from(`${mark ? '\ufeff' : ''}${text}`, 'utf16le');
  return bigEnd ? bytes.swap16() : bytes;
};
const crlf = (text: string): string => text.replaceAll('\n', '\r\n');

/** One dump as strangers write it. */
const DIALECTS: Readonly<Record<string, (text: string) => string | Buffer>> = {
  newlines: (text) => text,
  CRLF: crlf,
  'CR CR LF, as terminal captures have it': (text) => text.replaceAll('\n', '\r\r\n'),
  'CR alone': (text) => text.replaceAll('\n', '\r'),
  'UTF-8 with a byte order mark': (text) => `\ufeff${text}`,
  'UTF-16, little end first, byte order mark, CRLF': (text) => utf16(crlf(text), false, true),
  'UTF-16, big end first, byte order mark': (text) => utf16(text, true, true),
  'UTF-16, little end first, no mark': (text) => utf16(text, false, false),
  'UTF-16, big end first, no mark, CRLF': (text) => utf16(crlf(text), true, false),
  gzip: (text) => gzipSync(text),
  'gzip of UTF-16': (text) => gzipSync(utf16(crlf(text), false, true)),
  zstd: (text) => zstdCompressSync(text),
  'a prompt before and after': (text) => `root@host:~# lspci -n -vvv -D\n${text}root@host:~# `,
  'another command after it': (text) => `$ lspci\n${text}$ uname -a\nLinux host 6.12\n$ exit\n`,
};

/** A stretch of verdicts as text. */
function verdictsOf(topology: Awaited<ReturnType<typeof loadTopology>>): string[] {
  const functions = endpoints(topology).slice(0, 12);
  return functions.flatMap((a) =>
    functions.map((b) => {
      const { distance, mapType, redirects } = decide(topology, a.id, b.id, rules(ZEN));
      return `${a.id} ${b.id} ${distance} ${mapType} ${redirects.join(',')}`;
    }),
  );
}

const SEEDS = [3, 14, 159, 2653, 58979];

test.each(Object.entries(DIALECTS))(
  'a machine written with %s gives the same tree and verdicts',
  async (name, write) => {
    for (const seed of SEEDS) {
      const text = writeLspci(randomMachine(seed));
      const [plain, file] = [join(folder, 'plain'), join(folder, `${name.length}-${seed}`)];
      writeFileSync(plain, text);
      writeFileSync(file, write(text));
      const [expected, found] = [await loadTopology(plain), await loadTopology(file)];
      const functions = (topology: typeof found) => topology.functions.map((fn) => ({ ...fn, line: undefined }));
      expect(functions(found)).toEqual(functions(expected));
      expect(verdictsOf(found)).toEqual(verdictsOf(expected));
    }
  },
);

test.each([
  ['an xz file', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]), /an? xz file, which is not read. Unpack it: xz -dc/],
  ['a gzip file cut off', gzipSync('00:01.0 0604: 1b36:000c\n'.repeat(50)).subarray(0, 30), /gzip file is cut off/],
  ['a gzip file of too much', gzipSync(Buffer.alloc(70 * 2 ** 20)), /holds more than 64 MiB/],
  ['a binary', Buffer.from([0, 1, 2, 3, 0, 0, 0, 7]), /begins no topology format/],
  [
    'lspci -vmm',
    'Slot:\t00:00.0\nClass:\tHost bridge\n',
    /It looks like lspci -vm.* Known: hwloc, lspci, nccl \(lspci -vvvnn/,
  ],
  ['a matrix of nvidia-smi', '\tGPU0\tGPU1\nGPU0\t X \tNV12\n', /It looks like nvidia-smi topo -m/],
])('%s is answered with what to do', async (_, content, message) => {
  const file = join(folder, 'bad');
  writeFileSync(file, content);
  await expect(loadTopology(file)).rejects.toThrow(LabError);
  await expect(loadTopology(file)).rejects.toThrow(message);
});
