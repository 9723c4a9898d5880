-- @name compare/stand_ins
-- What: which columns of a relation hold one of the values that stand for a session's id and its time.
select {{columns}} from {{rows}}
