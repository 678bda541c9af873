import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { type Module, readModules } from '../check/modules.ts';
import { readCompose } from './compose-file.ts';
import { ignoredBy, parseDockerfile } from './dockerfile.ts';
import { lackingInImage } from './production.ts';

const read = (name: string): string => readFileSync(join(clone, name), 'utf8');
const instructions = parseDockerfile(read('Dockerfile'));
const manifest = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };

const copied = instructions.flatMap((one) => (one.name === 'COPY' ? one.sources : []));
const ignored = ignoredBy(read('.dockerignore'));
const contents = {
  packages: new Set(Object.keys(manifest.dependencies)),
  holds: (path: string) =>
    copied.some((source) => path === source || path.startsWith(`${source}/`)) &&
    !ignored(path) &&
    existsSync(join(clone, path)),
};
const modules = readModules(clone);
const isFoundAtRunTime = ({ path }: Module) => /^workers\/activators\/[^/]+\/(index|simulated)\.ts$/.test(path);
const programs = [
  ...Object.values(readCompose(read('docker-compose.yml'), {}).services).flatMap(({ build, command = [] }) =>
    build === undefined ? [] : command,
  ),
  ...instructions.flatMap((one) => (one.name === 'RUN' ? one.shell.split(' ') : one.name === 'CMD' ? one.command : [])),
  'ops/cli/main.ts',
  ...modules.filter(isFoundAtRunTime).map(({ path }) => path),
].filter((word) => /\.(ts|mjs)$/.test(word));

describe('the image', () => {
  test('has every file and package that its programs import', () => {
    expect(programs).toContain('ops/run/fleet/process.ts');
    expect(programs).toContain('ops/run/bootstrap/mend-driver.mjs');
    expect(lackingInImage(modules, programs, contents)).toEqual([]);
  });

  test.each<[string, Partial<Module['imports'][number]>, string]>([
    [
      'a development package',
      { target: { kind: 'package', name: 'yaml' } },
      'x.ts:7 imports it, which is not installed',
    ],
    [
      'a file that .dockerignore keeps out',
      { target: { kind: 'ours', path: 'ops/verify/image/production.test.ts' } },
      'x.ts:7 imports it, which is not in the image',
    ],
    [
      'a file that is not copied',
      { target: { kind: 'ours', path: 'vitest.config.ts' } },
      'x.ts:7 imports it, which is not in the image',
    ],
  ])('lacks %s', (_, imported, lack) => {
    const seed = (change: object): Module[] => [
      { path: 'main.ts', imports: [aImport({ target: { kind: 'ours', path: 'x.ts' } })], ...nothingElse },
      { path: 'x.ts', imports: [aImport({ ...imported, ...change })], ...nothingElse },
    ];
    const own = { ...contents, holds: (path: string) => ['main.ts', 'x.ts'].includes(path) || contents.holds(path) };
    expect(lackingInImage(seed({}), ['main.ts'], own)).toEqual([lack]);
    expect(lackingInImage(seed({ typeOnly: true }), ['main.ts'], own)).toEqual([]);
  });

  test('lacks a program that does not exist', () => {
    expect(lackingInImage([], ['ops/gone.ts'], contents)).toEqual(['ops/gone.ts is run and is not in the image']);
  });
});

const nothingElse = { environment: [], connections: [], parseErrors: [] };
const aImport = (over: Partial<Module['imports'][number]>): Module['imports'][number] => ({
  ...{ specifier: 'it', line: 7, typeOnly: false, dynamic: false, target: { kind: 'unresolved' } },
  ...over,
});
