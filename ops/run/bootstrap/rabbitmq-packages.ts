import { execFile } from 'node:child_process';
import { chmodSync, existsSync, globSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { distribution } from './distribution.ts';
import { madeOnce } from './made-once.ts';
import { plainPath } from './plain-path.ts';
import { privateApt } from './private-apt.ts';
import { Sentence } from './sentence.ts';
import type { Progress } from './service.ts';

const run = promisify(execFile);
const otherWays = 'start Docker, install RabbitMQ, or set DATABASE_URL and AMQP_URL to servers you have';

/**
 * A folder tree with Debian's or Ubuntu's own RabbitMQ and Erlang, unpacked from the distribution's packages, verified
 * by apt against the distribution's keys. Needs neither root nor an installation: nothing on the machine changes.
 * Downloaded once per cache.
 *
 * @param cache the folder that keeps it
 * @returns the root of the tree (its `usr/lib/rabbitmq` and `usr/lib/erlang`)
 */
export async function unpackedRabbitmq(cache: string, progress: Progress): Promise<string> {
  const { id, release } = distribution();
  const root = join(plainPath(cache), `rabbitmq-${id}-${release}-${process.arch}`);
  await madeOnce(root, async (draft) => {
    if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg')) {
      throw new Sentence(
        `RabbitMQ is not installed and this system (${id}) has no Debian packages to take it from: ${otherWays}.`,
      );
    }
    try {
      await fetchInto(draft, progress);
    } catch (error) {
      if (error instanceof Sentence) throw error;
      const { stderr } = error as { stderr?: string };
      throw new Sentence(
        `RabbitMQ's packages could not be downloaded (${lastLine(stderr ?? String(error))}): check the network and /etc/apt, or ${otherWays}.`,
      );
    }
  });
  return root;
}

/** Folders of shared libraries that the tree brings along, for LD_LIBRARY_PATH; empty when the system has them all. */
export function broughtLibraries(root: string): string[] {
  return globSync(['usr/lib/*-linux-*', 'lib/*-linux-*'], { cwd: root }).map((folder) => join(root, folder));
}

async function fetchInto(draft: string, progress: Progress): Promise<void> {
  progress('reading the package lists of this distribution');
  const apt = await privateApt(join(draft, '.apt'));
  const needed = (await apt.dependencies(['rabbitmq-server'])).filter(
    (name) => /^(erlang-[a-z0-9-]+|rabbitmq-server)$/.test(name) && !/-(hipe|doc|manpages)$/.test(name),
  );
  if (!needed.includes('rabbitmq-server')) {
    throw new Sentence(`The package sources in /etc/apt offer no rabbitmq-server: ${otherWays}.`);
  }
  progress(`downloading RabbitMQ and Erlang (${needed.length} Debian packages, about 35 MB, once)`);
  await apt.unpack(needed, draft);
  relocateErlang(draft);
  if ((await missingLibraries(draft)).length > 0) {
    const libraries = (await apt.dependencies(needed)).filter(
      (name) => /^lib[a-z0-9.+-]+$/.test(name) && name !== 'libc6',
    );
    progress(`downloading the libraries they need (${libraries.length} packages)`);
    await apt.unpack(await apt.notInstalled(libraries), draft);
    const still = await missingLibraries(draft);
    if (still.length > 0)
      throw new Sentence(`Erlang lacks the system libraries ${still.join(', ')}: install them, or ${otherWays}.`);
  }
  rmSync(join(draft, '.apt'), { recursive: true, force: true });
}

// Debian's `erl` has /usr/lib/erlang written into it; this one finds itself.
function relocateErlang(root: string): void {
  const erts = globSync('usr/lib/erlang/erts-*', { cwd: root })[0];
  if (erts === undefined)
    throw new Sentence(`The Erlang packages of this distribution have an unknown layout: ${otherWays}.`);
  const script = `#!/bin/sh
ROOTDIR=$(cd "$(dirname "$0")/.." && pwd)
BINDIR="$ROOTDIR/${erts.split('/').at(-1)}/bin"
EMU=beam
PROGNAME=erl
export ROOTDIR BINDIR EMU PROGNAME
exec "$BINDIR/erlexec" \${1+"$@"}
`;
  const erl = join(root, 'usr/lib/erlang/bin/erl');
  writeFileSync(erl, script);
  chmodSync(erl, 0o755);
}

async function missingLibraries(root: string): Promise<string[]> {
  const binaries = globSync(
    [
      'usr/lib/erlang/erts-*/bin/{beam.smp,epmd,erlexec,erl_child_setup,inet_gethost}',
      'usr/lib/erlang/lib/*/priv/{lib,bin}/*',
    ],
    {
      cwd: root,
    },
  );
  const missing = new Set<string>();
  for (const binary of binaries) {
    const env = { ...process.env, LD_LIBRARY_PATH: broughtLibraries(root).join(':') };
    const { stdout } = await run('ldd', [join(root, binary)], { env }).catch(() => ({ stdout: '' }));
    for (const [, library] of stdout.matchAll(/^\s*(\S+) => not found/gm)) missing.add(library!);
  }
  return [...missing];
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
