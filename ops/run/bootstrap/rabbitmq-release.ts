import { execFileSync } from 'node:child_process';
import { globSync, lstatSync, mkdirSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { distribution } from './distribution.ts';
import { madeOnce } from './made-once.ts';
import { plainPath } from './plain-path.ts';
import { type PrivateApt, privateApt } from './private-apt.ts';
import type { RabbitmqPrograms } from './rabbitmq-programs.ts';
import { Sentence } from './sentence.ts';
import type { Progress } from './service.ts';

/** Debian releases whose RabbitMQ can be run instead of the machine's own: 4.0 in trixie, the newest in sid. */
export const debianReleases = ['trixie', 'sid'] as const;
export type DebianRelease = (typeof debianReleases)[number];

/**
 * The release that PATCHBAY_RABBITMQ names; undefined when it is not set.
 *
 * @throws Sentence for another name, and for anybody but root: only root may mount
 */
export function rabbitmqRelease(env: NodeJS.ProcessEnv, uid = process.getuid?.()): DebianRelease | undefined {
  const named = env['PATCHBAY_RABBITMQ'];
  if (!named) return undefined;
  const release = debianReleases.find((known) => known === named);
  if (release === undefined) {
    throw new Sentence(
      `PATCHBAY_RABBITMQ is "${named}": it names a Debian release, ${debianReleases.join(' or ')}; unset it for the RabbitMQ of this machine.`,
    );
  }
  if (uid !== 0) {
    throw new Sentence(
      `PATCHBAY_RABBITMQ=${release} needs root, which alone may mount: run it as root, or unset it for the RabbitMQ of this machine.`,
    );
  }
  return release;
}

/**
 * Where a release's broker keeps its data: apart, so that no version opens what another one wrote.
 *
 * @param folder where the broker of the machine itself keeps its own, in a folder that exists
 * @throws Sentence when the release's broker could not see it
 */
export function dataOfRelease(folder: string, release: DebianRelease): string {
  const data = join(realpathSync(dirname(folder)), basename(folder), release);
  if (!data.startsWith('/usr/')) return data;
  throw new Sentence(
    `PATCHBAY_RABBITMQ=${release} replaces /usr for its broker, and the data folder is in there (${data}): set PATCHBAY_HOME to a folder elsewhere.`,
  );
}

/** The packages: RabbitMQ, and what the scripts around it call, which Debian takes for granted. */
const wanted = ['rabbitmq-server', 'dash', 'coreutils', 'grep', 'sed', 'libc-bin'];

/**
 * RabbitMQ, Erlang and their libraries as another Debian release has them, in a tree of their own (decision 17). It is
 * downloaded once per cache, from the archive that the machine's own package sources name.
 *
 * @throws Sentence when this machine cannot have it
 */
export async function rabbitmqOfRelease(
  cache: string,
  release: DebianRelease,
  progress: Progress,
): Promise<RabbitmqPrograms> {
  refuseUnfit(release);
  const root = join(plainPath(cache), `rabbitmq-debian-${release}-${process.arch}`);
  await madeOnce(root, (draft) => fetchInto(draft, release, progress));
  return {
    server: '/usr/lib/rabbitmq/bin/rabbitmq-server',
    epmd: '/usr/bin/epmd',
    env: { PATH: '/usr/bin:/bin:/usr/sbin:/sbin' },
    // The mount is this process's alone and ends with it; each command replaces the one before, so the process that is
    // started is in the end the program itself.
    within: ['/usr/bin/unshare', '--mount', 'sh', '-c', 'mount --bind "$0" /usr && exec "$@"', join(root, 'usr')],
  };
}

function refuseUnfit(release: DebianRelease): void {
  const otherwise = 'unset it for the RabbitMQ of this machine or that of AMQP_URL';
  const { id } = distribution();
  // The programs of the tree replace all of /usr: nothing outside of it may be a program of the machine's.
  if (id !== 'debian' || !lstatSync('/bin').isSymbolicLink()) {
    throw new Sentence(`PATCHBAY_RABBITMQ=${release} needs Debian 12 or newer, and this is ${id}: ${otherwise}.`);
  }
  try {
    execFileSync('/usr/bin/unshare', ['--mount', 'true'], { stdio: 'ignore' });
  } catch {
    throw new Sentence(
      `PATCHBAY_RABBITMQ=${release} needs the right to mount, which root lacks here (a container without CAP_SYS_ADMIN): ${otherwise}.`,
    );
  }
}

async function fetchInto(draft: string, release: DebianRelease, progress: Progress): Promise<void> {
  const folder = join(draft, '.apt');
  try {
    progress(`downloading RabbitMQ and Erlang of Debian ${release} (about 70 MB, once)`);
    const machine = await privateApt(join(folder, 'machine'));
    const keyring = await debianKeyring(machine, join(folder, 'keys'));
    const apt = await firstThatServes(release, keyring, await machine.archives(distribution().codename), folder);
    await apt.unpackWhole(wanted, draft);
  } catch (error) {
    const said = (error as { stderr?: string }).stderr ?? String(error);
    throw new Sentence(
      `RabbitMQ of Debian ${release} could not be downloaded: check the network and /etc/apt, or unset PATCHBAY_RABBITMQ; the end of what apt says:\n${said.trim().split('\n').slice(-4).join('\n')}`,
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Debian's keys as the machine's own sources have them now: those on the machine may be older than the release. */
async function debianKeyring(machine: PrivateApt, into: string): Promise<string> {
  mkdirSync(into, { recursive: true });
  await machine.unpack(['debian-archive-keyring'], into);
  const [found] = globSync('usr/share/keyrings/debian-archive-keyring.{gpg,pgp}', { cwd: into });
  if (found === undefined) throw new Error('debian-archive-keyring has no keyring');
  return join(into, found);
}

/** The archive that has the release: archives of security updates or of dated snapshots need not. */
async function firstThatServes(
  release: DebianRelease,
  keyring: string,
  uris: readonly string[],
  folder: string,
): Promise<PrivateApt> {
  let first: Error | undefined;
  for (const [at, uri] of uris.entries()) {
    try {
      return await privateApt(join(folder, String(at)), { uri, release, keyring });
    } catch (error) {
      first ??= error as Error;
    }
  }
  // Those that serve this machine's own release come first: what they say is what there is to mend.
  throw first ?? new Error('there is no package source with a component "main"');
}
