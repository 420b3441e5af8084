// SPDX-License-Identifier: Apache-2.0
// Looks at the pages of intelmq-serve as people do, in Debian's Chromium; tests/serve/page calls it:
//   node browser.cjs SCENARIO '{"url", "playwright", "axe", "screenshots", ...}'
// Ends with 0, or says what is wrong and ends with 1.
'use strict';
const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');

const [scenario, given] = process.argv.slice(2);
const options = JSON.parse(given);
const {chromium} = require(options.playwright);
const found = [];  // what the browser complained of, and requests to elsewhere

async function open(browser, where = '/', more = {}) {
  const context = await browser.newContext({viewport: {width: 1280, height: 900}, ...more});
  const page = await context.newPage();
  page.setDefaultTimeout(15000);
  await context.route('**/*', (route) => {
    if (route.request().url().startsWith(options.url)) return route.continue();
    found.push(`request to ${route.request().url()}`);
    return route.abort();
  });
  page.on('console', (said) => {
    // Chromium itself reports each answer that is an error; those are looked at elsewhere.
    if (said.type() === 'error' && !/Failed to load resource/.test(said.text()))
      found.push(said.text());
  });
  page.on('pageerror', (error) => found.push(String(error)));
  await page.goto(options.url + where);
  return page;
}

async function shot(page, name) {
  if (!options.screenshots) return;
  fs.mkdirSync(options.screenshots, {recursive: true});
  await page.screenshot({path: path.join(options.screenshots, `${name}.png`),
    fullPage: !name.startsWith('docs')});
}

const state = (page, word) => page.locator('#state .badge', {hasText: word})
  .waitFor({timeout: 15000});
const ready = async (page) => {
  await state(page, options.state ?? 'running');
  await page.locator('#parameters form').first().waitFor();
  await page.locator('#tests .card').first().waitFor();
};

async function axe(page, what) {
  await page.evaluate(fs.readFileSync(path.join(options.axe, 'axe.min.js'), 'utf8'));
  const {violations} = await page.evaluate(() => window.axe.run());
  const told = violations.map((one) =>
    `${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html).join(' ')}`);
  assert.deepStrictEqual(told, [], `${what}: ${told.join('\n')}`);
}

/** Tab after Tab until the element has the focus; the number of keys. */
async function tabTo(page, selector, most = 60) {
  for (let keys = 1; keys <= most; ++keys) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector))
      return keys;
  }
  throw new Error(`no Tab leads to ${selector}`);
}

