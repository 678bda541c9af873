import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { startInBackground, type BackgroundProcess } from './background-process.ts';
import { addedTo, causeIn, endOf } from './last-words.ts';
import { plainPath } from './plain-path.ts';
import { identityOf, type RabbitmqIdentity } from './rabbitmq-identity.ts';
import { noteRelease, refuseMoved, refuseRelease, releaseOf } from './rabbitmq-data.ts';
import { findRabbitmq, type RabbitmqPrograms } from './rabbitmq-programs.ts';
import type { DebianRelease } from './rabbitmq-release.ts';
import { refuseHeld } from './refuse-held.ts';
import { Sentence } from './sentence.ts';
import type { Broker, Progress } from './service.ts';
import { until } from './until.ts';

export type RabbitmqOptions = {
  /** private folder: data, cookie, login */
  dir: string;
  /** folder that keeps downloaded packages, shared between brokers */
  packages: string;
  /** the Debian release to take RabbitMQ from; undefined: whichever the machine has */
  release?: DebianRelease | undefined;
  ports: { amqp: number; management: number; dist: number; epmd: number };
  logFile?: string;
  recordsFolder?: string;
  /** further lines of rabbitmq.conf */
  configuration?: readonly string[];
  progress?: Progress;
};

/** 3.10 is the first version whose quorum queues dead-letter at least once. */
const oldest = [3, 10];

/**
 * Starts a private RabbitMQ with its management interface on 127.0.0.1, with a port mapper, cookie and node name of its
 * own, so that another broker on the machine does not matter. Downloads the packages when none is installed.
 *
 * @throws Sentence when the data cannot be used, or it does not come up
 */
export async function startRabbitmq(options: RabbitmqOptions): Promise<Broker> {
  const dir = plainPath(options.dir);
  const identity = identityOf(dir);
  refuseHeld('/beam.smp', dir);
  refuseMoved(dir, identity.node);
  const programs = await findRabbitmq(options.packages, options.release, options.progress ?? (() => {}));
  // Of another release's tree the path means something else outside of it.
  refuseRelease(dir, options.release === undefined ? releaseOf(programs.server) : undefined);
  const logFile = options.logFile ?? join(options.dir, 'rabbitmq.log');
  const { amqp, management } = options.ports;
  const managementUrl = `http://127.0.0.1:${management}`;
  const login = { user: identity.user, password: identity.password };

  let mapper: BackgroundProcess | undefined;
  let server: BackgroundProcess;
  let wanted = true;
  const lost: (() => void)[] = [];
  const begin = (name: string, program: string, ownArgs: readonly string[], env: NodeJS.ProcessEnv) => {
    const [command = program, ...args] = [...programs.within, program, ...ownArgs];
    return startInBackground({
      ...{ name, command, args, env, cwd: dir, logFile: consoleOf(dir), stopSignal: 'SIGTERM' as const },
      ...(options.recordsFolder === undefined ? {} : { recordsFolder: options.recordsFolder }),
    });
  };
  const launch = async () => {
    wanted = true;
    const env = environmentOf(dir, identity, options, programs, logFile);
    const logBegan = endOf(logFile);
    rmSync(consoleOf(dir), { force: true });
    hideCookie(dir);
    if (mapper === undefined || !mapper.alive()) {
      mapper = await begin('epmd', programs.epmd, ['-port', String(options.ports.epmd), '-address', '127.0.0.1'], env);
    }
    const launched = await begin('rabbitmq', programs.server, [], env);
    server = launched;
    const failure = () => failedStart(options.ports, [consoleOf(dir), logFile], addedTo(logFile, logBegan));
    let refusals = 0;
    try {
      const version = await until(
        async () => ((await speaksAmqp(amqp)) ? versionOf(managementUrl, login, () => refusals++) : undefined),
        {
          timeoutMs: 120_000,
          // Refused once is also said by a node that has not read its users yet.
          giveUp: () => (!launched.alive() ? failure() : refusals > 20 ? wrongLogin(dir) : undefined),
          late: failure,
        },
      );
      refuseOld(version);
      noteRelease(dir, version);
    } catch (error) {
      await stop();
      throw error;
    }
    void launched.ended.then(() => {
      if (wanted && server === launched) for (const listener of lost) listener();
    });
  };
  const stop = async () => {
    wanted = false;
    await server.stop(30_000);
    await mapper?.stop(2_000);
  };
  await launch();
  return {
    name: 'rabbitmq',
    url: `amqp://${identity.user}:${identity.password}@127.0.0.1:${amqp}/`,
    managementUrl,
    login,
    get pid() {
      return server.pid;
    },
    alive: () => server.alive(),
    kill: (signal) => server.kill(signal),
    stop,
    async restart() {
      await stop();
      await launch();
    },
    onLost: (listener) => void lost.push(listener),
    async control(...args) {
      const env = environmentOf(dir, identity, options, programs, logFile);
      const program = join(dirname(programs.server), 'rabbitmqctl');
      const [command = program, ...all] = [...programs.within, program, '-q', ...args];
      const { stdout } = await promisify(execFile)(command, all, {
        env,
        cwd: dir,
        timeout: 60_000,
      });
      return stdout;
    },
  };
}

