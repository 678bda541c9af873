import { spawnSync } from 'node:child_process';
import { cpSync, linkSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { clone } from './home.ts';
import { mendDriver, publishedFiles } from './mend-driver.mjs';

const installed = join(clone, 'node_modules');
const mended = (file: string) => readFileSync(join(installed, 'postgres', file), 'utf8');

/** A node_modules folder with the driver as it is published, every file of it shared with a store. */
function aFolder(): { modules: string; store: string; driver: string } {
  const root = mkdtempSync(join(tmpdir(), 'driver-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const [modules, store] = [join(root, 'node_modules'), join(root, 'store')];
  const driver = join(modules, 'postgres');
  cpSync(join(installed, 'postgres'), store, { recursive: true });
  for (const { file, text } of publishedFiles(installed)) writeFileSync(join(store, file), text);
  for (const folder of ['src', 'types']) {
    mkdirSync(join(driver, folder), { recursive: true });
    for (const file of readdirSync(join(store, folder)))
      linkSync(join(store, folder, file), join(driver, folder, file));
  }
  linkSync(join(store, 'package.json'), join(driver, 'package.json'));
  return { modules, store, driver };
}

test('a published driver is mended once, and what it is linked to is not', () => {
  const { modules, store, driver } = aFolder();
  const published = publishedFiles(installed);
  expect(published.map(({ file }) => file)).toEqual(['src/connection.js', 'src/index.js']);
  expect(mendDriver(modules)).toBe(2);
  expect(mendDriver(modules)).toBe(0);
  for (const { file, text } of published) {
    expect(text).not.toBe(mended(file));
    expect(readFileSync(join(driver, file), 'utf8')).toBe(mended(file));
    expect(readFileSync(join(store, file), 'utf8')).toBe(text);
  }
  expect(readdirSync(join(driver, 'src'))).toEqual(readdirSync(join(store, 'src')));
});

test('a driver with other lines is left as it is, and the installation fails', () => {
  const { modules, driver } = aFolder();
  const file = join(driver, 'src/index.js');
  const other = readFileSync(file, 'utf8').replace('let savepoints = 0', 'let savepoints = 1');
  rmSync(file);
  writeFileSync(file, other);
  expect(() => mendDriver(modules)).toThrow(
    /index\.js is neither as it was published nor mended.*delete .*npm install/,
  );
  expect(readFileSync(join(driver, 'src/connection.js'), 'utf8')).not.toBe(mended('src/connection.js'));
});

test('another version, or none, is refused', () => {
  const { modules, driver } = aFolder();
  rmSync(join(driver, 'package.json'));
  writeFileSync(join(driver, 'package.json'), '{"version":"3.5.0"}');
  expect(() => mendDriver(modules)).toThrow(/postgres 3\.5\.0, and the patch is for 3\.4\.9: run "npm ci"/);
  rmSync(driver, { recursive: true });
  expect(() => mendDriver(modules)).toThrow(/no database driver.*npm ci/);
});

test.each(['ops/run/fleet/process.ts', 'ops/cli/main.ts'])(
  '%s does not start on a driver that is not mended, and says what to run',
  (program) => {
    const driver = pathToFileURL(join(aFolder().driver, 'src/index.js')).href;
    const hook = `import { registerHooks } from 'node:module';
      registerHooks({ resolve: (name, context, next) =>
        name === 'postgres' ? { url: '${driver}', shortCircuit: true } : next(name, context) });`;
    const env = {
      ...process.env,
      DATABASE_URL: 'postgres://127.0.0.1:1/none',
      AMQP_URL: 'amqp://127.0.0.1:1',
      NETWORK_URL: 'http://127.0.0.1:1',
    };
    const args = program.includes('cli') ? ['trace', '019f0000-0000-7000-8000-000000000001'] : ['service-ordering'];
    const options = { cwd: clone, env, encoding: 'utf8', timeout: 20_000 } as const;
    const { status, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(hook)}`, program, ...args],
      options,
    );
    expect(stderr).toMatch(/driver \(the package postgres\) is not mended.*npm ci.*mend-driver\.mjs/);
    expect(status).toBe(1);
  },
);
