// Positions of the models of a shape from its edges, as the mart subgraph_occurrences spells them (`u>v v>w`). Same layout
// as phylohub/report/shapes.py: x is the generation below the root, y the row; each leaf has its own row. A shape without
// edges has two models, u and v.
export function layout(edges) {
	const pairs = (edges || '').split(' ').filter(Boolean).map((edge) => edge.split('>'));
	const places = new Map();
	let leaves = 0;
	const place = (model, x) => {
		const rows = pairs.filter(([parent]) => parent === model).map(([, child]) => place(child, x + 1));
		const y = rows.length ? (rows[0] + rows.at(-1)) / 2 : leaves++;
		places.set(model, [x, y]);
		return y;
	};
	const root = pairs.map(([parent]) => parent).find((model) => !pairs.some(([, child]) => child === model));
	for (const model of root ? [root] : ['u', 'v']) place(model, 0);
	const all = [...places.values()];
	return { places, pairs, width: Math.max(...all.map(([x]) => x)), height: Math.max(...all.map(([, y]) => y)) };
}
