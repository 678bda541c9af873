import { expect, test } from 'vitest';
import { tellServices } from '../../contracts/messages/service-inventory.ts';
import { handlers } from './handlers.ts';
import { changed } from './service.state.ts';
import { aService, noon } from './services.fixture.ts';

test('whoever doubts what it knows of services is told of them as they are; of unknown ones nothing is said', () => {
  const [a, b] = [aService({ id: 'a' }), { ...aService({ id: 'b', revision: 7 }), deleted: true }];
  const kept = new Map([a, b].map((state) => [state.service.id, state]));
  const handler = handlers.find(({ definition }) => definition.name === tellServices.name);
  const body = { serviceIds: ['b', 'nobody', 'a'] };
  expect(handler?.keys(body)).toEqual(body.serviceIds);
  const received = { id: 'm', body, now: noon, awaited: false, answers: undefined };
  expect(handler?.decide((id) => kept.get(id), received, undefined)).toEqual({
    end: 'done',
    send: [changed(b), changed(a)],
  });
});
