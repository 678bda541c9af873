import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import postgres from 'postgres';
import { expect, onTestFinished, test } from 'vitest';
import { shortHash } from './plain-path.ts';
import { foldersOutside } from './postgres-place.ts';
import { startPostgres } from './postgres.ts';
import { freePort } from './ports.ts';
import type { Service } from './service.ts';

const isRoot = process.getuid?.() === 0;

/** A folder; one of mode 700 is like those under /root, which the database server's account cannot enter. */
function aFolder(mode: 0o700 | 0o755 = 0o755): string {
  const parent = realpathSync(mkdtempSync(join(tmpdir(), 'postgres-')));
  chmodSync(parent, mode);
  const folder = join(parent, 'postgres');
  mkdirSync(folder);
  return folder;
}

async function started(dir: string): Promise<{ server: Service; told: string[] }> {
  const told: string[] = [];
  const server = await startPostgres({ dir, port: await freePort(), progress: (line) => told.push(line) });
  onTestFinished(() => server.stop());
  return { server, told };
}

async function ask(url: string, statement: string): Promise<unknown[]> {
  const sql = postgres(url, { max: 1 });
  try {
    return await sql.unsafe(statement);
  } finally {
    await sql.end();
  }
}

/** Starts a database in a folder, notes a word in it, and ends it in order. */
async function aLife(dir: string, word: string): Promise<string[]> {
  const { server, told } = await started(dir);
  await ask(server.url, `create table life (word text); insert into life values ('${word}')`);
  await server.stop();
  return told;
}

const wordIn = (url: string) => ask(url, 'select word from life');

test("a password that is not the data's is a sentence that names both", async () => {
  const dir = aFolder();
  await aLife(dir, 'one');
  writeFileSync(join(dir, 'password'), 'another');
  await expect(started(dir)).rejects.toThrow(
    `The password in ${dir}/password is not that of PostgreSQL's data in ${dir}/data: put the right one back, or forget the data with npm run reset.`,
  );
});

test("what an interrupted first start left is begun again; a lock of a process that is another one by now is nobody's", async () => {
  const dir = aFolder();
  mkdirSync(join(dir, 'data.new'));
  writeFileSync(join(dir, 'data.new', 'half'), '');
  await aLife(dir, 'one');
  // Of the server's own account and alive: PostgreSQL itself would believe it.
  const { uid, gid } = statSync(join(dir, 'data'));
  const stranger = spawn('sleep', ['60'], { uid, gid, stdio: 'ignore' });
  onTestFinished(() => void stranger.kill());
  writeFileSync(join(dir, 'data', 'postmaster.pid'), `${stranger.pid}\n${dir}/data\n0\n5432\n\n127.0.0.1\n`);
  const { server } = await started(dir);
  expect(await wordIn(server.url)).toEqual([{ word: 'one' }]);
  await expect(startPostgres({ dir, port: await freePort() })).rejects.toThrow(
    new RegExp(`^Process ${server.pid} \\(postgres\\) still works on the data in ${dir}/data: end it`),
  );
});

test('a data folder that is a link to another disk is used there', async () => {
  const dir = aFolder();
  const disk = aFolder();
  await aLife(dir, 'one');
  renameSync(join(dir, 'data'), join(disk, 'data'));
  symlinkSync(join(disk, 'data'), join(dir, 'data'));
  const { server } = await started(dir);
  expect(await wordIn(server.url)).toEqual([{ word: 'one' }]);
});

test.skipIf(!isRoot)(
  'data outside belongs to one life of a folder: the next one begins anew, says so, and reset finds both',
  async () => {
    const dir = aFolder(0o700);
    onTestFinished(() => foldersOutside(dir).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
    expect(await aLife(dir, 'first')).toEqual([]);
    const [first] = foldersOutside(dir) as [string];
    expect(first).toMatch(/^\/var\/lib\/patchbay\//);
    rmSync(dir, { recursive: true });

    const { server, told } = await started(dir);
    expect(told).toEqual([
      `PostgreSQL starts with new data; that of an earlier clone in this place stays in ${first} until npm run reset removes it`,
    ]);
    await expect(wordIn(server.url)).rejects.toThrow('relation "life" does not exist');
    await server.stop();
    expect((await started(dir)).told).toEqual([]);
    expect(foldersOutside(dir)).toHaveLength(2);
    expect(foldersOutside(dir)).toContain(first);
  },
);

test.skipIf(!isRoot)(
  "data from before there were marks is an earlier life's too, unless its folder remembers it",
  async () => {
    const dir = aFolder(0o700);
    onTestFinished(() => foldersOutside(dir).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
    await aLife(dir, 'first');
    const [now] = foldersOutside(dir) as [string];
    const before = join(dirname(now), shortHash(realpathSync(dir)));
    renameSync(now, before);
    rmSync(join(before, 'belongs-to.json'));
    rmSync(join(dir, 'id'));
    writeFileSync(join(dir, 'data-is-in'), `${before}/data\n`);
    const { server } = await started(dir);
    expect(await wordIn(server.url)).toEqual([{ word: 'first' }]);
    await server.stop();

    rmSync(join(before, 'belongs-to.json'));
    rmSync(dir, { recursive: true });
    expect((await started(dir)).told[0]).toContain(`that of an earlier clone in this place stays in ${before}`);
  },
);

test.skipIf(!isRoot)(
  'a folder that was renamed keeps its data outside; a copy of one that still exists is refused',
  async () => {
    const dir = aFolder(0o700);
    await aLife(dir, 'first');
    const renamed = `${dir}-renamed`;
    renameSync(dir, renamed);
    onTestFinished(() => foldersOutside(renamed).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
    const { server } = await started(renamed);
    expect(await wordIn(server.url)).toEqual([{ word: 'first' }]);
    await server.stop();

    cpSync(renamed, dir, { recursive: true });
    await expect(started(dir)).rejects.toThrow(
      `${dir} is a copy of ${renamed}, and both name the same PostgreSQL data in ${foldersOutside(renamed)[0]}: remove one of the two folders; the other keeps the data.`,
    );
    rmSync(renamed, { recursive: true });
    expect(await wordIn((await started(dir)).server.url)).toEqual([{ word: 'first' }]);
    expect(existsSync(join(dir, 'data'))).toBe(false);
    onTestFinished(() => foldersOutside(dir).forEach((folder) => rmSync(folder, { recursive: true, force: true })));
  },
);
