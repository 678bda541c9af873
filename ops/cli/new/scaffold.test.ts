import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { clone } from '../../run/bootstrap/home.ts';
import { specificationFor } from './catalog.ts';
import { planActivator, writeActivator } from './scaffold.ts';

/** A clone with nothing in it but the folder of the activators. */
function aClone(): string {
  const root = mkdtempSync(join(tmpdir(), 'scaffold-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'workers/activators'), { recursive: true });
  return root;
}

function aCatalog(root: string, content: string): string {
  const file = join(root, 'catalog.json');
  writeFileSync(file, content);
  return file;
}

const samples = readFileSync(join(clone, 'ops/samples/service-specifications.json'), 'utf8');

describe('a name', () => {
  test.for([
    [
      'Leased Line',
      '"Leased Line" cannot be a service type: use lower-case words joined by hyphens, such as leased-line.',
    ],
    [
      'leasedLine',
      '"leasedLine" cannot be a service type: use lower-case words joined by hyphens, such as leased-line.',
    ],
    ['../voice', '"../voice" cannot be a service type: use lower-case words joined by hyphens, such as voice.'],
    ['3-play', '"3-play" cannot be a service type: use lower-case words joined by hyphens, such as play.'],
    ['', '"" cannot be a service type: use lower-case words joined by hyphens, such as leased-line.'],
    [
      'olt',
      'The simulated network has a platform "olt" already, and the new one would be named alike: choose another name.',
    ],
    ['v'.repeat(41), `"${'v'.repeat(41)}" is too long for a service type: 40 characters at most.`],
  ] as const)('%s is refused with a sentence', ([name, sentence]) => {
    expect(() => planActivator(aClone(), name, ['olt'], undefined)).toThrow(sentence);
  });

  test('that is taken is refused, and nothing is overwritten', () => {
    const root = aClone();
    const scaffold = planActivator(root, 'leased-line', [], undefined);
    writeActivator(root, scaffold);
    expect(() => planActivator(root, 'leased-line', [], undefined)).toThrow(
      'There is an activator "leased-line" already: workers/activators/leased-line.',
    );
    writeFileSync(join(root, 'workers/activators/leased-line/index.ts'), 'mine');
    expect(() => writeActivator(root, scaffold)).toThrow(/The folder of "leased-line" cannot be made/);
    expect(readFileSync(join(root, 'workers/activators/leased-line/index.ts'), 'utf8')).toBe('mine');
  });
});

describe('a catalog', () => {
  test('gets the specification at its end, and keeps every character it had', () => {
    const root = aClone();
    const file = aCatalog(root, samples);
    writeActivator(root, planActivator(root, 'leased-line', [], file));
    const content = readFileSync(file, 'utf8');
    expect(content.startsWith(samples.trimEnd().slice(0, -2))).toBe(true);
    expect(JSON.parse(content)).toEqual([...(JSON.parse(samples) as unknown[]), specificationFor('leased-line')]);
  });

  test('that is empty gets it as its first', () => {
    const root = aClone();
    const file = aCatalog(root, '[]\n');
    writeActivator(root, planActivator(root, 'leased-line', [], file));
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual([specificationFor('leased-line')]);
  });

  test.for([
    ['{', /is not JSON/],
    ['{}', /is not a list of service specifications: it: /],
    ['[{"id":"x"}]', /is not a list of service specifications: 0\.version: /],
    [
      samples.replaceAll('"managed-router"', '"leased-line"'),
      /has a specification "leased-line" for leased-line already/,
    ],
  ] as const)('%s is refused before anything is written', ([content, sentence]) => {
    const root = aClone();
    const file = aCatalog(root, content);
    expect(() => planActivator(root, 'leased-line', [], file)).toThrow(sentence);
    expect(() => planActivator(root, 'leased-line', [], join(root, 'none.json'))).toThrow(/cannot be read/);
    expect(readdirSync(join(root, 'workers/activators'))).toEqual([]);
  });
});

test.for(['fx', 'v'.repeat(40)])('what is written for %s is formatted as everything here', (name) => {
  const root = aClone();
  const file = aCatalog(root, samples);
  writeActivator(root, planActivator(root, name, [], file));
  writeFileSync(join(root, '.oxfmtrc.json'), readFileSync(join(clone, '.oxfmtrc.json')));
  const format = join(clone, 'node_modules/oxfmt/bin/oxfmt');
  expect(execFileSync(process.execPath, [format, '--list-different', root], { cwd: root, encoding: 'utf8' })).toBe('');
});
