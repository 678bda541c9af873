import { setTimeout as sleep } from 'node:timers/promises';
import { send } from '../../../contracts/messages/message.ts';
import { emitProductOrders } from '../../../contracts/messages/order-management.ts';
import { emitProducts } from '../../../contracts/messages/product-inventory.ts';
import { emitServices } from '../../../contracts/messages/service-inventory.ts';
import { emitServiceOrders } from '../../../contracts/messages/service-ordering.ts';
import { Sentence } from '../../run/bootstrap/sentence.ts';
import { type Database, connectDatabase } from '../../platform/database.ts';
import { publicationOf } from '../../platform/messaging/envelope.ts';
import { newId } from '../../platform/ids.ts';
import { insertDue } from '../../platform/messaging/message.store.ts';

export interface Rebuilt {
  readonly forgotten: number;
  readonly projected: number;
}

/** Aggregates per message of the re-emission: a few hundred events a batch. */
const pageSize = 100;
/** Without any new view for this long, the rebuild is stuck. */
const stuckMs = 30_000;
/** Forgetting millions of views is one statement. */
const forgettingMs = 3_600_000;

/**
 * Forgets the projected half of the read model and has the workers emit everything again. Rows that their owner has not
 * answered yet stay: they are only known here.
 *
 * @throws Sentence when nothing comes back
 */
export async function rebuildViews(databaseUrl: string, tell: (line: string) => void): Promise<Rebuilt> {
  const sql = connectDatabase(databaseUrl, { connections: 2, role: 'views rebuild', statementMs: forgettingMs });
  try {
    const forgotten = await sql.begin(async (tx) => {
      const removed = await tx`delete from gateway.view where revision > 0`;
      await insertDue(
        tx,
        [emitProductOrders, emitProducts, emitServiceOrders, emitServices].map((emit) =>
          publicationOf(send(emit, firstPage), { correlationId: newId() }),
        ),
      );
      return removed.count;
    });
    tell(`forgot ${forgotten} views; the workers emit everything again`);
    return { forgotten, projected: await projected(sql) };
  } finally {
    await sql.end();
  }
}

const firstPage = { after: null, limit: pageSize };

async function projected(sql: Database): Promise<number> {
  let last = -1;
  for (let since = Date.now(); ; await sleep(250)) {
    const { views, owned } = await progress(sql);
    if (views >= owned) return views;
    if (views !== last) since = Date.now();
    last = views;
    if (Date.now() - since > stuckMs) {
      throw new Sentence(
        `Only ${views} of ${owned} views came back: are order-management, product-inventory, service-ordering, service-inventory and projector running? (patchbay doctor)`,
      );
    }
  }
}

/** Views that are projected, of as many as the workers own. */
async function progress(sql: Database): Promise<{ views: number; owned: number }> {
  const [row] = await sql<{ views: number; owned: number }[]>`
    select (select count(*) from gateway.view where revision > 0)::int as views,
           ((select count(*) from service_ordering.service_order) + (select count(*) from service_inventory.service)
            + (select count(*) from product_inventory.product)
            + (select count(*) from order_management.product_order)
            + (select coalesce(sum(jsonb_array_length(doc -> 'cancellations')), 0) from order_management.product_order)
            + (select coalesce(sum(jsonb_array_length(doc -> 'cancellations')), 0) from service_ordering.service_order))::int as owned`;
  return row ?? { views: 0, owned: 0 };
}
