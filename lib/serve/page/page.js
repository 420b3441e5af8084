// SPDX-License-Identifier: Apache-2.0
// The page for people: looks at the service every two seconds, and asks it to do things.
import {age, badge, byId, call, carryOut, el, number, Refused, say, since, sparkline, useToken}
  from './kit.js';
import {showParameters} from './parameters.js';

const api = '/api/v1';

/** The actions and the states in which each does something (the API's table of the lifecycle). */
const actions = [
  {verb: 'start', name: 'Start', states: ['stopped', 'backoff', 'failed']},
  {verb: 'pause', name: 'Pause', states: ['starting', 'running', 'reloading']},
  {verb: 'resume', name: 'Resume', states: ['pausing', 'paused', 'reloading']},
  {verb: 'reload', name: 'Reload', states: ['stopped', 'running', 'paused', 'backoff', 'failed']},
  {verb: 'restart', name: 'Restart',
    states: ['starting', 'running', 'pausing', 'paused', 'backoff', 'failed']},
  {verb: 'stop', name: 'Stop', sure: 'Stop the service? What is under way goes out first.',
    states: ['starting', 'running', 'pausing', 'paused', 'reloading', 'draining', 'backoff',
      'failed']},
];
const tests = [
  ['config-test', 'Configuration', 'parameters, files, expressions; no connection is made'],
  ['connection-test', 'Connections', 'brokers, databases and servers answer'],
  ['unit-test', 'Examples', 'the bots’ own examples, with the configuration of now'],
  ['system-test', 'System', 'fields fit together, and an event comes through'],
];

const history = new Map();  // of what: the last values
const before = {};          // counters at the last look
let status = null;
let busy = null;            // the action that is under way

const content = (section) => byId(section).querySelector('.content');

/** Shows what `make` gives, or says in its place why it cannot be had. */
async function section(name, make) {
  try {
    content(name).replaceChildren(...[await make()].flat());
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status !== 0) content(name).replaceChildren(el('p', {class: 'notice'}, error.message));
  }
}

const nothing = (text) => el('p', {class: 'hint'}, text);

// --- state and actions --------------------------------------------------------------------------

function makeActions() {
  byId('actions').replaceChildren(...actions.map((action) => el('button',
    {type: 'button', id: `do-${action.verb}`, click: () => act(action)}, action.name)));
}

function allowActions() {
  for (const {verb, states} of actions) {
    const button = byId(`do-${verb}`);
    const why = busy ? `${busy} is under way` : `not possible while ${status?.state ?? 'unknown'}`;
    const allowed = Boolean(status) && states.includes(status.state) && !(busy && verb !== 'stop');
    // Not `disabled`: the focus would be lost when the state changes under it.
    button.setAttribute('aria-disabled', String(!allowed));
    if (allowed) button.removeAttribute('title');
    else button.setAttribute('title', why);
  }
}

