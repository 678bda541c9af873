import { readFileSync, rmSync } from 'node:fs';
import type { Home } from './home.ts';
import { writeAtomically } from './write-atomically.ts';

/** What runs, for scripts and tools: the content of `run.json` in the home, there from `ready` until the end. */
export type RunFile = {
  urls: {
    gateway: string;
    docs: string;
    rabbitmqManagement: string | undefined;
    simulator: string | undefined;
    database: string;
    amqp: string;
  };
  /** login of the management interface */
  management: { user: string; password: string };
  roles: { name: string; pid: number | undefined; health: string; url?: string }[];
  /** servers started here; `pid` is missing for given and containerised ones */
  services: { name: string; pid: number | undefined }[];
  home: string;
  logs: string;
  /** the process of `npm start` */
  pid: number;
  startedAt: string;
};

/** Holds passwords: readable by its owner alone. */
export function writeRunFile(home: Home, content: RunFile): void {
  writeAtomically(home.runFile, `${JSON.stringify(content, null, 2)}\n`, 0o600);
}

export function removeRunFile(home: Home): void {
  rmSync(home.runFile, { force: true });
}

/** What runs in this home; undefined when nothing says that something does. */
export function readRunFile(home: Home): RunFile | undefined {
  try {
    return JSON.parse(readFileSync(home.runFile, 'utf8')) as RunFile;
  } catch {
    return undefined;
  }
}
