// Reads the tags in a scheme's opening comment: title, summary, which buffers it carries, what it refuses, and the variants it can be built in.
// A scheme's name is its file's name.

/** One way to build a scheme: the default, or a kernel era, a lookup, a quirk of it. */
export interface SchemeVariant {
  /** The scheme's name for the default, else NAME@VALUE+...: a word of --scheme, and part of its module's name. */
  name: string;
  /** Option (a word of the command line without its dashes) to value. */
  options: Record<string, string>;
}

/** What reports say about a scheme; from its own file. */
export interface SchemeHeader {
  /** File name without extension, and the word on the command line. */
  name: string;
  title: string;
  summary: string;
  /** Buffer sources of P2P memory that it carries in any variant; with `pool` it keeps a gen_pool over the BAR. */
  carries: string[];
  /** Why the scheme refuses I/O with each errno; `buffers`: only from these sources. */
  refusals: { errno: string; buffers?: string[]; reason: string }[];
  /** The first is the default. */
  variants: SchemeVariant[];
}

/** @throws Error when a tag is missing or cannot be read: a scheme without a title cannot be reported. */
export function readSchemeHeader(name: string, source: string): SchemeHeader {
  const file = `src/machine/schemes/${name}.ts`;
  const tag = (word: string): string => {
    const found = new RegExp(`^// @${word} (.+)$`, 'm').exec(source)?.[1];
    if (found === undefined) throw new Error(`${file}: opening comment has no '// @${word} ...' line`);
    return found.trim();
  };
  const options = [...source.matchAll(/^\/\/ @variant (.+)$/gm)].map((match) => readOptions(match[1] as string, file));
  const [usual = {}, ...others] = options;
  return {
    name,
    title: tag('title'),
    summary: tag('summary'),
    carries: readSources(tag('carries'), file),
    refusals: [...source.matchAll(/^\/\/ @refuses (E[A-Z0-9]+)(?:\(([a-z,]+)\))? (.+)$/gm)].map((match) => ({
      errno: match[1] as string,
      ...(match[2] === undefined ? {} : { buffers: match[2].split(',') }),
      reason: (match[3] as string).trim(),
    })),
    variants: [
      { name, options: usual },
      ...others.map((each) => ({ name: `${name}@${differences(each, usual).join('+')}`, options: each })),
    ],
  };
}

const SOURCES = ['pool', 'fixed', 'user'];

/** `pool,fixed` */
function readSources(text: string, file: string): string[] {
  const words = text.split(',').map((word) => word.trim());
  const wrong = words.find((word) => !SOURCES.includes(word));
  if (wrong === undefined) return words;
  throw new Error(`${file}: '// @carries ${text}': '${wrong}' is none of ${SOURCES.join(', ')}`);
}

/** `era=5.2 quirk=offset-sign` */
function readOptions(text: string, file: string): Record<string, string> {
  return Object.fromEntries(
    text
      .trim()
      .split(/\s+/)
      .map((word) => {
        const match = /^([a-z][a-z-]*)=([a-z0-9][a-z0-9.-]*)$/.exec(word);
        if (match === null) throw new Error(`${file}: '// @variant ${text}': '${word}' is not option=value`);
        return [match[1] as string, match[2] as string];
      }),
  );
}

function differences(options: Record<string, string>, usual: Record<string, string>): string[] {
  return Object.entries(options).flatMap(([key, value]) => (usual[key] === value ? [] : [value]));
}

/**
 * Compile-time constants of a variant: OPTION_VALUE is 1 where the variant has that value and 0 where it has another.
 * Every value that any variant of the scheme names has its constant, so that its source can ask for each.
 */
export function variantConstants(header: SchemeHeader, variant: SchemeVariant): Record<string, number> {
  const pairs = header.variants.flatMap(({ options }) => Object.entries(options));
  return Object.fromEntries(
    pairs.map(([key, value]) => [constantName(key, value), variant.options[key] === value ? 1 : 0]),
  );
}

function constantName(key: string, value: string): string {
  return `${key}_${value}`.toUpperCase().replace(/[^A-Z0-9]/g, '_');
}
