import { execFile } from 'node:child_process';
import { cpSync, constants, copyFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, posix, relative } from 'node:path';
import { promisify } from 'node:util';
import type { Account } from '../../run/bootstrap/server-account.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { ignoredBy, type Instruction, parseDockerfile } from './dockerfile.ts';

const run = promisify(execFile);

/** An image as it is played: a folder that stands for its root, and what its containers start with. */
export type Image = {
  /** the folder that stands for `/` */
  readonly root: string;
  readonly env: Readonly<Record<string, string>>;
  readonly workdir: string;
  readonly command: readonly string[];
  /** whom its processes run as; undefined when we are not root and they run as ourselves */
  readonly account: Account | undefined;
  /** A text with every path of the image replaced by where it lies here. */
  here(text: string): string;
};

/**
 * Does what a Dockerfile says, without an engine: its files in an empty folder, its commands with its environment. What is
 * not the image's is the machine's: the shell, npm and its registry, and the system's programs.
 *
 * @param context the folder that is built
 * @param root an empty folder that everybody may enter
 * @param node the program that stands for the base image's Node
 * @param account whom `USER` stands for when we are root; otherwise everything is done as ourselves
 * @param paths folders of the image that its texts name
 * @throws Sentence when an instruction fails
 */
export async function buildImage(
  context: string,
  root: string,
  { node, account, paths }: { node: string; account: Account | undefined; paths: readonly string[] },
): Promise<Image> {
  mkdirSync(join(root, 'usr/local/bin'), { recursive: true });
  copyFileSync(node, join(root, 'usr/local/bin/node'), constants.COPYFILE_FICLONE);

  const instructions = parseDockerfile(readFileSync(join(context, 'Dockerfile'), 'utf8'));
  if (!instructions.some(({ name }) => name === 'USER')) {
    throw new Sentence('The Dockerfile names no USER: its processes would run as root.');
  }
  const here = translator(root, instructions, paths, account);
  const ignored = ignoredBy(readFileSync(join(context, '.dockerignore'), 'utf8'));
  const env: Record<string, string> = { PATH: `${root}/usr/local/bin:/usr/bin:/bin` };
  let workdir = root;
  let command: readonly string[] = [];
  let isUnprivileged = false;
  for (const instruction of instructions) {
    switch (instruction.name) {
      case 'FROM':
        break;
      case 'ENV':
        env[instruction.variable] = instruction.value;
        break;
      case 'WORKDIR':
        workdir = join(root, posix.resolve('/', relative(root, workdir), instruction.path));
        mkdirSync(workdir, { recursive: true });
        break;
      case 'COPY':
        for (const source of instruction.sources) copy(context, source, instruction, { root, workdir }, ignored);
        break;
      case 'RUN':
        await runInBuild(here(instruction.shell), workdir, env, isUnprivileged ? account : undefined);
        break;
      case 'USER':
        isUnprivileged = true;
        break;
      case 'CMD':
        command = instruction.command;
    }
  }
  return { root, env, workdir, command, account, here };
}

/** Paths of the image become paths here, and the account that USER names becomes the one it stands for. */
function translator(
  root: string,
  instructions: readonly Instruction[],
  paths: readonly string[],
  account: Account | undefined,
): (text: string) => string {
  const workdirs = instructions.flatMap((one) => (one.name === 'WORKDIR' ? [one.path] : []));
  const users = instructions.flatMap((one) => (one.name === 'USER' ? [one.account] : []));
  const { uid, gid } = account ?? { uid: process.getuid!(), gid: process.getgid!() };
  const isPath = new RegExp(`(?<![\\w./-])(?:${[...workdirs, ...paths].join('|')})(?![\\w.-])`, 'g');
  const isOwner = new RegExp(`(?<![\\w])(?:${users.map((user) => `${user}:${user}`).join('|')})(?![\\w:])`, 'g');
  return (text) => text.replaceAll(isPath, (path) => `${root}${path}`).replaceAll(isOwner, `${uid}:${gid}`);
}

function copy(
  context: string,
  source: string,
  { target, sources }: Instruction & { name: 'COPY' },
  { root, workdir }: { root: string; workdir: string },
  ignored: (path: string) => boolean,
): void {
  const from = join(context, source);
  const path = posix.normalize(source);
  const failed = (why: string) => new Sentence(`COPY ${sources.join(' ')} ${target}: ${source} ${why}.`);
  if (sources.length > 1 && !target.endsWith('/')) throw failed('is one of several, and the target no folder');
  if (!existsSync(from)) throw failed('does not exist');
  if (ignored(path)) throw failed('is kept out by .dockerignore');
  const isFolder = statSync(from).isDirectory();
  const to = join(target.startsWith('/') ? root : workdir, target, !isFolder && target.endsWith('/') ? source : '');
  cpSync(from, to, { recursive: true, filter: (one) => !ignored(relative(context, one)) });
}

/** How the machine reaches the npm registry; the rest of its environment is none of the image's. */
const isNpms = /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|npm_config_(registry|cafile|cache|userconfig))$/i;

async function runInBuild(
  shell: string,
  cwd: string,
  imageEnv: Readonly<Record<string, string>>,
  account: Account | undefined,
): Promise<void> {
  const machine = Object.entries(process.env).filter(([name]) => isNpms.test(name));
  const path = `${imageEnv['PATH']}:${process.env['PATH']}`;
  const env = { HOME: homedir(), ...Object.fromEntries(machine), ...imageEnv, PATH: path };
  try {
    await run('/bin/sh', ['-c', shell], { cwd, env, ...account, timeout: 300_000 });
  } catch (error) {
    const { stdout = '', stderr = '', code } = error as { stdout?: string; stderr?: string; code?: number };
    throw new Sentence(`RUN ${shell} ended with ${code}:\n${stdout}${stderr}`);
  }
}
