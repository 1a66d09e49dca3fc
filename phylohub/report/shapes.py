"""Layout of the eight shapes from their edges, as the mart `subgraph_occurrences` spells them (`u>v v>w`)."""

from collections import defaultdict

Place = tuple[float, float]


def layout(edges: str) -> tuple[dict[str, Place], list[tuple[str, str]]]:
    """Return the position of each model of a shape, and the shape's edges.

    x is the generation below the root, y the row; each leaf has its own row. A shape without edges has two models, u
    and v, one below the other.
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

    for root in sorted({parent for parent, _ in pairs} - {child for _, child in pairs}) or "uv":
        place(root, 0)
    return places, pairs


def glyph(edges: str, pair: str, across: float = 11, down: float = 7, radius: float = 2.6) -> tuple[str, str]:
    """Return a shape as two SVG paths in pixels: the outlines, and the circles of the compared pair, to be filled.

    The paths end at (0, 0), the middle of the right edge. `pair` is as in the mart `similarity_estimates` (`u-w`).
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
        part = radius / ((x2 - x) ** 2 + (y2 - y) ** 2) ** 0.5  # from circle to circle, not from center to center
        dx, dy = (x2 - x) * part, (y2 - y) * part
        return f"M{x + dx:.1f},{y + dy:.1f}L{x2 - dx:.1f},{y2 - dy:.1f}"

    filled = pair.split("-")
    outlines = [line(*edge) for edge in pairs] + [circle(model) for model in sorted(at) if model not in filled]
    return "".join(outlines), "".join(circle(model) for model in filled)
