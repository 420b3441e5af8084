// SPDX-License-Identifier: Apache-2.0
// Shows /api/v1/openapi.json to people.
import {byId, call, el, Refused, say} from './kit.js';

let api = null;

/** What a reference names, or the thing itself. */
function resolve(thing) {
  if (!thing?.$ref) return thing ?? {};
  return thing.$ref.slice(2).split('/').reduce((at, name) =>
    at?.[name.replace(/~1/g, '/').replace(/~0/g, '~')], api) ?? {};
}

/** Text with what is between backticks as code. */
const prose = (text) => (text ?? '').split('`').map((part, i) => (i % 2 ? el('code', {}, part) : part));

const nameOf = (thing) => thing?.$ref?.split('/').at(-1);

/** A schema in a few words. */
function words(schema, depth = 0) {
  const own = resolve(schema);
  const name = nameOf(schema);
  const all = own.oneOf ?? own.anyOf;
  if (all) return all.map((one) => words(one, depth + 1)).join(' or ');
  if (own.allOf) return name ?? own.allOf.map((one) => words(one, depth + 1)).join(' with ');
  if (own.const !== undefined) return JSON.stringify(own.const);
  if (own.enum) return own.enum.map((one) => JSON.stringify(one)).join(' | ');
  const type = [own.type ?? 'anything'].flat().join(' or ');
  if (type === 'array') return `list of ${words(own.items, depth + 1)}`;
  const limits = ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems', 'pattern',
    'format', 'default'].filter((key) => own[key] !== undefined).map((key) =>
    `${key} ${JSON.stringify(own[key])}`);
  return [name && type === 'object' ? name : type, ...limits].join(', ');
}

/** The members of an object, all levels of `allOf` as one. */
function members(schema, depth = 0) {
  const own = resolve(schema);
  const parts = own.allOf ?? own.oneOf ?? own.anyOf ?? [];
  const mine = Object.entries(own.properties ?? {}).map(([name, of]) =>
    ({name, of, needed: own.required?.includes(name)}));
  return depth > 4 ? mine : mine.concat(parts.flatMap((part) => members(part, depth + 1)));
}

function table(caption, of, heads, rows) {
  if (!rows.length) return null;
  const all = el('table', {}, el('caption', {}, caption),
    el('thead', {}, el('tr', {}, heads.map((head) => el('th', {scope: 'col'}, head)))),
    el('tbody', {}, rows.map(([first, ...rest]) => el('tr', {}, el('th', {scope: 'row'}, first),
      rest.map((one) => el('td', {}, one))))));
  return el('div', {class: 'wide', tabindex: '0', role: 'group', 'aria-label': `${caption} of ${of}`},
    all);
}

const memberTable = (schema, caption, of) => table(caption, of, ['Member', 'Is', 'Means'],
  members(schema).map((one) => [
    el('span', {}, el('code', {}, one.name), one.needed ? ' (always)' : ''), words(one.of),
    el('span', {}, prose(resolve(one.of).description))]));

const parameterTable = (parameters, of) => table('Parameters', of, ['Name', 'Where', 'Is', 'Means'],
  parameters.map((one) => [el('code', {}, one.name), one.in, words(one.schema),
    el('span', {}, prose(one.description))]));

function bodies(content, caption, of) {
  return Object.entries(content ?? {}).map(([type, {schema, example}]) => [
    el('p', {}, el('code', {}, type)), memberTable(schema, caption, of),
    example === undefined ? null : el('pre', {tabindex: '0'},
      typeof example === 'string' ? example : JSON.stringify(example, null, 2)),
  ]).flat();
}

function curl(method, path, body) {
  const data = body === undefined ? '' : ` \\\n  -H 'Content-Type: application/json' \\\n  -d '${
    JSON.stringify(body)}'`;
  return `curl -X ${method.toUpperCase()} ${window.location.origin}${path}${data}`;
}

function show(path, method, operation, shared) {
  const parameters = [...shared, ...(operation.parameters ?? [])].map(resolve);
  const request = resolve(operation.requestBody);
  const scopes = (operation.security ?? []).flatMap((one) => one.oauth2 ?? []);
  const scope = operation.security?.length === 0 ? 'for anybody'
    : scopes.length ? `needs ${scopes.join(' and ')}` : 'for anybody who is known';
  const details = el('details', {class: 'operation', id: operation.operationId},
    el('summary', {}, el('span', {class: 'method'}, method.toUpperCase()), el('code', {}, path),
      el('span', {}, operation.summary)));
  // What is inside is made when it is looked at.
  details.addEventListener('toggle', () => {
    if (details.childElementCount > 1) return;
    details.append(...[
      operation.description ? el('p', {}, prose(operation.description)) : null,
      el('p', {class: 'hint'}, scope),
      parameterTable(parameters, operation.operationId),
      request.content ? bodies(request.content, 'Body', operation.operationId) : null,
      el('pre', {tabindex: '0'}, curl(method, path, request.content?.['application/json']?.example)),
      Object.entries(operation.responses).map(([code, response]) => [
        el('h3', {}, `${code}: ${resolve(response).description}`), code.endsWith('XX') ? null
          : bodies(resolve(response).content, `Answer ${code}`, operation.operationId)]),
    ].flat(4).filter(Boolean));
  });
  const words_ = `${method} ${path} ${operation.summary} ${operation.operationId} ${scope}`;
  return {details, words: words_.toLowerCase(), tag: operation.tags[0]};
}

function about() {
  const text = api.info.description.split(/\n\n+/).map((part) => (part.startsWith('- ')
    ? el('ul', {}, part.split(/\n?^- /m).filter(Boolean).map((item) => el('li', {}, prose(item))))
    : el('p', {}, prose(part))));
  byId('about').append(...text,
    el('p', {class: 'hint'}, `Version ${api.info.version}, ${api.info.license.name}`));
}

function find(all, wanted) {
  const wordsWanted = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const {details, words: text} of all) {
    details.hidden = !wordsWanted.every((word) => text.includes(word));
    count += details.hidden ? 0 : 1;
  }
  for (const section of byId('operations').children)
    section.hidden = !section.querySelector('details:not([hidden])');
  say(byId('found'), `${count} of ${all.length} operations`);
}

async function start() {
  try {
    api = (await call('GET', '/api/v1/openapi.json')).body;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return say(byId('notice'), error.message);
  }
  byId('notice').remove();
  about();
  const all = Object.entries(api.paths).flatMap(([path, item]) => Object.entries(item)
    .filter(([, operation]) => operation.operationId)
    .map(([method, operation]) => show(path, method, operation, item.parameters ?? [])));
  byId('operations').append(...api.tags.map((tag) => el('section', {'aria-labelledby': `t-${tag.name}`},
    el('h2', {id: `t-${tag.name}`}, tag.name), el('p', {class: 'hint'}, prose(tag.description)),
    all.filter((one) => one.tag === tag.name).map((one) => one.details))));
  byId('find').addEventListener('input', () => find(all, byId('find').value));
  find(all, '');
  return undefined;
}

start();