// Copied or restored by a tool that does not keep modes, it would stop the node: Erlang wants it to be its owner's alone.
function hideCookie(dir: string): void {
  const cookie = join(dir, '.erlang.cookie');
  if (existsSync(cookie)) chmodSync(cookie, 0o400);
}

/**
 * What a node prints before its log is open. It lies with the data, not with the logs: Erlang stops for good at a line that
 * stdout does not take, whereas the node's log file may be full.
 */
const consoleOf = (dir: string): string => join(dir, 'console.log');

function environmentOf(
  dir: string,
  identity: RabbitmqIdentity,
  { ports, configuration = [] }: RabbitmqOptions,
  programs: RabbitmqPrograms,
  logFile: string,
): NodeJS.ProcessEnv {
  const file = (name: string) => join(dir, name);
  mkdirSync(file('conf.d'), { recursive: true });
  writeFileSync(file('enabled_plugins'), '[rabbitmq_management].\n');
  const lines = [
    `listeners.tcp.1 = 127.0.0.1:${ports.amqp}`,
    'management.tcp.ip = 127.0.0.1',
    `management.tcp.port = ${ports.management}`,
    `default_user = ${identity.user}`,
    `default_pass = ${identity.password}`,
    // The default alarm (50 MB) is kept explicit: a full disk blocks publishers rather than the whole machine.
    'disk_free_limit.absolute = 50MB',
    ...configuration,
  ];
  writeFileSync(file('rabbitmq.conf'), `${lines.join('\n')}\n`, { mode: 0o600 });
  return {
    ...programs.env,
    HOME: dir,
    LANG: 'C.UTF-8',
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_EPMD_PORT: String(ports.epmd),
    RABBITMQ_NODENAME: identity.node,
    RABBITMQ_MNESIA_BASE: file('data'),
    RABBITMQ_LOG_BASE: file('log'),
    RABBITMQ_LOGS: join(plainPath(dirname(logFile)), basename(logFile)),
    RABBITMQ_CONFIG_FILE: file('rabbitmq.conf'),
    // The machine's own /etc/rabbitmq must not leak in.
    RABBITMQ_CONFIG_FILES: file('conf.d'),
    RABBITMQ_ADVANCED_CONFIG_FILE: file('advanced.config'),
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_ENABLED_PLUGINS_FILE: file('enabled_plugins'),
    RABBITMQ_PID_FILE: file('broker.pid'),
    RABBITMQ_DIST_PORT: String(ports.dist),
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: '-kernel inet_dist_use_interface {127,0,0,1}',
    // Makes the script become the virtual machine, so that the process we started is the broker itself.
    RUNNING_UNDER_SYSTEMD: 'true',
  };
}

/** True when a broker answers the protocol's greeting on the port (the answer starts with a method frame). */
export function speaksAmqp(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host });
    const answer = (yes: boolean) => {
      socket.destroy();
      resolve(yes);
    };
    socket.setTimeout(2_000, () => answer(false));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
    socket.once('connect', () => socket.write(Buffer.from([0x41, 0x4d, 0x51, 0x50, 0, 0, 9, 1])));
    socket.once('data', (data) => answer(data[0] === 1));
  });
}

async function versionOf(
  managementUrl: string,
  login: { user: string; password: string },
  refused: () => void,
): Promise<string | undefined> {
  const authorization = `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`;
  try {
    const answer = await fetch(`${managementUrl}/api/overview`, {
      headers: { authorization },
      signal: AbortSignal.timeout(2_000),
    });
    if (answer.status === 401) refused();
    if (!answer.ok) return undefined;
    return ((await answer.json()) as { rabbitmq_version: string }).rabbitmq_version;
  } catch {
    return undefined;
  }
}

const wrongLogin = (dir: string) =>
  new Sentence(
    `The login in ${join(dir, 'identity.json')} is not that of RabbitMQ's data in ${join(dir, 'data')}: put the right one back, or forget the data with npm run reset.`,
  );

function failedStart(
  { amqp, management, epmd }: RabbitmqOptions['ports'],
  [console, logFile]: readonly [string, string],
  logged: string,
): Sentence {
  const said = `${addedTo(console, 0)}\n${logged}`;
  if (/eaddrinuse/i.test(said)) {
    return new Sentence(
      `Port ${amqp} or ${management} was taken while RabbitMQ started: set PATCHBAY_AMQP_PORT and PATCHBAY_MANAGEMENT_PORT to free ports.`,
    );
  }
  if (/nodistribution/.test(said)) {
    return new Sentence(
      `RabbitMQ's node could not make itself known on this machine: free port ${epmd} or set PATCHBAY_EPMD_PORT to a free one, and see that /etc/hosts knows localhost.`,
    );
  }
  const cause = causeIn(said) ?? 'it did not say why';
  return new Sentence(
    `RabbitMQ did not start on port ${amqp} (${cause}): see ${logFile} and ${console}; npm run reset forgets its data where that is broken.`,
  );
}

/** @throws Sentence for a release whose quorum queues do not dead-letter at least once */
export function refuseOld(version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest[0]! || (major === oldest[0] && minor >= oldest[1]!)) return;
  throw new Sentence(
    `RabbitMQ ${version} is too old (3.10 or newer is needed): start Docker, or set AMQP_URL to a newer broker.`,
  );
}
