import { existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Sentence } from './sentence.ts';

/** What is left on the partition that holds a path. */
export type Room = {
  /** the number of the partition's device */
  partition: number;
  bytes: number;
  /** undefined where the file system makes inodes as it needs them */
  inodes: number | undefined;
};

/** A fresh database is 40 MB, its journal grows by 16 MB at a time, and the broker stops taking messages below 50 MB. */
const neededBytes = 200 * 1024 * 1024;
/** A fresh database has a thousand files, the broker some five for each queue. */
const neededInodes = 2_000;

/** The room on the partition of a path, or of the nearest folder above it that exists. */
export function roomAt(path: string): Room {
  let there = path;
  while (!existsSync(there) && dirname(there) !== there) there = dirname(there);
  const { bavail, bsize, files, ffree } = statfsSync(there);
  return { partition: statSync(there).dev, bytes: bavail * bsize, inodes: files === 0 ? undefined : ffree };
}

/** Room in words, as `1.2 GB and 12,345 inodes`. */
export function inWords({ bytes, inodes }: Room): string {
  const space = bytes >= 1024 ** 3 ? `${(bytes / 1024 ** 3).toFixed(1)} GB` : `${Math.floor(bytes / 1024 ** 2)} MB`;
  return inodes === undefined ? space : `${space} and ${inodes.toLocaleString('en')} inodes`;
}

/**
 * Refuses to begin on a partition that would be full in the middle of the start.
 *
 * @throws Sentence
 */
export function refuseWithoutRoom(what: string, path: string): void {
  const room = roomAt(path);
  if (room.bytes >= neededBytes && (room.inodes === undefined || room.inodes >= neededInodes)) return;
  throw new Sentence(
    `The partition of ${path} (${what}) has only ${inWords(room)} left, a start needs 200 MB and ${neededInodes.toLocaleString('en')} inodes: make room there, or set PATCHBAY_HOME to a folder on another partition.`,
  );
}
