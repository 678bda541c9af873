import { describe, expect, test } from 'vitest';
import { activateItem, runStep } from '../../../contracts/messages/activation.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { editedBody } from './letter-body.ts';

const step = {
  activationId: '019a0000-0000-7000-8000-000000000001',
  serviceType: 'broadband',
  position: 1,
  generation: 2,
  step: 'configure-line',
  direction: 'apply',
  requested: { downMbps: 100, port: 'a/1', deviceId: 'D1' },
};
const edit = (type: string, original: unknown, edited: unknown): string =>
  editedBody(type, JSON.stringify(original), JSON.stringify(edited));

describe('an edited letter', () => {
  test('may say anything of what the service shall be', () => {
    const requested = { downMbps: 200, deviceId: 'D2' };
    expect(JSON.parse(edit(runStep.name, step, { ...step, requested }))).toEqual({ ...step, requested });
  });

  test.each(['activationId', 'serviceType', 'position', 'generation', 'step', 'direction'])(
    'is about what it was about: %s stays',
    (key) => {
      const other = {
        activationId: step.activationId.replace('1', '2'),
        position: 0,
        generation: 3,
        direction: 'undo',
      };
      const edited = { ...step, serviceType: 'voice', step: 'another', ...other };
      expect(() => edit(runStep.name, step, { ...step, [key]: edited[key as keyof typeof edited] })).toThrow(
        `cannot be edited (${key})`,
      );
    },
  );

  test('keeps the keys of what is within it too', () => {
    const item = { orderId: 'o', itemId: '1', claimNumber: 1, action: 'add', serviceId: 's', serviceType: 'broadband' };
    const rest = { requested: {}, previous: {}, specification: undefined };
    const supporting = [{ serviceId: 'a', serviceType: 'x', characteristics: {}, resources: [] }];
    const specification = {
      ...{ id: 'b', version: '1', revision: 1, name: 'B', lifecycleStatus: 'active', serviceType: 'broadband' },
      ...{ characteristics: [], resourceRequirements: [], requires: [], configurationTemplate: {}, activation: {} },
    };
    const original = { ...item, ...rest, supporting, specification };
    expect(() => edit(activateItem.name, original, { ...original, supporting: [] })).toThrow(
      'cannot be edited (supporting.0.serviceId, supporting.0.serviceType)',
    );
    expect(edit(activateItem.name, original, { ...original, requested: { downMbps: 1 } })).toContain('downMbps');
  });

  test('must be what its message says, in the version it has', () => {
    expect(() => edit(runStep.name, step, { ...step, requested: 'fast' })).toThrow(/is not what .*requested/s);
    expect(() => editedBody(runStep.name, '{}', 'fast')).toThrow('not JSON');
    expect(() => edit('network.unheard-of.v9', step, step)).toThrow(Sentence);
  });

  test('replaces one that nobody could read', () => {
    expect(JSON.parse(editedBody(runStep.name, '{"activationId":', JSON.stringify(step)))).toEqual(step);
  });
});
