/**
 * How much work a regular expression is to compile. PostgreSQL matches with an automaton, so a pattern cannot backtrack itself to
 * death, but it writes counted repeats out, and those within each other multiply: `(.{0,99}){0,99}` takes it 6 to 17 s before it looks
 * at a document, and no time limit ends that. (https://www.postgresql.org/docs/current/functions-matching.html)
 */

/** A pattern of 255 takes 20 ms. */
export const MOST_UNFOLDED = 255;

/** A quantifier, greedy or not: `*`, `+`, `?`, `{m}`, `{m,}`, `{m,n}`. */
const QUANTIFIER = /(?:[*+?]|\{(\d+)(?:,(\d*))?\})\??/y;
/** A bracket expression with its classes; a `]` that comes first is a character. */
const BRACKET = /\[\^?\]?(?:\[[:.=].*?[:.=]\]|\\.|[^\]\\])*\]/sy;
/** How a group begins: capturing or not, or a look around. */
const GROUP = /\((?:\?(?:[:=!]|<[=!]))?/y;
/** Letters that change what is matched; those that change the syntax (`b`, `e`, `q`, `x`) we could not count by. */
const OPTIONS = /^\(\?[cimnpstw]+\)/;

/**
 * The characters a pattern has when its repeats are written out; undefined when it cannot be read, or is of another syntax than
 * PostgreSQL's usual one.
 */
export function unfoldedSize(pattern: string): number | undefined {
  if (pattern.startsWith('***')) return undefined;
  const text = pattern.replace(OPTIONS, '');
  let at = 0;

  function take(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = at;
    const found = expression.exec(text);
    if (found !== null) at = expression.lastIndex;
    return found;
  }

  function atom(): number | undefined {
    if (text[at] === '[') return take(BRACKET) === null ? undefined : 1;
    if (text[at] === '\\') return take(/\\./sy) === null ? undefined : 1;
    if (text[at] !== '(') {
      at += 1;
      return 1;
    }
    if (text[at + 1] === '?' && !/[:=!<]/.test(text[at + 2] ?? '')) return undefined;
    if (take(GROUP) === null) return undefined;
    const inner = sequence();
    if (inner === undefined) return undefined;
    // At the end of the pattern, what is open is refused by PostgreSQL.
    if (text[at] === ')') at += 1;
    return Math.max(1, inner);
  }

  function sequence(): number | undefined {
    let size = 0;
    while (at < text.length && text[at] !== ')') {
      const one = atom();
      if (one === undefined) return undefined;
      let times = 1;
      for (let found = take(QUANTIFIER); found !== null; found = take(QUANTIFIER))
        times *= Math.max(1, Number(found[1] ?? 1), Number(found[2] ?? 0));
      size += one * times;
    }
    return size;
  }

  const size = sequence();
  return at === text.length ? size : undefined;
}
