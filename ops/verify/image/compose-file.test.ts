import { describe, expect, test } from 'vitest';
import { readCompose } from './compose-file.ts';

const file = (service: string) => `
x-shared: &shared
  image: it
  environment: { URL: 'http://\${HOST:-simulator}:8090' }
services:
  one:
    <<: *shared
    ${service}
`;
const one = (service: string, env = {}) => readCompose(file(service), env).services['one'];

describe('a compose file', () => {
  test('has aliases merged and variables put in', () => {
    expect(one('ports: ["${PORT:-8080}:8080", "$${PORT}"]', { PORT: '81' })).toMatchObject({
      image: 'it',
      environment: { URL: 'http://simulator:8090' },
      ports: ['81:8080', '${PORT}'],
      stop_grace_period: 10,
    });
    expect(one('', { HOST: 'real' })?.environment).toEqual({ URL: 'http://real:8090' });
    expect(one('', { HOST: '' })?.environment).toEqual({ URL: 'http://simulator:8090' });
    const nested = 'hostname: "a${ONE:-b${TWO:-c}}"';
    expect(['', 'ONE', 'TWO'].map((name) => one(nested, { [name]: 'x' })?.hostname)).toEqual(['abc', 'ax', 'abx']);
    expect(one('stop_grace_period: 35s')?.stop_grace_period).toBe(35);
  });

  test.each(['networks: [inner]', 'restart: always', 'stop_grace_period: 1m30s', 'depends_on: [two]'])(
    'that says %s is refused: the play would leave it out',
    (line) => expect(() => one(line)).toThrow(/^The service one says what .*compose-file\.ts has to learn/),
  );

  test.each(['$PORT:1', '${PORT?}:1', '${PORT-80}:1'])('that writes a variable as %s is refused', (port) => {
    expect(() => one(`ports: ["${port}"]`)).toThrow('is not written as ${NAME:-default}');
  });
});