async function act(action) {
  const button = byId(`do-${action.verb}`);
  if (button.getAttribute('aria-disabled') === 'true')
    return say(byId('said'), `${action.name}: ${button.title}.`);
  if (action.sure && !window.confirm(action.sure)) return undefined;
  busy = action.name;
  allowActions();
  say(byId('said'), `${action.name} …`);
  try {
    const {body} = await carryOut('POST', `${api}/lifecycle/${action.verb}`, {body: {}});
    const applied = body?.applied ? ` (${body.applied})` : '';
    say(byId('said'), `${action.name}: done${applied}, the service is ${body?.state ?? 'there'}.`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(byId('said'), `${action.name}: ${error.message}`);
  } finally {
    busy = null;
    await look();
  }
  return undefined;
}

function showStatus() {
  const line = byId('state');
  const wanted = status.desired === status.state ? '' : ` (desired: ${status.desired})`;
  if (line.dataset.state !== status.state + wanted) {
    line.replaceChildren(badge(status.state), wanted);
    line.dataset.state = status.state + wanted;
  }
  document.title = `${status.state} · ${byId('service').textContent}`;
  const facts = [
    ['Desired', status.desired],
    ['Since', since(status.since)],
    ['Revision', String(status.config_revision)],
    ['Instances', String(status.instances ?? 1)],
    ['Operation', status.operation ?? 'none'],
  ];
  if (status.reason) facts.push(['Reason', status.reason]);
  byId('facts').replaceChildren(...facts.map(([name, value]) =>
    el('div', {}, el('dt', {}, name), el('dd', {}, value))));
  allowActions();
}

// --- throughput ---------------------------------------------------------------------------------

function remember(what, value) {
  const values = history.get(what) ?? [];
  if (value !== null) values.push(value);
  if (values.length > 60) values.shift();
  history.set(what, values);
  return values;
}

/** The rate between the last look and this one; null at the first. */
function rate(what, count, now) {
  const last = before[what];
  before[what] = {count, now};
  if (!last || now <= last.now || count < last.count) return null;
  return (count - last.count) / (now - last.now);
}

function botRow(bot, now) {
  const {counters} = bot;
  const received = remember(`${bot.id} in`, rate(`${bot.id} in`, counters.received, now));
  const errors = Object.entries(bot.errors ?? {}).map(([reason, count]) => `${reason}: ${count}`);
  return el('tr', {},
    el('th', {scope: 'row'}, bot.id),
    el('td', {}, sparkline(received, `records per second into ${bot.id}`)),
    el('td', {class: 'number'}, number(received.at(-1))),
    el('td', {class: 'number'}, number(counters.received)),
    el('td', {class: 'number'}, number(counters.sent)),
    el('td', {class: 'number'}, number(counters.failed),
      errors.length ? el('span', {class: 'hint'}, ` ${errors.join(', ')}`) : null));
}

function queueRow(queue) {
  const depths = queue.depth === null ? [] : remember(`${queue.role} ${queue.name}`, queue.depth);
  return el('tr', {},
    el('th', {scope: 'row'}, queue.name, el('span', {class: 'hint'}, ` ${queue.role}`)),
    el('td', {}, depths.length ? sparkline(depths, `messages waiting in ${queue.name}`) : '–'),
    el('td', {class: 'number'}, number(queue.depth)),
    el('td', {class: 'number'}, number(queue.growth_per_s)),
    el('td', {}, queue.reachable === false ? badge('error') : badge('ok')));
}

function table(caption, heads, rows) {
  return el('div', {class: 'wide', tabindex: '0', role: 'group', 'aria-label': caption},
    el('table', {}, el('caption', {}, caption),
      el('thead', {}, el('tr', {}, heads.map((head) => el('th', {scope: 'col'}, head)))),
      el('tbody', {}, rows)));
}

async function showRates() {
  const {body} = await call('GET', `${api}/stats`);
  const now = Date.parse(body.at) / 1000;
  const bots = table('Bots', ['Bot', 'Records per second', 'now', 'received', 'sent', 'failed'],
    (body.bots ?? []).map((bot) => botRow(bot, now)));
  const queues = body.queues.length
    ? table('Queues', ['Queue', 'Messages waiting', 'now', 'growth per second', 'reachable'],
      body.queues.map(queueRow))
    : nothing('No queue is in use: events come and go by standard streams or files.');
  return [bots, queues];
}

// --- alerts, data, tests ------------------------------------------------------------------------

async function showAlerts() {
  const {body} = await call('GET', `${api}/alerts`);
  if (!body.items.length) return nothing('Nothing is wrong.');
  return el('ul', {class: 'cards'}, body.items.map((alert) => el('li', {class: 'card'},
    el('h3', {}, badge(alert.severity), ` ${alert.symptom}`),
    el('p', {}, alert.diagnosis),
    el('p', {}, el('strong', {}, 'What follows: '), alert.impact),
    el('p', {}, el('strong', {}, 'What helps: '), alert.action),
    el('p', {class: 'hint'}, `for ${since(alert.since)}`))));
}

async function showData() {
  const {body} = await call('GET', `${api}/data`);
  if (!body.items.length) return nothing('The bots look nothing up in files.');
  return table('Files', ['Name', 'State', 'Age', 'Last error'], body.items.map((file) =>
    el('tr', {}, el('th', {scope: 'row'}, file.name), el('td', {}, badge(file.state)),
      el('td', {}, age(file.age_s)), el('td', {}, file.last_error || '–'))));
}

function report(of) {
  if (!of) return [nothing('Has not run yet.')];
  const checks = of.checks.map((check) => el('li', {},
    badge(check.status), ` ${check.id}`, check.target ? ` – ${check.target}` : '',
    check.message ? `: ${check.message}` : '',
    check.hint ? el('span', {class: 'hint'}, ` ${check.hint}`) : null));
  return [
    el('p', {}, badge(of.status),
      el('span', {class: 'hint'}, ` ${since(of.started)} ago, ${number(of.duration_ms)} ms`)),
    checks.length ? el('details', {open: of.status !== 'pass'},
      el('summary', {}, `${checks.length} check${checks.length === 1 ? '' : 's'}`),
      el('ul', {class: 'checks'}, checks)) : null,
  ];
}

async function runTest(name, title, card, button) {
  const result = card.querySelector('.result');
  if (button.getAttribute('aria-disabled') === 'true') return;
  button.setAttribute('aria-disabled', 'true');
  result.replaceChildren(el('p', {}, 'Running …'));
  try {
    const {body} = await carryOut('POST', `${api}/self-test/${name}`, {body: {}});
    result.replaceChildren(...report(body).filter(Boolean));
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    result.replaceChildren(el('p', {class: 'notice'}, `${title}: ${error.message}`));
  }
  button.setAttribute('aria-disabled', 'false');
}

async function showTests() {
  const {body} = await call('GET', `${api}/self-test`);
  const last = new Map(body.items.map((item) => [item.test, item]));
  return el('ul', {class: 'cards'}, tests.map(([name, title, about]) => {
    const card = el('li', {class: 'card', id: name},
      el('h3', {}, title), el('p', {class: 'hint'}, about));
    const button = el('button', {type: 'button', 'aria-label': `Run the test: ${title}`,
      click: () => runTest(name, title, card, button)}, 'Run');
    card.append(button, el('div', {class: 'result', role: 'status'},
      ...report(last.get(name)).filter(Boolean)));
    return card;
  }));
}

// --- the graph ----------------------------------------------------------------------------------

/** A field's name, which may be broken at its dots. */
const field = (name) => el('code', {}, name.split('.').flatMap((part, i) =>
  (i ? ['.', el('wbr'), part] : [part])));
const group = (needed) => (needed.all_of ?? needed.any_of).flatMap((name, i) =>
  [i ? (needed.all_of ? ' and ' : ' or ') : '', field(name)]);

function fieldList(title, names) {
  if (!names.length) return null;
  return [el('h4', {}, title), el('ul', {class: 'fields'}, names.map((name) => el('li', {},
    typeof name === 'string' ? field(name) : name)))];
}

/** Whether what a bot needs arrives: surely, perhaps, or never. */
function arrives(needed, flow) {
  if (!flow) return null;
  const names = needed.all_of ?? needed.any_of;
  const how = needed.all_of ? 'every' : 'some';
  if (names[how]((name) => flow.must_in?.includes(name))) return 'ok';
  if (flow.any_in || names[how]((name) => flow.may_in?.includes(name))) return null;
  return 'missing';
}

function botCard(bot, flow) {
  const {fields} = bot;
  const needs = fields.requires.map((needed) => {
    const verdict = arrives(needed, flow);
    return el('span', {}, group(needed), verdict ? ' ' : '',
      verdict ? badge(verdict) : null);
  });
  const makes = fields.produces.map((made) => el('span', {}, field(made.field),
    made.certainty === 'may' ? el('span', {class: 'hint'}, ' perhaps') : null));
  return el('li', {class: 'node'}, el('div', {class: 'card'},
    el('h3', {}, bot.id ?? bot.name.replace('intelmq-', '')),
    el('p', {class: 'hint'}, bot.summary ?? bot.name),
    fieldList('Needs', needs), fieldList('Looks at', fields.optional ?? []),
    fieldList('Produces', makes), fieldList('Removes', fields.removes ?? [])));
}

const endName = (end) => (end ? [end.broker, end.queue].filter(Boolean).join(' / ') : 'nothing');

function endCard(title, lines) {
  return el('li', {class: 'node'}, el('div', {class: 'card end'}, el('h3', {}, title),
    el('ul', {class: 'fields'}, lines.map((line) => el('li', {}, line)))));
}

async function showFlow() {
  const [described, flow, pipeline] = await Promise.all([
    call('GET', `${api}/describe`), call('GET', `${api}/describe/fields`),
    call('GET', `${api}/pipeline`)]);
  const bots = described.body.bots ?? [described.body];
  const ids = Object.keys(flow.body.bots ?? {});
  const {source, destinations} = pipeline.body;
  const out = Object.entries(destinations).map(([path, ends]) =>
    `${path === '_default' ? '' : `${path}: `}${ends.map(endName).join(', ') || 'nowhere'}`);
  return el('ol', {class: 'graph'},
    endCard('Source', [endName(source)]),
    bots.map((bot, i) => botCard({...bot, id: ids[i]}, flow.body.bots?.[ids[i]])),
    endCard('Destination', out.length ? out : ['nowhere']));
}

// --- looking ------------------------------------------------------------------------------------

function reachable(text) {
  const notice = byId('notice');
  if (notice.textContent === text) return;
  notice.replaceChildren(text ? el('p', {class: 'notice bad'}, text) : '');
}

async function look() {
  try {
    status = (await call('GET', `${api}/status`)).body;
    reachable('');
    showStatus();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    status = null;
    reachable(error.message);
    byId('state').replaceChildren(badge(error.status === 0 ? 'unreachable' : 'unknown'));
    byId('state').dataset.state = '';
    allowActions();
    return;
  }
  await Promise.all([section('rates', showRates), section('alerts', showAlerts)]);
}

async function showAccess() {
  try {
    const {body} = await call('GET', `${api}/whoami`);
    say(byId('who'), `${body.name} (${body.kind}), with ${body.scopes.join(', ') || 'no scopes'}.`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    say(byId('who'), error.message);
  }
}

async function showService() {
  try {
    const {body} = await call('GET', api);
    say(byId('service'), body.name);
    say(byId('footer'), `Instance ${body.instance}`);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
  }
}

/** All of the page, as after a change of who is looking. */
async function lookAtAll() {
  await Promise.all([showService(), showAccess(), look()]);
  if (!status) return;
  await Promise.all([section('flow', showFlow), section('data', showData),
    section('tests', showTests), section('parameters', showParameters)]);
}

async function goOn(turn) {
  const lost = !status;
  if (!document.hidden) {
    await look();
    if (status && lost) await lookAtAll();
    else if (status && turn % 15 === 0) await section('data', showData);
  }
  setTimeout(() => goOn(turn + 1), 2000);
}

byId('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  useToken(byId('token').value);
  byId('token').value = '';
  lookAtAll();
});
byId('forget').addEventListener('click', () => {
  useToken('');
  byId('token').value = '';
  lookAtAll();
});
makeActions();
allowActions();
lookAtAll().then(() => setTimeout(() => goOn(1), 2000));
