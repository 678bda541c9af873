import { mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { dataOfRelease, rabbitmqRelease } from './rabbitmq-release.ts';
import { Sentence } from './sentence.ts';
import { chooseSources } from './services.ts';

const root = 0;

test('the release is named by PATCHBAY_RABBITMQ, and is none where that is not set', () => {
  expect(rabbitmqRelease({ PATCHBAY_RABBITMQ: 'sid' }, root)).toBe('sid');
  expect(rabbitmqRelease({ PATCHBAY_RABBITMQ: 'trixie' }, root)).toBe('trixie');
  expect(rabbitmqRelease({ PATCHBAY_RABBITMQ: '' }, 1000)).toBeUndefined();
  expect(rabbitmqRelease({}, 1000)).toBeUndefined();
});

test.each([
  ['another name', 'bookworm', root, /"bookworm".*trixie or sid; unset it/],
  ['a version', '4.3', root, /"4.3".*trixie or sid; unset it/],
  ['an ordinary user', 'sid', 1000, /PATCHBAY_RABBITMQ=sid needs root.*run it as root, or unset it/],
])('%s is refused with a sentence that says what to do', (_, named, uid, sentence) => {
  const ask = () => rabbitmqRelease({ PATCHBAY_RABBITMQ: named }, uid);
  expect(ask).toThrow(Sentence);
  expect(ask).toThrow(sentence);
});

test('a release and a given broker are refused', async () => {
  const named = { PATCHBAY_RABBITMQ: 'sid', AMQP_URL: 'amqp://127.0.0.1' };
  await expect(chooseSources(named)).rejects.toThrow(
    process.getuid?.() === root ? /name two brokers: unset one/ : /needs root/,
  );
});

test('each release has data of its own, in the folder that is forgotten with the broker', () => {
  const home = mkdtempSync(join(tmpdir(), 'a home '));
  const folders = [dataOfRelease(join(home, 'rabbitmq'), 'trixie'), dataOfRelease(join(home, 'rabbitmq'), 'sid')];
  expect(folders).toEqual([join(home, 'rabbitmq', 'trixie'), join(home, 'rabbitmq', 'sid')]);
});

test('data under /usr, which the release replaces, is refused, also behind a link', () => {
  expect(() => dataOfRelease('/usr/src/rabbitmq', 'sid')).toThrow(/set PATCHBAY_HOME to a folder elsewhere/);
  const link = join(mkdtempSync(join(tmpdir(), 'a home ')), 'link');
  symlinkSync('/usr/lib', link);
  expect(() => dataOfRelease(join(link, 'rabbitmq'), 'sid')).toThrow(/in there \(\/usr\/lib\/rabbitmq\/sid\)/);
  mkdirSync(join(link, '..', 'usr'));
  expect(dataOfRelease(join(link, '..', 'usr', 'rabbitmq'), 'sid')).toMatch(/usr\/rabbitmq\/sid$/);
});
