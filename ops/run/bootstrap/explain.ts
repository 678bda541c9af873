import { appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { homeFromEnvironment } from './home.ts';
import { Sentence } from './sentence.ts';

/** What the operating system refused, in words, and what a person does about it. */
const refusals: Readonly<Record<string, readonly [what: string, advice: string]>> = {
  ENOSPC: ['no space or no inode is left on its partition', 'make room there, then try again'],
  EDQUOT: ['the disk quota is used up', 'make room, then try again'],
  EACCES: ['this account may not do that', 'give it the rights, use the account that owns it, or set PATCHBAY_HOME'],
  EPERM: ['this account may not do that', 'give it the rights, use the account that owns it, or set PATCHBAY_HOME'],
  EROFS: ['its file system is read-only', 'mount it writable, or set PATCHBAY_HOME to a folder elsewhere'],
  ENOTDIR: ['a part of the path is not a folder', 'move that file away, or set PATCHBAY_HOME'],
  EISDIR: ['it is a folder where a file is expected', 'move it away, then try again'],
  EEXIST: ['something else is in its place', 'move that away, then try again'],
  ENOTEMPTY: ['it is not empty', 'move what it holds away, then try again'],
  ELOOP: ['its links lead in a circle', 'mend the links, then try again'],
  ENOENT: ['it does not exist (a link may lead nowhere)', 'make it, or mend the link, then try again'],
  EMFILE: ['too many files are open', 'raise the limit (ulimit -n), then try again'],
  ENFILE: ['too many files are open', 'raise the limit (ulimit -n), then try again'],
  EIO: ['the disk reports an error', 'look at the disk (dmesg), then try again'],
};

/**
 * A failure as its reader needs it, always one sentence: a Sentence as it is; what the operating system refused with the
 * path and what to do; of anything else the message, and the name of the file in which its stack was written.
 */
export function explain(error: unknown, env: NodeJS.ProcessEnv = process.env): string {
  if (error instanceof Sentence) return error.message;
  const { code = '', path, dest, syscall = '' } = error as NodeJS.ErrnoException & { dest?: string };
  const refusal = refusals[code];
  if (refusal !== undefined && path !== undefined) {
    const [what, advice] = refusal;
    return `${dest ?? path} cannot be used (${syscall}: ${code}): ${what}; ${advice}.`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const first = message.split('\n')[0]?.replace(/[.\s]+$/, '') ?? '';
  const file = keepDetails(error, env);
  const details = file === undefined ? 'its details could not be written anywhere' : `its details are in ${file}`;
  return `Something unexpected went wrong (${first || code || 'no message'}): ${details}; please report it with them.`;
}

/** Writes what is for a report into the log folder, else into the temporary folder; gives the file's name. */
function keepDetails(error: unknown, env: NodeJS.ProcessEnv): string | undefined {
  const stacks: string[] = [];
  for (let one = error; one !== undefined; one = one instanceof Error ? one.cause : undefined) {
    stacks.push(one instanceof Error ? (one.stack ?? one.message) : inspect(one));
  }
  const entry = `${new Date().toISOString()} ${process.argv.slice(1).join(' ')}\n${stacks.join('\ncaused by ')}\n\n`;
  const elsewhere = join(tmpdir(), `patchbay-${process.getuid?.() ?? 0}-failures.log`);
  for (const file of [join(homeFromEnvironment(env).logs, 'failures.log'), elsewhere]) {
    try {
      appendFileSync(file, entry, { mode: 0o600 });
      return file;
    } catch {
      // the next place
    }
  }
  return undefined;
}
