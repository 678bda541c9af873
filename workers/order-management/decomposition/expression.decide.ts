import type { Expression } from '../../../contracts/messages/decomposition.ts';
import { judge } from './condition.decide.ts';
import { type Scope, type Value, asNumber, read, shown } from './scope.decide.ts';
import { convert } from './units.decide.ts';

/** What an expression came to, and where it is from, in words; or, in a sentence, why it came to nothing usable. */
export type Evaluated = { readonly value: Value | undefined; readonly because: string } | { readonly fault: string };

const nothing = (because: string): Evaluated => ({ value: undefined, because });

/** Evaluates an expression against a product. No value is not a fault: it leaves its characteristic out. */
export function evaluate(expression: Expression, scope: Scope): Evaluated {
  if ('value' in expression) return { value: expression.value, because: 'the rule says so' };
  if ('convert' in expression) return converted(expression, scope);
  if ('from' in expression) {
    const { value, origin } = read(scope, expression.from);
    if (value !== undefined) return { value, because: `${expression.from} (${origin})` };
    if (expression.default === undefined) return nothing(`${expression.from} has no value: ${origin}`);
    return { value: expression.default, because: `the rule's default, as ${expression.from} has no value` };
  }
  if ('translate' in expression) return translated(expression, scope);
  if ('join' in expression) return joined(expression, scope);
  if ('first' in expression) {
    const tried: string[] = [];
    for (const one of expression.first) {
      const result = evaluate(one, scope);
      if ('fault' in result || result.value !== undefined) return result;
      tried.push(result.because);
    }
    return nothing(tried.join('; '));
  }
  const { holds, because } = judge(expression.when, scope);
  const chosen = holds ? expression.then : expression.otherwise;
  if (chosen === undefined) return nothing(because);
  const result = evaluate(chosen, scope);
  return 'fault' in result ? result : { ...result, because: `${result.because}, as ${because}` };
}

function converted({ convert: of, from, to }: Extract<Expression, { convert: unknown }>, scope: Scope): Evaluated {
  const result = evaluate(of, scope);
  if ('fault' in result || result.value === undefined) return result;
  const number = asNumber(result.value);
  if (number === undefined)
    return { fault: `${shown(result.value)} is not a number and cannot be converted from ${from} to ${to}` };
  const value = convert(number, from, to);
  if (typeof value === 'string') return { fault: value };
  return { value, because: `${number} ${from} in ${to}, from ${result.because}` };
}

function translated(
  { translate, by, otherwise }: Extract<Expression, { translate: unknown }>,
  scope: Scope,
): Evaluated {
  const result = evaluate(translate, scope);
  if ('fault' in result) return result;
  const { value, because } = result;
  const key = value === undefined ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
  const found = key !== undefined && Object.hasOwn(by, key) ? by[key] : undefined;
  if (found !== undefined) return { value: found, because: `stands for ${shown(value ?? null)}, from ${because}` };
  const unknown = value === undefined ? because : `nothing stands for ${shown(value)}, from ${because}`;
  return otherwise === undefined ? nothing(unknown) : { value: otherwise, because: `otherwise, as ${unknown}` };
}

function joined({ join, with: between = '' }: Extract<Expression, { join: unknown }>, scope: Scope): Evaluated {
  const parts: string[] = [];
  const reasons: string[] = [];
  for (const part of join) {
    const result = evaluate(part, scope);
    if ('fault' in result || result.value === undefined) return result;
    const { value, because } = result;
    if (typeof value === 'object') return { fault: `${shown(value)} is not a text and cannot be joined with others` };
    parts.push(String(value));
    reasons.push(because);
  }
  return { value: parts.join(between), because: `joined of ${reasons.join('; ')}` };
}
