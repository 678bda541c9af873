/** What a newer release might add: an attribute that this one does not know, at every object of a document. */

const added = 'addedLater';
/** Objects by name that have entries, not attributes: one more would be an entry of the wrong kind. */
const maps: ReadonlySet<string> = new Set([
  ...['work', 'progress', 'items', 'services', 'corrections', 'givenUp', 'retries', 'cases', 'by'],
  ...['configurationTemplate', 'activation'],
]);
/** What a service shall be, as any JSON: one more would be a value of it. */
const values: ReadonlySet<string> = new Set(['characteristics', 'requested', 'previous', 'parameters']);

type Json = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** The document with the attribute at each object. */
export function withAdditions<Value>(value: Value, name = ''): Value {
  if (Array.isArray(value)) return value.map((one) => withAdditions(one as unknown)) as Value;
  if (!isObject(value) || values.has(name)) return value;
  const entries = Object.entries(value).map(([key, one]) => [key, withAdditions(one, key)] as const);
  return Object.fromEntries([...entries, ...(maps.has(name) ? [] : [[added, { x: [1] }]])]) as Value;
}

const telling = [
  'id',
  'orderId',
  'itemId',
  'serviceId',
  'productId',
  'step',
  'direction',
  'name',
  'at',
  'type',
  'cause',
];

/** Elements of an array under what tells them apart, whatever order they come in. */
function named(all: readonly unknown[]): Map<string, unknown> {
  const found = new Map<string, unknown>();
  for (const one of all) {
    const said = isObject(one) ? telling.flatMap((name) => (typeof one[name] === 'string' ? [one[name]] : [])) : [];
    for (let copy = 0; ; copy += 1) {
      const key = `${said.join(' ')} ${copy}`;
      if (found.has(key)) continue;
      found.set(key, one);
      break;
    }
  }
  return found;
}

/** Paths of objects that are in both documents, and in the second without what was added to them. */
export function strippedIn(before: unknown, after: unknown, path = ''): string[] {
  if (Array.isArray(before) && Array.isArray(after)) {
    const known = named(before);
    return [...named(after)].flatMap(([key, one]) => strippedIn(known.get(key), one, `${path}[]`));
  }
  if (!isObject(before) || !isObject(after)) return [];
  const own = added in before && !(added in after) ? [path] : [];
  const isMap = maps.has(path.split('.').at(-1) ?? '');
  return [
    ...own,
    ...Object.entries(after).flatMap(([name, one]) =>
      name === added
        ? []
        : strippedIn(before[name], one, [path, isMap ? '*' : name].filter((part) => part !== '').join('.')),
    ),
  ];
}
