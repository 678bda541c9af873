import { setTimeout as sleep } from 'node:timers/promises';
import { startInBackground, type BackgroundProcess } from '../bootstrap/background-process.ts';
import { explain } from '../bootstrap/explain.ts';
import { addedTo, causeIn, endOf } from '../bootstrap/last-words.ts';
import { complain } from '../bootstrap/say.ts';
import { Sentence } from '../bootstrap/sentence.ts';
import { until } from '../bootstrap/until.ts';

/** A Node process to keep alive. */
export type SupervisedCommand = {
  /** unique in its fleet, as `activator-1` */
  name: string;
  /** the TypeScript entry and its arguments */
  args: readonly string[];
  /** asked at each start, where it may change between them */
  env: NodeJS.ProcessEnv | (() => NodeJS.ProcessEnv);
  /** answers 200 when the process can do its work */
  healthUrl: string;
  logFile: string;
  recordsFolder?: string;
  /** `always`: started again after it ended unasked; `never`: a fault test decides */
  restart: 'always' | 'never';
  /** called whenever it started or ended */
  onChange?: (change: ProcessChange) => void;
};

export type ProcessChange =
  | { kind: 'started'; name: string; pid: number }
  | {
      kind: 'ended';
      name: string;
      asked: boolean;
      code: number | null;
      signal: NodeJS.Signals | null;
      againInMs: number | undefined;
    };

export type Supervised = {
  readonly name: string;
  readonly healthUrl: string;
  readonly logFile: string;
  /** undefined while it is down */
  readonly pid: number | undefined;
  alive(): boolean;
  ready(): Promise<boolean>;
  /** Resolves when it is ready. Throws a Sentence with what it said last when it keeps ending or takes too long. */
  whenReady(timeoutMs?: number): Promise<void>;
  kill(signal: NodeJS.Signals): void;
  /** Ends it in order, and it stays down until `start`. */
  stop(graceMs?: number): Promise<void>;
  /** Starts it when it is down; nothing otherwise. */
  start(): Promise<void>;
  setRestart(policy: 'always' | 'never'): void;
};

/** A role drains for at most 30 s (its contract); five more are for a machine that is busy. */
const drainMs = 35_000;
/** A process that ran this long has recovered from whatever ended the one before it. */
const steadyMs = 60_000;
/** Ended this often in a row without becoming ready: waiting longer has no point, its log says why. */
const hopeless = 4;

/** Starts a process and, when its policy says so, starts it again whenever it ends unasked: at once, then ever later up to 30 s. */
export async function supervise(command: SupervisedCommand): Promise<Supervised> {
  let child: BackgroundProcess | undefined;
  let restart = command.restart;
  let wanted = false;
  let quickEnds = 0;
  let pause: AbortController | undefined;
  const logBegan = endOf(command.logFile);

  const launch = async () => {
    pause?.abort();
    wanted = true;
    const began = Date.now();
    const env = typeof command.env === 'function' ? command.env() : command.env;
    const launched = await startInBackground({
      ...{ name: command.name, command: process.execPath, args: command.args, env, cwd: process.cwd() },
      ...{ logFile: command.logFile, stopSignal: 'SIGTERM' as const },
      ...(command.recordsFolder === undefined ? {} : { recordsFolder: command.recordsFolder }),
    });
    child = launched;
    command.onChange?.({ kind: 'started', name: command.name, pid: launched.pid });
    void launched.ended.then(async ({ code, signal }) => {
      quickEnds = Date.now() - began > steadyMs ? 0 : quickEnds + 1;
      const again = wanted && restart === 'always';
      const againInMs = again ? backoffMs(quickEnds) : undefined;
      command.onChange?.({ kind: 'ended', name: command.name, asked: !wanted, code, signal, againInMs });
      if (againInMs === undefined) return;
      await relaunch(againInMs);
    });
  };
  const relaunch = async (inMs: number): Promise<void> => {
    pause = new AbortController();
    const waited = await sleep(inMs, true, { signal: pause.signal }).catch(() => false);
    if (!waited) return;
    try {
      await launch();
    } catch (error) {
      // The machine has no process or memory left for it: that may pass.
      complain(`${command.name} could not be started again: ${explain(error)}`);
      quickEnds++;
      await relaunch(backoffMs(quickEnds));
    }
  };
  const ready = async () => {
    try {
      return (await fetch(command.healthUrl, { signal: AbortSignal.timeout(2_000) })).ok;
    } catch {
      return false;
    }
  };
  await launch();

  const failed = (how: string) => {
    const cause = causeIn(addedTo(command.logFile, logBegan));
    return new Sentence(`${command.name} ${how} (${cause ?? 'it did not say why'}): see ${command.logFile}.`);
  };
  return {
    name: command.name,
    healthUrl: command.healthUrl,
    logFile: command.logFile,
    get pid() {
      return child?.alive() ? child.pid : undefined;
    },
    alive: () => child?.alive() ?? false,
    ready,
    async whenReady(timeoutMs = 60_000) {
      await until(async () => ((child?.alive() ?? false) && (await ready()) ? true : undefined), {
        timeoutMs,
        giveUp: () => {
          const isLost = quickEnds >= hopeless || (restart === 'never' && !child?.alive());
          return isLost ? failed('does not stay up') : undefined;
        },
        late: () => failed(`is not ready after ${timeoutMs / 1000} s`),
      });
      quickEnds = 0;
    },
    kill: (signal) => child?.kill(signal),
    async stop(graceMs = drainMs) {
      wanted = false;
      pause?.abort();
      await child?.stop(graceMs);
    },
    async start() {
      if (!child?.alive()) await launch();
    },
    setRestart(policy) {
      restart = policy;
    },
  };
}

/** How long to wait before the nth start in a row: at once, then 0.5 s doubling up to 30 s. */
export function backoffMs(quickEnds: number): number {
  return quickEnds <= 1 ? 0 : Math.min(30_000, 250 * 2 ** (quickEnds - 1));
}
