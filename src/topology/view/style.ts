// Colours for a terminal, or none.

export interface Style {
  good(text: string): string;
  fair(text: string): string;
  bad(text: string): string;
  unsure(text: string): string;
  strong(text: string): string;
  dim(text: string): string;
}

const same = (text: string): string => text;

export const PLAIN: Style = { good: same, fair: same, bad: same, unsure: same, strong: same, dim: same };

const sgr =
  (code: number) =>
  (text: string): string =>
    `\x1b[${code}m${text}\x1b[0m`;

export const COLOURED: Style = {
  good: sgr(32),
  fair: sgr(36),
  bad: sgr(31),
  unsure: sgr(33),
  strong: sgr(1),
  dim: sgr(2),
};
