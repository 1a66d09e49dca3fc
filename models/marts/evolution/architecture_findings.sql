with pairs as (

    select * from {{ ref('int_architecture_pairs') }}
    where relation in ('finetune', 'adapter', 'quantized') and is_changed

),

models as (

    select * from {{ ref('int_models_current') }}

),

final as (

    -- A fine-tune may add tokens and may be trained on longer texts. It cannot change the sizes of the layers: then the
    -- declared parent, the relation or the configuration is wrong.
    select
        parents.model_id as parent_id,
        children.model_id as child_id,
        pairs.relation,
        pairs.number,
        pairs.parent_value,
        pairs.child_value,
        case
            when pairs.number in ('vocabulary_size', 'context_length') and pairs.relation = 'finetune' then 'info'
            else 'warn'
        end as severity,
        case
            when pairs.number = 'vocabulary_size' then 'the vocabulary was changed'
            when pairs.number = 'context_length' then 'the context was changed'
            else 'the child cannot have been made from the weights of this parent'
        end as finding
    from pairs
    inner join models as parents on pairs.parent_key = parents.model_key
    inner join models as children on pairs.child_key = children.model_key

)

select * from final
