-- @name compare/rows_between
-- What: the rows that a relation has and an earlier state of it had not, counted with repetitions.
create or replace table {{table}} as
select {{columns}} from {{after}}
except all
select {{columns}} from {{before}}
