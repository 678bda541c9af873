// Plain JavaScript for the browser, outside the type checker's view.
//
// The documentation page: renders an OpenAPI document made by openapi.ts and sends requests from forms.
// Everything is set as text, nothing as markup: what the API answers is data.

const root = new URL('.', location.href);
const select = document.querySelector('#api');
const content = document.querySelector('#content');

/** An element with properties and children. */
function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

/** Text with its `code` as code. */
function prose(text) {
  return text.split('`').map((part, at) => (at % 2 === 0 ? part : element('code', { textContent: part })));
}

async function show() {
  const address = new URL(`openapi/${select.value}.json`, root);
  document.querySelector('#document').href = address;
  location.hash = select.value;
  const response = await fetch(address);
  const api = await response.json();
  const basePath = new URL(api.servers[0].url).pathname;
  const sections = api.tags.flatMap((tag) => [
    element('h2', { textContent: tag.name }),
    element('p', {}, ...prose(tag.description)),
    ...operations(api, basePath, tag.name),
  ]);
  const [about, ...guide] = api.info.description.split('\n\n');
  const schemas = Object.entries(api.components.schemas).toSorted(([a], [b]) => a.localeCompare(b));
  content.replaceChildren(
    element('p', {}, ...prose(about)),
    ...sections,
    element('h2', { textContent: 'Errors' }),
    ...guide.map((paragraph) => element('p', {}, ...prose(paragraph))),
    element('h2', { textContent: 'Schemas' }),
    ...schemas.map(([name, schema]) => schemaView(name, schema)),
  );
}

function operations(api, basePath, tag) {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    ['get', 'post', 'patch', 'delete']
      .filter((method) => item[method]?.tags.includes(tag))
      .map((method) => operationView(api, basePath, path, method, item[method], item.parameters ?? [])),
  );
}

function operationView(api, basePath, path, method, operation, shared) {
  const inputs = [...shared, ...(operation.parameters ?? [])].map((parameter) => ({
    parameter,
    input: element('input', { placeholder: parameter.schema.default ?? '', ariaLabel: parameter.name }),
  }));
  const types = Object.entries(operation.requestBody?.content ?? {});
  const body = element('textarea', { spellcheck: false, ariaLabel: 'Body' });
  const type = element('select', {}, ...types.map(([name]) => element('option', { textContent: name })));
  const offer = () => {
    const { example: given, schema } = operation.requestBody.content[type.value];
    body.value = JSON.stringify(given ?? example(api, schema), null, 2);
  };
  if (types.length > 0) offer();
  type.addEventListener('change', offer);
  const answer = element('pre', { hidden: true });
  const send = element('button', { textContent: 'Send' });
  send.addEventListener('click', async () => {
    send.disabled = true;
    answer.hidden = false;
    answer.textContent = 'waiting';
    answer.textContent = await exchange(requestOf(basePath, path, method, inputs, types.length > 0 && { type, body }));
    send.disabled = false;
  });
  const responses = Object.entries(operation.responses).map(([status, { description }]) =>
    element('tr', {}, element('td', { textContent: status }), element('td', {}, ...prose(description))),
  );
  const about = operation.description;
  return element(
    'details',
    {},
    element(
      'summary',
      {},
      element('span', { className: `method ${method}`, textContent: method.toUpperCase() }),
      element('code', { textContent: path }),
      element('span', { className: 'quiet', textContent: operation.summary }),
    ),
    element(
      'div',
      {},
      ...(about === undefined ? [] : [element('p', {}, ...prose(about))]),
      element('table', { className: 'inputs' }, ...inputs.map(parameterRow)),
      ...(types.length > 0 ? [element('p', {}, element('label', {}, 'Body as ', type)), body] : []),
      element('p', {}, send),
      answer,
      element('h3', { textContent: 'Answers' }),
      element('table', {}, ...responses),
    ),
  );
}

