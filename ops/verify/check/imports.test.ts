import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { environmentRule, rules } from './import-rules.ts';
import { checkImports, describeViolation } from './imports.ts';

/** A small house in which every rule has something to protect and every permission is used once. */
const cleanTree: Record<string, string> = {
  'contracts/messages/activation.ts': `import { z } from 'zod';\nexport const m = z.string();`,
  'contracts/messages/activation.test.ts': `import { test } from 'vitest';\nimport { given } from '../../ops/verify/testbed/given.ts';\nimport { m } from './activation.ts';`,
  'gateway/main.ts': `import postgres from 'postgres';\nimport { configure } from '../ops/platform/configuration.ts';\nimport { app } from './app.ts';\nconst url = process.env.DATABASE_URL;`,
  'gateway/app.ts': `import { Hono } from 'hono';\nimport type { Sql } from 'postgres';\nimport { m } from '../contracts/messages/activation.ts';\nimport { publish } from '../ops/platform/broker/publish.ts';\nimport type { Configuration } from '../ops/platform/configuration.ts';`,
  'gateway/app.int.test.ts': `import { given } from '../ops/verify/testbed/given.ts';`,
  'ops/platform/messaging/handler.ts': `import { m } from '../../../contracts/messages/activation.ts';\nimport { publish } from '../broker/publish.ts';`,
  'ops/platform/messaging/relay.ts': `import { publish } from '../broker/publish.ts';`,
  'gateway/views/projector.ts': `import { consume } from '../../ops/platform/messaging/handler.ts';`,
  'gateway/commands/accept.ts': `import { relay } from '../../ops/platform/messaging/relay.ts';`,
  'workers/calls/platform.ts': `import { consume } from '../../ops/platform/messaging/handler.ts';`,
  'workers/activation/index.ts': `import { platform } from '../calls/platform.ts';\nimport { run } from './run.ts';`,
  'workers/activation/run.ts': `export const run = 1;`,
  'workers/cart/main.ts': `import { consume } from '../../ops/platform/messaging/handler.ts';\nimport { platform } from '../calls/platform.ts';\nimport { decide } from './receive/cart.decide.ts';\nimport { env } from 'node:process';`,
  'workers/cart/cart.machine.ts': `import { m } from '../../contracts/messages/activation.ts';`,
  'workers/cart/receive/cart.decide.ts': `import { m } from '../../../contracts/messages/activation.ts';\nimport { t } from '../cart.machine.ts';`,
  'workers/cart/cart.decide.test.ts': `import { given } from '../../ops/verify/testbed/given.ts';\nimport fc from 'fast-check';`,
  'workers/notifications/store.ts': `import type postgres from 'postgres';\nexport type T = import('postgres').Sql;`,
  'gateway/errors.ts': `import postgres from 'postgres';\nexport const isOurs = (e: unknown) => e instanceof postgres.PostgresError;`,
  'workers/activators/registry.ts': `import { activator } from '../activation/index.ts';\nconst folder = './broadband/index.ts';\nexport const all = [import('./broadband/index.ts'), import(folder)];`,
  'workers/activators/broadband/index.ts': `import { activator } from '../../activation/index.ts';\nimport { platform } from '../../calls/platform.ts';\nimport { speed } from './speed.ts';`,
  'workers/activators/broadband/speed.ts': `export const speed = 1;`,
  'workers/activators/router/index.ts': `import { z } from 'zod';`,
  'workers/activators/router/router.test.ts': `import { conforms } from '../../../ops/verify/conformance/index.ts';`,
  'workers/activators/router/simulated.ts': `import { manager } from '../../../ops/simulator/manager.ts';`,
  'ops/platform/configuration.ts': `import { z } from 'zod';\nexport const configure = () => process.env;`,
  'ops/platform/broker/publish.ts': `import { connect } from 'amqplib';\nimport { m } from '../../../contracts/messages/activation.ts';`,
  'ops/platform/database.ts': `import postgres from 'postgres';`,
  'ops/platform/outbox.ts': `export {};`,
  'ops/verify/testbed/given.ts': `import { all } from '../../../workers/activators/registry.ts';\nexport const given = all;`,
  'ops/simulator/simulator.ts': `import router from '../../workers/activators/router/simulated.ts';`,
  'ops/simulator/manager.ts': `export const manager = 1;`,
  'ops/verify/conformance/index.ts': `export const conforms = 1;`,
  'ops/cli/patchbay.ts': `import { app } from '../../gateway/app.ts';\nimport '../simulator/simulator.ts';\nconst home = process.env['PATCHBAY_HOME'];`,
  'ops/verify/bench/floors/chain.ts': `import { connect } from 'amqplib';\nimport { report } from '../report.ts';`,
  'ops/verify/bench/report.ts': `export const report = 1;`,
};

