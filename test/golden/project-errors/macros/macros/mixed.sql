create macro same(x) as x;
create table t (i integer);
select 1;
create macro raw.named(x) as x;
create macro since(x) as x > $days or x = ?;
create macro rows_of(x) as x._row_id;
create macro "SAME"(x) as x + 1;
create macro
