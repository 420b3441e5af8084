// SPDX-License-Identifier: Apache-2.0
// What the pages share: elements, requests, small graphs, words.

/** An element; attributes that are functions listen, null and false ones are left out. */
export function el(name, attributes = {}, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svg(name, attributes = {}, ...children) {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== null && value !== undefined && value !== false)
      element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export const byId = (id) => document.getElementById(id);

/** Sets a text only if it differs, so that nothing is announced twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// --- requests -----------------------------------------------------------------------------------

let token = '';  // nowhere else, on purpose

export function useToken(text) {
  token = text.trim();
}

/** An answer that is an error: `message` is for people, `problem` the document, `status` 0 if the
    service could not be reached. */
export class Refused extends Error {
  constructor(message, status, problem) {
    super(message);
    this.status = status;
    this.problem = problem;
  }
}

function message(response, problem) {
  if (response.status === 401)
    return token ? 'The token is not accepted (any more). Give another one under “Access”.'
      : 'The service wants to know who you are. Give a token under “Access”.';
  const scope = /scope="([^"]+)"/.exec(response.headers.get('WWW-Authenticate') ?? '');
  if (response.status === 403 && scope)
    return `${token ? 'The token lacks' : 'You lack'} the scope ${scope[1]}.`;
  if (problem?.detail) return `${problem.title}: ${problem.detail}`;
  return `The service answered ${response.status} ${response.statusText}.`;
}

/** One request of the API: {status, body, etag}, or throws Refused. */
export async function call(method, path, {body, headers = {}, signal} = {}) {
  const all = {Accept: 'application/json, application/problem+json', ...headers};
  if (token) all.Authorization = `Bearer ${token}`;
  if (body !== undefined && !all['Content-Type']) all['Content-Type'] = 'application/json';
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: all,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'same-origin',
      signal,
    });
  } catch (error) {
    throw new Refused('The service cannot be reached. Trying again.', 0, null, error);
  }
  const text = await response.text();
  let document_ = null;
  if (/json/.test(response.headers.get('Content-Type') ?? '') && text) {
    try {
      document_ = JSON.parse(text);
    } catch {
      throw new Refused('The service answered what is not JSON.', response.status, null);
    }
  }
  if (!response.ok) throw new Refused(message(response, document_), response.status, document_);
  return {status: response.status, body: document_, etag: response.headers.get('ETag'),
    location: response.headers.get('Location')};
}

/** The same, waiting for the operation's end if the answer is 202. */
export async function carryOut(method, path, options = {}) {
  const headers = {Prefer: 'wait=30', ...options.headers};
  let answer = await call(method, path, {...options, headers});
  const where = answer.location;
  while (answer.status === 202 && where) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const operation = await call('GET', where);
    if (operation.body.finished === null) continue;
    const {problem} = operation.body;
    if (problem) throw new Refused(`${problem.title}: ${problem.detail}`, problem.status, problem);
    answer = {status: 200, body: operation.body.result, etag: null, location: null};
  }
  return answer;
}

// --- words --------------------------------------------------------------------------------------

export function number(value) {
  if (value === null || value === undefined) return '–';
  const digits = Math.abs(value) < 10 ? 2 : Math.abs(value) < 100 ? 1 : 0;
  return value.toLocaleString('en', {maximumFractionDigits: digits});
}

export function age(seconds) {
  if (seconds === null || seconds === undefined) return 'unknown';
  for (const [length, name] of [[86400, 'day'], [3600, 'hour'], [60, 'minute']])
    if (seconds >= length) {
      const count = Math.floor(seconds / length);
      return `${count} ${name}${count === 1 ? '' : 's'}`;
    }
  const count = Math.floor(seconds);
  return `${count} second${count === 1 ? '' : 's'}`;
}

export const since = (time) => age(Math.max(0, (Date.now() - Date.parse(time)) / 1000));

/** A word of state with a mark, so that colour alone does not carry it. */
const marks = {good: '✓', warn: '!', bad: '✕', idle: '–'};
const kinds = {
  running: 'good', pass: 'good', ok: 'good', fresh: 'good', succeeded: 'good',
  starting: 'warn', pausing: 'warn', paused: 'warn', reloading: 'warn', draining: 'warn',
  backoff: 'warn', warn: 'warn', ageing: 'warn', stale: 'warn', updating: 'warn',
  failed: 'bad', fail: 'bad', crit: 'bad', error: 'bad', expired: 'bad', missing: 'bad',
};
export function badge(word) {
  const kind = kinds[word] ?? 'idle';
  return el('span', {class: `badge ${kind}`},
    el('span', {'aria-hidden': 'true'}, marks[kind]), ` ${word}`);
}

/** A line of the last values, told in words to those who do not see it. */
export function sparkline(values, what) {
  const width = 160;
  const height = 36;
  const most = Math.max(...values, 0);
  const scale = most > 0 ? (height - 4) / most : 0;
  const step = values.length > 1 ? width / (values.length - 1) : 0;
  const points = values.map((value, i) =>
    `${(i * step).toFixed(1)},${(height - 2 - value * scale).toFixed(1)}`);
  const last = values.at(-1);
  const words = `${what}: ${last === undefined ? 'nothing yet' : `now ${number(last)}`}, ` +
    `most ${number(most)} of the last ${values.length}`;
  return svg('svg', {class: 'spark', viewBox: `0 0 ${width} ${height}`, role: 'img',
    'aria-label': words, preserveAspectRatio: 'none'},
  svg('polygon', {points: values.length > 1
    ? `0,${height} ${points.join(' ')} ${width},${height}` : ''}),
  svg('polyline', {points: points.join(' ')}));
}
