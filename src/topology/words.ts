// Words for people that several explanations share.

/** `a, b, c`; of more than eight, eight and how many more. */
export function listed(items: readonly string[]): string {
  const shown = items.slice(0, 8).join(', ');
  return items.length > 8 ? `${shown} and ${items.length - 8} more` : shown;
}
