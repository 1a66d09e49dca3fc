"""The eight shapes, drawn from their edges as the mart `subgraph_occurrences` spells them (`u>v v>w`)."""

from collections import defaultdict

Place = tuple[float, float]


def layout(edges: str) -> tuple[dict[str, Place], list[tuple[str, str]]]:
    """Places of a shape's models, and its edges. Across: generations below the eldest; down: rows, a leaf in each.

    Without edges there are two models, u and v, below each other.
    """
    pairs = [(edge[0], edge[2]) for edge in edges.split()]
    children: defaultdict[str, list[str]] = defaultdict(list)
    for parent, child in pairs:
        children[parent].append(child)
    places: dict[str, Place] = {}
    n_leaves = 0

    def place(model: str, generation: int) -> float:
        nonlocal n_leaves
        if children[model]:
            rows = [place(child, generation + 1) for child in children[model]]
            row = (rows[0] + rows[-1]) / 2
        else:
            row = float(n_leaves)
            n_leaves += 1
        places[model] = (float(generation), row)
        return row

    for eldest in sorted({parent for parent, _ in pairs} - {child for _, child in pairs}) or "uv":
        place(eldest, 0)
    return places, pairs


def glyph(edges: str, pair: str, across: float = 11, down: float = 7, radius: float = 2.6) -> tuple[str, str]:
    """A shape as two paths in pixels, its right edge in the middle of the left of (0, 0): outlines, and the pair.

    `pair` is as in the mart `similarity_estimates` (`u-w`); its models are to be filled, the others not.
    """
    places, pairs = layout(edges)
    last = max(x for x, _ in places.values())
    middle = max(y for _, y in places.values()) / 2
    at = {model: ((x - last) * across - radius, (y - middle) * down) for model, (x, y) in places.items()}

    def circle(model: str) -> str:
        x, y = at[model]
        return (
            f"M{x - radius:.1f},{y:.1f}a{radius},{radius} 0 1,0 {2 * radius},0a{radius},{radius} 0 1,0 {-2 * radius},0"
        )

    def line(parent: str, child: str) -> str:
        (x, y), (x2, y2) = at[parent], at[child]
        part = radius / ((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5  # it begins and ends where the circles do
        dx, dy = (x2 - x) * part, (y2 - y) * part
        return f"M{x + dx:.1f},{y + dy:.1f}L{x2 - dx:.1f},{y2 - dy:.1f}"

    filled = pair.split("-")
    outlines = [line(*edge) for edge in pairs] + [circle(model) for model in sorted(at) if model not in filled]
    return "".join(outlines), "".join(circle(model) for model in filled)
