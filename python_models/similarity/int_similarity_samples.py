"""Samples of the eight shapes, with the similarities of the models in each pair."""

import numpy as np
import pyarrow as pa

from phylohub.methods import sampling, similarity, terms


def model(dbt, session):
    dbt.config(materialized="table", schema="intermediate")
    edges = dbt.ref("int_similarity_edges").order("parent_key, child_key").fetchnumpy()
    documents = dbt.ref("int_model_documents")
    ((n_models,),) = dbt.ref("int_models_current").aggregate("count(*)").fetchall()
    # Keys start at 1, nodes at 0.
    graph = sampling.acyclic_graph(edges["parent_key"] - 1, edges["child_key"] - 1, n_models)
    samples = {
        shape: sampling.sample(graph, shape, dbt.config.get("n_draws"), dbt.config.get("seed"))
        for shape in sampling.SHAPES
    }
    nodes = np.unique(np.concatenate([sample.ravel() for sample in samples.values()]))
    pairs = [
        (kind, draws[:, kind.first], draws[:, kind.second])
        for kind in sampling.PAIR_KINDS
        for draws in [samples[kind.shape]]
    ]
    first = np.concatenate([one for _, one, _ in pairs])
    second = np.concatenate([two for _, _, two in pairs])
    columns = {
        "shape": pa.array([kind.shape for kind, one, _ in pairs for _ in one], pa.string()),
        "pair": pa.array([kind.pair for kind, one, _ in pairs for _ in one], pa.string()),
        "draw": pa.array([draw for _, one, _ in pairs for draw in range(len(one))], pa.int32()),
        "first_key": pa.array(first + 1, pa.int32()),
        "second_key": pa.array(second + 1, pa.int32()),
    }
    sampled = _sampled_documents(session, documents, nodes)
    # Compare each distinct pair once: comparing long records is the most expensive step.
    distinct, of_draw = np.unique(np.stack([first, second]), axis=1, return_inverse=True)
    places = np.searchsorted(nodes, distinct)
    vocabularies = dbt.ref("int_similarity_vocabulary").project("artifact, terms, document_frequency, n_documents")
    for artifact, words, document_frequency, n_documents in vocabularies.order("artifact desc").fetchall():
        vocabulary = terms.Terms(tuple(words), np.array(document_frequency, np.int64), n_documents)
        found = similarity.similarities(sampled[artifact], *places, vocabulary)
        for measure, values in found._asdict().items():
            columns[f"{artifact}_{measure}"] = pa.array(values[of_draw.ravel()], from_pandas=True)
    return pa.table(columns)


def _sampled_documents(session, documents, nodes):
    """The records and cards of the sampled models, in order of their keys."""
    session.register("sampled_nodes", pa.table({"key": nodes + 1}))
    rows = documents.join(session.table("sampled_nodes"), "model_key = key").order("key").project("record, card")
    found = rows.fetchall()
    session.unregister("sampled_nodes")
    return {
        "metadata": [record for record, _ in found],
        "card": [card for _, card in found],
    }
