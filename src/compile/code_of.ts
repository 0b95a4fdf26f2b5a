// The code of a source: its text without what comments say. Modules are compiled anew when their code changes, not when a comment is
// worded otherwise. Lines and columns of the code stay, as whoever asks for a source map needs them.

const STRING_OR_COMMENT = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`|\/\/.*|\/\*[\s\S]*?\*\//g;

/** Comments become spaces, line by line, and lines end where their code does. */
export function codeOf(source: string): string {
  return source
    .replace(STRING_OR_COMMENT, (found) => (found.startsWith('/') ? found.replace(/./g, ' ') : found))
    .replace(/[ \t\r]+$/gm, '');
}
