import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { standardRoles } from '../../run/fleet/supervisor.ts';
import { type ComposeService, readCompose } from './compose-file.ts';

const compose = readCompose(readFileSync(join(clone, 'docker-compose.yml'), 'utf8'), {});
const service = (name: string): ComposeService => compose.services[name] ?? expect.fail(`no service ${name}`);
const others = Object.entries(compose.services).filter(([name]) => !['prepare', 'samples'].includes(name));

describe('docker-compose.yml', () => {
  test.each([...standardRoles])('runs the role %s as a service of its own, drained before it is killed', (role) => {
    expect(service(role).command).toEqual(['node', 'ops/run/fleet/process.ts', role]);
    expect(service(role).depends_on).toEqual({
      prepare: { condition: 'service_completed_successfully' },
      postgres: { condition: 'service_healthy' },
      rabbitmq: { condition: 'service_healthy' },
    });
    expect(service(role).stop_grace_period).toBe(35);
    expect(service(role).environment).toMatchObject({
      DATABASE_URL: expect.stringContaining('@postgres:'),
      HEALTH_PORT: '9000',
    });
  });

  test('runs PostgreSQL 18 and RabbitMQ 4 with management', () => {
    expect(service('postgres').image).toBe('postgres:18');
    expect(service('rabbitmq').image).toBe('rabbitmq:4-management');
  });

  test.each(others)('checks the health of %s', (_, { healthcheck }) => {
    expect(healthcheck?.test[0]).toMatch(/^CMD/);
  });

  test('publishes the gateway and, on loopback, the management interface; nothing else', () => {
    const published = Object.entries(compose.services).flatMap(([name, { ports }]) =>
      ports.map((port) => [name, port]),
    );
    expect(published).toEqual([
      ['rabbitmq', '127.0.0.1:15680:15672'],
      ['gateway', '8080:8080'],
    ]);
  });

  test('keeps data in named volumes', () => {
    const mounted = Object.values(compose.services).flatMap(({ volumes }) =>
      volumes.map((volume) => volume.split(':')[0]),
    );
    expect(new Set(mounted)).toEqual(new Set(Object.keys(compose.volumes)));
  });
});
