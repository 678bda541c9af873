import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readlinkSync, realpathSync, symlinkSync, unlinkSync } from 'node:fs';
import { Sentence } from './sentence.ts';

const plain = /^[\w./@+,-]+$/;

/**
 * A path to the same folder that shell scripts can carry unquoted, as RabbitMQ's and Erlang's do.
 * The folder itself when it has no space or other odd character; otherwise a link to it, the same one each time
 * (the broker remembers absolute paths), kept under /tmp and made again when that was cleaned.
 */
export function plainPath(folder: string): string {
  mkdirSync(folder, { recursive: true });
  const real = realpathSync(folder);
  if (plain.test(real)) return real;
  const uid = process.getuid?.() ?? 0;
  const link = `/tmp/patchbay-${uid}-${shortHash(real)}`;
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found !== undefined) {
    if (found.uid !== uid || !found.isSymbolicLink()) {
      throw new Sentence(`${link} belongs to somebody else: remove it, or set PATCHBAY_HOME to a path without spaces.`);
    }
    if (readlinkSync(link) === real) return link;
    unlinkSync(link);
  }
  try {
    symlinkSync(real, link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return link;
}

/** Ten hexadecimal digits that stand for a path in names that must be short. */
export function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 10);
}
