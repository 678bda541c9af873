import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { createTestbed } from '../../verify/testbed/testbed.ts';
import { fewProcesses } from '../fleet/supervisor.ts';
import { homeAt, prepareHome } from './home.ts';
import { endLeftovers } from './leftovers.ts';
import { readRunFile } from './run-file.ts';
import { unusedPort } from './unused-port.fixture.ts';

const start = join(import.meta.dirname, 'start.ts');
const cli = join(import.meta.dirname, '../../cli/main.ts');
const sample = join(import.meta.dirname, '../../samples/home-bundle.product-order.json');

test(
  'with no room for any log, nor for what the start itself says, orders go on to their end',
  { timeout: 180_000 },
  async () => {
    const testbed = await createTestbed();
    onTestFinished(() => testbed.close());
    const home = homeAt(join(realpathSync(mkdtempSync(join(tmpdir(), 'up-'))), 'home'), process.env);
    prepareHome(home);
    const names = [...fewProcesses.map((roles) => `${roles.replaceAll(',', '+')}-1`), 'simulator'];
    for (const name of names) symlinkSync('/dev/full', join(home.logs, `${name}.log`));
    const env = {
      ...{ ...process.env, PATCHBAY_HOME: home.root, LOG_LEVEL: 'trace' },
      ...{ PATCHBAY_GATEWAY_PORT: String(await unusedPort()), PATCHBAY_SIMULATOR_PORT: String(await unusedPort()) },
      // The broker is given, of whichever release it is.
      ...{ DATABASE_URL: testbed.databaseUrl, AMQP_URL: testbed.amqpUrl, PATCHBAY_RABBITMQ: undefined },
    };
    const full = openSync('/dev/full', 'w');
    const running = spawn(process.execPath, [start], { env, stdio: ['ignore', full, full] });
    onTestFinished(async () => {
      running.kill('SIGKILL');
      await endLeftovers(home.processes, 0);
    });
    await expect.poll(() => readRunFile(home)?.urls.gateway, { timeout: 90_000, interval: 200 }).toBeDefined();

    const { gateway } = readRunFile(home)!.urls;
    const ordered = await promisify(execFile)(process.execPath, [
      cli,
      'order',
      sample,
      '--gateway',
      gateway,
      '--follow',
    ]);
    expect(ordered.stdout).toMatch(/^completed after [\d.]+ s$/m);

    const second = promisify(execFile)(process.execPath, [start], { env });
    await expect(second).rejects.toMatchObject({
      code: 1,
      stderr: `Patchbay already runs in ${home.root} (process ${running.pid}): end it with Ctrl-C there, or set PATCHBAY_HOME to another folder.\n`,
    });

    running.kill('SIGTERM');
    expect(await once(running, 'exit')).toEqual([0, null]);
    expect(readRunFile(home)).toBeUndefined();
  },
);
