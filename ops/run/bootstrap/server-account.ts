import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** An operating-system account by number, as child processes take it. */
export type Account = { uid: number; gid: number };

/**
 * The account the database server must run under: PostgreSQL refuses to run as root. Undefined when we are not root
 * and it can run as ourselves.
 */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = ['postgres', 'nobody'].flatMap((name) => accounts.filter((fields) => fields[0] === name))[0];
  return found === undefined ? { uid: 65_534, gid: 65_534 } : { uid: Number(found[2]), gid: Number(found[3]) };
}

/** True when the account can pass through every folder above this one and into it. Asks the system, not mode bits. */
export function canEnter(folder: string, account: Account | undefined): boolean {
  const asked = spawnSync('/bin/sh', ['-c', 'cd -- "$1" && [ -r . ]', 'sh', folder], {
    ...account,
    cwd: '/',
    stdio: 'ignore',
  });
  return asked.status === 0;
}
