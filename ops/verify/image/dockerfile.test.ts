import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { ignoredBy, parseDockerfile } from './dockerfile.ts';

describe('a Dockerfile', () => {
  test('is read in order, without its comments, continued lines as one', () => {
    const text = `# what it is
FROM node:26-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json .npmrc ./
# why
RUN npm ci --omit=dev && \\
  mkdir -p /data
USER node
CMD ["node", "main.ts"]
`;
    expect(parseDockerfile(text)).toEqual([
      { name: 'FROM', image: 'node', tag: '26-slim' },
      { name: 'ENV', variable: 'NODE_ENV', value: 'production' },
      { name: 'WORKDIR', path: '/app' },
      { name: 'COPY', sources: ['package.json', '.npmrc'], target: './' },
      { name: 'RUN', shell: 'npm ci --omit=dev &&    mkdir -p /data' },
      { name: 'USER', account: 'node' },
      { name: 'CMD', command: ['node', 'main.ts'] },
    ]);
  });

  test.each([
    'HEALTHCHECK CMD node check.ts',
    'ENTRYPOINT ["node"]',
    'FROM node:26 AS build',
    'COPY --chown=node:node . .',
    'COPY $FILES ./',
    'RUN --mount=type=cache,target=/root/.npm npm ci',
    'RUN ["npm", "ci"]',
    'ENV A=1 B=2',
    'CMD node main.ts',
  ])('with %s is not played', (line) => {
    expect(() => parseDockerfile(line)).toThrow(`"${line}" is not played`);
  });
});

test('.dockerignore: the last pattern that matches a path or a folder above it decides', () => {
  const ignored = ignoredBy('# all but\n*\n!ops\n!.npmrc\n**/*.test.ts\nops/secret\n!ops/secret/known.ts\n');
  const paths = ['README.md', '.git/config', '.npmrc', 'ops/a.ts', 'ops/b/c.ts', 'ops/b/c.test.ts', 'ops/secret/x.ts'];
  expect([...paths, 'ops/secret/known.ts', 'a.test.ts'].filter((path) => !ignored(path))).toEqual([
    '.npmrc',
    'ops/a.ts',
    'ops/b/c.ts',
    'ops/secret/known.ts',
  ]);
});

test('our base image is of the major version of the pinned Node', () => {
  const [from] = parseDockerfile(readFileSync(join(clone, 'Dockerfile'), 'utf8'));
  const manifest = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8')) as { dependencies: { node: string } };
  expect(from).toEqual({ name: 'FROM', image: 'node', tag: `${manifest.dependencies.node.split('.')[0]}-slim` });
});
