// Clicks through the built site in headless Chromium: charts must hold ink, the search must find, the tree must show,
// nothing may fail, and nothing may be asked of any host but this one. `npm test`, after a build of the site.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const site = process.env.SITE ?? '../../build/site';
const shots = process.env.SCREENSHOTS;
const server = spawn('python3', ['-u', '-m', 'http.server', '--bind', '127.0.0.1', '-d', site, '0'], {
	stdio: ['ignore', 'pipe', 'ignore']
});
const [greeting] = await once(server.stdout, 'data');
const base = String(greeting).match(/http:\/\/127\.0\.0\.1:\d+/)[0];

const browser = await chromium.launch({
	executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
	args: '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'.split(' ')
});
const problems = [];

async function open(width) {
	const page = await browser.newPage({ viewport: { width, height: 900 } });
	page.setDefaultTimeout(30_000);
	const answered = new Set();
	const visit = new WeakMap(); // of each request
	let visits = 0;
	const { goto } = page;
	page.goto = (...address) => {
		visits += 1;
		return goto.apply(page, address);
	};
	page.on('request', (request) => {
		visit.set(request, visits);
		const { protocol, origin } = new URL(request.url());
		if (!['data:', 'blob:'].includes(protocol) && origin !== base) problems.push(`asked elsewhere: ${request.url()}`);
	});
	page.on('response', (response) => {
		answered.add(response.url());
		if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
	});
	page.on('requestfailed', (request) => {
		// The Arrow reader hangs up once it has read the end of an answer.
		if (request.url().endsWith('.arrow') && answered.has(request.url())) return;
		// Leaving a page breaks off what it was still loading.
		if (request.failure().errorText === 'net::ERR_ABORTED' && visit.get(request) < visits) return;
		problems.push(`failed: ${request.url()} ${request.failure().errorText}`);
	});
	page.on('pageerror', (error) => problems.push(`error: ${error}`));
	page.on('console', (message) => {
		if (message.type() === 'error') problems.push(`console: ${message.text()}`);
	});
	return page;
}

