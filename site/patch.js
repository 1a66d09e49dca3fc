// Runs after every `npm install`; each edit must find its text exactly once, so that a changed Evidence fails here
// and not in a reader's browser.
import { readFileSync, writeFileSync } from 'node:fs';

const universal = 'node_modules/@evidence-dev/universal-sql/src';
const utilities = 'node_modules/@evidence-dev/component-utilities/src';
const SETTINGS = `		await connection.query('SET ieee_floating_point_ops = false;');
`;
const CASTING = `		await connection.query('SET old_implicit_casting = true;');
`;

const edits = [
	// Settings that the pinned DuckDB-WASM does not know. A newer one would, but fetches its parquet reader from the network.
	[`${universal}/client-duckdb/browser.js`, SETTINGS, ''],
	[`${universal}/client-duckdb/browser.js`, CASTING, ''],
	[`${universal}/client-duckdb/node.js`, SETTINGS, ''],
	[`${universal}/client-duckdb/node.js`, CASTING, ''],
	// An empty mart becomes an empty table; stock, it is no table and every query of it fails.
	[
		`${universal}/build-parquet.js`,
		'if (!tmpFilenames.length) return 0;',
		'if (!tmpFilenames.length) await flush([]);'
	],
	// Evidence's tooltips paste values into HTML. Every chart passes here: without its formatter ECharts builds the
	// tooltip, and escapes the values.
	[
		`${utilities}/echarts.js`,
		'const echartsAction = (node, options) => {',
		`const plain = (options) => ({
	...options,
	config: {
		...options.config,
		tooltip: {
			...options.config?.tooltip,
			formatter: undefined,
			valueFormatter: (value) =>
				typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 4 }) : String(value ?? '')
		}
	}
});

const echartsAction = (node, options) => {
	options = plain(options);`
	],
	[
		`${utilities}/echarts.js`,
		'const updateChart = (newOptions) => {',
		'const updateChart = (newOptions) => {\n\t\tnewOptions = plain(newOptions);'
	]
];

for (const [file, before, after] of edits) {
	const text = readFileSync(file, 'utf8');
	const done = after && text.includes(after);
	if (done || (after === '' && !text.includes(before))) continue;
	if (text.split(before).length !== 2) throw new Error(`${file}: expected once: ${before}`);
	writeFileSync(file, text.replace(before, () => after));
}