function parameterRow({ parameter, input }) {
  const such = parameter.name === 'filter' ? ' Such as `relatedParty.role=customer&state.ne=failed`.' : '';
  return element(
    'tr',
    {},
    element('td', {}, element('code', { textContent: parameter.name }), parameter.required ? ' (required)' : ''),
    element('td', {}, input),
    element('td', { className: 'quiet' }, ...prose(`${parameter.description ?? ''}${such}`)),
  );
}

function requestOf(basePath, path, method, inputs, withBody) {
  const given = inputs.filter(({ input }) => input.value !== '');
  const from = (place) => given.filter(({ parameter }) => parameter.in === place);
  const query = from('query').map(({ parameter, input }) =>
    parameter.name === 'filter'
      ? input.value
      : `${encodeURIComponent(parameter.name)}=${encodeURIComponent(input.value)}`,
  );
  const filled = from('path').reduce(
    (text, { parameter, input }) => text.replace(`{${parameter.name}}`, encodeURIComponent(input.value)),
    path,
  );
  const headers = Object.fromEntries(from('header').map(({ parameter, input }) => [parameter.name, input.value]));
  return {
    url: `${basePath}${filled}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    init: {
      method: method.toUpperCase(),
      headers: withBody ? { ...headers, 'Content-Type': withBody.type.value } : headers,
      ...(withBody ? { body: withBody.body.value } : {}),
    },
  };
}

async function exchange({ url, init }) {
  try {
    const response = await fetch(url, init);
    const text = await response.text();
    const headers = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    return `${init.method} ${url}\n\n${response.status} ${response.statusText}\n${headers}\n\n${pretty(text)}`;
  } catch (error) {
    return `${init.method} ${url}\n\n${error.message}`;
  }
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function schemaView(name, schema) {
  const required = new Set(schema.required ?? []);
  const rows = Object.entries(schema.properties ?? {}).map(([attribute, of]) =>
    element(
      'tr',
      {},
      element('td', {}, element('code', { textContent: attribute }), required.has(attribute) ? ' (required)' : ''),
      element('td', {}, typeView(of)),
      element('td', { className: 'quiet' }, ...prose(of.description ?? '')),
    ),
  );
  return element(
    'details',
    { id: `schema-${name}` },
    element(
      'summary',
      {},
      element('code', { textContent: name }),
      element('span', { className: 'quiet' }, ...prose(schema.description ?? '')),
    ),
    element('div', {}, element('table', {}, ...rows)),
  );
}

/** A type; where it is a schema of its own, a way there. */
function typeView(schema) {
  const reference = schema.$ref ?? schema.items?.$ref;
  if (reference === undefined) return typeText(schema);
  const link = element('button', { className: 'link', textContent: typeText(schema) });
  link.addEventListener('click', () => {
    const target = document.getElementById(`schema-${reference.split('/').at(-1)}`);
    target.open = true;
    target.scrollIntoView({ behavior: 'smooth' });
  });
  return link;
}

function typeText(schema) {
  if (schema.$ref) return schema.$ref.split('/').at(-1);
  if (schema.enum) return schema.enum.join(' | ');
  if (schema.type === 'array') return `${typeText(schema.items ?? {})}[]`;
  return schema.format ?? schema.type ?? 'any';
}

/** The smallest body that has everything required. */
function example(api, schema) {
  if (schema.$ref) return example(api, api.components.schemas[schema.$ref.split('/').at(-1)]);
  if (schema.enum) return schema.enum[0];
  if (schema.oneOf ?? schema.anyOf) return example(api, (schema.oneOf ?? schema.anyOf)[0]);
  if (schema.const) return schema.const;
  switch (schema.type) {
    case 'object':
      return Object.fromEntries((schema.required ?? []).map((name) => [name, example(api, schema.properties[name])]));
    case 'array':
      return [example(api, schema.items ?? {})];
    case 'string':
      return schema.format === 'date-time' ? new Date().toISOString() : 'text';
    case 'integer':
    case 'number':
      return 1;
    case 'boolean':
      return true;
    default:
      return 'anything';
  }
}

select.addEventListener('change', () => void show());
if ([...select.options].some((option) => `#${option.value}` === location.hash)) select.value = location.hash.slice(1);
await show();
