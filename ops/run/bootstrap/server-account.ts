import { spawnSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';

/** An operating-system account by number, as child processes take it. */
export type Account = { uid: number; gid: number };

/**
 * The account the database server must run under: PostgreSQL refuses to run as root. Undefined when we are not root
 * and it can run as ourselves.
 *
 * @param data data that exists: whoever owns it must run the server (an account `postgres` may have come since it was made)
 */
export function serverAccount(data?: string): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  if (data !== undefined) {
    const { uid, gid } = statSync(data);
    if (uid !== 0) return { uid, gid };
  }
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
