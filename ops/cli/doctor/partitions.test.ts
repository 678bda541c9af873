import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { homeAt } from '../../run/bootstrap/home.ts';
import { roomAt } from '../../run/bootstrap/room.ts';
import { mayMount, mountSmall } from '../../verify/testbed/small-partition.ts';
import { checkPartitions, placesOf } from './partitions.ts';

const GB = 1024 ** 3;

test('every folder that a system writes to is looked at, wherever PostgreSQL has its data', () => {
  expect(new Set(placesOf(homeAt('/srv/home')).map(({ what }) => what))).toEqual(
    new Set(['data', 'logs', 'PostgreSQL', 'RabbitMQ', 'simulator', 'packages', 'temporary files', 'clone']),
  );
});

test('each partition is one finding that names what it holds; little space or few inodes is wrong', () => {
  const rooms: Record<string, ReturnType<typeof roomAt>> = {
    '/a/data': { partition: 1, bytes: 5 * GB, inodes: 1_000_000 },
    '/a/postgres': { partition: 1, bytes: 5 * GB, inodes: 1_000_000 },
    '/logs': { partition: 2, bytes: 40 * 1024 ** 2, inodes: undefined },
    '/b/rabbitmq': { partition: 3, bytes: 5 * GB, inodes: 12 },
  };
  const places = Object.keys(rooms).map((path) => ({
    what: { '/a/data': 'data', '/a/postgres': 'PostgreSQL', '/logs': 'logs' }[path] ?? 'RabbitMQ',
    path,
  }));
  expect(checkPartitions(places, (path) => rooms[path]!)).toEqual([
    {
      area: 'machine',
      what: 'disk',
      ok: true,
      detail: '5.0 GB and 1,000,000 inodes free for data, PostgreSQL (/a/data)',
    },
    {
      ...{ area: 'machine', what: 'disk', ok: false, detail: '40 MB free for logs (/logs)' },
      advice: 'make room there: log lines are dropped once it is full',
    },
    {
      ...{ area: 'machine', what: 'disk', ok: false, detail: '5.0 GB and 12 inodes free for RabbitMQ (/b/rabbitmq)' },
      advice: 'make room there: the broker stops taking messages once it is full',
    },
  ]);
});

test('a folder that does not exist yet has the room of the one it will be in', () => {
  const folder = mkdtempSync(join(tmpdir(), 'room-'));
  expect(roomAt(join(folder, 'not/there')).partition).toBe(roomAt(folder).partition);
});

test.skipIf(!mayMount)('a small partition below the logs is a finding of its own', () => {
  const home = homeAt(mkdtempSync(join(tmpdir(), 'room-')));
  mkdirSync(home.logs);
  onTestFinished(mountSmall(home.logs, 'size=1m,nr_inodes=50'));
  const found = checkPartitions(placesOf(home)).filter(({ detail }) => detail.endsWith(`(${home.logs})`));
  expect(found).toEqual([
    expect.objectContaining({ ok: false, detail: expect.stringMatching(/^\d MB and \d+ inodes free for logs/) }),
  ]);
});
