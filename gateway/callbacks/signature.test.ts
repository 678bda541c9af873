import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { signedAt } from './signature.ts';

const body = Buffer.from('{"reference":"r"}');
const v1 = (secret = 'ours', t = '1700000000', of: Buffer = body) =>
  createHmac('sha256', secret)
    .update(Buffer.concat([Buffer.from(`${t}.`), of]))
    .digest('hex');
const header = `t=1700000000,v1=${v1()}`;

test('a good signature says when it was made, whichever of two secrets it is made with', () => {
  expect(signedAt(header, body, 'ours')).toBe(1_700_000_000);
  expect(signedAt(`t=1700000000,v1=${v1('the old one')},v1=${v1()}`, body, 'ours')).toBe(1_700_000_000);
});

test('another secret, another body and another instant are not it', () => {
  expect(signedAt(header, body, 'theirs')).toBe('wrong');
  expect(signedAt(header, Buffer.from('{"reference": "r"}'), 'ours')).toBe('wrong');
  expect(signedAt(`t=1700000001,v1=${v1()}`, body, 'ours')).toBe('wrong');
});

test('a body is signed byte for byte, whatever it is', () => {
  const bytes = Buffer.from([0xff, 0x00, 0xfe]);
  expect(signedAt(`t=1,v1=${v1('ours', '1', bytes)}`, bytes, 'ours')).toBe(1);
});

test.each([
  [undefined, 'missing'],
  ['', 'malformed'],
  [`v1=${v1()}`, 'malformed'],
  [`t=1700000000`, 'malformed'],
  [`t=1700000000,v1=${v1().slice(2)}`, 'malformed'],
  [`t=1700000000,v1=${v1().toUpperCase()}`, 'malformed'],
  [`t=-1,v1=${v1()}`, 'malformed'],
  [`t=1700000000,v1=${v1()}${',v1='.concat(v1()).repeat(4)}`, 'malformed'],
])('the header %s is %s', (given, wrong) => {
  expect(signedAt(given, body, 'ours')).toBe(wrong);
});
