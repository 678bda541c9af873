import { expect, test } from 'vitest';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { corrected } from './correction.ts';

test('what is set is laid over what was asked for; everything else stays', () => {
  expect(corrected({ downMbps: 100, vlan: 7 }, ['downMbps=200', 'features=["firewall"]', 'note=a = b'])).toEqual({
    downMbps: 200,
    vlan: 7,
    features: ['firewall'],
    note: 'a = b',
  });
});

test('text stays text, whatever it looks like', () => {
  expect(corrected({ port: '1', site: 'a' }, ['port=2', 'site="b"'])).toEqual({ port: '2', site: 'b' });
});

test('a setting without a name is a sentence', () => {
  expect(() => corrected({}, ['downMbps'])).toThrow(Sentence);
});
