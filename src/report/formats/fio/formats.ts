// fio's --output-format and --terse-version, by themselves: the command line asks for no more before it measures.

export const FORMATS = ['normal', 'json', 'json+', 'terse'] as const;
export type Format = (typeof FORMATS)[number];
export type FioJsonFormat = 'json' | 'json+';

export const TERSE_VERSIONS = [2, 3, 4, 5] as const;
export type TerseVersion = (typeof TERSE_VERSIONS)[number];
