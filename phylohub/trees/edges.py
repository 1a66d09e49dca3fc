"""Sets of relations. This module imports nothing, so that commands can name them at no cost."""

from enum import StrEnum


class EdgeSet(StrEnum):
    """Which relations form the lineage graph."""

    ALL = "all"
    NO_MERGE = "no_merge"
    FINETUNE = "finetune"


RELATIONS = {EdgeSet.ALL: "true", EdgeSet.NO_MERGE: "relation <> 'merge'", EdgeSet.FINETUNE: "relation = 'finetune'"}


def edges_condition(edge_set: EdgeSet) -> str:
    """A condition on lineage_edges that selects the acyclic edges of an edge set, which the marts count."""
    return f"{RELATIONS[edge_set]} and parent_in_hub and not is_self_loop and not is_cut_{edge_set}"
