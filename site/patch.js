// Patches Evidence after every `npm install`. Each edit must match exactly once, so that a different version of Evidence
// fails here and not in the browser.
import { readFileSync, writeFileSync } from 'node:fs';

const universal = 'node_modules/@evidence-dev/universal-sql/src';
const utilities = 'node_modules/@evidence-dev/component-utilities/src';
const SETTINGS = `		await connection.query('SET ieee_floating_point_ops = false;');
`;
const CASTING = `		await connection.query('SET old_implicit_casting = true;');
`;

const edits = [
	// The pinned DuckDB-WASM does not support these settings. Newer versions do, but download their parquet reader.
	[`${universal}/client-duckdb/browser.js`, SETTINGS, ''],
	[`${universal}/client-duckdb/browser.js`, CASTING, ''],
	[`${universal}/client-duckdb/node.js`, SETTINGS, ''],
	[`${universal}/client-duckdb/node.js`, CASTING, ''],
	// Write an empty table for an empty mart. Without this there is no table, and every query of it fails.
	[
		`${universal}/build-parquet.js`,
		'if (!tmpFilenames.length) return 0;',
		'if (!tmpFilenames.length) await flush([]);'
	],
	// Evidence's tooltip formatters insert values into HTML without escaping. Without a formatter, ECharts builds the
	// tooltips and escapes the values. Every chart passes through this function.
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
	if (text.split(before).length !== 2) throw new Error(`${file}: expected exactly one match, update site/patch.js for this version of Evidence: ${before}`);
	writeFileSync(file, text.replace(before, () => after));
}
