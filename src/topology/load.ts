// From what the user names (a preset, a file, `host`, a device directory) to a topology. The importers are the files
// of the importers folder: a new one is found by being there.
import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { LabError, suggestion } from '../base/errors.ts';
import { folderParts } from '../base/folder_parts.ts';
import type { CpuChoice } from './cpu.ts';
import { cpuFromCpuinfo } from './cpu.ts';
import type { TextSource } from './input.ts';
import { excerpt } from './input.ts';
import type { Cpu, Topology } from './model.ts';
import { PRESET_NAMES, preset } from './presets.ts';
import { fromSysfs, readSysfs } from './sysfs.ts';
import { filePieces } from './text_file.ts';

/** What each file of the importers folder exports. */
export interface Importer {
  /** Its word in messages and in `Topology.format`. */
  readonly name: string;
  /** Whether a text that begins with `head` (64 KiB, lines ended by newlines) is of this format. */
  matches(head: string): boolean;
  /** @throws LabError with the line */
  parse(text: TextSource, source: string): Topology;
}

const SYSFS_DEVICES = '/sys/bus/pci/devices';
const CPUINFO = '/proc/cpuinfo';
const DEFAULT_PRESET_BAR_BYTES = 16 * 2 ** 30;

/** Every importer of the folder, by name. */
export async function importers(): Promise<Importer[]> {
  const parts = await folderParts<Importer>(new URL('./importers/', import.meta.url));
  return parts.map(([, importer]) => importer);
}

/**
 * Loads a topology by preset name, file, `host` or device directory.
 * @param barBytes the provider's BAR of a preset
 * @throws LabError when there is no such thing, or it is in no known format, or damaged
 */
export async function loadTopology(word: string, barBytes = DEFAULT_PRESET_BAR_BYTES): Promise<Topology> {
  if (word === 'host') return fromSysfs(readSysfs(SYSFS_DEVICES), hostCpuinfo(), 'host');
  if (PRESET_NAMES.includes(word)) return preset(word, { barBytes }).topology;
  if (word === '-') return parseTopology(filePieces('-'), 'standard input');
  const stats = existsSync(word) ? statSync(word) : undefined;
  if (!stats) {
    throw new LabError(
      `topology '${word}': no such file or preset${suggestion(word, [...PRESET_NAMES, 'host']) || '.'} ` +
        `Presets: ${PRESET_NAMES.join(', ')}; 'host' is this machine.`,
    );
  }
  if (stats.isDirectory()) return fromSysfs(readSysfs(word), '', basename(word));
  try {
    return await parseTopology(filePieces(word), word);
  } catch (error) {
    throw readError(error, word);
  }
}

/** What the file system said as a message for the user; anything else as it is. */
function readError(error: unknown, path: string): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  return code !== undefined && /^E[A-Z]+$/.test(code) ? new LabError(`${path}: cannot be read (${code}).`) : error;
}

/**
 * Reads a text in whichever known format it is.
 * @throws LabError when no importer knows it
 */
export async function parseTopology(text: TextSource, source: string): Promise<Topology> {
  const pieces = (typeof text === 'string' ? [text] : text)[Symbol.iterator]();
  const first = pieces.next();
  const head = first.done ? '' : first.value;
  const all = await importers();
  const shown = head.slice(0, 65_536).replace(/\r\n?/g, '\n');
  const importer = all.find((candidate) => candidate.matches(shown));
  if (!importer) {
    pieces.return?.();
    throw new LabError(unknownFormat(shown, source, all));
  }
  return importer.parse(restOf(head, pieces), source);
}

function* restOf(head: string, pieces: Iterator<string>): Generator<string> {
  try {
    yield head;
    for (let next = pieces.next(); !next.done; next = pieces.next()) yield next.value;
  } finally {
    pieces.return?.();
  }
}

/** Output of other commands that people take for the one wanted. */
const OTHER_OUTPUT: readonly (readonly [sign: RegExp, what: string])[] = [
  [/^(?:Slot|Device):\s/m, 'lspci -vm, the machine-readable form, which tells no bridges'],
  [/^(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7] "/im, 'lspci -m, which tells no bridges'],
  [/^\s+GPU0\s/m, 'nvidia-smi topo -m'],
  [/^\s*(?:Machine|Package L#)/m, 'lstopo as text: export it with lstopo --of xml'],
  [/^\s*\{/, 'JSON'],
];

function unknownFormat(head: string, source: string, all: readonly Importer[]): string {
  const known = `Known: ${all.map((importer) => importer.name).join(', ')} (lspci -vvvnn as root tells most).`;
  const lines = head.split('\n', 100);
  const at = Math.max(
    0,
    lines.findIndex((line) => line.trim() !== ''),
  );
  if (head.trim() === '') return `${source}: the file is empty. ${known}`;
  const other = OTHER_OUTPUT.find(([sign]) => sign.test(head))?.[1];
  const taken = other === undefined ? '' : ` It looks like ${other}.`;
  return `${source}:${at + 1}: '${excerpt(lines[at] ?? '')}' begins no topology format.${taken} ${known}`;
}

function hostCpuinfo(): string {
  return existsSync(CPUINFO) ? readFileSync(CPUINFO, 'latin1').slice(0, 65_536) : '';
}

/** The CPU to decide by: what `--cpu` says, else what the source tells. */
export function resolveCpu(choice: CpuChoice | undefined, topology: Topology): Cpu | undefined {
  if (choice === undefined) return topology.cpu;
  if (choice.kind === 'given') return choice.cpu;
  return choice.kind === 'host' ? cpuFromCpuinfo(hostCpuinfo()) : undefined;
}
