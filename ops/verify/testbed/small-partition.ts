import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// By way of a shell: not every machine has these programs, and those that lack them cannot mount.
const shell = (script: string, ...args: string[]) =>
  spawnSync('/bin/sh', ['-c', script, 'sh', ...args], { stdio: 'ignore' }).status === 0;

/**
 * Puts an empty file system of its own over a folder.
 *
 * @param options as `mount` takes them for a tmpfs: `size=64k`, `nr_inodes=500`, `ro`
 * @returns how it is taken away again
 */
export function mountSmall(folder: string, options: string): () => void {
  if (!shell('mount -t tmpfs -o "$1" tmpfs "$2"', options, folder)) throw new Error(`${folder} could not be mounted`);
  return () => void shell('umount "$1"', folder);
}

/** Changes the size of a file system that `mountSmall` made. */
export function resize(folder: string, size: string): void {
  if (!shell('mount -o "remount,size=$1" "$2"', size, folder)) throw new Error(`${folder} could not be resized`);
}

/** Whether this process may do so: root, outside of most containers. */
export const mayMount: boolean = (() => {
  if (process.getuid?.() !== 0) return false;
  try {
    mountSmall(mkdtempSync(join(tmpdir(), 'mount-')), 'size=4k')();
    return true;
  } catch {
    return false;
  }
})();
