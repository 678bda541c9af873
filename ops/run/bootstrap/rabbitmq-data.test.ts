import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { noteRelease, refuseRelease, releaseOf } from './rabbitmq-data.ts';
import { refuseOld } from './rabbitmq.ts';

const dataOf = (release: string) => {
  const dir = mkdtempSync(join(tmpdir(), 'data-'));
  noteRelease(dir, release);
  return dir;
};

test.each([
  ['3.10.8', '3.10.25'],
  ['3.10.8', '3.13.7'],
  ['3.13.7', '4.0.5'],
  ['4.0.5', '4.3.6'],
  ['4.3.6', undefined],
])('data of %s goes on with %s', (data, programs) => {
  expect(() => refuseRelease(dataOf(data), programs)).not.toThrow();
});

test.each([
  ['4.3.6', '3.10.8', 'which cannot read it: start with 4.3.6 again'],
  ['3.11.0', '3.10.8', 'which cannot read it'],
  ['3.10.8', '4.0.5', 'which reads none older than 3.13: start with 3.10.8 again'],
])('data of %s is refused by %s', (data, programs, sentence) => {
  const dir = dataOf(data);
  expect(() => refuseRelease(dir, programs)).toThrow(
    `RabbitMQ's data in ${dir} is of release ${data}, and the RabbitMQ found here is ${programs}, ${sentence}`,
  );
});

test('data that was never started has no release, programs that are not there neither', () => {
  expect(() => refuseRelease(mkdtempSync(join(tmpdir(), 'data-')), '3.10.8')).not.toThrow();
  expect(releaseOf('/nowhere/rabbitmq_server-3.10.8/sbin/rabbitmq-server')).toBeUndefined();
});

test('a broker below 3.10 is refused, given or found', () => {
  expect(() => refuseOld('3.9.29')).toThrow('RabbitMQ 3.9.29 is too old (3.10 or newer is needed)');
  expect(() => refuseOld('4.0.0')).not.toThrow();
});
