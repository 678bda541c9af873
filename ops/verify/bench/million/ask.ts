import { performance } from 'node:perf_hooks';
import { serviceOrderPath } from '../order-body.ts';
import { percentile } from '../percentile.ts';

/** An answered list request, and how long it took, body and all. */
export type Answer = {
  ms: number;
  status: number;
  total: number;
  exact: boolean;
  next: string | undefined;
  body: unknown;
};

/** Asks for a list of orders by its query string, or follows a link; with a `path` below the list, for one. */
export async function ask(gateway: string, query: string, path = ''): Promise<Answer> {
  const began = performance.now();
  const answer = await fetch(`${gateway}${serviceOrderPath}${path}?${query}`);
  const body: unknown = await answer.json();
  return {
    ms: performance.now() - began,
    status: answer.status,
    total: Number(answer.headers.get('x-total-count')),
    exact: answer.headers.get('x-total-count-exact') !== 'false',
    next: /<[^>?]*\?([^>]*)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1],
    body,
  };
}

/** Asks each of the queries, in turn. @throws when one is not answered, or finds nothing */
export async function askAll(gateway: string, queries: readonly string[]): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (const query of queries) {
    const answer = await ask(gateway, query);
    if (answer.status !== 200 && answer.status !== 206)
      throw new Error(`${query} was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    if (!Array.isArray(answer.body) || answer.body.length === 0) throw new Error(`${query} found nothing`);
    answers.push(answer);
  }
  return answers;
}

export const times = (answers: readonly Answer[]) => {
  const all = answers.map(({ ms }) => ms);
  return { median: percentile(all, 0.5), p99: percentile(all, 0.99), most: Math.max(...all) };
};

/**
 * Follows the `next` links from the beginning of the list, in the largest pages there are, to its end or for so long.
 *
 * @returns every link, in order, how many orders were met, and whether that was the end
 * @throws when an order is met twice
 */
export async function walk(gateway: string, forMs: number): Promise<{ links: string[]; met: number; whole: boolean }> {
  const began = performance.now();
  const links: string[] = [];
  const met = new Set<string>();
  let query: string | undefined = 'fields=id&limit=1000';
  while (query !== undefined && performance.now() - began < forMs) {
    const [answer]: Answer[] = await askAll(gateway, [query]);
    const page = (answer?.body ?? []) as { id: string }[];
    const before = met.size;
    for (const { id } of page) met.add(id);
    if (met.size !== before + page.length) throw new Error(`the walk met orders twice at ${query}`);
    query = answer?.next;
    if (query !== undefined) links.push(query);
  }
  return { links, met: met.size, whole: query === undefined };
}
