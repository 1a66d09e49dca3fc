"""Samples of merges with their parents, and of fine-tunes with a parent, with the similarities of the pairs."""

import numpy as np
import pyarrow as pa

from phylohub.methods import similarity, terms
from phylohub.methods.parents import Parents


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    n_draws, seed = dbt.config.get("n_draws"), dbt.config.get("seed")
    edges = dbt.ref("int_merge_similarity_edges")
    merges, finetunes = (
        Parents.of(*(edges.filter(f"relation = '{name}'").fetchnumpy()[end] for end in ("parent_key", "child_key")))
        for name in ("merge", "finetune")
    )
    merge, parents = merges.draw(2, n_draws, seed)
    finetune, parent = finetunes.draw(1, n_draws, seed)
    drawn = merges.of_children(merge)
    # The last pairs are all parents of the merges drawn: any of them can be the nearest or the farthest.
    children = [merge, merge, finetune]
    pairs = [
        (parents[:, 0], merge),
        tuple(np.sort(parents, axis=1).T),
        (parent[:, 0], finetune),
        (drawn.parent, drawn.children_by_parent()),
    ]
    found = _similarities(dbt, session, *(np.concatenate(side) for side in zip(*pairs, strict=True)))
    ends = np.cumsum([len(first) for first, _ in pairs])[:-1]
    split = {name: np.split(values, ends) for name, values in found.items()}
    tables = [
        _table(kind, children[number], *pairs[number], {name: values[number] for name, values in split.items()})
        for number, kind in enumerate(("merge_child_parent", "parents_of_merge", "finetune_child_parent"))
    ]
    place = np.searchsorted(drawn.child, merge)
    ranges = {name: drawn.nearest_and_farthest(values[-1]) for name, values in split.items()}
    for number, kind in enumerate(("child_nearest_parent", "child_farthest_parent")):
        # Which parent it is depends on the measure.
        values = {name: both[number][place] for name, both in ranges.items()}
        tables.append(_table(kind, merge, [None] * len(merge), merge, values))
    return pa.concat_tables(tables)


def _similarities(dbt, session, first, second):
    """The six similarities of each pair. Each distinct pair is compared once, since comparing is expensive."""
    nodes = np.unique(np.concatenate([first, second]))
    distinct, of_pair = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
    places = np.searchsorted(nodes, distinct)
    session.register("sampled_nodes", pa.table({"key": nodes}))
    documents = dbt.ref("int_model_documents").join(session.table("sampled_nodes"), "model_key = key")
    texts = documents.order("key").project("record, card").fetchall()
    session.unregister("sampled_nodes")
    vocabularies = dbt.ref("int_similarity_vocabulary").project("artifact, terms, document_frequency, n_documents")
    found = {}
    for artifact, words, document_frequency, n_documents in vocabularies.order("artifact desc").fetchall():
        vocabulary = terms.Terms(tuple(words), np.array(document_frequency, np.int64), n_documents)
        chosen = [card if artifact == "card" else record for record, card in texts]
        for measure, values in similarity.similarities(chosen, *places, vocabulary)._asdict().items():
            found[f"{artifact}_{measure}"] = values[of_pair.ravel()]
    return found


def _table(kind, child, first, second, values):
    columns = {
        "pair_kind": pa.array([kind] * len(second), pa.string()),
        "draw": pa.array(range(len(second)), pa.int32()),
        "child_key": pa.array(child, pa.int32()),
        "first_key": pa.array(first, pa.int32()),
        "second_key": pa.array(second, pa.int32()),
    }
    return pa.table(
        columns | {name: pa.array(column, pa.float64(), from_pandas=True) for name, column in values.items()}
    )
