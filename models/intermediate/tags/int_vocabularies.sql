with final as (

    {{ digest_of_tables([
        ref('ambiguous_languages'),
        ref('languages'),
        ref('libraries'),
        ref('licenses'),
        ref('relations'),
        ref('tag_flags'),
        ref('tag_prefixes'),
        ref('tasks'),
        ref('traits'),
    ]) }}

)

select * from final
