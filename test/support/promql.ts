/** What an expression names, without what Prometheus itself brings. */
export interface Named {
  /** Each with the labels its matchers name. */
  readonly metrics: readonly { readonly name: string; readonly labels: readonly string[] }[];
  /** Labels of `by`, `without`, `on` and `ignoring`. */
  readonly grouping: readonly string[];
}

const TOKEN =
  /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\[[^\]]*\]|[a-zA-Z_:][a-zA-Z0-9_:]*|\d+(?:\.\d+)?[a-z]*|[=!]~|[=!<>]=|\S/g;
const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset']);
const LISTS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);

/** Reads a PromQL expression as far as names go. Throws on brackets that do not match. */
export function namesOf(expression: string): Named {
  const tokens: readonly string[] = expression.match(TOKEN) ?? [];
  for (const [open, close] of ['()', '{}'].map((pair) => [...pair]))
    if (tokens.filter((token) => token === open).length !== tokens.filter((token) => token === close).length)
      throw new Error(`unbalanced ${open}${close}: ${expression}`);
  const metrics: { name: string; labels: string[] }[] = [];
  const grouping: string[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (!NAME.test(token) || WORDS.has(token)) continue;
    if (LISTS.has(token)) {
      const end = tokens.indexOf(')', i);
      grouping.push(...tokens.slice(i + 2, end).filter((each) => each !== ','));
      i = end;
    } else if (tokens[i + 1] === '{') {
      const end = tokens.indexOf('}', i);
      const inside = tokens.slice(i + 2, end);
      const labels = inside.filter(
        (each, at) => NAME.test(each) && /^(?:=|!=|=~|!~|!)$/.test(inside[at + 1] ?? ''),
      );
      metrics.push({ name: token, labels });
      i = end;
    } else if (tokens[i + 1] !== '(' && !LISTS.has(tokens[i + 1] ?? '')) {
      metrics.push({ name: token, labels: [] });
    }
  }
  return { metrics, grouping };
}
