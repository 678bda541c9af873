import { expect, test } from 'vitest';
import { serviceResource } from '../apis/tmf638/descriptor.ts';
import { serviceOrderResource } from '../apis/tmf641/descriptor.ts';
import { columnsOf } from './view-row.ts';

test('the columns of an order are where its descriptor says', () => {
  const doc = {
    id: 'o',
    state: 'inProgress',
    externalId: 'x-1',
    category: 'Internet',
    orderDate: '2026-03-01T12:00:00Z',
    startDate: '2026-03-01T12:00:01Z',
    relatedParty: [{ id: 'p1' }, { id: 'p2' }, { id: 'p1' }],
  };
  expect(columnsOf(serviceOrderResource, doc)).toEqual({
    state: 'inProgress',
    external_id: 'x-1',
    category: 'Internet',
    party_ids: ['p1', 'p2'],
    created_at: '2026-03-01T12:00:00Z',
    start_at: '2026-03-01T12:00:01Z',
    completed_at: null,
  });
});

test('a resource without a column has null there', () => {
  const columns = columnsOf(serviceResource, { externalId: 'x-1', startDate: 's', endDate: 'e' });
  expect(columns).toMatchObject({ external_id: null, created_at: null, start_at: 's', completed_at: 'e' });
});

test('what is not there, not text, or not the shape it should be is null, not an error', () => {
  expect(columnsOf(serviceOrderResource, {})).toMatchObject({ state: null, party_ids: [] });
  expect(columnsOf(serviceOrderResource, { state: 7, relatedParty: 'nobody' })).toMatchObject({
    state: null,
    party_ids: [],
  });
  expect(columnsOf(serviceOrderResource, { relatedParty: [null, { id: 7 }, { id: 'p' }] }).party_ids).toEqual(['p']);
});
