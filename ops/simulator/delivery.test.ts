import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { deliver } from './delivery.ts';

/** As much of a server's response as an answer in full needs. */
function aResponse(state: { destroyed: boolean }) {
  const written: unknown[] = [];
  const outgoing = Object.assign(new EventEmitter(), {
    ...state,
    writableFinished: false,
    socket: null,
    writeHead: () => outgoing,
    end: (body: unknown) => written.push(body),
  });
  const heard: boolean[] = [];
  const send = () =>
    deliver(
      { env: { outgoing } } as unknown as Parameters<typeof deliver>[0],
      { send: 'json', status: 200, body: {} },
      (each) => heard.push(each),
    );
  return { outgoing, written, heard, send };
}

test('an answer is heard when it has left in full', () => {
  const { outgoing, heard, send } = aResponse({ destroyed: false });
  send();
  expect(heard).toEqual([]);
  outgoing.writableFinished = true;
  outgoing.emit('close');
  expect(heard).toEqual([true]);
});

test('an answer is not heard when the connection closes before it has left', () => {
  const { outgoing, heard, send } = aResponse({ destroyed: false });
  send();
  outgoing.emit('close');
  expect(heard).toEqual([false]);
});

test('nothing is written to a caller that is gone', () => {
  const { heard, written, send } = aResponse({ destroyed: true });
  send();
  expect([heard, written]).toEqual([[false], []]);
});
