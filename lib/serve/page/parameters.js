// SPDX-License-Identifier: Apache-2.0
// The parameters of each bot as a form; what is wrong is said at the field.
import {call, carryOut, el, Refused, say} from './kit.js';

const types = (schema) => [schema.type ?? []].flat();
const isSecret = (schema) => Boolean(schema['x-secret'] || schema.writeOnly);

/** The field of one parameter: {row, read() -> value or undefined if unchanged, wrong(text)}. */
function makeField(bot, name, schema, value, origin) {
  const id = `${bot}-${name}`;
  const first = shown(schema, value);
  const described = `${id}-hint ${id}-wrong`;
  const input = makeInput(id, described, schema, first);
  const wrong = el('p', {class: 'wrong', id: `${id}-wrong`});
  const fixed = schema['x-reload'] === undefined && schema.readOnly;
  if (fixed) input.setAttribute('disabled', '');
  const restart = schema['x-reload'] === 'restart' ? '; a change starts the bot anew' : '';
  const row = el('div', {class: 'field'},
    el('label', {for: id}, name),
    input,
    el('p', {class: 'hint', id: `${id}-hint`},
      `${schema.description ?? ''} (${origin ?? 'default'}${restart})`),
    wrong);
  return {
    name,
    row,
    input,
    reset: origin === 'api',
    read: () => (input.value === first ? undefined : parse(schema, input.value)),
    wrong: (text) => {
      say(wrong, text);
      if (text) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    },
  };
}

/** A value as the text of its input. */
function shown(schema, value) {
  if (isSecret(schema) || value === null || value === undefined) return '';
  if (Array.isArray(value) && value.every((item) => typeof item === 'string'))
    return value.join('\n');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What was typed as the value of its type; what does not fit is left to the service to judge. */
function parse(schema, text) {
  const all = types(schema);
  if (all.includes('array')) return text.split('\n').filter((line) => line.trim() !== '');
  if (text === '') return all.includes('string') && schema.default === '' ? '' : null;
  if (all.includes('boolean') && /^(true|false)$/.test(text)) return text === 'true';
  if ((all.includes('integer') || all.includes('number')) && /^-?\d+(\.\d+)?$/.test(text))
    return Number(text);
  if (all.includes('object')) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return text;
}

function makeInput(id, described, schema, text) {
  const common = {id, 'aria-describedby': described};
  const choices = schema.enum ?? (types(schema).includes('boolean') ? [true, false] : null);
  if (choices) {
    const all = choices.map(String);
    if (!all.includes(text)) all.unshift(text);
    return el('select', common, all.map((choice) =>
      el('option', {value: choice, selected: choice === text}, choice === '' ? '(default)' : choice)));
  }
  if (types(schema).includes('array')) {
    const area = el('textarea', {...common, rows: String(Math.min(6, text.split('\n').length)),
      spellcheck: 'false'});
    area.value = text;
    return area;
  }
  const input = el('input', {...common, spellcheck: 'false', autocomplete: 'off',
    type: isSecret(schema) ? 'password' : 'text',
    placeholder: isSecret(schema) ? 'hidden; type to replace it' : null});
  input.value = text;
  return input;
}

/** Brings errors of the API to their fields; the text for those that have none. */
function point(problem, fields) {
  const rest = [];
  let first = null;
  for (const {pointer, detail} of problem?.errors ?? []) {
    const name = decodeURIComponent(pointer.split('/')[1] ?? '').replace(/~1/g, '/')
      .replace(/~0/g, '~');
    const field = fields.find((one) => one.name === name);
    if (field) field.wrong(detail);
    else rest.push(detail);
    if (field) first ??= field;
  }
  if (first) {
    first.input.closest('details')?.setAttribute('open', '');
    first.input.focus();
  }
  return rest.join(' ');
}

/** The form of one bot. */
function makeForm(bot, schema, values, etag, changed) {
  const path = `/api/v1/bots/${encodeURIComponent(bot)}/parameters`;
  const fields = Object.entries(schema.properties).map(([name, own]) =>
    makeField(bot, name, own, values.parameters[name], values.origin[name]));
  const said = el('p', {class: 'said', role: 'status'});
  const gather = () => {
    const patch = {};
    for (const field of fields) {
      field.wrong('');
      const value = field.read();
      if (value !== undefined) patch[field.name] = value;
    }
    return patch;
  };
  const attempt = async (what) => {
    const patch = gather();
    if (!Object.keys(patch).length) return say(said, 'Nothing has been changed.');
    say(said, 'Looking …');
    try {
      await what(patch);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const rest = point(error.problem, fields);
      say(said, error.status === 412
        ? 'Somebody else has changed the parameters meanwhile. Load them again, then change yours.'
        : `${error.message} ${rest}`);
    }
    return undefined;
  };
  const save = () => attempt(async (patch) => {
    const headers = {'Content-Type': 'application/merge-patch+json', 'If-Match': etag};
    const {body} = await carryOut('PATCH', path, {body: patch, headers});
    await changed(`Saved as revision ${body?.revision ?? '?'}.`);
  });
  const check = () => attempt(async (patch) => {
    const {body} = await call('POST', `${path}/validate`, {body: patch});
    const errors = body.parameters.flatMap((one) => one.errors).concat(body.errors ?? []);
    const rest = point({errors}, fields);
    say(said, body.valid ? 'These values would work.' : `These values would not work. ${rest}`);
  });
  const groups = new Map();
  for (const field of fields) {
    const name = schema.properties[field.name]['x-group'] ?? 'bot';
    groups.set(name, [...(groups.get(name) ?? []), field]);
  }
  const own = groups.get('bot') ?? [];
  groups.delete('bot');
  const form = el('form', {class: 'parameters', novalidate: true, 'aria-label': `Parameters of ${bot}`,
    submit: (event) => {
      event.preventDefault();
      save();
    }},
  el('h3', {}, bot),
  own.length ? own.map(({row}) => row) : el('p', {class: 'hint'}, 'It has none of its own.'),
  [...groups].map(([name, all]) => el('details', {},
    el('summary', {}, `${name} (${all.length})`), all.map(({row}) => row))),
  el('div', {class: 'buttons'},
    el('button', {type: 'submit'}, 'Save'),
    el('button', {type: 'button', click: check}, 'Check only'),
    el('button', {type: 'button', click: () => changed('Loaded again.')}, 'Load again')),
  said);
  return {form, said};
}

/** The forms of all bots, loaded anew after a change. */
export async function showParameters() {
  const bots = (await call('GET', '/api/v1/bots')).body.items;
  return Promise.all(bots.map(async ({id}) => {
    const place = el('div', {});
    const load = async (text) => {
      const path = `/api/v1/bots/${encodeURIComponent(id)}/parameters`;
      const [schema, values] = await Promise.all(
        [call('GET', `${path}/schema`), call('GET', path)]);
      const {form, said} = makeForm(id, schema.body, values.body, values.etag, async (after) => {
        await load(after);
      });
      place.replaceChildren(form);
      if (text) {
        form.querySelector('button').focus();
        say(said, text);
      }
    };
    await load('');
    return place;
  }));
}
