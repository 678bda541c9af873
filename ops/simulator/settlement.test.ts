import { expect, onTestFinished, test } from 'vitest';
import { managers } from './managers/index.ts';
import { openNetwork, type Network } from './network.ts';
import { temporaryFolder } from './network.fixture.ts';

const reserve = (network: Network, reference: string) => {
  const { olt } = managers;
  if (olt === undefined) throw new Error('no olt');
  return network.call(olt, 'reserve', { reference, serviceRef: reference, parameters: { port: 'p' } });
};

test('what was on record but perhaps not answered when the simulator ended counts as lost at the next start', async () => {
  const directory = temporaryFolder();
  const first = openNetwork({ directory, managers });
  const heard = await reserve(first, 'heard');
  const refused = await reserve(first, 'refused');
  await reserve(first, 'left open');
  first.settling.settled(heard.seq, true);
  first.settling.settled(refused.seq, true);
  first.close();

  const second = openNetwork({ directory, managers });
  onTestFinished(() => second.close());
  expect(second.ledger.latest(3)).toMatchObject([
    {
      reference: 'left open',
      outcome: 'lost',
      status: null,
      code: 'port-taken',
      unknown: true,
      fault: 'simulator-died',
    },
    { reference: 'refused', outcome: 'refused', status: 409, unknown: false, fault: null },
    { reference: 'heard', outcome: 'answered', unknown: false, fault: null },
  ]);
});

test('a call that was never to be answered does not hold the others back', async () => {
  const directory = temporaryFolder();
  const first = openNetwork({ directory, managers });
  first.faults.add([{ manager: 'olt', operation: 'reserve', kind: 'reset', probability: 1, count: 1, params: {} }]);
  await reserve(first, 'cut');
  const heard = await reserve(first, 'heard');
  first.settling.settled(heard.seq, true);
  first.close();

  const second = openNetwork({ directory, managers });
  onTestFinished(() => second.close());
  expect(second.ledger.latest(2)).toMatchObject([{ outcome: 'answered' }, { outcome: 'reset', fault: 'reset' }]);
});
