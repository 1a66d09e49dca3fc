// Where the models of a shape stand, from its edges as the mart spells them (`u>v v>w`), as report/shapes.py lays them out.
// Across: generations below the eldest; down: rows, a leaf in each. Without edges there are two models, u and v.
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
	const eldest = pairs.map(([parent]) => parent).find((model) => !pairs.some(([, child]) => child === model));
	for (const model of eldest ? [eldest] : ['u', 'v']) place(model, 0);
	const all = [...places.values()];
	return { places, pairs, width: Math.max(...all.map(([x]) => x)), height: Math.max(...all.map(([, y]) => y)) };
}
