import type { ServiceSpecification } from '../../../contracts/messages/service-catalog.ts';
import { lint } from '../../../workers/order-management/decomposition/lint.decide.ts';
import { type FileFinding, type RuleFiles, pathText } from './files.ts';

/**
 * Checks rules and recovery policies, each by itself and all together.
 *
 * @param beside what else there is: looked at, not spoken about
 */
export function checkRules(
  files: RuleFiles,
  beside: RuleFiles,
  specifications: readonly ServiceSpecification[],
): FileFinding[] {
  const own = new Set([...files.rules, ...files.policies].map(({ file }) => file));
  const rules = [...files.rules, ...beside.rules.filter(({ file }) => !own.has(file))];
  const policies = [...files.policies, ...beside.policies.filter(({ file }) => !own.has(file))];
  const places = new Map<unknown, string>([
    ...rules.map(({ file, rule }) => [rule, file] as const),
    ...policies.map(({ file, policy }) => [policy, file] as const),
  ]);
  const findings = lint({
    rules: rules.map(({ rule }) => rule),
    policies: policies.map(({ policy }) => policy),
    specifications,
  });
  return [
    ...files.findings,
    ...findings
      .map(({ in: subject, path, message }) => ({ file: places.get(subject) ?? '', path: pathText(path), message }))
      .filter(({ file }) => own.has(file)),
  ];
}

/** One line for each, to be clicked on. */
export const findingLines = (findings: readonly FileFinding[]): string[] =>
  findings.map(({ file, path, message }) => `${file}:${path === '' ? '' : ` ${path}:`} ${message}`);
