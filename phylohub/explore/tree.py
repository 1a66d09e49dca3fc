"""Renders a family tree in color on a terminal, or as an HTML page whose branches fold without a script."""

from html import escape

from rich.text import Text
from rich.tree import Tree

from phylohub.core.terminal import printable
from phylohub.explore.lineage import Branch

COLORS = {"finetune": "green", "adapter": "cyan", "quantized": "yellow", "merge": "magenta"}


def terminal_tree(top: Branch, model_id: str) -> Tree:
    """The tree for a terminal, with the requested model highlighted."""
    tree = Tree(_label(top, model_id), guide_style="dim")
    _add(tree, top, model_id)
    return tree


def _add(tree: Tree, branch: Branch, model_id: str) -> None:
    for child in branch.branches:
        _add(tree.add(_label(child, model_id)), child, model_id)
    if branch.n_more:
        tree.add(Text(_more(branch), "dim"))


def _label(branch: Branch, model_id: str) -> Text:
    label = Text()
    if branch.relation:
        label.append(f"{printable(branch.relation)} ", COLORS.get(branch.relation, "blue"))
    if branch.model_id == model_id:
        label.append(f"> {printable(branch.model_id)} <", "bold reverse")
    else:
        label.append(printable(branch.model_id), "bold" if branch.relation is None else "")
    if facts := _details(branch):
        label.append(f"  {printable(facts)}", "dim")
    for note in branch.notes:
        label.append(f"\n{printable(note)}", "italic")
    return label


def _details(branch: Branch) -> str:
    facts = list(branch.licenses)
    if branch.n_children:
        facts.append(_counted(branch.n_children, "child", "children"))
    if branch.n_descendants > branch.n_children:
        facts.append(_counted(branch.n_descendants, "descendant", "descendants"))
    if branch.downloads:
        facts.append(_counted(branch.downloads, "download", "downloads"))
    return ", ".join(facts) + (f" ... and {branch.n_below:,} more below" if branch.n_below else "")


def _more(branch: Branch) -> str:
    return f"... and {_counted(branch.n_more, 'more child', 'more children')}"


def _counted(n: int, one: str, several: str) -> str:
    return f"{n:,} {one if n == 1 else several}"


_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>Family tree of {title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 70rem; padding: 0 1rem;
  color: #1a1a1a; background: #fff; overflow-wrap: anywhere; }}
h1 {{ font-size: 1.3rem; }}
ul {{ list-style: none; margin: 0; padding-left: 1.3rem; border-left: 1px solid #bbb; }}
main > ul {{ border: 0; padding-left: 0; }}
li {{ margin: .2rem 0; }}
li > :not(details):first-child {{ margin-left: 1.05rem; }}
summary {{ cursor: pointer; }}
.relation {{ border: 1px solid #767676; border-radius: .6rem; padding: 0 .45rem; font-size: .85rem; }}
.finetune {{ background: #d9f2dd; }} .adapter {{ background: #d6eef8; }}
.quantized {{ background: #fbf0c4; }} .merge {{ background: #f3dcf3; }}
.facts, .more {{ color: #595959; font-size: .9rem; }}
.note {{ display: block; font-style: italic; font-size: .9rem; margin-left: 1.05rem; }}
mark {{ font-weight: bold; padding: 0 .25rem; }}
@media (prefers-color-scheme: dark) {{
  body {{ color: #eee; background: #161616; }} .facts, .more {{ color: #b5b5b5; }}
  .relation {{ color: #1a1a1a; background: #ddd; }}
}}
</style>
</head>
<body>
<main>
<h1>Family tree of {title}</h1>
<p>{caption}</p>
<ul>
{tree}
</ul>
</main>
</body>
</html>
"""


def html_tree(top: Branch, model_id: str, caption: str) -> str:
    """The tree as a self-contained HTML page."""
    return _PAGE.format(title=_escaped(model_id), caption=_escaped(caption), tree=_item(top, model_id))


def _item(branch: Branch, model_id: str) -> str:
    name = _escaped(branch.model_id)
    parts = []
    if branch.relation:
        known = branch.relation if branch.relation in COLORS else "other"
        parts.append(f'<span class="relation {known}">{_escaped(branch.relation)}</span>')
    parts.append(f"<mark>{name}</mark>" if branch.model_id == model_id else f"<span>{name}</span>")
    if facts := _details(branch):
        parts.append(f'<span class="facts">{_escaped(facts)}</span>')
    line = " ".join(parts) + "".join(f'<span class="note">{_escaped(note)}</span>' for note in branch.notes)
    items = [_item(child, model_id) for child in branch.branches]
    if branch.n_more:
        items.append(f'<li><span class="more">{_more(branch)}</span></li>')
    if not items:
        return f"<li>{line}</li>"
    return "\n".join([f"<li><details open><summary>{line}</summary>", "<ul>", *items, "</ul>", "</details></li>"])


def _escaped(text: str) -> str:
    return escape(printable(text))
