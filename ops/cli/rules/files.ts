import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  type DecompositionRule,
  type RecoveryPolicy,
  decompositionRule,
  recoveryPolicy,
} from '../../../contracts/messages/decomposition.ts';
import { type ServiceSpecification, serviceSpecification } from '../../../contracts/messages/service-catalog.ts';
import type { Path } from '../../../workers/order-management/decomposition/finding.decide.ts';

/** Something wrong with a file: where, in words that lead there. */
export interface FileFinding {
  readonly file: string;
  /** `services[0].after[1]`; empty for the file as a whole. */
  readonly path: string;
  readonly message: string;
}

/** What files hold, with the file each is from. */
export interface RuleFiles {
  readonly rules: readonly { readonly file: string; readonly rule: DecompositionRule }[];
  readonly policies: readonly { readonly file: string; readonly policy: RecoveryPolicy }[];
  /** What cannot be read, or is not of its shape. */
  readonly findings: readonly FileFinding[];
}

/**
 * Reads rules and recovery policies. A document with `cases` is a policy, every other one a rule; a list holds several.
 *
 * @param paths files, and folders whose `.json` files are read, those of their folders too
 */
export async function readRuleFiles(paths: readonly string[]): Promise<RuleFiles> {
  const rules: { file: string; rule: DecompositionRule }[] = [];
  const policies: { file: string; policy: RecoveryPolicy }[] = [];
  const findings: FileFinding[] = [];
  for (const path of paths) {
    const files = await filesOf(path);
    if (files.length === 0)
      findings.push({ file: path, path: '', message: 'There is no such file, or no .json file in it.' });
    for (const file of files) {
      const content = await readJson(file);
      if ('message' in content) {
        findings.push(content);
        continue;
      }
      const documents: [unknown, Path][] = Array.isArray(content.json)
        ? content.json.map((one: unknown, index) => [one, [index]])
        : [[content.json, []]];
      for (const [document, at] of documents) {
        const isPolicy = typeof document === 'object' && document !== null && 'cases' in document;
        const parsed = isPolicy ? recoveryPolicy.safeParse(document) : decompositionRule.safeParse(document);
        if (!parsed.success) findings.push(...parsed.error.issues.flatMap((issue) => shapeFindings(file, at, issue)));
        else if ('cases' in parsed.data) policies.push({ file, policy: parsed.data });
        else rules.push({ file, rule: parsed.data });
      }
    }
  }
  return { rules, policies, findings };
}

/** Service specifications, as the sample catalog holds them. */
export async function readSpecifications(file: string): Promise<ServiceSpecification[] | FileFinding> {
  const content = await readJson(file);
  if ('message' in content) return content;
  const parsed = z.array(serviceSpecification).safeParse(content.json);
  if (parsed.success) return parsed.data;
  return { file, path: '', message: `This is no list of service specifications: ${z.prettifyError(parsed.error)}` };
}

/** A place in a document, as one would write it. */
export const pathText = (path: readonly PropertyKey[]): string =>
  path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    return text === '' ? String(step) : `${text}.${String(step)}`;
  }, '');

/** Of a choice of shapes: what is wrong with the one that comes nearest, rather than that none fits. */
function shapeFindings(file: string, at: readonly PropertyKey[], issue: z.core.$ZodIssue): FileFinding[] {
  const place = [...at, ...issue.path];
  if (issue.code !== 'invalid_union')
    return [{ file, path: pathText(place), message: `${issue.message}.${hint(issue)}` }];
  const distance = (issues: readonly z.core.$ZodIssue[]): number =>
    issues.reduce((sum, one) => sum + (one.code === 'unrecognized_keys' ? 10 * one.keys.length : 1), 0);
  const [nearest] = issue.errors.toSorted((a, b) => distance(a) - distance(b));
  if (nearest === undefined || nearest.length === 0)
    return [{ file, path: pathText(place), message: `${issue.message}.` }];
  return nearest.flatMap((one) => shapeFindings(file, place, one));
}

/** A mistyped expression resembles another kind of expression: then it helps to see them all. */
function hint({ code, path }: z.core.$ZodIssue): string {
  const at = path.findIndex((step) => step === 'quantity' || step === 'characteristics');
  const isExpression = at >= 0 && (path[at] === 'quantity' || typeof path[at + 1] === 'string');
  if (code !== 'unrecognized_keys' || !isExpression) return '';
  return (
    ' An expression is one of {value}, {from, default?}, {convert, from, to}, {translate, by, otherwise?}, {join, with?}, ' +
    '{first} and {when, then, otherwise?}.'
  );
}

async function filesOf(path: string): Promise<string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return [];
  if (!found.isDirectory()) return [path];
  const names = await readdir(path, { recursive: true });
  return names
    .filter((name) => name.endsWith('.json'))
    .toSorted()
    .map((name) => join(path, name));
}

async function readJson(file: string): Promise<{ json: unknown } | FileFinding> {
  try {
    return { json: JSON.parse(await readFile(file, 'utf8')) as unknown };
  } catch (error) {
    return {
      file,
      path: '',
      message: `${error instanceof SyntaxError ? 'This is not JSON' : 'This cannot be read'}: ${(error as Error).message}.`,
    };
  }
}
