/** Strings as they are written, punctuation, and everything else between white space. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|[[\]{},:]|[^\s"[\]{},:]+/g;
/** Deeper ones stand below each other: a body of brackets alone would fill the memory with blanks. */
const DEEPEST = 50;

/**
 * JSON with an indent, or the text as it is where it is none. Only white space changes: numbers, the order of names and names that
 * occur twice are shown as they are stored.
 */
export function indented(text: string): string {
  if (!isJson(text)) return text;
  const out: string[] = [];
  let depth = 0;
  let before = '';
  const newLine = () => out.push('\n', '  '.repeat(Math.min(depth, DEEPEST)));
  for (const [token] of text.matchAll(TOKEN)) {
    const opened = before === '{' || before === '[';
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (closes ? !opened : opened || before === ',') newLine();
    out.push(token === ':' ? ': ' : token);
    if (token === '{' || token === '[') depth++;
    before = token;
  }
  return out.join('');
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
