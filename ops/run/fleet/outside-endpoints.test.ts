import { expect, test } from 'vitest';
import { parseConfiguration } from '../../platform/configuration.ts';

const parse = (endpoints?: string) =>
  parseConfiguration({
    ...{ DATABASE_URL: 'postgres://db/patchbay', AMQP_URL: 'amqp://broker' },
    ...(endpoints === undefined ? {} : { OUTSIDE_SERVICE_ORDERING: endpoints }),
  });

test('no service type is ordered outside unless told, and one that is has sensible settings', () => {
  expect([parse().outsideTypes, parse('').outsideTypes]).toEqual([[], []]);
  const { outsideTypes, OUTSIDE_SERVICE_ORDERING: endpoints } = parse(
    '{"access": {"url": "https://p.example.net/api/", "poll": "1m"}}',
  );
  expect(outsideTypes).toEqual(['access']);
  expect(endpoints['access']).toMatchObject({
    ...{ url: 'https://p.example.net/api', poll: 60_000, timeout: 10_000, settle: 5_000, deadline: 2_592_000_000 },
  });
});

test.each([
  ['{"access": {"url": "p.example.net"}}', /access\.url: must be the http\(s\) address/],
  ['{"access": {"url": "https://me:secret@p.example.net"}}', /access\.url: must not hold a login/],
  ['{"access": {"url": "https://p.example.net?key=secret"}}', /access\.url: must not have a query/],
  ['{"access": {"url": "https://p.example.net", "token": "secret word"}}', /access\.token: must be one word/],
  ['{"access": {"url": "https://p.example.net", "poll": "fast"}}', /access\.poll: must be a duration such as/],
  ['{"access": {"url": "https://p.example.net", "tokn": "secret"}}', /Unrecognized key: "tokn"/],
  ['{"access": {"token": "secret"', /OUTSIDE_SERVICE_ORDERING: must be JSON/],
])('%s stops the start with a sentence that tells no secret', (endpoints, sentence) => {
  expect(() => parse(endpoints)).toThrow(sentence);
  expect(() => parse(endpoints)).toThrow(/^(?!.*secret).*$/s);
});
