import { readdirSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { posix, join } from 'node:path';
import { parseSync, Visitor } from 'oxc-parser';
import type { Expression, ImportSpecifier } from 'oxc-parser';

/** What an import names: one of our files (path from the root), an npm package, a Node module, or nothing we can find. */
export type Target =
  | { kind: 'ours'; path: string }
  | { kind: 'package'; name: string }
  | { kind: 'node'; name: string }
  | { kind: 'computed' }
  | { kind: 'unresolved' };

export type Import = { specifier: string; line: number; typeOnly: boolean; dynamic: boolean; target: Target };

/** One source file as the import rules see it, with the lines that read `process.env` and those that open a database connection. */
export type Module = {
  path: string;
  imports: Import[];
  environment: number[];
  connections: number[];
  parseErrors: string[];
};

const isSource = (name: string) => /\.(ts|mts|mjs|js)$/.test(name);
const isForeign = (name: string) => name.startsWith('.') || name === 'node_modules' || name === 'coverage';

/** Every source file under `root`, as sorted paths with forward slashes; dot folders and `node_modules` are not ours. */
function listSources(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !isForeign(entry.name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      if (entry.isDirectory()) return listSources(root, path);
      return entry.isFile() && isSource(entry.name) ? [path] : [];
    })
    .toSorted();
}

/** Reads and parses every source file under `root`. A file that does not parse is returned with its errors, not skipped. */
export function readModules(root: string): Module[] {
  const paths = listSources(root);
  const known = new Set(listFiles(root));
  return paths.map((path) => readModule(path, readFileSync(join(root, path), 'utf8'), known));
}

/** Parses one file. All the ways to name another module count: static, re-export, `import()`, `import('…').T`, `import x = require()`. */
function readModule(path: string, source: string, known: ReadonlySet<string>): Module {
  const parsed = parseSync(path, source);
  const lineOf = lineIndex(source);
  const imports: Import[] = [];
  const environment: number[] = [];
  const connections: number[] = [];
  /** Local names of the driver's factory. Importing it is harmless (`instanceof postgres.PostgresError`); calling it connects. */
  const factories = new Set<string>();
  const isFactory = (node: Expression | { type: 'Super' }) => node.type === 'Identifier' && factories.has(node.name);
  const add = (at: number, from: Expression, typeOnly: boolean, dynamic = false) => {
    const specifier = literalText(from);
    const target: Target = specifier === undefined ? { kind: 'computed' } : resolve(path, specifier, known);
    imports.push({
      specifier: specifier ?? source.slice(from.start, from.end),
      line: lineOf(at),
      typeOnly,
      dynamic,
      target,
    });
  };

  new Visitor({
    ImportDeclaration(node) {
      const named = node.specifiers.filter((one) => one.type === 'ImportSpecifier');
      const allTypes = named.length > 0 && named.length === node.specifiers.length && named.every(isTypeName);
      add(node.start, node.source, node.importKind === 'type' || allTypes);
      if (node.source.value !== 'postgres') return;
      for (const one of node.specifiers)
        if (one.type !== 'ImportSpecifier' || isDefault(one)) factories.add(one.local.name);
    },
    ExportNamedDeclaration(node) {
      if (node.source) add(node.start, node.source, node.exportKind === 'type');
    },
    ExportAllDeclaration(node) {
      add(node.start, node.source, node.exportKind === 'type');
    },
    ImportExpression(node) {
      add(node.start, node.source, false, true);
    },
    TSImportType(node) {
      add(node.start, node.source, true);
    },
    TSExternalModuleReference(node) {
      add(node.start, node.expression, false);
    },
    MemberExpression(node) {
      const property = node.computed ? literalText(node.property) : node.property.name;
      if (property === 'env' && isProcess(node.object)) environment.push(lineOf(node.start));
    },
    CallExpression(node) {
      if (isFactory(node.callee)) connections.push(lineOf(node.start));
    },
    VariableDeclarator(node) {
      if (node.init && isFactory(node.init)) connections.push(lineOf(node.start));
      if (node.id.type !== 'ObjectPattern' || !node.init || !isProcess(node.init)) return;
      if (/\benv\b|\.\.\./.test(source.slice(node.id.start, node.id.end))) environment.push(lineOf(node.start));
    },
  }).visit(parsed.program);

  const parseErrors = parsed.errors.map((error) => error.message);
  return { path, imports, environment, connections, parseErrors };
}

const isDefault = (one: ImportSpecifier) => one.imported.type === 'Identifier' && one.imported.name === 'default';
const isTypeName = (specifier: { importKind?: string | null }) => specifier.importKind === 'type';

function listFiles(root: string, folder = ''): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => !isForeign(entry.name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name);
      return entry.isDirectory() ? listFiles(root, path) : [path];
    });
}

/** `process`, `globalThis.process`, `(process)`: the object whose `env` is the configuration. */
function isProcess(node: Expression | { type: 'Super' }): boolean {
  if (node.type === 'Identifier') return node.name === 'process';
  if (node.type === 'ParenthesizedExpression') return isProcess(node.expression);
  return node.type === 'MemberExpression' && !node.computed && node.property.name === 'process';
}

function literalText(node: { type: string }): string | undefined {
  const expression = node as Expression;
  if (expression.type === 'Literal' && typeof expression.value === 'string') return expression.value;
  if (expression.type !== 'TemplateLiteral' || expression.expressions.length > 0) return undefined;
  return expression.quasis[0]?.value.cooked ?? undefined;
}

/** Node's own rule: a relative import names a file exactly, extension included. `#`, absolute and `file:` names are not used here. */
function resolve(from: string, specifier: string, known: ReadonlySet<string>): Target {
  if (isBuiltin(specifier)) return { kind: 'node', name: specifier.replace(/^node:/, '') };
  if (specifier.startsWith('.')) {
    const path = posix.join(posix.dirname(from), specifier);
    return known.has(path) ? { kind: 'ours', path } : { kind: 'unresolved' };
  }
  const name = /^(@[^/]+\/[^/]+|[^@#/.:][^/:]*)(?:\/|$)/.exec(specifier)?.[1];
  return name === undefined ? { kind: 'unresolved' } : { kind: 'package', name };
}

function lineIndex(source: string): (offset: number) => number {
  const starts = [0, ...[...source.matchAll(/\n/g)].map((found) => found.index + 1)];
  return (offset) => starts.findLastIndex((start) => start <= offset) + 1;
}
