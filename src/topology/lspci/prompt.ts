// Shell prompts and closing words of a terminal session that was saved together with the dump.

const PROMPT = new RegExp(
  `^(?:${[
    String.raw`\[?[\w.-]{1,64}@[\w.:-]{1,64}[^$#>%]{0,120}[$#>%]`,
    String.raw`(?:ba|da|z|k|a)?sh-[\d.]{1,8}[$#]`,
    'PS [A-Z]:[^>]{0,200}>',
    String.raw`[A-Z]:\\[^>]{0,200}>`,
    String.raw`[~/][\w./-]{0,80} ?[$#]`,
    '[$#%>]',
  ].join('|')})(?: |$)`,
);
const CLOSING = /^(?:logout|exit|Connection to \S{1,128} closed\.?|Script done\b.{0,80})$/;

/** The command after a prompt, empty without one; undefined when the line is no prompt. */
export function promptIn(text: string): string | undefined {
  const prompt = PROMPT.exec(text);
  if (prompt) return text.slice(prompt[0].length).trim();
  return CLOSING.test(text.trim()) ? '' : undefined;
}
