{#
    Returns a `where` clause that limits unique_combination to the rows of an append-only table that no passing test
    has covered. It compares the largest value of the first column, the number of rows and the sum of their hashes
    with those of the last test that passed; if the rows up to there have changed, it returns no clause and all rows
    are tested.

    main.tested_rows is updated only when a test passes, so rows of a build that failed or ran without tests are
    tested later. Outside `dbt build` and `dbt test` there is no clause either: `dbt compile` shows the test of the
    whole table.
#}
{% macro untested_rows(model, columns) -%}
    {%- if not execute or flags.WHICH not in ('build', 'test') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set key = columns[0] -%}
    {%- set hash = row_hash(columns) -%}
    {%- set table = string_literals([model.schema ~ '.' ~ model.identifier]) -%}
    {%- do run_query(
        'create table if not exists main.tested_rows '
        ~ '(table_name string, last_key bigint, n_rows bigint, hashes string)'
    ) -%}
    {%- set query -%}
        select max(tested.last_key)
        from main.tested_rows as tested
        where
            tested.table_name = {{ table }}
            and cast(tested.n_rows as string) || ' ' || tested.hashes = (
                select cast(count(*) as string) || ' ' || cast(sum({{ hash }}) as string)
                from {{ model }}
                where {{ key }} <= tested.last_key
            )
    {%- endset -%}
    {%- set last_key = run_query(query).columns[0].values()[0] -%}
    {%- set condition = '' if last_key is none else 'where ' ~ key ~ ' > ' ~ last_key -%}
    {%- set is_unique = 'select count(*) = count(distinct ' ~ hash ~ ') from ' ~ model ~ ' ' ~ condition -%}
    {%- if run_query(is_unique).columns[0].values()[0] -%}
        {%- do run_query('delete from main.tested_rows where table_name = ' ~ table) -%}
        {%- do run_query(
            'insert into main.tested_rows select ' ~ table ~ ', max(' ~ key ~ '), count(*), cast(sum(' ~ hash
            ~ ') as string) from ' ~ model ~ ' having count(*) > 0'
        ) -%}
        {{ return('where false') }}
    {%- endif -%}
    {{ return(condition) }}
{%- endmacro %}
