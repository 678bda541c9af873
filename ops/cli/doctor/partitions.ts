import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clone, type Home } from '../../run/bootstrap/home.ts';
import { foldersOutside } from '../../run/bootstrap/postgres-place.ts';
import { inWords, roomAt, type Room } from '../../run/bootstrap/room.ts';
import { findingsOf, type Finding } from './finding.ts';

const { fine, wrong } = findingsOf('machine');

/** The broker raises its disk alarm at 50 MB; a warning should come well before. */
const littleSpace = 512 * 1024 * 1024;
/** Every queue, table and log needs some; full of small files is full. */
const fewInodes = 10_000;

/** A folder that a running system writes to, and what goes there. */
export type Place = { what: string; path: string };

/** Every folder that a system in this home writes to. PostgreSQL's data may lie outside of it. */
export function placesOf(home: Home): Place[] {
  return [
    { what: 'data', path: home.root },
    { what: 'logs', path: home.logs },
    ...[home.postgres, ...foldersOutside(home.postgres)].map((path) => ({ what: 'PostgreSQL', path })),
    { what: 'PostgreSQL', path: join(home.postgres, 'data') },
    { what: 'RabbitMQ', path: home.rabbitmq },
    { what: 'simulator', path: home.simulator },
    { what: 'packages', path: home.packages },
    { what: 'temporary files', path: tmpdir() },
    { what: 'clone', path: clone },
  ];
}

/** One finding for each partition that holds some of the places: what it holds, and what is left on it. */
export function checkPartitions(places: readonly Place[], room: (path: string) => Room = roomAt): Finding[] {
  const partitions = new Map<number, { room: Room; path: string; holds: Set<string> }>();
  for (const { what, path } of places) {
    const found = room(path);
    const known = partitions.get(found.partition);
    if (known === undefined) partitions.set(found.partition, { room: found, path, holds: new Set([what]) });
    else known.holds.add(what);
  }
  return [...partitions.values()].map(({ room: left, path, holds }) => {
    const detail = `${inWords(left)} free for ${[...holds].join(', ')} (${realOf(path)})`;
    const isLow = left.bytes < littleSpace || (left.inodes !== undefined && left.inodes < fewInodes);
    return isLow ? wrong('disk', detail, adviceFor(holds)) : fine('disk', detail);
  });
}

function adviceFor(holds: ReadonlySet<string>): string {
  const consequences = [
    ...(holds.has('PostgreSQL') ? ['the database refuses to write'] : []),
    ...(holds.has('RabbitMQ') ? ['the broker stops taking messages'] : []),
    ...(holds.has('logs') ? ['log lines are dropped'] : []),
  ];
  return `make room there: ${consequences.length === 0 ? 'a start may fail' : consequences.join(', ')} once it is full`;
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
