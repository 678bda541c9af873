import { existsSync, globSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Sentence } from './sentence.ts';
import { writeAtomically } from './write-atomically.ts';

/**
 * The broker's data keeps the absolute path at which it was written, in one file per quorum queue (`config`, an Erlang term;
 * ra, its Raft library, looks for the queue's log there) and nowhere else. In another place the node waits a minute and ends,
 * or works on the data of the folder that it was copied from.
 */
const queuesOf = (dir: string, node: string): string[] =>
  globSync(`data/${node}/{quorum,coordination}/${node}/*/config`, { cwd: dir }).map((file) => join(dir, file));

// Paths that RabbitMQ gets are plain (`plainPath`): no quote, no escape, and Erlang writes a string on one line.
const pathsUnder = (node: string): RegExp => new RegExp(`"([^"\\n]*)/data/${node}(?=[/"])`, 'g');

/**
 * Refuses data that was written in another place.
 *
 * @param dir the broker's folder as RabbitMQ is told it
 * @throws Sentence that names both places
 */
export function refuseMoved(dir: string, node: string): void {
  for (const file of queuesOf(dir, node)) {
    for (const [, place] of readFileSync(file, 'utf8').matchAll(pathsUnder(node))) {
      if (place === dir) continue;
      throw new Sentence(
        `RabbitMQ's data in ${dir} was written in ${place} and its queues still look for it there: run npx patchbay broker rebuild, which loses no message, then start again.`,
      );
    }
  }
}

/**
 * Makes the data at home where it is now. File by file, each in one step and the same again when it was interrupted; no log
 * of a queue is touched. The broker must not run.
 *
 * @returns how many queues there are, and how many had another place
 */
export function settleHere(dir: string, node: string): { queues: number; settled: number } {
  const queues = queuesOf(dir, node);
  let settled = 0;
  for (const file of queues) {
    const text = readFileSync(file, 'utf8');
    const here = text.replaceAll(pathsUnder(node), `"${dir}/data/${node}`);
    if (here === text) continue;
    writeAtomically(file, here, statSync(file).mode & 0o777);
    settled++;
  }
  return { queues: queues.length, settled };
}

const releaseFile = (dir: string) => join(dir, 'release');

/** Notes which release works on the data in a folder, once it does. */
export function noteRelease(dir: string, release: string): void {
  if (notedIn(dir) !== release) writeAtomically(releaseFile(dir), `${release}\n`);
}

/** The release that the programs are of, read off the folder that every RabbitMQ is installed in. */
export function releaseOf(server: string): string | undefined {
  return existsSync(server) ? /rabbitmq_server-(\d+\.\d+\.\d+)/.exec(realpathSync(server))?.[1] : undefined;
}

/**
 * Refuses data that the programs would not read: RabbitMQ never goes back a minor release, and to 4 only by way of 3.13.
 * It would say so too, after half a minute and in Erlang.
 *
 * @param release of the programs; undefined: unknown, then RabbitMQ says it
 * @throws Sentence
 */
export function refuseRelease(dir: string, release: string | undefined): void {
  const noted = notedIn(dir);
  if (noted === undefined || release === undefined) return;
  const [data, programs] = [minor(noted), minor(release)];
  const forget = 'or forget the data with npm run reset';
  if (data > programs) {
    throw new Sentence(
      `RabbitMQ's data in ${dir} is of release ${noted}, and the RabbitMQ found here is ${release}, which cannot read it: start with ${noted} again, ${forget}.`,
    );
  }
  if (data < 3_013 && programs >= 4_000) {
    throw new Sentence(
      `RabbitMQ's data in ${dir} is of release ${noted}, and the RabbitMQ found here is ${release}, which reads none older than 3.13: start with ${noted} again, ${forget}.`,
    );
  }
}

function notedIn(dir: string): string | undefined {
  try {
    return readFileSync(releaseFile(dir), 'utf8').trim();
  } catch {
    return undefined;
  }
}

/** `3.10.8` as 3010: comparable. */
function minor(release: string): number {
  const [major = 0, second = 0] = release.split('.').map(Number);
  return major * 1_000 + second;
}
