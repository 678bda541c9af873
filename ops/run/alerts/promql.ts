/** A metric as an expression names it, with the labels it asks it for. */
export interface Mention {
  readonly metric: string;
  readonly labels: readonly string[];
}

const operators = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);
const groupings = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g;

/** The metrics that a PromQL expression mentions: every name that is no function, no operator, and no label. */
export function mentionsIn(expression: string): Mention[] {
  const bare = expression.replace(groupings, ' ').replaceAll(/\[[^\]]*\]/g, ' ');
  return [...bare.matchAll(/"[^"]*"|([a-zA-Z_:][\w:]*)\s*(\{[^}]*\})?(\s*\()?/g)].flatMap(
    ([, name, matchers = '', call]) =>
      name === undefined || call !== undefined || operators.has(name.toLowerCase())
        ? []
        : [
            {
              metric: name,
              labels: [...matchers.matchAll(/([a-zA-Z_]\w*)\s*[=!]/g)].flatMap(([, label]) => label ?? []),
            },
          ],
  );
}

/** The labels that an expression groups by. */
export const groupedBy = (expression: string): string[] =>
  [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list
      .split(',')
      .map((label) => label.trim())
      .filter((label) => label !== ''),
  );
