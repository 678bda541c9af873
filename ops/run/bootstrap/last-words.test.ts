import { appendFileSync, mkdtempSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { addedTo, causeIn, endOf } from './last-words.ts';

test.each([
  [
    'a role',
    `{"level":60,"time":"t","role":"gateway","error":{"type":"Error","message":"listen EADDRINUSE: address already in use 127.0.0.1:8080","stack":"Error: listen\\n    at Server"},"msg":"did not start"}`,
    'did not start: listen EADDRINUSE: address already in use 127.0.0.1:8080',
  ],
  [
    'PostgreSQL',
    `2026-12-01 01:00:00 UTC [7] FATAL:  data directory "/d" has wrong ownership\n2026-12-01 01:00:00 UTC [7] HINT:  The server must be started by the user that owns the data directory.\n`,
    'data directory "/d" has wrong ownership',
  ],
  [
    'RabbitMQ',
    `2026-12-01 01:55:08.1+00:00 [error] <0.146.0> Cookie file /d/.erlang.cookie must be accessible by owner only
2026-12-01 01:55:08.2+00:00 [error] <0.144.0>     supervisor: {local,net_sup}
Kernel pid terminated (application_controller) ({application_start_failure,rabbitmq_prelaunch,{{shutdown
`,
    'Cookie file /d/.erlang.cookie must be accessible by owner only',
  ],
  [
    'Node',
    `node:internal/modules/run_main:107
    throw error;
    ^

Error: Cannot find module '/nowhere.ts'
    at Module._resolveFilename (node:internal/modules/cjs/loader:1)

Node.js v26.10.0
`,
    "Error: Cannot find module '/nowhere.ts'",
  ],
  ['anybody', 'one\nthe configuration is wrong.\n', 'the configuration is wrong'],
])('%s says why it did not start', (_, output, cause) => {
  expect(causeIn(output)).toBe(cause);
});

test('who said nothing gave no reason', () => {
  expect(causeIn('\n')).toBeUndefined();
  expect(causeIn('2026-12-01 03:37:09.5+00:00 [notice] <0.223.0> Logging: configured log handlers\n')).toBeUndefined();
});

test('only what was added counts: an earlier start may have failed for another reason', () => {
  const file = join(mkdtempSync(join(tmpdir(), 'words-')), 'log');
  expect([endOf(file), addedTo(file, 0)]).toEqual([0, '']);
  appendFileSync(file, 'then\n');
  const end = endOf(file);
  appendFileSync(file, 'now\n');
  expect(addedTo(file, end)).toBe('now\n');
  truncateSync(file, 2);
  expect(addedTo(file, end)).toBe('th');
});
