import { globSync, rmSync } from 'node:fs';
import { claimFile, forgetDeadClaim } from './claim-file.ts';

const ours = new Set<number>();
const fileOf = (port: number) => `/tmp/patchbay-port-${port}`;

/**
 * Says to other Patchbays on this machine that a port is ours until this process ends. Between choosing a port and the
 * broker listening on it lie many seconds, a download perhaps: two starts at once would choose the same.
 *
 * @returns false when another living process said so before
 */
export function claimPort(port: number): boolean {
  if (ours.has(port)) return true;
  if (ours.size === 0) forgetTheDead();
  try {
    if (!claimFile(fileOf(port)).isOurs) return false;
  } catch {
    return true; // another account's stale claim, or no /tmp: the port itself still tells
  }
  if (ours.size === 0) process.once('exit', forgetClaims);
  ours.add(port);
  return true;
}

// What killed processes left behind; another account's files stay, /tmp does not let us.
function forgetTheDead(): void {
  for (const file of globSync('/tmp/patchbay-port-*')) {
    try {
      forgetDeadClaim(file);
    } catch {
      // not ours to remove
    }
  }
}

function forgetClaims(): void {
  for (const port of ours) rmSync(fileOf(port), { force: true });
}
