// Clicks through the built site in headless Chromium. Checks that charts are drawn, search and trees work, no request fails,
// and no other host is contacted. Build the site first, then run `npm test`.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const site = process.env.SITE ?? '../build/site';
const screenshots = process.env.SCREENSHOTS;
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
	const visit = new WeakMap(); // number of the page visit that made a request
	let visits = 0;
	const { goto } = page;
	page.goto = (...address) => {
		visits += 1;
		return goto.apply(page, address);
	};
	page.on('request', (request) => {
		visit.set(request, visits);
		const { protocol, origin } = new URL(request.url());
		if (!['data:', 'blob:'].includes(protocol) && origin !== base) problems.push(`request to another host: ${request.url()}`);
	});
	page.on('response', (response) => {
		answered.add(response.url());
		if (response.status() >= 400) problems.push(`${response.status()} ${response.url()}`);
	});
	page.on('requestfailed', (request) => {
		// The Arrow reader closes the connection after the last byte of a response.
		if (request.url().endsWith('.arrow') && answered.has(request.url())) return;
		// Leaving a page aborts its pending requests.
		if (request.failure().errorText === 'net::ERR_ABORTED' && visit.get(request) < visits) return;
		problems.push(`request failed: ${request.url()} ${request.failure().errorText}`);
	});
	page.on('pageerror', (error) => problems.push(`error: ${error}`));
	page.on('console', (message) => {
		if (message.type() === 'error') problems.push(`console: ${message.text()}`);
	});
	return page;
}

// Waits until the page has at least `minimum` charts, and all of them have pixels that are not blank.
async function assertCharts(page, minimum) {
	await page.waitForFunction(
		(minimum) => {
			const hasPixels = (canvas) =>
				canvas.width * canvas.height > 0 &&
				canvas
					.getContext('2d')
					.getImageData(0, 0, canvas.width, canvas.height)
					.data.some((value, i) => i % 4 === 3 && value > 0);
			const canvases = [...document.querySelectorAll('.chart canvas')];
			return canvases.length >= minimum && canvases.every(hasPixels);
		},
		minimum
	);
	await page.waitForLoadState('networkidle');
	const text = await page.locator('body').innerText();
	assert.doesNotMatch(text, /Error|NaN|undefined|\[object/, page.url());
	assert.equal(await page.evaluate(() => window.pwned), undefined, 'text of the data was executed as a script');
	assert.equal(await page.locator('img[src=x], img[onerror]').count(), 0, 'text of the data was inserted as HTML');
}

// Checks the lower part of the first page, with or without cards and papers.
async function assertOverview(page) {
	await page.locator('td:visible', { hasText: 'safetensors' }).first().waitFor();
	await page.getByText(/Cards were requested for|There are no model cards/).waitFor();
	await page.getByText(/once for each arXiv category|There are no titles or categories of papers/).first().waitFor();
	await page.locator('tr.row-link:visible').first().waitFor();
}

async function screenshot(page, name, width) {
	if (!screenshots) return;
	mkdirSync(screenshots, { recursive: true });
	await page.waitForTimeout(800);
	await page.screenshot({ path: `${screenshots}/${name}-${width}.png`, fullPage: true });
}

try {
	for (const width of [1280, 390]) {
		const page = await open(width);
		for (const [path, minimum] of [['', 4], ['inheritance', 4], ['similarity', 1], ['families', 3], ['licenses', 2], ['api-changes', 0]]) {
			await page.goto(`${base}/${path}${path && '/'}`, { waitUntil: 'networkidle' });
			await assertCharts(page, minimum);
			const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
			assert.ok(overflow <= 0, `${path} is ${overflow} pixels wider than the screen of ${width} pixels`);
			await screenshot(page, path || 'index', width);
		}

		// The chart of new and removed models needs two snapshots.
		const several = !(await page.getByText('There is only one snapshot').count());
		if (several) await assertCharts(page, 1);
		await page.locator('th:visible', { hasText: 'Removed' }).first().waitFor();

		// The eight shapes have their letters, and each label of the chart has its shape with the pair filled in.
		await page.goto(`${base}/similarity/`, { waitUntil: 'networkidle' });
		await assertCharts(page, 1);
		const shapes = page.getByTestId('shapes').locator('svg[role=img]');
		assert.equal(await shapes.count(), 8);
		assert.deepEqual(
			await shapes.evaluateAll((all) => all.map((svg) => [...svg.querySelectorAll('text')].map((text) => text.textContent).sort().join(''))),
			['uv', 'uv', 'uvw', 'uvw', 'uvwx', 'uvwx', 'uvwx', 'tuvw']
		);
		const filled = await page.locator('.chart canvas').first().evaluate((canvas) => {
			const { data, width } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
			const labelWidth = (220 * canvas.width) / canvas.clientWidth; // dots and intervals are right of the labels and shapes
			let n = 0;
			for (let i = 0; i < data.length; i += 4)
				n += (i / 4) % width < labelWidth && data[i] === 31 && data[i + 1] === 78 && data[i + 2] === 121 && data[i + 3] === 255;
			return n;
		});
		assert.ok(filled > 24 * 2 * 10, `24 pairs must be filled in, found ${filled} filled pixels`);

		// Each page names the snapshot; the first page has availability, cards and papers.
		await page.getByText('All numbers are from snapshot').waitFor();
		await page.goto(`${base}/`, { waitUntil: 'networkidle' });
		await assertCharts(page, 4);
		await assertOverview(page);

		// Search for the root of the largest family, open its page, and check its tree.
		await page.goto(`${base}/families/`, { waitUntil: 'networkidle' });
		await assertCharts(page, 3);
		const tree = page.getByTestId('family-tree');
		assert.ok(Number(await tree.getAttribute('data-nodes')) > 2, 'the largest family has no tree');
		const name = await page.locator('main b, main strong, article strong').first().innerText();
		await page.getByPlaceholder('at least two characters').fill(name);
		await page.locator('table:has(th:has-text("Descendants")) tr.row-link:visible', { hasText: name }).first().click();
		await page.waitForURL('**/model/?id=*');
		assert.equal(new URL(page.url()).searchParams.get('id'), name);
		assert.equal(await page.getByTestId('model-name').innerText(), name);
		await assertCharts(page, 1);
		assert.ok(Number(await tree.getAttribute('data-nodes')) > 2, 'a model with children has no tree');
		await screenshot(page, 'model', width);

		// Tooltips of charts show values as text.
		await page.goto(`${base}/`, { waitUntil: 'networkidle' });
		await assertCharts(page, 4);
		const bars = page.locator('.chart canvas').nth(2);
		await bars.scrollIntoViewIfNeeded();
		const box = await bars.boundingBox();
		await page.mouse.move(box.x + box.width * 0.8, box.y + 20);
		await page.mouse.move(box.x + box.width * 0.8, box.y + 45, { steps: 5 });
		await page.locator('.chart > div:nth-child(2)', { hasText: /models/i }).first().waitFor();
		await assertCharts(page, 4);
		await assertOverview(page);

		await page.goto(`${base}/model/?id=${encodeURIComponent("no/such'model")}`);
		await page.getByText('No page for').waitFor();
		await page.waitForLoadState('networkidle');
		await page.close();
	}
	assert.deepEqual([...new Set(problems)], []);
	console.log('site: charts, search and trees work; no request failed or went to another host');
} finally {
	await browser.close();
	server.kill();
}
