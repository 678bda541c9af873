import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { explain } from './explain.ts';
import { homeAt, prepareHome } from './home.ts';
import { Sentence } from './sentence.ts';

const aFolder = () => mkdtempSync(join(tmpdir(), 'explain-'));
const refused = (code: string) => Object.assign(new Error(`${code}: x`), { code, path: '/srv/data', syscall: 'open' });

test('a sentence is said as it is', () => {
  expect(explain(new Sentence('Do this.'))).toBe('Do this.');
});

test.each(['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EISDIR', 'ELOOP', 'ENOENT', 'EMFILE', 'EIO'])(
  '%s says what was refused, where, and what to do',
  (code) => {
    expect(explain(refused(code))).toMatch(new RegExp(`^/srv/data cannot be used \\(open: ${code}\\): .+; .+\\.$`));
  },
);

test('anything else is one sentence too; its stack is in the file that the sentence names', () => {
  const home = homeAt(aFolder());
  prepareHome(home);
  const error = new TypeError('cannot read this\nor that', { cause: new Error('the deeper reason') });
  const said = explain(error, { PATCHBAY_HOME: home.root });
  const file = join(home.logs, 'failures.log');
  expect(said).toBe(
    `Something unexpected went wrong (cannot read this): its details are in ${file}; please report it with them.`,
  );
  explain('thrown, but no error', { PATCHBAY_HOME: home.root });
  const details = readFileSync(file, 'utf8');
  expect(details).toContain('explain.test.ts');
  expect(details).toContain('the deeper reason');
  expect(details).toContain('thrown, but no error');
});

test('where the log folder cannot be written the details are in the temporary folder', () => {
  const file = join(aFolder(), 'file');
  writeFileSync(file, '');
  const said = explain(new Error('boom'), { PATCHBAY_HOME: file });
  expect(said).toContain(`(boom): its details are in ${join(tmpdir(), 'patchbay-')}`);
});