const scenarios = {
  async shows(browser) {
    const page = await open(browser);
    await ready(page);
    for (const id of options.bots)
      await page.locator('#flow h3', {hasText: id}).waitFor();
    const flow = await page.locator('#flow').innerText();
    for (const field of options.fields) assert(flow.includes(field), `${field} is not in: ${flow}`);
    await page.locator('#rates .spark').first().waitFor();
    const label = await page.locator('#rates .spark').first().getAttribute('aria-label');
    assert(/records per second into/.test(label), label);
    assert.strictEqual(await page.locator('#tests .card').count(), 4);
    await page.waitForTimeout(7000);  // so that there are lines to see
    await shot(page, 'light');
  },
  async pause(browser) {
    const page = await open(browser);
    await ready(page);
    assert.strictEqual(await page.locator('#do-resume').getAttribute('aria-disabled'), 'true');
    await page.locator('#do-pause').click();
    await state(page, 'paused');
    await page.locator('#said', {hasText: 'Pause: done'}).waitFor();
    assert.strictEqual(await page.locator('#do-pause').getAttribute('aria-disabled'), 'true');
    await shot(page, 'paused');
  },
  async resume(browser) {
    const page = await open(browser);
    await ready(page);
    await page.locator('#do-resume').click();
    await state(page, 'running');
  },
  async wrong(browser) {
    const page = await open(browser);
    await ready(page);
    const form = page.locator(`form[aria-label="Parameters of ${options.bot}"]`);
    const field = form.locator(`[id="${options.bot}-${options.parameter}"]`);
    await field.fill('nonsense');
    await form.getByRole('button', {name: 'Save'}).click();
    const wrong = form.locator(`[id="${options.bot}-${options.parameter}-wrong"]`);
    await wrong.filter({hasText: /./}).waitFor();
    assert.strictEqual(await field.getAttribute('aria-invalid'), 'true');
    assert((await field.getAttribute('aria-describedby')).includes(`${options.parameter}-wrong`));
    assert(await field.evaluate((input) => document.activeElement === input), 'focus');
    await shot(page, 'wrong');
    console.log(await wrong.innerText());
    await field.fill(options.right);
    await form.getByRole('button', {name: 'Check only'}).click();
    await form.locator('.said', {hasText: 'would work'}).waitFor();
    assert.strictEqual(await field.getAttribute('aria-invalid'), null);
    await form.getByRole('button', {name: 'Save'}).click();
    await form.locator('.said', {hasText: 'Saved as revision'}).waitFor({timeout: 60000});
  },
  async stale(browser) {
    const page = await open(browser);
    await ready(page);
    const form = page.locator(`form[aria-label="Parameters of ${options.bot}"]`);
    const path_ = `${options.url}/api/v1/bots/${options.bot}/parameters/${options.parameter}`;
    const answer = await page.request.put(path_, {data: {value: options.right}});
    assert(answer.ok(), await answer.text());
    await form.locator(`[id="${options.bot}-${options.parameter}"]`).fill(options.other);
    await form.getByRole('button', {name: 'Save'}).click();
    await form.locator('.said', {hasText: 'Somebody else'}).waitFor();
  },
  async test(browser) {
    const page = await open(browser);
    await ready(page);
    const card = page.locator('#config-test');
    await card.getByRole('button').click();
    await card.locator('.badge', {hasText: 'pass'}).first().waitFor({timeout: 60000});
    for (const name of ['unit-test', 'connection-test', 'system-test']) {
      await page.locator(`#${name}`).getByRole('button').click();
      await page.locator(`#${name} .result .badge`).first().waitFor({timeout: 60000});
    }
    await shot(page, 'tests');
  },
  async themes(browser) {
    const colours = [];
    for (const colorScheme of ['light', 'dark']) {
      for (const width of [1280, 360]) {
        const page = await open(browser, '/', {colorScheme, viewport: {width, height: 800}});
        await ready(page);
        await page.waitForTimeout(4500);
        const wide = await page.evaluate(() => document.scrollingElement.scrollWidth);
        assert(wide <= width, `${wide} pixels wide at ${width}`);
        colours.push(await page.evaluate(() => getComputedStyle(document.body).backgroundColor));
        await shot(page, `${colorScheme}-${width}`);
      }
    }
    assert.notStrictEqual(colours[0], colours[2], 'dark is as light');
  },
  async keyboard(browser) {
    const page = await open(browser);
    await ready(page);
    await page.keyboard.press('Tab');
    assert.strictEqual(await page.evaluate(() => document.activeElement.className), 'skip');
    await page.keyboard.press('Enter');
    await tabTo(page, '#do-pause');
    const outline = await page.evaluate(() => {
      const style = getComputedStyle(document.activeElement);
      return `${style.outlineStyle} ${style.outlineWidth}`;
    });
    assert(!/none|(^| )0px/.test(outline), `the focus is not to be seen: ${outline}`);
    await page.keyboard.press('Enter');
    await state(page, 'paused');
    assert(await page.evaluate(() => document.activeElement.matches('#do-pause')), 'focus was lost');
    await tabTo(page, '#do-resume');
    await page.keyboard.press('Space');
    await state(page, 'running');
    await tabTo(page, '#config-test button');
    await page.keyboard.press('Enter');
    await page.locator('#config-test .result .badge').first().waitFor({timeout: 60000});
    await tabTo(page, '#parameters summary, #parameters input', 80);
  },
  async accessible(browser) {
    for (const colorScheme of ['light', 'dark']) {
      const page = await open(browser, '/', {colorScheme});
      await ready(page);
      await page.evaluate(() => document.querySelectorAll('details').forEach((one) => {
        one.open = true;
      }));
      await page.waitForTimeout(500);
      await axe(page, `${colorScheme}`);
      const docs = await open(browser, '/api/v1/docs', {colorScheme});
      await docs.locator('#found', {hasText: 'operations'}).waitFor();
      await docs.locator('#pause summary').click();
      await docs.locator('#pause table').first().waitFor();
      await axe(docs, `docs, ${colorScheme}`);
    }
  },
  async docs(browser) {
    const page = await open(browser, '/api/v1/docs');
    await page.locator('#found', {hasText: 'operations'}).waitFor();
    const count = await page.locator('details.operation').count();
    assert.strictEqual(count, options.operations);
    await page.locator('#pause summary').click();
    await page.locator('#pause', {hasText: 'needs intelmq.control'}).waitFor();
    await page.locator('#pause').scrollIntoViewIfNeeded();
    await shot(page, 'docs');
    await page.locator('#find').fill('syslog delete');
    await page.locator('#found', {hasText: /^1 of/}).waitFor();
    const narrow = await open(browser, '/api/v1/docs', {viewport: {width: 360, height: 800},
      colorScheme: 'dark'});
    await narrow.locator('#setParameters summary').click();
    await narrow.locator('#setParameters pre').first().waitFor();
    const wide = await narrow.evaluate(() => document.scrollingElement.scrollWidth);
    assert(wide <= 360, `${wide} pixels wide at 360`);
    await narrow.locator('#find').fill('set all');
    await shot(narrow, 'docs-dark-360');
  },
  async lost(browser) {
    const page = await open(browser);
    await ready(page);
    process.kill(options.pid, 'SIGKILL');
    await page.locator('#notice', {hasText: 'cannot be reached'}).waitFor({timeout: 15000});
    assert.strictEqual(await page.locator('#do-pause').getAttribute('aria-disabled'), 'true');
    await shot(page, 'lost');
  },
  async token(browser) {
    const page = await open(browser);
    await page.locator('#notice', {hasText: 'Give a token'}).waitFor();
    await shot(page, 'signed-out');
    await page.locator('#token').fill(options.viewer);
    await page.getByRole('button', {name: 'Use it'}).click();
    await ready(page);
    assert.strictEqual(await page.locator('#token').inputValue(), '');
    assert.deepStrictEqual(await page.evaluate(() =>
      [localStorage.length, sessionStorage.length, document.cookie]), [0, 0, '']);
    await page.locator('#do-pause').click();
    await page.locator('#said', {hasText: 'lacks the scope intelmq.control'}).waitFor();
    await shot(page, 'viewer');
    await page.getByRole('button', {name: 'Forget it'}).click();
    await page.locator('#notice', {hasText: 'Give a token'}).waitFor();
  },
};

async function main() {
  const browser = await chromium.launch({executablePath: options.chromium,
    args: ['--no-sandbox', '--disable-dev-shm-usage']});
  try {
    await scenarios[scenario](browser);
    assert.deepStrictEqual(found, [], found.join('\n'));
  } finally {
    await browser.close();
  }
}

main().catch((error) => {
  console.error(String(error.message ?? error).split('\n').slice(0, 12).join('\n'));
  process.exit(1);
});
