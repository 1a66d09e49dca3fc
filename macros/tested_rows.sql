{#
    A condition on the rows of a table, only ever appended to, that unique_combination has still to look at: those after
    the largest value of the first column that a test which passed has seen. None where what it saw is there no more.

    How far it got is kept in main.tested_rows, and only once it has passed: of what a build appended without testing it
    (it failed in between, or ran without tests) every row is still ahead. Inside a build or a test only: dbt compile
    shows the test of the whole table.
#}
{% macro tested_rows(model, columns) -%}
    {%- if not execute or flags.WHICH not in ('build', 'test') -%}
        {{ return('') }}
    {%- endif -%}
    {%- set key = columns[0] -%}
    {%- set hash = row_hash(columns) -%}
    {%- set table = model.schema ~ '.' ~ model.identifier -%}
    {%- do run_query('create table if not exists main.tested_rows (table_name varchar, last_key bigint, n_rows bigint, hashes varchar)') -%}
    {%- set query -%}
        select max(tested.last_key)
        from main.tested_rows as tested
        where
            tested.table_name = '{{ table }}'
            and (tested.n_rows, tested.hashes) = (
                select (count(*), cast(sum({{ hash }}) as string)) from {{ model }} where {{ key }} <= tested.last_key
            )
    {%- endset -%}
    {%- set last_key = run_query(query).columns[0].values()[0] -%}
    {%- set ahead = '' if last_key is none else 'where ' ~ key ~ ' > ' ~ last_key -%}
    {%- set is_unique = 'select count(*) = count(distinct ' ~ hash ~ ') from ' ~ model ~ ' ' ~ ahead -%}
    {%- if run_query(is_unique).columns[0].values()[0] -%}
        {%- do run_query("delete from main.tested_rows where table_name = '" ~ table ~ "'") -%}
        {%- do run_query(
            "insert into main.tested_rows select '" ~ table ~ "', max(" ~ key ~ "), count(*), cast(sum(" ~ hash
            ~ ") as string) from " ~ model ~ " having count(*) > 0"
        ) -%}
        {{ return('where false') }}
    {%- endif -%}
    {{ return(ahead) }}
{%- endmacro %}