/** One violation each: the rule that must be named, the file it is written into, and the line that breaks it. */
const seeds: [rule: string, file: string, line: string][] = [
  ['names-a-file', 'gateway/app.ts', `import { x } from './app.js';`],
  ['names-a-file', 'gateway/app.ts', `import { x } from './apis';`],
  ['names-a-file', 'workers/cart/cart.ts', `import x from '#cart';`],
  ['names-a-file', 'workers/cart/cart.ts', `import x from '/srv/cart.ts';`],
  ['no-computed-import', 'workers/cart/cart.ts', `const x = await import(name);`],
  ['no-computed-import', 'workers/activators/broadband/index.ts', `const x = await import(name);`],
  ['no-computed-import', 'ops/platform/outbox.ts', 'const x = await import(`./${name}.ts`);'],
  ['contracts-import-zod-alone', 'contracts/tmf.ts', `import { publish } from '../ops/platform/broker/publish.ts';`],
  ['contracts-import-zod-alone', 'contracts/tmf.ts', `import { app } from '../gateway/app.ts';`],
  ['contracts-import-zod-alone', 'contracts/tmf.ts', `import { createHash } from 'node:crypto';`],
  ['contracts-import-zod-alone', 'contracts/tmf.ts', `import pino from 'pino';`],
  ['contracts-import-zod-alone', 'contracts/tmf.ts', `import { given } from '../ops/verify/testbed/given.ts';`],
  ['contracts-import-zod-alone', 'contracts/tmf.test.ts', `import { app } from '../gateway/app.ts';`],
  ['pure-files-import-contracts', 'workers/cart/cart.machine.ts', `import { randomUUID } from 'node:crypto';`],
  ['pure-files-import-contracts', 'workers/cart/cart.machine.ts', `import { z } from 'zod';`],
  [
    'pure-files-import-contracts',
    'workers/cart/cart.decide.ts',
    `import type { C } from '../../ops/platform/messaging/handler.ts';`,
  ],
  ['pure-files-import-contracts', 'workers/cart/cart.decide.ts', `import type { P } from '../calls/platform.ts';`],
  ['pure-files-import-contracts', 'workers/cart/cart.graph.ts', `import { main } from './main.ts';`],
  ['pure-files-import-contracts', 'workers/activators/x.decide.ts', `import { t } from '../cart/cart.machine.ts';`],
  ['fleet-never-imports-simulator', 'workers/cart/cart.ts', `import '../../ops/simulator/simulator.ts';`],
  ['fleet-never-imports-simulator', 'gateway/app.test.ts', `import '../ops/simulator/simulator.ts';`],
  ['fleet-never-imports-simulator', 'ops/platform/outbox.ts', `export * from '../simulator/simulator.ts';`],
  [
    'fleet-never-imports-simulator',
    'workers/activators/router/simulated.ts',
    `import '../../../ops/simulator/simulator.ts';`,
  ],
  [
    'fleet-never-imports-simulator',
    'workers/activators/router/index.ts',
    `import '../../../ops/simulator/manager.ts';`,
  ],
  ['stand-ins-are-the-simulators', 'workers/activators/router/index.ts', `import router from './simulated.ts';`],
  ['stand-ins-are-the-simulators', 'workers/activators/registry.ts', `import router from './router/simulated.ts';`],
  ['stand-ins-are-the-simulators', 'workers/cart/cart.test.ts', `import '../activators/router/simulated.ts';`],
  ['fleet-stands-on-platform', 'workers/cart/cart.test.ts', `import '../../ops/verify/conformance/index.ts';`],
  [
    'fleet-stands-on-platform',
    'workers/activators/router/index.ts',
    `import '../../../ops/verify/conformance/index.ts';`,
  ],
  ['gateway-and-workers-apart', 'gateway/app.ts', `export { platform } from '../workers/calls/platform.ts';`],
  ['gateway-and-workers-apart', 'workers/cart/main.ts', `type App = import('../../gateway/app.ts').App;`],
  ['fleet-stands-on-platform', 'gateway/main.ts', `import '../ops/cli/patchbay.ts';`],
  ['fleet-stands-on-platform', 'workers/cart/cart.ts', `import { given } from '../../ops/verify/testbed/given.ts';`],
  ['fleet-stands-on-platform', 'workers/cart/cart.ts', `import * as config from '../../vitest.config.ts';`],
  ['platform-imports-contracts-alone', 'ops/platform/outbox.ts', `import { app } from '../../gateway/app.ts';`],
  ['platform-imports-contracts-alone', 'ops/platform/outbox.ts', `import '../../workers/calls/platform.ts';`],
  ['platform-imports-contracts-alone', 'ops/platform/messaging/handler.ts', `import '../../../workers/cart/main.ts';`],
  ['platform-imports-contracts-alone', 'ops/platform/outbox.ts', `import '../cli/patchbay.ts';`],
  [
    'projector-alone-handles-messages',
    'gateway/commands/accept.ts',
    `import type { H } from '../../ops/platform/messaging/handler.ts';`,
  ],
  ['projector-alone-handles-messages', 'gateway/views/store.ts', `import '../../ops/platform/messaging/handler.ts';`],
  ['calls-know-no-worker', 'workers/calls/run.ts', `import '../cart/cart.machine.ts';`],
  ['calls-know-no-worker', 'workers/calls/run.test.ts', `import '../activation/index.ts';`],
  ['activator-is-one-folder', 'workers/activators/broadband/index.ts', `import '../router/index.ts';`],
  ['activator-is-one-folder', 'workers/activators/broadband/index.ts', `import '../registry.ts';`],
  ['activator-is-one-folder', 'workers/activators/broadband/index.ts', `import '../../cart/main.ts';`],
  ['activator-is-one-folder', 'workers/activators/broadband/index.ts', `import '../../activation/run.ts';`],
  ['no-sibling-worker', 'workers/cart/main.ts', `import '../notifications/store.ts';`],
  ['no-sibling-worker', 'workers/cart/main.ts', 'const x = await import(`../activators/broadband/index.ts`);'],
  ['no-sibling-worker', 'workers/activators/registry.ts', `import '../cart/main.ts';`],
  ['no-sibling-worker', 'workers/activators/registry.ts', `import '../activation/run.ts';`],
  ['no-sibling-worker', 'workers/cart/main.ts', `import '../activation/index.ts';`],
  ['amqplib-in-broker', 'workers/calls/run.ts', `import type { Channel } from 'amqplib';`],
  ['amqplib-in-broker', 'ops/cli/patchbay.ts', `import { connect } from 'amqplib/callback_api.js';`],
  ['amqplib-in-broker', 'ops/platform/outbox.ts', `import { connect } from 'amqplib';`],
  ['connections-in-main', 'workers/notifications/store.ts', `const x = await import('postgres');`],
  [
    'connections-in-main',
    'workers/cart/cart.ts',
    `import postgres, { type Sql } from 'postgres'; const sql = postgres(url);`,
  ],
  ['connections-in-main', 'gateway/app.int.test.ts', `import * as pg from 'postgres'; const open = pg;`],
  ['connections-in-main', 'gateway/app.int.test.ts', `import { default as pg } from 'postgres'; await pg(url).end();`],
  ['configuration-in-main', 'gateway/app.ts', `import { configure } from '../ops/platform/configuration.ts';`],
  ['configuration-in-main', 'ops/platform/outbox.ts', `import { configure } from './configuration.ts';`],
  ['environment-in-main', 'gateway/app.ts', `const url = process.env.DATABASE_URL;`],
  ['environment-in-main', 'workers/cart/cart.ts', `const url = globalThis.process?.['env'].X;`],
  ['environment-in-main', 'workers/cart/cart.test.ts', `const { env } = process;`],
  ['environment-in-main', 'workers/cart/cart.ts', `import { env } from 'node:process';`],
  ['environment-in-main', 'ops/platform/outbox.ts', `const { ...all } = process;`],
  ['environment-in-main', 'contracts/tmf.ts', `const { env: { HOME } } = process;`],
  ['floors-are-a-yardstick', 'ops/verify/bench/floors/chain.ts', `import '../../../platform/outbox.ts';`],
  ['floors-are-a-yardstick', 'ops/verify/bench/floors/chain.ts', `import '../../../../workers/calls/platform.ts';`],
];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'import-rules-'));
  plant({ ...cleanTree, 'vitest.config.ts': `import { defineConfig } from 'vitest/config';` });
});
afterEach(() => rmSync(root, { recursive: true }));

