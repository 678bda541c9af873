import { describe, expect, test } from 'vitest';
import type { JsonObject } from '../../contracts/tmf/common.ts';
import { serviceOrderResource as resource } from '../apis/tmf641/descriptor.ts';
import { type Change, type ViewState, answerQuestion, project, refuseCommand, viewKey } from './projection.ts';

const change = (revision: number, over: Partial<Change> = {}): Change => ({
  id: 'o',
  revision,
  deleted: false,
  toView: (submitted) => ({ ...submitted, id: 'o', at: revision }),
  ...over,
});
const aView = (over: Partial<ViewState> = {}): ViewState => ({
  resource,
  id: 'o',
  revision: 3,
  deleted: false,
  submitted: { note: 'mine' },
  pending: {},
  shown: undefined,
  submittedChanged: false,
  outcomes: [],
  ...over,
});
const pending = (document: JsonObject) => aView({ pending: { c: document } });

describe('an event', () => {
  test('of a newer revision is laid over what the client sent', () => {
    expect(project(aView(), resource, change(4), undefined)).toMatchObject({
      revision: 4,
      shown: { note: 'mine', at: 4 },
      submittedChanged: false,
    });
  });

  test('of what nobody has seen yet makes a view without a client’s document', () => {
    expect(project(undefined, resource, change(1), undefined)).toMatchObject({
      revision: 1,
      shown: { at: 1 },
      submitted: undefined,
    });
  });

  test.each([3, 2])('of revision 3 again, or of an older one (%i), changes nothing', (revision) => {
    expect(project(aView(), resource, change(revision), undefined)).toEqual(aView());
  });

  test('that is late leaves a tombstone standing', () => {
    const gone = project(aView(), resource, change(5, { deleted: true }), undefined);
    expect(project(gone, resource, change(4), undefined)).toEqual(gone);
    expect(gone).toMatchObject({ deleted: true, shown: { at: 5 } });
  });

  test('in any order, the newest revision is what is shown in the end', () => {
    for (const order of [
      [4, 5, 6],
      [6, 5, 4],
      [5, 6, 4, 6],
    ]) {
      const end = order.reduce(
        (view: ViewState, revision) => project(view, resource, change(revision), undefined),
        aView(),
      );
      expect(end).toMatchObject({ revision: 6, shown: { at: 6 } });
    }
  });
});

describe('an event that answers a command', () => {
  test('answers with the revision the command made', () => {
    expect(project(aView(), resource, change(4), 'c').outcomes).toEqual([
      { commandId: 'c', id: 'o', revision: 4, refusal: null, result: null },
    ]);
  });

  test('makes the document the command came with the client’s', () => {
    expect(project(pending({ note: 'changed' }), resource, change(4), 'c')).toMatchObject({
      submitted: { note: 'changed' },
      shown: { note: 'changed', at: 4 },
      submittedChanged: true,
    });
  });

  test('of another command leaves a pending document pending', () => {
    expect(project(pending({ note: 'changed' }), resource, change(4), 'other')).toMatchObject({
      submitted: { note: 'mine' },
    });
  });

  test('answers although its revision was overtaken, and keeps what the client wrote', () => {
    const view = project(pending({ note: 'changed' }), resource, change(2), 'c');
    expect(view).toMatchObject({
      revision: 3,
      shown: undefined,
      submitted: { note: 'changed' },
      submittedChanged: true,
    });
    expect(view.outcomes).toHaveLength(1);
  });

  test('answers one command each, however many events one batch folds into a view', () => {
    const view = project(project(aView(), resource, change(4), 'c'), resource, change(5), 'd');
    expect(view.outcomes.map(({ commandId, revision }) => [commandId, revision])).toEqual([
      ['c', 4],
      ['d', 5],
    ]);
  });
});

test('an answer to a question is noted, and there need be no view', () => {
  const answer = { commandId: 'c', id: 'o', result: { verdict: 'acceptable' } };
  const outcomes = [{ ...answer, revision: null, refusal: null }];
  expect(answerQuestion(aView(), resource, answer)).toEqual({ ...aView(), outcomes });
  expect(answerQuestion(undefined, resource, answer)).toMatchObject({ revision: -1, shown: undefined, outcomes });
});

test('a refusal answers its command and leaves the view as it is', () => {
  const refusal = {
    commandId: '019f0000-0000-7000-8000-00000000c0de',
    id: 'o',
    kind: 'conflict' as const,
    code: 'x',
    reason: 'y',
  };
  expect(refuseCommand(pending({ note: 'changed' }), resource, refusal)).toEqual({
    ...pending({ note: 'changed' }),
    outcomes: [{ commandId: refusal.commandId, id: 'o', revision: null, refusal, result: null }],
  });
  expect(refuseCommand(undefined, resource, refusal)).toMatchObject({ revision: -1, shown: undefined });
});

test('views of two resources with one id are two', () => {
  expect(viewKey(resource, 'o')).not.toBe(viewKey({ ...resource, name: 'service' }, 'o'));
});