// Every chart in sight of the page has pixels that are not blank, and there are at least `least` of them.
async function drawn(page, least) {
	await page.waitForFunction(
		(least) => {
			const inked = (canvas) =>
				canvas.width * canvas.height > 0 &&
				canvas
					.getContext('2d')
					.getImageData(0, 0, canvas.width, canvas.height)
					.data.some((value, i) => i % 4 === 3 && value > 0);
			const canvases = [...document.querySelectorAll('.chart canvas')];
			return canvases.length >= least && canvases.every(inked);
		},
		least
	);
	await page.waitForLoadState('networkidle');
	const text = await page.locator('body').innerText();
	assert.doesNotMatch(text, /Error|NaN|undefined|\[object/, page.url());
	assert.equal(await page.evaluate(() => window.pwned), undefined, 'text of the data ran as a script');
	assert.equal(await page.locator('img[src=x], img[onerror]').count(), 0, 'text of the data became an element');
}

// What the first page says in its lower part, whether cards and papers have been landed or not.
async function ecosystem(page) {
	await page.locator('td:visible', { hasText: 'safetensors' }).first().waitFor();
	await page.getByText(/cards of [\d,]+ were looked for|No cards have been landed/).waitFor();
	await page.getByText(/once for each arXiv category|No papers have been landed/).first().waitFor();
	await page.locator('tr.row-link:visible').first().waitFor();
}

async function shot(page, name, width) {
	if (!shots) return;
	mkdirSync(shots, { recursive: true });
	await page.waitForTimeout(800);
	await page.screenshot({ path: `${shots}/${name}-${width}.png`, fullPage: true });
}

try {
	for (const width of [1280, 390]) {
		const page = await open(width);
		for (const [path, least] of [['', 4], ['traits', 4], ['similarity', 1], ['families', 3], ['drift', 0]]) {
			await page.goto(`${base}/${path}${path && '/'}`, { waitUntil: 'networkidle' });
			await drawn(page, least);
			const wide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
			assert.ok(wide <= 0, `${path} is ${wide} pixels wider than a screen of ${width}`);
			await shot(page, path || 'index', width);
		}

		// What is new or gone is drawn once there are two snapshots.
		const several = !(await page.getByText('There is one snapshot').count());
		if (several) await drawn(page, 1);
		await page.locator('th:visible', { hasText: 'Gone' }).first().waitFor();

		// The eight shapes with their letters, and beside each label of the chart its shape, the pair filled in.
		await page.goto(`${base}/similarity/`, { waitUntil: 'networkidle' });
		await drawn(page, 1);
		const shapes = page.getByTestId('shapes').locator('svg[role=img]');
		assert.equal(await shapes.count(), 8);
		assert.deepEqual(
			await shapes.evaluateAll((all) => all.map((svg) => [...svg.querySelectorAll('text')].map((text) => text.textContent).sort().join(''))),
			['uv', 'uv', 'uvw', 'uvw', 'uvwx', 'uvwx', 'uvwx', 'tuvw']
		);
		const filled = await page.locator('.chart canvas').first().evaluate((canvas) => {
			const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
			const beside = (180 * canvas.width) / canvas.clientWidth; // labels and shapes; dots and intervals are right of it
			let n = 0;
			for (let i = 0; i < data.length; i += 4)
				n += (i / 4) % width < beside && data[i] === 31 && data[i + 1] === 78 && data[i + 2] === 121 && data[i + 3] === 255;
			return n;
		});
		assert.ok(filled > 24 * 2 * 10, `24 pairs are filled in: ${filled} pixels`);

		// Each page says whose counts these are; categories of licenses, availability and cards are there.
		await page.getByText('Counts and rates are of snapshot').waitFor();
		await page.goto(`${base}/`, { waitUntil: 'networkidle' });
		await drawn(page, 4);
		await ecosystem(page);

		// From the largest family's root to its page: search, click, and find the tree there.
		await page.goto(`${base}/families/`, { waitUntil: 'networkidle' });
		await drawn(page, 3);
		const tree = page.getByTestId('family-tree');
		assert.ok(Number(await tree.getAttribute('data-nodes')) > 2, 'the largest family has a tree');
		const name = await page.locator('main b, main strong, article strong').first().innerText();
		await page.getByPlaceholder('at least two characters').fill(name);
		await page.locator('table:has(th:has-text("Descendants")) tr.row-link:visible', { hasText: name }).first().click();
		await page.waitForURL('**/model/?id=*');
		assert.equal(new URL(page.url()).searchParams.get('id'), name);
		assert.equal(await page.getByTestId('model-name').innerText(), name);
		await drawn(page, 1);
		assert.ok(Number(await tree.getAttribute('data-nodes')) > 2, 'a model with children has a tree');
		await shot(page, 'model', width);

		// A chart's tooltip shows values as text.
		await page.goto(`${base}/`, { waitUntil: 'networkidle' });
		await drawn(page, 4);
		const bars = page.locator('.chart canvas').nth(2);
		await bars.scrollIntoViewIfNeeded();
		const box = await bars.boundingBox();
		await page.mouse.move(box.x + box.width * 0.8, box.y + 20);
		await page.mouse.move(box.x + box.width * 0.8, box.y + 45, { steps: 5 });
		await page.locator('.chart > div:nth-child(2)', { hasText: /models/i }).first().waitFor();
		await drawn(page, 4);
		await ecosystem(page);

		await page.goto(`${base}/model/?id=${encodeURIComponent("no/such'model")}`);
		await page.getByText('No page for').waitFor();
		await page.waitForLoadState('networkidle');
		await page.close();
	}
	assert.deepEqual([...new Set(problems)], []);
	console.log('site: charts drawn, search and tree work, nothing failed and nothing asked of another host');
} finally {
	await browser.close();
	server.kill();
}