function plant(files: Record<string, string>): void {
  for (const [path, source] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), source);
  }
}

describe('who may import whom', () => {
  test('a tree that keeps every rule passes, and is read whole', () => {
    const verdict = checkImports(root, 2);
    expect(verdict.violations).toEqual([]);
    expect(verdict.modules).toBe(Object.keys(cleanTree).length + 1);
    expect(verdict.imports).toBeGreaterThan(30);
  });

  test.each(seeds)('%s is reported when %s says: %s', (rule, file, line) => {
    const before = cleanTree[file] ?? '';
    plant({ [file]: `${before}\n\n${line}\n` });
    const { violations } = checkImports(root, 2);
    expect(violations).toHaveLength(1);
    expect(violations[0]).toMatchObject({ rule, file, line: before.split('\n').length + 2 });
  });

  test('every rule has a seeded violation, so none can pass by never being tried', () => {
    const seeded = new Set(seeds.map(([rule]) => rule));
    expect(new Set([...rules.map((rule) => rule.name), environmentRule.name])).toEqual(seeded);
  });

  test('violations in several files are all reported, each as file:line', () => {
    for (const [, file, line] of seeds.slice(0, 4)) plant({ [`${file.replace('.ts', '')}-more.ts`]: line });
    plant({ 'workers/calls/bad.ts': `import '../cart/main.ts';\nimport '../../gateway/app.ts';` });
    const found = checkImports(root, 2).violations.map(describeViolation);
    expect(found).toContainEqual(
      expect.stringMatching(/^workers\/calls\/bad\.ts:1 imports \.\.\/cart\/main\.ts: calls-know-no-worker - /),
    );
    expect(found).toContainEqual(
      expect.stringMatching(/^workers\/calls\/bad\.ts:2 imports .*: gateway-and-workers-apart - /),
    );
  });
});

describe('a check that read nothing does not pass', () => {
  test('too few modules', () => {
    expect(() => checkImports(join(root, 'gateway'), 10)).toThrow(/read 6 modules .* expected at least 10/);
  });

  test('no import anywhere', () => {
    rmSync(root, { recursive: true });
    plant({ 'contracts/a.ts': 'export {};', 'contracts/b.ts': 'export {};' });
    expect(() => checkImports(root, 2)).toThrow(/found no import/);
  });

  test('a file that does not parse', () => {
    plant({ 'workers/cart/torn.ts': `import { from './cart.decide.ts'` });
    expect(() => checkImports(root, 2)).toThrow(/workers\/cart\/torn\.ts does not parse/);
  });

  test('dependencies and private data are not ours to read', () => {
    plant({ 'node_modules/x/index.ts': `import '../../gateway/app.ts'`, '.patchbay/y.ts': `import './gone.ts'` });
    expect(checkImports(root, 2).violations).toEqual([]);
  });
});
