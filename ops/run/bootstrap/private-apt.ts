import { execFile } from 'node:child_process';
import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** apt with lists and archives of its own: works without root, and changes nothing on the machine. */
export type PrivateApt = {
  /** These packages and what they depend on, alternatives included. */
  dependencies(names: readonly string[]): Promise<string[]>;
  /** Those of the packages that the machine has not. */
  notInstalled(names: readonly string[]): Promise<string[]>;
  /** Downloads these packages and unpacks them into a folder; runs none of their scripts. */
  unpack(names: readonly string[], into: string): Promise<void>;
  /** The same with everything that they depend on. */
  unpackWhole(names: readonly string[], into: string): Promise<void>;
  /** Addresses of the archives that have a component "main", those that serve `release` first. */
  archives(release: string): Promise<string[]>;
};

/** One archive instead of the machine's own, for which nothing counts as installed. */
export type Archive = { uri: string; release: string; keyring: string };

/**
 * apt, with its package lists just read: those of the machine's own sources, which may be old or empty, or those of one archive.
 *
 * @param folder where it keeps lists and downloads
 * @throws what apt says, when the archive cannot be read or is not signed with the keyring
 */
export async function privateApt(folder: string, archive?: Archive): Promise<PrivateApt> {
  const debs = join(folder, 'debs');
  for (const part of ['state/lists/partial', 'cache/archives/partial', 'debs'])
    mkdirSync(join(folder, part), { recursive: true });
  const options = [
    `Dir::State=${folder}/state`,
    `Dir::Cache=${folder}/cache`,
    'Acquire::Languages=none',
    'Acquire::Retries=3',
    ...(process.getuid?.() === 0 ? ['APT::Sandbox::User=root'] : []),
    ...(archive === undefined ? ['Dir::State::status=/var/lib/dpkg/status'] : only(folder, archive)),
  ].flatMap((option) => ['-o', option]);
  const bounded = { cwd: debs, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, LC_ALL: 'C' } };
  const unpackAll = async (from: string, into: string) => {
    for (const deb of globSync('*.deb', { cwd: from })) {
      await run('dpkg', ['-x', join(from, deb), into], bounded);
      rmSync(join(from, deb));
    }
  };

  const update = run('apt-get', ['-qq', ...options, 'update'], bounded);
  // A broken third-party source fails the whole update although Debian's own lists arrived: judged by what is known after it.
  await (archive === undefined ? update.catch(() => undefined) : update);

  return {
    async dependencies(names) {
      const { stdout } = await run(
        'apt-cache',
        [...options, 'depends', '--recurse', '--important', ...names],
        bounded,
      ).catch(() => ({ stdout: '' }));
      return [
        ...new Set(
          stdout
            .split('\n')
            .filter((line) => /^[a-z]/.test(line))
            .map((line) => line.trim().replace(/:[a-z0-9]+$/, '')),
        ),
      ];
    },
    async notInstalled(names) {
      const { stdout } = await run('dpkg-query', ['-W', '-f', '${Package} ${db:Status-Status}\n'], bounded);
      const installed = new Set(
        stdout
          .split('\n')
          .filter((line) => line.endsWith(' installed'))
          .map((line) => line.split(' ')[0]),
      );
      return names.filter((name) => !installed.has(name));
    },
    async unpack(names, into) {
      if (names.length === 0) return;
      await run('apt-get', ['-qq', ...options, 'download', ...names], bounded);
      await unpackAll(debs, into);
    },
    async unpackWhole(names, into) {
      const install = ['-qq', '-y', ...options, 'install', '--download-only', '--no-install-recommends'];
      await run('apt-get', [...install, ...names], bounded);
      await unpackAll(join(folder, 'cache/archives'), into);
    },
    async archives(release) {
      const format = ['--format', '$(RELEASE) $(REPO_URI)', 'Created-By: Packages', 'Component: main'];
      const { stdout } = await run('apt-get', [...options, 'indextargets', ...format], bounded);
      const found = stdout.split('\n').flatMap((line) => {
        const [serves, uri] = line.split(' ');
        return serves === undefined || uri === undefined ? [] : [{ serves, uri }];
      });
      const [own, others] = [true, false].map((is) => found.filter(({ serves }) => (serves === release) === is));
      return [...new Set([...own!, ...others!].map(({ uri }) => uri))];
    },
  };
}

/** Options that leave out everything the machine itself is set to. */
function only(folder: string, { uri, release, keyring }: Archive): string[] {
  const [list, status] = [join(folder, 'sources.list'), join(folder, 'status')];
  writeFileSync(list, `deb [signed-by=${keyring}] ${uri} ${release} main\n`);
  writeFileSync(status, '');
  return [
    `Dir::Etc::sourcelist=${list}`,
    'Dir::Etc::sourceparts=/dev/null',
    'Dir::Etc::preferences=/dev/null',
    'Dir::Etc::preferencesparts=/dev/null',
    `Dir::State::status=${status}`,
    'APT::Default-Release=',
    // What cannot be fetched is an error, not a warning: there is nothing older to go on with.
    'APT::Update::Error-Mode=any',
  ];
}
