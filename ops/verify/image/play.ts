import { execFile } from 'node:child_process';
import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type BackgroundProcess, startInBackground } from '../../run/bootstrap/background-process.ts';
import { addedTo, causeIn } from '../../run/bootstrap/last-words.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { until } from '../../run/bootstrap/until.ts';
import type { Addresses } from './addresses.ts';
import type { Image } from './build.ts';
import type { ComposeFile, ComposeService } from './compose-file.ts';

const run = promisify(execFile);

/** The services of a compose file that are built from its image, each as a process. */
export type Play = {
  /** Starts them in the order that `depends_on` says. Resolves when all are healthy, or have completed if nothing checks their health. */
  up(): Promise<void>;
  /** the names of those that run now */
  running(): string[];
  /** Stops all at once, as an engine does those that do not depend on each other; who is not done in its grace period is killed. */
  stop(): Promise<Record<string, { code: number | null; signal: NodeJS.Signals | null }>>;
};

/**
 * Plays a compose file without an engine. Services of other images (PostgreSQL, RabbitMQ) are taken as running and healthy:
 * they are given. Nobody is started again: who ends unasked has failed.
 *
 * @param recordsFolder where the processes are noted, for a later run to end them should this one be killed
 */
export function playCompose(
  { services }: ComposeFile,
  image: Image,
  addresses: Addresses,
  { logs, recordsFolder }: { logs: string; recordsFolder: string },
): Play {
  const home = join(image.root, 'home');
  mkdirSync(home);
  if (image.account !== undefined) chownSync(home, image.account.uid, image.account.gid);
  const processes = new Map<string, BackgroundProcess>();
  const starting = new Map<string, Promise<void>>();
  const logOf = (name: string) => join(logs, `${name}.log`);
  const failed = (name: string, how: string) =>
    new Sentence(`${name} ${how}: ${causeIn(addedTo(logOf(name), 0)) ?? 'it said nothing'} (${logOf(name)})`);
  const envOf = (name: string) => ({ ...image.env, HOME: home, ...addresses.environment(name) });

  const reached: Record<
    ComposeService['depends_on'][string]['condition'],
    (name: string, service: ComposeService) => Promise<void>
  > = {
    service_started: async () => {},
    service_healthy: (name, service) => healthy(name, service),
    service_completed_successfully: async (name) => {
      const { code } = await processes.get(name)!.ended;
      if (code !== 0) throw failed(name, `ended with ${code}`);
    },
  };

  /** As an engine does: the first check comes an interval after the start, and failures before the start period is over do not count. */
  async function healthy(name: string, { healthcheck }: ComposeService): Promise<void> {
    const [command, ...args] = addresses.healthCheck(name) ?? [];
    if (healthcheck === undefined || command === undefined) throw new Sentence(`${name} has no health check.`);
    const { start_period, interval, timeout, retries } = healthcheck;
    const options = { cwd: image.workdir, env: envOf(name), ...image.account, timeout: timeout * 1_000 };
    await sleep(interval * 1_000);
    await until(
      () =>
        run(command, args, options).then(
          () => true as const,
          () => undefined,
        ),
      {
        everyMs: interval * 1_000,
        timeoutMs: (start_period + interval * retries) * 1_000,
        giveUp: () => (processes.get(name)!.alive() ? undefined : failed(name, 'ended before it was healthy')),
        late: () => failed(name, 'is not healthy in time'),
      },
    );
  }

  /** Once each, whoever waits for it; those of other images are there already. */
  function start(name: string): Promise<void> {
    const service = services[name];
    if (service === undefined) throw new Sentence(`docker-compose.yml has no service ${name}.`);
    const known = starting.get(name);
    if (known !== undefined) return known;
    const started = service.build === undefined ? Promise.resolve() : launch(name, service);
    starting.set(name, started);
    return started;
  }

  async function launch(name: string, service: ComposeService): Promise<void> {
    const needs = Object.entries(service.depends_on).map(async ([other, { condition }]) => {
      await start(other);
      if (services[other]?.build !== undefined) await reached[condition](other, services[other]);
    });
    await Promise.all(needs);
    const [command, ...args] = addresses.command(name);
    const process = await startInBackground({
      ...{ name: `image-${name}`, command: command!, args, env: envOf(name), cwd: image.workdir },
      ...{ logFile: logOf(name), recordsFolder, stopSignal: service.stop_signal ?? ('SIGTERM' as const) },
      ...(image.account === undefined ? {} : { account: image.account }),
    });
    processes.set(name, process);
  }

  const played = Object.entries(services).filter(([, { build }]) => build !== undefined);
  return {
    async up() {
      await Promise.all(
        played.map(async ([name, service]) => {
          await start(name);
          await reached[service.healthcheck ? 'service_healthy' : 'service_completed_successfully'](name, service);
        }),
      );
    },
    running: () => [...processes].filter(([, process]) => process.alive()).map(([name]) => name),
    async stop() {
      const ends = [...processes]
        .filter(([, process]) => process.alive())
        .map(async ([name, process]) => {
          await process.stop(services[name]!.stop_grace_period * 1_000);
          return [name, await process.ended] as const;
        });
      return Object.fromEntries(await Promise.all(ends));
    },
  };
}
