import postgres from 'postgres';
import { describe, expect, test } from 'vitest';
import { ZodError } from 'zod';
import { isDatabaseFault, isTooSlow, requireMendedDriver } from './database.ts';

const PostgresError = postgres.PostgresError as unknown as new (fields: { code: string; message: string }) => Error;
const said = (code: string) => new PostgresError({ code, message: `said ${code}` });
const failed = (code: string) => Object.assign(new Error(`failed ${code}`), { code, syscall: 'connect' });

describe('the world is at fault', () => {
  test.each([
    ...['08006', '25006', '25P03', '28000', '28P01', '3D000', '40001', '40P01', '42P01', '42501', '53300'],
    ...['55000', '57P01', '57P02', '57P03', '57P05', '58030', 'XX000'],
  ])('for what PostgreSQL says of itself: %s', (code) => expect(isDatabaseFault(said(code))).toBe(true));

  test.each([
    ...['EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'EHOSTUNREACH', 'ENETUNREACH', 'ENOTFOUND', 'EPIPE', 'ETIMEDOUT'],
    ...['CONNECTION_CLOSED', 'CONNECT_TIMEOUT', 'STATEMENT_DEADLINE', 'CERT_HAS_EXPIRED', 'NEVER_HEARD_OF'],
  ])('for what the network and the driver say: %s', (code) => expect(isDatabaseFault(failed(code))).toBe(true));
});

describe('a message is to blame', () => {
  test.each(['22P02', '22021', '23505', '23514', '54000'])('for its data: %s', (code) =>
    expect(isDatabaseFault(said(code))).toBe(false),
  );

  test.each(['57014', '55P03'])('where it takes too long: %s', (code) => {
    expect(isDatabaseFault(said(code))).toBe(false);
    expect(isTooSlow(said(code))).toBe(true);
  });

  test.each([
    new Error('cannot be saved'),
    new ZodError([]),
    Object.assign(new TypeError('not a string'), { code: 'ERR_INVALID_ARG_TYPE' }),
    failed('UNDEFINED_VALUE'),
    'thrown, and no error',
  ])('for what our code throws: %s', (error) => {
    expect(isDatabaseFault(error)).toBe(false);
    expect(isTooSlow(error)).toBe(false);
  });
});

test.each([
  ['as it is published', {}],
  ['with another patch', { mended: 'patchbay 0' }],
])('a driver %s is refused, with what to run', (_, driver) => {
  expect(() => requireMendedDriver(driver)).toThrow(/not mended.*npm ci.*mend-driver\.mjs/);
});
