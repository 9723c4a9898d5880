-- @name test/shaped
-- What: rows in the columns and types of a target, of the hours up to one.
select {{columns}} from {{rows}} where {{keep}}
