import { execFileSync } from 'node:child_process';
import { existsSync, globSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { broughtLibraries, unpackedRabbitmq } from './rabbitmq-packages.ts';
import { type DebianRelease, rabbitmqOfRelease } from './rabbitmq-release.ts';
import type { Progress } from './service.ts';

/** The broker's programs: where to start it, Erlang's port mapper, and the environment both need. */
export type RabbitmqPrograms = {
  server: string;
  epmd: string;
  env: Record<string, string>;
  /** the command that programs are run by, before their own path; none: they are run as they are */
  within: readonly string[];
};

/**
 * RabbitMQ of a Debian release when one is named; else as this machine has it, else unpacked from the distribution's
 * packages into `cache`.
 */
export async function findRabbitmq(
  cache: string,
  release: DebianRelease | undefined,
  progress: Progress,
): Promise<RabbitmqPrograms> {
  if (release !== undefined) return rabbitmqOfRelease(cache, release, progress);
  return installedRabbitmq(process.env['PATH'] ?? '') ?? fromPackages(await unpackedRabbitmq(cache, progress));
}

/** The installed broker; undefined when there is none. */
function installedRabbitmq(path: string): RabbitmqPrograms | undefined {
  const folders = [...path.split(delimiter), '/usr/sbin', '/usr/lib/rabbitmq/bin'].filter(Boolean);
  const find = (name: string) => folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  const server = find('rabbitmq-server');
  const erl = find('erl');
  if (server === undefined || erl === undefined) return undefined;
  const debian = '/usr/lib/rabbitmq/bin/rabbitmq-server';
  // Debian's wrapper in /usr/sbin insists on the account "rabbitmq"; the script behind it does not.
  const wrapped = realpathSync(server).endsWith('rabbitmq-script-wrapper') || server.startsWith('/usr/sbin/');
  const epmd = find('epmd') ?? join(erlangRoot(erl), 'bin', 'epmd');
  if (!existsSync(epmd)) return undefined;
  return {
    server: wrapped && existsSync(debian) ? debian : server,
    epmd,
    env: { PATH: [...folders, '/usr/bin', '/bin'].join(delimiter) },
    within: [],
  };
}

function fromPackages(root: string): RabbitmqPrograms {
  const erlang = join(root, 'usr/lib/erlang/bin');
  const libraries = broughtLibraries(root);
  return {
    // Not the link in usr/lib/rabbitmq/bin: the script would resolve it to the real path, spaces included.
    server: join(root, globSync('usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server', { cwd: root })[0] ?? ''),
    epmd: join(erlang, 'epmd'),
    env: {
      PATH: [erlang, '/usr/bin', '/bin', '/usr/sbin', '/sbin'].join(delimiter),
      ...(libraries.length === 0 ? {} : { LD_LIBRARY_PATH: libraries.join(delimiter) }),
    },
    within: [],
  };
}

function erlangRoot(erl: string): string {
  try {
    const program = 'io:format("~s",[code:root_dir()]),halt().';
    return execFileSync(erl, ['-noshell', '-boot', 'no_dot_erlang', '-eval', program], { encoding: 'utf8' });
  } catch {
    return '/usr/lib/erlang';
  }
}
