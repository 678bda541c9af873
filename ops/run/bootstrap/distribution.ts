import { readFileSync } from 'node:fs';

/** What the operating system calls itself; `unknown` where it does not say. */
export function distribution(): { id: string; release: string; codename: string } {
  let text = `ID=${process.platform}`;
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // not a Linux distribution
  }
  const value = (key: string) =>
    new RegExp(`^${key}="?([^"\n]*)`, 'm').exec(text)?.[1]?.replace(/[^\w.-]/g, '') || 'unknown';
  return { id: value('ID'), release: value('VERSION_ID'), codename: value('VERSION_CODENAME') };
}
