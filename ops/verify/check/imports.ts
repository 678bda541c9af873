import { resolve } from 'node:path';
import { connectionRule, environmentRule, mayConfigure, mayConnect, placeOf, rules } from './import-rules.ts';
import { readModules } from './modules.ts';

export type Violation = { file: string; line: number; what: string; rule: string; why: string };
export type Verdict = { modules: number; imports: number; violations: Violation[] };

/** A check that read next to nothing has checked nothing: fewer modules than this means the walk went wrong, not that all is well. */
const FEWEST_MODULES = 100;

/**
 * Holds the tree under `root` against DESIGN's "Who may import whom".
 * Throws when it cannot vouch for what it read: fewer than `fewest` modules, no import at all, or a file that does not parse.
 */
export function checkImports(root: string, fewest: number): Verdict {
  const modules = readModules(root);
  const imports = modules.reduce((sum, module) => sum + module.imports.length, 0);
  if (modules.length < fewest)
    throw new Error(`read ${modules.length} modules under ${root}, expected at least ${fewest}`);
  if (imports === 0) throw new Error(`read ${modules.length} modules under ${root} and found no import in them`);
  const broken = modules.filter((module) => module.parseErrors.length > 0);
  if (broken.length > 0) {
    throw new Error(
      broken.map((module) => `${module.path} does not parse: ${module.parseErrors.join('; ')}`).join('\n'),
    );
  }

  const violations = modules.flatMap((module): Violation[] => {
    const from = placeOf(module.path);
    const byImport = module.imports.flatMap((to) => {
      const rule = rules.find((one) => one.broken(from, to));
      if (!rule) return [];
      return [{ file: module.path, line: to.line, what: `imports ${to.specifier}`, rule: rule.name, why: rule.why }];
    });
    const at = (what: string, rule: { name: string; why: string }) => (line: number) => {
      return { file: module.path, line, what, rule: rule.name, why: rule.why };
    };
    const byEnvironment = mayConfigure(from) ? [] : module.environment.map(at('reads process.env', environmentRule));
    const byConnection = mayConnect(from) ? [] : module.connections.map(at('opens a connection', connectionRule));
    return [...byImport, ...byEnvironment, ...byConnection];
  });
  return { modules: modules.length, imports, violations };
}

/** `file:line imports X: rule - why`, the form an editor can jump to. */
export const describeViolation = (one: Violation) => `${one.file}:${one.line} ${one.what}: ${one.rule} - ${one.why}`;

if (import.meta.main) {
  const { modules, imports, violations } = checkImports(resolve(import.meta.dirname, '../../..'), FEWEST_MODULES);
  for (const violation of violations) console.error(describeViolation(violation));
  console.log(`${modules} modules, ${imports} imports, ${violations.length} against the rules`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
